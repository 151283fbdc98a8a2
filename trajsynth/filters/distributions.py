"""How a measured quantity lies over all trajectories: counts in fixed bins, one edge of which is the threshold.

Level 2, imports quantities only. Memory is that of the bins, whatever comes in, and the order of what comes does not
matter. Tests: tests/filters/test_filters_distributions.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from dataclasses import field as with_default
from itertools import pairwise
from typing import Final

from trajsynth.filters.quantities import Flags, Quantity, Scale

_STEPS: Final = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)
_DECADES: Final = 6
EDGES: Final[dict[Scale, tuple[float, ...]]] = {
    "count": (*range(10), *(step * 10**d for d in range(_DECADES) for step in _STEPS)),
    "share": (0.0, 1e-6, 0.001, 0.002, 0.005, 0.01, 0.02, *(k / 20 for k in range(1, 20)), 0.97, 0.98, 0.99, 1.0),
}
"""Where bins begin; the last is open. Counts below ten have a bin each, above it ten a decade; shares one each .05,
finer near 0 and 1, with one for nothing at all."""


@dataclass(slots=True, kw_only=True)
class Distribution:
    """One quantity over the trajectories its code applies to, in the form the recipe judges (mended, if it mends)."""

    filter: str
    code: str
    field: str
    """The filter's field with the threshold."""
    what: str
    scale: Scale
    flags: Flags
    threshold: float
    tunable: bool
    """`--rethreshold CODE=VALUE` sets this threshold."""
    edges: tuple[float, ...]
    """Bin i holds values from `edges[i]` to below `edges[i + 1]`."""
    cut: int
    """The first bin from the threshold on; what is flagged lies from it on (`flags: below`: before it)."""
    counts: list[int]
    rows: int = 0
    """Trajectories with a value."""
    without: int = 0
    """Trajectories the code applies to in which there was nothing to measure; filled in by the report."""
    flagged: int = 0
    """Of `rows`, those that meet the threshold."""
    low: float | None = None
    high: float | None = None
    quantiles: dict[str, float] = with_default(default_factory=dict)
    """`p50`, `p90`, `p99` as read from the bins; filled in by the report."""

    @classmethod
    def of(cls, filter_name: str, quantity: Quantity, threshold: float, *, tunable: bool = False) -> Distribution:
        """An empty one."""
        edges = EDGES[quantity.scale]
        edges = tuple(sorted({*edges, _edge(quantity, threshold)}))
        return cls(
            filter=filter_name,
            code=quantity.code,
            field=quantity.field,
            what=quantity.what,
            scale=quantity.scale,
            flags=quantity.flags,
            threshold=threshold,
            tunable=tunable,
            edges=edges,
            cut=edges.index(_edge(quantity, threshold)),
            counts=[0] * len(edges),
        )

    def add(self, value: float) -> None:
        """Count one trajectory; what is no finite number is left out, below the first edge counts as on it."""
        if not math.isfinite(value):
            return
        self.rows += 1
        place = max(0, bisect_right(self.edges, value) - 1)
        self.counts[place] += 1
        self.flagged += (place < self.cut) is (self.flags == "below")
        if self.low is None or value < self.low:
            self.low = value
        if self.high is None or value > self.high:
            self.high = value

    def quantile(self, share: float) -> float | None:
        """The value below which that share of the rows lies, exact where bins hold one value, else interpolated."""
        if self.low is None or self.high is None:
            return None
        rank = math.ceil(share * self.rows) or 1
        for (start, end), count in zip(pairwise((*self.edges, self.high)), self.counts, strict=True):
            if count and rank <= count:
                single = self.scale == "count" and end - start <= 1
                value = start if single else start + (max(end, start) - start) * rank / count
                value = round(value) if self.scale == "count" else round(value, 4)
                return min(max(value, self.low), self.high)
            rank -= count
        return self.high

    def settled(self, applies_to: int) -> Distribution:
        """The same with what follows from the counts and from how many trajectories the code applies to; without empty
        bins at the end."""
        found = {f"p{round(100 * share)}": self.quantile(share) for share in (0.5, 0.9, 0.99)}
        quantiles = {name: value for name, value in found.items() if value is not None}
        end = 1 + max([self.cut, *(i for i, count in enumerate(self.counts) if count)])
        without = applies_to - self.rows
        return replace(self, edges=self.edges[:end], counts=self.counts[:end], without=without, quantiles=quantiles)


def _edge(quantity: Quantity, threshold: float) -> float:
    if quantity.flags != "above":
        return threshold
    return math.floor(threshold) + 1 if quantity.scale == "count" else math.nextafter(threshold, math.inf)
