"""What a filter compares with its thresholds, one number a trajectory, so that a report can show how all of them lie.

Level 2, imports nothing of ours. A filter names its quantities by the field that holds their threshold and reads their
values out of its stored measures. Tests: tests/filters/test_filters_quantities.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Scale: TypeAlias = Literal["count", "share"]
"""`count`: 0 and up, mostly whole; `share`: 0 to 1."""
Flags: TypeAlias = Literal["from", "above", "below"]
"""Which values meet the threshold: from it on, above it only, below it."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number a trajectory; of several candidates the worst."""

    code: str
    """The code it leads to."""
    field: str
    """The filter's field with its threshold."""
    what: str
    """What is measured, with its unit."""
    scale: Scale = "count"
    flags: Flags = "from"

    def meets(self, value: float, threshold: float) -> bool:
        """Whether a value is one that is flagged."""
        if self.flags == "below":
            return value < threshold
        return value > threshold if self.flags == "above" else value >= threshold


def highest(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Of (field, value) pairs the highest value of each field."""
    found: dict[str, float] = {}
    for field, value in values:
        if value > found.get(field, float("-inf")):
            found[field] = value
    return found


def levels_of(kind: Any, measures: Mapping[str, Any]) -> Mapping[str, float]:
    """A filter's levels by field; none of a filter from elsewhere that names no quantities."""
    levels: Mapping[str, float] = kind.levels(measures) if getattr(kind, "quantities", ()) else {}
    return levels
