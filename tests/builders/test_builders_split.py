"""Questions and the side they stand on: the same everywhere, whatever else is there."""

from __future__ import annotations

import pytest

from trajsynth.builders.split import share_for, split_of

GROUPS = [f"q{i}" for i in range(2000)]


def validation(groups: list[str], seed: int, share: float) -> set[str]:
    return {group for group in groups if split_of(group, seed, share) == "validation"}


def test_about_the_share_and_others_with_another_seed() -> None:
    one, two = validation(GROUPS, 0, 0.05), validation(GROUPS, 1, 0.05)
    assert 70 < len(one) < 130
    assert len(one & two) < len(one) / 2
    assert validation(GROUPS, 0, 0.0) == set()
    assert validation(GROUPS, 0, 1.0) == set(GROUPS)


def test_a_larger_share_keeps_who_was_there() -> None:
    assert validation(GROUPS, 3, 0.05) < validation(GROUPS, 3, 0.1)


@pytest.mark.parametrize("count", [1, 7, 1999, 2000, 5000])
def test_a_count_is_met_exactly(count: int) -> None:
    groups = GROUPS * 2  # each has several trajectories
    share = share_for(count, groups, 5)
    assert len(validation(GROUPS, 5, share)) == min(count, len(GROUPS))


def test_names_that_are_no_text_have_a_side() -> None:
    assert split_of("\ud800", 0, 1.0) == "validation"
