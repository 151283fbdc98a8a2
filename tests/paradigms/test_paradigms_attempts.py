"""When a call counts as asked before: same tool, same arguments, same observation, twice."""

from __future__ import annotations

import pytest

from trajsynth.paradigms.attempts import Attempts
from trajsynth.protocols import ToolResult
from trajsynth.schemas import CallCheck, check_call
from trajsynth.types import ToolCall, ToolSpec

TOOLS = (ToolSpec(name="open", server="s"), ToolSpec(name="poll", server="s", poll=True))


def check(arguments: str = '{"a": 1, "b": 2}', name: str = "open") -> CallCheck:
    return check_call(ToolCall(name=name, arguments=arguments), TOOLS)


@pytest.mark.parametrize(
    ("results", "repeated"),
    [
        (["x"], ""),
        (["x", "x"], "call.repeated"),
        (["x", "y"], ""),
        (["x", "x", "y"], ""),
        (["x", "y", "y"], "call.repeated"),
    ],
)
def test_two_identical_observations(results: list[str], repeated: str) -> None:
    attempts = Attempts()
    for text in results:
        attempts.note(check(), ToolResult(text=text))
    assert attempts.repeated([check('{"b": 2, "a": 1}')]) == repeated, "the order of keys does not matter"
    assert attempts.repeated([check('{"a": 1, "b": 3}')]) == ""


def test_transient_failures_and_polling_do_not_count() -> None:
    attempts = Attempts()
    for _ in range(5):
        attempts.note(check(), ToolResult(text="lost", outcome="timeout", transient=True))
        attempts.note(check(name="poll"), ToolResult(text="wait"))
    assert attempts.repeated([check(), check(name="poll")]) == ""


def test_numbers_of_any_size() -> None:
    attempts = Attempts()
    attempts.note(check('{"a": 123456789012345678901234567890}'), ToolResult(text="x"))
    assert attempts.repeated([check('{"a": 123456789012345678901234567890}')]) == ""
