"""Near misses: whole records that keep the trajectory's own work, labelled, and refused politely when unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from plantsamples import FORMS, assert_whole

from trajsynth.errors import InputError
from trajsynth.filters import recipe
from trajsynth.schemas import check_call
from trajsynth.testing import NEAR_MISSES, SIZES, near_miss
from trajsynth.types import Trajectory

FILTERS = recipe("none").row_filters


def codes(trajectory: Trajectory) -> set[str]:
    return {finding.code for f in FILTERS for finding in f.check(trajectory)}


@pytest.mark.parametrize("kind", NEAR_MISSES)
def test_honest_work_in_a_whole_record(clean: Trajectory, kind: str) -> None:
    for size in SIZES:
        honest = near_miss(clean, kind, size=size)
        assert honest is not None
        assert_whole(honest)
        assert [label.code for label in honest.run.planted] == [f"near_miss.{kind}"]
        assert near_miss(clean, kind, size=size) == honest
        assert honest.answer == clean.answer and honest.grade == clean.grade
        done = [(c.name, c.arguments) for m in honest.conversations[0].messages for c in m.tool_calls]
        assert set(done) >= {(c.name, c.arguments) for m in clean.conversations[0].messages for c in m.tool_calls}


@pytest.mark.parametrize("kind", NEAR_MISSES)
def test_filters_leave_it_alone(kind: str) -> None:
    for clean in FORMS.values():
        before = codes(clean)
        for size in (1, 2):
            honest = near_miss(clean, kind, size=size, seed=1)
            assert honest is not None and codes(honest) <= before


@pytest.mark.parametrize("kind", NEAR_MISSES)
def test_nothing_said_no_place(kind: str) -> None:
    own = FORMS["own"]
    assert near_miss(replace(own, conversations=(), masked=()), kind) is None
    silent = replace(own.conversations[0], messages=own.conversations[0].messages[:2])
    assert near_miss(replace(own, conversations=(silent,), masked=()), kind) is None


def test_calls_fit_their_tools() -> None:
    for kind in ("odd_strings", "extra_keys", "null_optional"):
        honest = near_miss(FORMS["own"], kind, size=3)
        assert honest is not None
        main = honest.conversations[0]
        assert {check_call(c, main.toolsets[0]).code for m in main.messages for c in m.tool_calls} == {""}


def test_polling_sees_something_new_and_edits_come_between_tests() -> None:
    honest = near_miss(FORMS["row"], "polling", size=3)
    assert honest is not None
    seen = [m.content for m in honest.conversations[0].messages if m.role == "tool"]
    assert len(set(seen)) == len(seen)
    honest = near_miss(FORMS["row"], "rerun_tests", size=3)
    assert honest is not None
    names = [c.name for m in honest.conversations[0].messages for c in m.tool_calls]
    assert names.count("run_tests") == 10
    assert all("run_tests" not in (a, b) or a != b for a, b in pairwise(names))


def test_unknown_wishes_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'polling'"):
        near_miss(FORMS["own"], "poling")
    with pytest.raises(InputError, match="size must be 1, 2 or 3"):
        near_miss(FORMS["own"], "polling", size=0)
