"""The context policy: which results a turn sees, and how long they may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trajsynth.paradigms.context import TRUNCATED, KeepLastResults
from trajsynth.types import Message


def history(calls_per_step: list[int]) -> list[Message]:
    messages: list[Message] = [Message(n=0, role="user")]
    for calls in calls_per_step:
        step = len(messages)
        messages.append(Message(n=step, role="assistant"))
        messages += [Message(n=step + 1 + i, role="tool", answers=(step, i)) for i in range(calls)]
    return messages


@pytest.mark.parametrize(
    ("steps", "every", "hidden_steps"),
    [(5, 1, 0), (6, 1, 1), (9, 1, 4), (9, 3, 3), (7, 3, 0), (8, 3, 3), (10, 10, 0), (15, 10, 10)],
)
def test_results_of_the_last_steps_stay(steps: int, every: int, hidden_steps: int) -> None:
    policy = KeepLastResults(keep=5, every=every)
    messages = history([2] * steps)
    assert len(policy.hidden(messages)) == 2 * hidden_steps
    assert policy.hidden(messages) == frozenset(
        m.n for m in [m for m in messages if m.role == "tool"][: 2 * hidden_steps]
    )


def test_zero_keeps_all() -> None:
    assert KeepLastResults(keep=0).hidden(history([1] * 50)) == frozenset()


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(0, 4), st.integers(1, 4))
def test_what_is_hidden_stays_hidden(steps: list[int], keep: int, every: int) -> None:
    policy = KeepLastResults(keep=keep, every=every)
    before: frozenset[int] = frozenset()
    for end in range(len(steps) + 1):
        now = policy.hidden(history(steps[:end]))
        assert before <= now
        before = now


@pytest.mark.parametrize(("length", "cut"), [(10, False), (11, True)])
def test_long_results_are_cut_and_marked(length: int, cut: bool) -> None:
    text = KeepLastResults(max_chars=10).clip("x" * length)
    assert text.endswith(TRUNCATED) is cut
    assert text.startswith("x" * 10)
