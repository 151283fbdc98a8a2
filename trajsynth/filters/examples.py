"""Examples of what a code was found in: which trajectories, and the words at fault, fit to be shown.

Level 2, imports credentials and types. Which ones is a lot drawn by their ids, so the order of the input, the engine
and the number of workers change nothing. Tests: tests/filters/test_filters_report_examples.py.
"""

from __future__ import annotations

import hashlib
import unicodedata
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from trajsynth.credentials import find_secrets, masked
from trajsynth.types import Conversation, Finding, Message, Trajectory

Look: TypeAlias = Callable[[], Trajectory]
"""Reads the trajectory a finding speaks of (in its mended form, if it was mended)."""

MOST: Final = 10
"""Examples of each code."""
EXCERPT: Final = 200
"""Most characters of an excerpt."""
_AROUND: Final = 1000
"""Characters on each side of an excerpt that are searched for the beginnings of secrets."""
_DETAIL: Final = 300
_OF_CALLS: Final = ("call.", "tool.misuse", "multi_call", "loop.action", "retry.redundant", "leak.host")
_ELSEWHERE: Final = ("repeat.loop", "repeat.run", "repeat.interleaved", "repeat.drift", "secret", "unsafe.")
"""Without a span these are in the reasoning or the arguments, and their details quote it."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One trajectory in which a code was found, and the first place."""

    lot: str
    """Hash of the id; the smallest ones are shown."""
    id: str
    arm: str
    kept: bool
    conversation: int
    message: int | None
    """`n` of the message."""
    detail: str
    text: str = ""
    """What stands there, credentials hidden, control characters escaped; empty where the detail says it all or the text
    was not at hand."""
    more: int = 0
    """Further findings of the code in the same trajectory."""

    @property
    def order(self) -> tuple[str, str]:
        """Smallest first."""
        return self.lot, self.id


def lot_of(identity: str) -> str:
    """16 hexadecimal digits that follow from an id alone."""
    return hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=8).hexdigest()


def wanted(chosen: list[Example], order: tuple[str, str]) -> bool:
    """Whether a trajectory is among the first `MOST`."""
    return len(chosen) < MOST or order < chosen[-1].order


def keep(chosen: list[Example], example: Example) -> None:
    """Put it in its place; the last one goes when there are too many."""
    insort(chosen, example, key=lambda one: one.order)
    del chosen[MOST:]


# ---- text fit to be shown -----------------------------------------------------------------------------------------


def visible(text: str) -> str:
    """On one line, with control, format and other unseen characters escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(sign) if unicodedata.category(sign) in _UNSEEN else sign for sign in text)


def _escaped(sign: str) -> str:
    code = ord(sign)
    return _NAMED.get(sign) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def shown(text: str, start: int = 0, end: int | None = None, most: int = EXCERPT) -> str:
    """text[start:end] for a report: at most `most` characters, credentials hidden, control characters escaped."""
    end = len(text) if end is None else min(end, len(text))
    start = max(0, min(start, end))
    first, last = max(0, start - _AROUND), min(len(text), min(end, start + most) + _AROUND)
    window = text[first:last]
    hidden, at = [], start - first
    stop = min(end, start + most) - first
    for kind, begins, ends in find_secrets(window):
        ends = len(window) if kind == "private" else ends
        if ends > at and begins < stop:
            hidden += [window[at : max(at, begins)], "***"]
            at = ends
    hidden.append(window[at : max(at, stop)])
    line = visible(masked("".join(hidden)))
    return f"{line[: most - 1]}…" if len(line) > most or (end - start > most and not line.endswith("***")) else line


def said(finding: Finding) -> str:
    """The detail of a finding, fit to be shown."""
    return shown(finding.detail, most=_DETAIL)


def quote(trajectory: Trajectory, finding: Finding) -> str:
    """The words a finding speaks of; empty where it names no message and its detail says what there is to say."""
    conversation = _conversation(trajectory, finding.conversation)
    if finding.code.startswith("grade.") and trajectory.answer is not None:
        accepted = " | ".join(trajectory.question.answers)
        return shown(f"{trajectory.answer} (accepted: {accepted})" if accepted else trajectory.answer)
    if finding.code.startswith("leak.") and finding.message is None:
        return shown(trajectory.question.text)
    if conversation is None or finding.code.startswith(("infra.", "schema.", "tool.missing")):
        return ""
    message = _message(conversation, finding)
    if message is None:
        return ""
    if finding.span is None and finding.code.startswith(_ELSEWHERE):
        return ""
    if finding.code.startswith(_OF_CALLS) and message.tool_calls:
        return shown(_calls(message, finding.value))
    if finding.code == "truncated":
        return shown(message.content, max(0, len(message.content) - EXCERPT))
    if finding.span is not None and finding.span[0] < len(message.content):
        return shown(message.content, *finding.span)
    return shown(_spoken(message))


def _conversation(trajectory: Trajectory, index: int) -> Conversation | None:
    return trajectory.conversations[index] if 0 <= index < len(trajectory.conversations) else None


def _message(conversation: Conversation, finding: Finding) -> Message | None:
    """The message named, else the agent's last word."""
    if finding.message is not None:
        return next((m for m in conversation.messages if m.n == finding.message), None)
    return next((m for m in reversed(conversation.messages) if m.role == "assistant"), None)


def _spoken(message: Message) -> str:
    """What a message says; of one without words its thoughts, else its calls."""
    return message.content.strip() or message.reasoning.strip() or _calls(message, None)


def _calls(message: Message, tool: float | str | None) -> str:
    """The calls of a message, those of the tool named in a finding if there are any."""
    named = [call for call in message.tool_calls if tool in (call.name, call.tool)]
    return "; ".join(f"{call.name}({call.arguments})" for call in named or message.tool_calls)
