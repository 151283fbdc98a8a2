"""Planted defects: take clean trajectories, put one labelled defect in each, and see what your filters find.

    from trajsynth.testing import plant
    spoiled = plant(trajectory, "repeat.loop", seed=1, severity=2)     # None: no place for it

Level 3, imports no filter. Rows of other toolkits come in through `trajsynth.readers.from_chat`. Tests: tests/testing/.
"""

from __future__ import annotations

from trajsynth.testing.in_prompt import in_prompt
from trajsynth.testing.plant import CODES, DUPLICATE_CODES, SEVERITIES, plant, plant_duplicate

__all__ = ["CODES", "DUPLICATE_CODES", "SEVERITIES", "in_prompt", "plant", "plant_duplicate"]
