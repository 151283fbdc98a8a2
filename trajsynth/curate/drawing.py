"""Distributions as a line of text, `2 ▇▅▂│▁·▁ 14`: bars as high as the logarithm of their counts, `│` the threshold.

Level 3, imports filters. Tests: tests/curate/test_curate_drawing.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from trajsynth.filters.distributions import Distribution

_BARS: Final = "▁▂▃▄▅▆▇█"
_NONE: Final = "·"
THRESHOLD: Final = "│"


@dataclass(frozen=True, slots=True)
class Bar:
    """Bins drawn as one: values from `start` to below `end`."""

    start: float
    end: float
    count: int
    flagged: bool


def bars(distribution: Distribution, most: int = 32) -> list[Bar]:
    """The bins from the lowest value (or the threshold) to the highest (or the threshold), at most `most` of them.

    Neighbours on the same side of the threshold are drawn together where there are more.
    """
    filled = [i for i, count in enumerate(distribution.counts) if count]
    if not filled:
        return []
    cut, edges = distribution.cut, (*distribution.edges, math.inf)
    below = distribution.flags == "below"
    first, last = min(filled[0], cut - 1 if cut else cut), max(filled[-1], cut)
    drawn = [
        Bar(edges[i], edges[i + 1], distribution.counts[i], (i < cut) is below) for i in range(max(first, 0), last + 1)
    ]
    while len(drawn) > most:
        drawn = _halved(drawn)
    return drawn


def _halved(drawn: list[Bar]) -> list[Bar]:
    """Each two neighbours on the same side of the threshold as one."""
    merged: list[Bar] = []
    alone = False
    for bar in drawn:
        if alone and merged[-1].flagged is bar.flagged:
            merged[-1] = Bar(merged[-1].start, bar.end, merged[-1].count + bar.count, bar.flagged)
            alone = False
        else:
            merged.append(bar)
            alone = True
    return merged


def sketch(distribution: Distribution, most: int = 32) -> tuple[str, str, str]:
    """Lowest value, bars, highest value; empty without values."""
    drawn = bars(distribution, most)
    if not drawn or distribution.low is None or distribution.high is None:
        return "", "", ""
    tallest = max(bar.count for bar in drawn)
    line = ""
    for before, bar in zip([drawn[0], *drawn], drawn, strict=False):
        line += (THRESHOLD if bar.flagged is not before.flagged else "") + _sign(bar.count, tallest)
    return number(distribution.low), line, number(distribution.high)


def _sign(count: int, tallest: int) -> str:
    if not count:
        return _NONE
    return _BARS[round((len(_BARS) - 1) * math.log1p(count) / math.log1p(tallest))]


def number(value: float) -> str:
    """`3`, `0.25`, `1,200`."""
    if abs(value - round(value)) < 1e-9:
        return f"{round(value):,}"
    return f"{value:.3f}".rstrip("0") if abs(value) >= 0.001 else f"{value:.1g}"


def rule(distribution: Distribution) -> str:
    """What is flagged: `≥ 3`, `> 0.5`, `< 8`."""
    sign = {"from": "≥", "above": ">", "below": "<"}[distribution.flags]
    return f"{sign} {number(distribution.threshold)}"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another threshold, and how many trajectories would still meet it."""

    value: float
    flagged: int


def milder(distribution: Distribution) -> Alternative | None:
    """The nearest threshold at a bin's edge that flags fewer trajectories; None where nothing is flagged."""
    if not distribution.flagged:
        return None
    counts, edges, cut = distribution.counts, distribution.edges, distribution.cut
    if distribution.flags == "below":
        place = next((i for i in range(cut - 1, -1, -1) if counts[i]), None)
        return None if place is None or not edges[place] else Alternative(edges[place], sum(counts[:place]))
    place = next(i for i in range(cut, len(counts)) if counts[i])
    if place + 1 == len(edges):
        return None
    value = edges[place + 1]
    whole = distribution.flags == "above" and distribution.scale == "count"
    return Alternative(value - 1 if whole else value, sum(counts[place + 1 :]))
