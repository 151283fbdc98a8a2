"""What a recipe did to a set: how many came in, what dropped them, who kept how much.

Level 2, imports types only. Filled one trajectory at a time; `trajsynth.curate.report` prints it.
Tests: tests/filters/test_filters_recipe.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from trajsynth.types import Finding, Trajectory


@dataclass(slots=True, kw_only=True)
class ArmReport:
    """One arm's share."""

    total: int = 0
    correct: int = 0
    graded: int = 0
    kept: int = 0
    found: dict[str, int] = field(default_factory=dict)
    """Code -> trajectories it was found in."""


@dataclass(slots=True, kw_only=True)
class Report:
    """The funnel of one recipe over one input; counts are trajectories unless said otherwise."""

    recipe: str
    total: int = 0
    kept: int = 0
    rejected: int = 0
    masked: int = 0
    """Kept ones with at least one masked turn."""
    masked_turns: int = 0
    """Messages masked in kept ones."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Code -> dropped for it first, in the recipe's order: these sum up to `rejected`."""
    dropping: dict[str, int] = field(default_factory=dict)
    """Code -> dropped for it, whatever else was found."""
    found: dict[str, int] = field(default_factory=dict)
    """Code -> trajectories it was found in, acted on or not."""
    filters: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Filter -> its thresholds and actions."""
    arms: dict[str, ArmReport] = field(default_factory=dict)
    """Arm -> its share."""

    def add(self, trajectory: Trajectory, findings: Sequence[Finding], dropped: Sequence[str], masked: int) -> None:
        """Count one trajectory: its findings, the codes it was dropped for in order, how many turns were masked."""
        self.total += 1
        arm = self.arms.setdefault(trajectory.arm, ArmReport())
        arm.total += 1
        arm.correct += trajectory.correct is True
        arm.graded += trajectory.correct is not None
        for code in dict.fromkeys(finding.code for finding in findings):
            self.found[code] = self.found.get(code, 0) + 1
            arm.found[code] = arm.found.get(code, 0) + 1
        for code in dict.fromkeys(dropped):
            self.dropping[code] = self.dropping.get(code, 0) + 1
        if dropped:
            self.rejected += 1
            self.dropped[dropped[0]] = self.dropped.get(dropped[0], 0) + 1
            return
        self.kept += 1
        arm.kept += 1
        self.masked += masked > 0
        self.masked_turns += masked
