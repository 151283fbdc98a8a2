"""Distributions as a line: the threshold stands where it belongs, suggestions flag fewer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.curate.drawing import THRESHOLD, Alternative, bars, milder, number, rule, sketch
from trajsynth.filters.distributions import Distribution
from trajsynth.filters.quantities import Quantity


def filled(values: list[float], threshold: float, scale: Any = "count", flags: Any = "from") -> Distribution:
    distribution = Distribution.of("f", Quantity("a.b", "copies", "copies", scale, flags), threshold)
    for value in values:
        distribution.add(value)
    return distribution


@pytest.mark.parametrize(
    ("values", "threshold", "scale", "flags", "line"),
    [
        ([2] * 7 + [3] + [5], 3, "count", "from", ("2", "█│▃·▃", "5")),
        ([2, 2], 5, "count", "from", ("2", "█··│·", "2")),
        ([7, 8], 3, "count", "from", ("7", "·│····██", "8")),
        ([0, 3, 9], 8, "count", "below", ("0", "█··█····│·█", "9")),
        ([0.5, 0.6], 0.5, "share", "above", ("0.5", "█│··█", "0.6")),
        ([0, 1], 1, "count", "from", ("0", "█│█", "1")),
    ],
)
def test_lines(values: list[float], threshold: float, scale: Any, flags: Any, line: tuple[str, str, str]) -> None:
    assert sketch(filled(values, threshold, scale, flags)) == line


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=30), st.integers(1, 10**6), st.sampled_from(["from", "below"])
)
@settings(max_examples=60, deadline=None)
def test_any_line_is_short_and_has_one_threshold(values: list[int], threshold: int, flags: Any) -> None:
    distribution = filled([float(value) for value in values], threshold, flags=flags)
    drawn = bars(distribution, 24)
    assert 1 < len(drawn) <= 24 and sum(bar.count for bar in drawn) == len(values)
    assert sum(bar.count for bar in drawn if bar.flagged) == distribution.flagged
    assert sketch(distribution, 24)[1].count(THRESHOLD) == 1


def test_nothing_measured_draws_nothing() -> None:
    assert bars(filled([], 3)) == [] and sketch(filled([], 3)) == ("", "", "")


@pytest.mark.parametrize(
    ("distribution", "other"),
    [
        (filled([2, 3, 3, 5], 3), Alternative(4, 1)),
        (filled([2, 5, 8], 3), Alternative(6, 1)),
        (filled([61, 90], 60, flags="above"), Alternative(79, 1)),
        (filled([0, 5, 9], 8, flags="below"), Alternative(5, 1)),
        (filled([0, 9], 8, flags="below"), None),
        (filled([2], 3), None),
    ],
)
def test_the_next_milder_threshold(distribution: Distribution, other: Alternative | None) -> None:
    assert milder(distribution) == other


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (0.25, "0.25"), (1200, "1,200"), (0.8125, "0.812"), (0.0004, "0.0004"), (0, "0")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_rules() -> None:
    assert [rule(filled([], 3, flags=flags)) for flags in ("from", "above", "below")] == ["≥ 3", "> 3", "< 3"]
