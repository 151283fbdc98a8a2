"""Redundant retries and stuck actions: observation and arguments decide, polling and passing faults are excused."""

from __future__ import annotations

import dataclasses

import pytest
from rowfakes import asks, codes, exchange_rows, record, row, sees

from trajsynth.filters import ActionLoop, RedundantRetry
from trajsynth.types import Outcome

OK: Outcome = "ok"


@pytest.mark.parametrize(("times", "flagged"), [(3, False), (4, True), (9, True)])
def test_redundant_boundary(times: int, flagged: bool) -> None:
    findings = RedundantRetry().check(exchange_rows(*[("x", "same")] * times, ("y", "other")))
    assert codes(findings) == ["retry.redundant"] * flagged
    assert all(f.value == times and f.message == 2 * times - 1 for f in findings)


def test_spread_out_repeats_and_sorted_arguments_are_the_same_call() -> None:
    turns = []
    for i in range(4):
        turns += [asks(arguments='{"a": 1, "q": "x"}' if i % 2 else '{"q":"x","a":1}'), sees("same")]
        turns += [asks(arguments=f'{{"q": "{i}"}}'), sees(f"{i}")]
    assert codes(RedundantRetry().check(row(*turns))) == ["retry.redundant"]


def test_new_observations_are_not_redundant() -> None:
    polled = exchange_rows(*[("status", f"{i} % done") for i in range(9)])
    assert RedundantRetry().keep(polled) and ActionLoop().keep({**polled, "correct": False})


def test_redundant_counts_only_for_correct_ones() -> None:
    wrong = exchange_rows(*[("x", "same")] * 5, correct=False)
    unknown = {**wrong, "correct": None}
    assert RedundantRetry().check(wrong) == []
    assert codes(RedundantRetry().check(unknown)) == ["retry.redundant"] and RedundantRetry().keep(unknown)


def test_a_retry_after_a_passing_fault_is_excused() -> None:
    down: tuple[str, str, Outcome] = ("x", "Error: timed out", "timeout")
    assert RedundantRetry().keep(record(*[down] * 8))
    assert ActionLoop().keep(record(*[down] * 8, correct=False))
    limited: tuple[str, str, Outcome] = ("x", "Error: 429 too many requests", "tool_error")
    assert RedundantRetry().keep(record(*[limited] * 8))
    assert not RedundantRetry().keep(record(*[("x", "Error: no such page", "tool_error")] * 4))


def test_tools_made_for_polling_are_exempt() -> None:
    same: tuple[str, str, Outcome] = ("x", "pending", OK)
    assert RedundantRetry().keep(record(*[same] * 9, poll=True))
    assert ActionLoop().keep(record(*[same] * 9, poll=True, correct=False))
    assert not RedundantRetry().keep(record(*[same] * 9))


@pytest.mark.parametrize(
    ("letters", "flagged"),
    [
        ("aaa", False),
        ("aaaa", True),
        ("bcaaaad", True),
        ("aabaabaa", False),
        ("abab", False),
        ("ababab", True),
        ("cababab", True),
        ("abcabc", False),
        ("abcabcabc", True),
        ("aabaabaab", True),
        ("abcdabcdabcd", False),
        ("abacadaeaf", False),
    ],
)
def test_action_loop_boundaries(letters: str, flagged: bool) -> None:
    findings = ActionLoop().check(exchange_rows(*[(x, f"seen {x}") for x in letters], correct=False))
    assert codes(findings) == ["loop.action"] * flagged


def test_action_loop_counts_only_for_incorrect_ones() -> None:
    stuck = exchange_rows(*[("x", "same")] * 6)
    assert ActionLoop().check(stuck) == []
    assert not ActionLoop().keep({**stuck, "correct": False})


def test_calls_of_different_agents_do_not_add_up() -> None:
    twice = record(*[("x", "same", OK)] * 3)
    both = dataclasses.replace(twice, conversations=twice.conversations * 2)
    assert RedundantRetry().keep(both)


def _between(tool: str, arguments: str = '{"n": 1}') -> list[dict[str, object]]:
    """Four runs of the tests that fail alike, each time after another use of a tool."""
    turns: list[dict[str, object]] = []
    for i in range(4):
        turns += [asks("run_tests", "{}"), sees("1 failed")]
        turns += [asks(tool, arguments.replace("1", str(i))), sees(f"done {i}")]
    return turns


@pytest.mark.parametrize(
    ("tool", "redundant"),
    [("edit_file", False), ("strReplaceEditor", False), ("bash", False), ("search", True), ("get_order_details", True)],
)
def test_tests_are_run_again_after_an_edit(tool: str, redundant: bool) -> None:
    found = codes(RedundantRetry().check(row(*_between(tool))))
    assert found == ["retry.redundant"] * redundant


def test_the_same_edit_again_changes_nothing() -> None:
    turns = _between("edit_file", '{"n": 7}')
    again = [{**turn, "content": "done"} if turn["role"] == "tool" and turn["content"] != "1 failed" else turn
             for turn in turns]  # fmt: skip
    assert "retry.redundant" in codes(RedundantRetry().check(row(*again)))
