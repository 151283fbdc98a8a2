"""Distributions: the threshold is an edge, what is flagged is counted right, quantiles are near the truth."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.filters.distributions import EDGES, Distribution
from trajsynth.filters.quantities import Flags, Quantity, Scale


def filled(values: list[float], threshold: float, scale: Scale = "count", flags: Flags = "from") -> Distribution:
    distribution = Distribution.of("f", Quantity("a.b", "copies", "copies", scale, flags), threshold)
    for value in values:
        distribution.add(value)
    return distribution


@pytest.mark.parametrize("scale", ["count", "share"])
def test_edges_rise(scale: Any) -> None:
    assert list(EDGES[scale]) == sorted(set(EDGES[scale])) and EDGES[scale][0] == 0


@pytest.mark.parametrize(
    ("flags", "flagged"), [("from", 2), ("above", 1), ("below", 2)], ids=["from it on", "above it", "below it"]
)
@pytest.mark.parametrize(
    ("scale", "values", "threshold"), [("count", [1, 6, 7, 8], 7), ("share", [0.1, 0.3, 0.37, 0.5], 0.37)]
)
def test_what_meets_the_threshold_is_counted(
    flags: Any, flagged: int, scale: Any, values: list[float], threshold: float
) -> None:
    distribution = filled(values, threshold, scale, flags)
    assert distribution.flagged == flagged
    beyond = sum(distribution.counts[distribution.cut :])
    assert flagged == (4 - beyond if flags == "below" else beyond)
    assert (distribution.rows, distribution.low, distribution.high) == (4, values[0], values[-1])


@given(
    st.lists(st.floats(0, 1e7) | st.integers(0, 50), max_size=40),
    st.floats(0, 1e6) | st.integers(1, 40),
    st.sampled_from(["from", "above", "below"]),
)
@settings(max_examples=60, deadline=None)
def test_any_values_in_any_order(values: list[float], threshold: float, flags: Any) -> None:
    whole = [float(round(value)) for value in values]
    mine = filled(whole, float(round(threshold)), flags=flags)
    quantity = Quantity("a.b", "copies", "copies", flags=flags)
    assert mine.flagged == sum(quantity.meets(value, float(round(threshold))) for value in whole)
    assert sum(mine.counts) == len(values)
    assert filled(whole[::-1], float(round(threshold)), flags=flags) == mine


def test_small_counts_have_exact_quantiles() -> None:
    distribution = filled([2] * 50 + [3] * 45 + [9] * 5, 3)
    assert [distribution.quantile(share) for share in (0.5, 0.9, 0.99)] == [2, 3, 9]
    assert distribution.settled(120).quantiles == {"p50": 2, "p90": 3, "p99": 9}
    assert distribution.settled(120).without == 20


@pytest.mark.parametrize("scale", ["count", "share"])
def test_other_quantiles_are_near(scale: Any) -> None:
    dice = random.Random(3)
    values = [dice.random() if scale == "share" else float(round(dice.lognormvariate(5, 1))) for _ in range(3000)]
    distribution = filled(values, 0.5, scale)
    for share in (0.5, 0.9, 0.99):
        truth = sorted(values)[math.ceil(share * len(values)) - 1]
        guess = distribution.quantile(share)
        assert guess is not None and abs(guess - truth) <= 0.12 * truth


def test_nothing_at_all_is_told_from_next_to_nothing() -> None:
    distribution = filled([0.0] * 9 + [0.0007], 0.5, "share")
    assert [distribution.quantile(share) for share in (0.5, 0.9, 0.99)] == [0, 0, 0.0007]


def test_what_is_no_number_is_left_out() -> None:
    distribution = filled([math.nan, math.inf, -1, 4], 3)
    assert (distribution.rows, distribution.low, distribution.counts[0]) == (2, -1, 1)
    assert filled([], 3).quantile(0.5) is None


def test_empty_bins_at_the_end_are_not_written() -> None:
    settled = filled([1, 12], 3).settled(2)
    assert settled.edges[-1] == 12 and len(settled.edges) == len(settled.counts)
    assert settled.settled(2) == settled
    assert filled([], 600).settled(0).edges[-1] == 600
