"""Whether a rendered row says what the record says: read from the record alone, sharing nothing with the renderer.

Level 3, imports builders.rows and types. Tests: tests/builders/test_builders_check.py.
"""

from __future__ import annotations

import json
from typing import Any

from trajsynth.builders.rows import Refusal, render
from trajsynth.codec import scrub
from trajsynth.types import Message, Trajectory


def unfaithful(trajectory: Trajectory, index: int) -> str:
    """What a conversation's row lacks or changes of its record, in words; empty when nothing or when it has no row."""
    row = render(trajectory, index)
    if isinstance(row, Refusal):
        return ""
    recorded = [m for m in trajectory.conversations[index].messages if m.role == "assistant"]
    written = [m for m in row.messages if m["role"] == "assistant"]
    if len(recorded) != len(written):
        return f"{len(recorded)} assistant messages became {len(written)}"
    for record, message in zip(recorded, written, strict=True):
        what = _turn(record, message, native=trajectory.invocation != "mcp")
        if what:
            return f"message {record.n}: {what}"
    said = "\n".join(m["content"] for m in row.messages)
    end = recorded[-1].n
    others = (m for m in trajectory.conversations[index].messages if m.role != "assistant")
    lost = next((m.n for m in others if m.n < end and m.content not in said), None)
    return "" if lost is None else f"message {lost}: its text is not in the row"


def _turn(record: Message, message: dict[str, Any], *, native: bool) -> str:
    if message["content"] != record.content:
        return "the text differs"
    if message.get("reasoning_content", "") != record.reasoning:
        return "the reasoning differs"
    if not native:
        return "" if "tool_calls" not in message else "a call stands beside the content"
    wanted = [(call.name, json.loads(scrub(call.arguments) or "{}")) for call in record.tool_calls]
    got = [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", ())]
    return "" if wanted == got else f"calls {wanted!r} became {got!r}"
