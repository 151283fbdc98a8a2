"""Clusters in a report: counted by size, the largest told of, whatever the order."""

from __future__ import annotations

import random

import pytest
from rowfakes import says

from trajsynth.filters import DuplicateQuestions, Duplicates
from trajsynth.filters.duplicates_report import LARGEST, Clusters, Member, clustered, detail_of
from trajsynth.readers import as_trajectory
from trajsynth.types import Finding


def members(kept: str, count: int) -> list[Member]:
    return [Member(id=f"{kept}-{i:03}", like=kept, similarity=1 - i / 1000) for i in range(count)]


def test_counted_by_size_and_the_largest_told_of() -> None:
    sizes = [1] * 8 + [2, 3, 6, 30, 2000]
    told = [(f"k{i}", members(f"k{i}", size)) for i, size in enumerate(sizes)]
    first, second = Clusters(), Clusters()
    for kept, those in told:
        first.add(kept, those)
    for kept, those in random.Random(2).sample(told, len(told)):
        second.add(kept, random.Random(2).sample(those, len(those)))
    assert (first.count, first.members) == (13, sum(sizes) + 13)
    sizes_told = [("2", 8), ("3", 1), ("4", 1), ("5-9", 1), ("20-49", 1), ("1000+", 1)]
    assert list(first.sizes.items()) == list(second.sizes.items()) == sizes_told
    assert [cluster.size for cluster in first.largest] == [2001, 31, 7, 4, 3, 2, 2, 2, 2, 2]
    assert [member.id for member in first.largest[0].members] == [f"k12-{i:03}" for i in range(LARGEST)]
    assert first == second


@pytest.mark.parametrize("kept", ["b", "c; d stays"])
def test_findings_are_read_back(kept: str) -> None:
    detail = detail_of("b", 0.8125, kept)
    found = {"a": [Finding(filter="duplicates", code="duplicate.near", value="b", detail=detail)]}
    assert clustered(found) == {kept: [Member(id="a", like="b", similarity=0.812)]}


def test_those_of_the_filter_are_and_those_of_others_are_passed_over() -> None:
    text = "the bridge was opened in that year and the toll was lifted much later by the council of the town"
    rows = [as_trajectory(says(text, group="g", id=name)) for name in ("one", "two")]
    assert [list(found) for found in (clustered(Duplicates().check_all(rows)),)] == [["one"]]
    other = [as_trajectory(says(text, group=group, id=group)) for group in ("g", "h")]
    assert DuplicateQuestions().check_all(other) and not clustered(DuplicateQuestions().check_all(other))
