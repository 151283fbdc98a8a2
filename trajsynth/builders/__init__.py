"""Builders: curated trajectories become training files a trainer loads without losing a word.

Level 3, imports filters' output (records), invocation, schemas, codec and config. Tests: tests/builders/.
"""

from __future__ import annotations

from trajsynth.builders.building import Target
from trajsynth.builders.dpo import build_dpo
from trajsynth.builders.formats import features
from trajsynth.builders.report import BuildReport
from trajsynth.builders.rl import build_rl
from trajsynth.builders.sft import build_sft
from trajsynth.builders.shape import Shape

__all__ = ["BuildReport", "Shape", "Target", "build_dpo", "build_rl", "build_sft", "features"]
