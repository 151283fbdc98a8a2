"""Reports: what a run gave, per teacher, paradigm and invocation, as text for a terminal.

Level 3, imports types only, so figures can be had from any records. Tests: tests/report/.
"""

from __future__ import annotations

from trajsynth.report.stats import ArmStats, Interval, Stats, ToolStats, stats, wilson
from trajsynth.report.summary import Ended, summary
from trajsynth.report.text import render
from trajsynth.report.warnings import warnings
from trajsynth.tables import table

__all__ = [
    "ArmStats",
    "Ended",
    "Interval",
    "Stats",
    "ToolStats",
    "render",
    "stats",
    "summary",
    "table",
    "warnings",
    "wilson",
]
