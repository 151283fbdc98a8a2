"""What a training row says, whatever its layout: the form in which a written row and its source are compared.

Every format reads its own rows back into this form; `difference` names the first thing that is not as in the source.
Level 3, imports builders.rows. Tests: tests/builders/test_builders_check.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trajsynth.builders.rows import Row

RESULT_JOIN = "\n</tool_response>\n<tool_response>\n"
"""Between parallel results where a target has one message for all of them (what ChatML tool templates put there)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a conversation."""

    role: str
    text: str = ""
    reasoning: str | None = ""
    """None where the layout has it inside the text."""
    calls: tuple[tuple[str, Any], ...] = ()
    """(name, arguments)."""
    trained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One conversation, and the tools it may use."""

    messages: tuple[Said, ...]
    tools: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a written row must hold: the first `end` messages of a row, loss on the assistant turns `trained`."""

    row: Row
    end: int
    trained: frozenset[int]

    def content(self) -> Content:
        """The part as a layout-free conversation."""
        messages = [
            Said(
                role=message["role"],
                text=message["content"],
                reasoning=message.get("reasoning_content", ""),
                calls=tuple(calls_of(message)),
                trained=i in self.trained,
            )
            for i, message in enumerate(self.row.messages[: self.end])
        ]
        return Content(messages=merged(messages), tools=tuple(self.row.tools))

    def turns(self) -> list[dict[str, Any]]:
        """The trained messages."""
        return [self.row.messages[i] for i in sorted(self.trained)]


def whole(row: Row, start: int = 0) -> Part:
    """All of a row; loss on its unmasked turns from message `start` on."""
    turns = {i for i, m in enumerate(row.messages) if i >= start and m["role"] == "assistant"}
    return Part(row=row, end=len(row.messages), trained=frozenset(turns - row.masked))


def calls_of(message: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """(name, arguments) of a training message's calls."""
    for call in message.get("tool_calls") or ():
        yield call["function"]["name"], call["function"]["arguments"]


def merged(messages: Sequence[Said]) -> tuple[Said, ...]:
    """Results that follow one another as one message: some layouts have room for one only. An empty system message
    says nothing and counts as none: some layouts have no place for it."""
    kept: list[Said] = []
    for message in messages:
        if message.role == "tool" and kept and kept[-1].role == "tool":
            kept[-1] = replace(kept[-1], text=kept[-1].text + RESULT_JOIN + message.text)
        elif message.text or message.role != "system":
            kept.append(message)
    return tuple(kept)


def difference(source: Content, found: Content) -> str:
    """The first thing that differs, in words; empty when nothing does."""
    if len(source.messages) != len(found.messages):
        return f"{len(source.messages)} messages became {len(found.messages)}"
    for i, (wanted, got) in enumerate(zip(source.messages, found.messages, strict=True)):
        what = _message_difference(wanted, got)
        if what:
            return f"message {i}: {what}"
    return "" if list(source.tools) == list(found.tools) else "the tools differ"


def _message_difference(wanted: Said, got: Said) -> str:
    if wanted.role != got.role:
        return f"role {wanted.role!r} became {got.role!r}"
    if wanted.calls != got.calls or not _same_types(wanted.calls, got.calls):
        return f"calls {wanted.calls!r} became {got.calls!r}"
    if wanted.trained != got.trained:
        return "is trained" if got.trained else "is not trained"
    if got.reasoning is None:
        joined = _squashed((wanted.reasoning or "") + wanted.text)
        return "" if joined == _squashed(got.text) else "the text differs"
    if wanted.reasoning != got.reasoning:
        return "the reasoning differs"
    return "" if wanted.text == got.text else "the text differs"


def _squashed(text: str) -> str:
    return "".join(text.split())


def _same_types(a: Any, b: Any) -> bool:
    """Whether equal JSON values are of equal kinds too (1, 1.0 and true are equal in Python)."""
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same_types(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same_types, a, b))
    return type(a) is type(b)
