"""Planted defects: take clean trajectories, put one labelled defect in each, and see what your filters find.

    from trajsynth.testing import near_miss, plant
    spoiled = plant(trajectory, "repeat.loop", seed=1, severity=2)     # None: no place for it
    honest = near_miss(trajectory, "polling")                          # what a filter finds here is a false alarm

Level 3, imports no filter. Rows of other toolkits come in through `trajsynth.readers.from_chat`. Tests: tests/testing/.
"""

from __future__ import annotations

from trajsynth.testing.in_prompt import in_prompt
from trajsynth.testing.near_misses import NEAR_MISSES, SIZES, near_miss
from trajsynth.testing.plant import CODES, DUPLICATE_CODES, SEVERITIES, VARIANTS, plant, plant_duplicate
from trajsynth.testing.plant_leaks import BENCHMARK

__all__ = [
    "BENCHMARK",
    "CODES",
    "DUPLICATE_CODES",
    "NEAR_MISSES",
    "SEVERITIES",
    "SIZES",
    "VARIANTS",
    "in_prompt",
    "near_miss",
    "plant",
    "plant_duplicate",
]
