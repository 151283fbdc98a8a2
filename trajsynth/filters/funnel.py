"""What a recipe did to a set: how many came in, what dropped them, who kept how much.

Level 2, imports types only. Filled one trajectory at a time; `trajsynth.curate.report` prints it.
Tests: tests/filters/test_filters_recipe.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from trajsynth.types import Finding


class Outcome(Protocol):
    """What a recipe made of one trajectory (`recipe.Weighed`)."""

    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def dropped(self) -> tuple[str, ...]: ...
    @property
    def masks(self) -> tuple[tuple[int, int], ...]: ...
    @property
    def repaired(self) -> tuple[str, ...]: ...


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
    repaired: dict[str, int] = field(default_factory=dict)
    """Rule -> kept ones mended by it."""
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

    def add(self, arm: str, correct: bool | None, weighed: Outcome) -> None:
        """Count one trajectory."""
        self.total += 1
        share = self.arms.setdefault(arm, ArmReport())
        share.total += 1
        share.correct += correct is True
        share.graded += correct is not None
        for code in dict.fromkeys(finding.code for finding in weighed.findings):
            self.found[code] = self.found.get(code, 0) + 1
            share.found[code] = share.found.get(code, 0) + 1
        for code in weighed.dropped:
            self.dropping[code] = self.dropping.get(code, 0) + 1
        if weighed.dropped:
            self.rejected += 1
            self.dropped[weighed.dropped[0]] = self.dropped.get(weighed.dropped[0], 0) + 1
            return
        self.kept += 1
        share.kept += 1
        self.masked += bool(weighed.masks)
        self.masked_turns += len(weighed.masks)
        for rule in weighed.repaired:
            self.repaired[rule] = self.repaired.get(rule, 0) + 1
