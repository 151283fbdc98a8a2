"""Turns as an agent would have written them, in either invocation: text with calls, their results, a user's word.

Level 3, imports types, grammar and signals. Of imported trajectories the outcome is read from the result's wording, as
the reader does, so that planted errors are as hard to see as real ones. Tests: tests/testing/test_testing_in_prompt.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trajsynth.grammar import wire_name, write_call
from trajsynth.signals import error_outcome
from trajsynth.testing.place import Place
from trajsynth.types import Message, Outcome, ToolCall, Turn

SERVERLESS = "default"
"""The `server_name` written for tools of no server, as trajsynth.invocation.mcp_prompt has it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A result's text and what became of the call."""

    text: str
    outcome: Outcome = "ok"


def turn(place: Place, n: int, text: str, calls: Sequence[ToolCall], like: Message, reasoning: str = "") -> Message:
    """An assistant message that says `text` and makes `calls`; its turn saw what `like`'s turn saw."""
    known = like.turn or Turn()
    finish = "tool_calls" if calls and not place.in_prompt else "stop"
    about = replace(known, finish_reason=finish, usage=Turn().usage, latency=0.0, seed=None)
    content, made = marked_up(text, calls) if place.in_prompt else (text, _native(place, n, calls))
    return Message(n=n, role="assistant", content=content, reasoning=reasoning, tool_calls=made, turn=about)


def result(place: Place, n: int, answers: tuple[int, int], said: Said) -> Message:
    """The tool message that answers a call."""
    outcome = (error_outcome(said.text) or "ok") if place.imported else said.outcome
    return Message(
        n=n,
        role="tool",
        content=said.text,
        answers=answers,
        outcome=outcome,
        outcome_from="text" if place.imported else "typed",
    )


def exchange(
    place: Place, n: int, text: str, call: ToolCall, like: Message, said: Said, reasoning: str = ""
) -> list[Message]:
    """A turn with one call and its result, numbered from `n`."""
    return [turn(place, n, text, [call], like, reasoning), result(place, n + 1, (n, 0), said)]


def user(n: int, text: str) -> Message:
    """A user message."""
    return Message(n=n, role="user", content=text)


def renamed(call: ToolCall, name: str) -> ToolCall:
    """The call to another tool of the same server."""
    if call.span is None:
        return replace(call, name=name, tool=name if call.tool else "")
    return replace(call, name=wire_name(call.server, name), tool=name)


def markup(call: ToolCall) -> str:
    """The call in the in-prompt grammar."""
    return write_call(call.server or SERVERLESS, call.tool or call.name, call.arguments)


def marked_up(text: str, calls: Sequence[ToolCall]) -> tuple[str, tuple[ToolCall, ...]]:
    """Content with the calls' markup at its end, and the calls with their spans."""
    content, made = text.rstrip(), []
    for call in calls:
        content = f"{content}\n\n" if content else ""
        written = markup(call)
        made.append(replace(call, id="", span=(len(content), len(content) + len(written))))
        content += written
    return content, tuple(made)


def _native(place: Place, n: int, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    return tuple(
        replace(call, id=f"call_{place.dice.getrandbits(32):08x}{n}{index}", span=None)
        for index, call in enumerate(calls)
    )
