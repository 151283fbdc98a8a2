"""The wire form of messages, as far as both invocations share it. Tests: tests/invocation/."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from trajsynth.protocols import HIDDEN_RESULT, TeacherProfile
from trajsynth.types import Message

INLINE = "<think>"
"""As a `reasoning_field` it means: reasoning goes into the content, between think tags."""
DEFAULT_REASONING_FIELD = "reasoning_content"


def shown(message: Message, hidden: Collection[int]) -> str:
    """The content, or the placeholder when this turn may not see it."""
    return HIDDEN_RESULT if message.n in hidden else message.content


def plain(message: Message, hidden: Collection[int]) -> dict[str, Any]:
    """A system or user message."""
    return {"role": message.role, "content": shown(message, hidden)}


def assistant(
    message: Message, hidden: Collection[int], profile: TeacherProfile, *, replay_reasoning: bool
) -> dict[str, Any]:
    """An assistant message without its calls: content (never null), unknown provider fields, replayed reasoning."""
    wire: dict[str, Any] = {"role": "assistant", "content": shown(message, hidden)}
    for key, value in message.extra.items():
        if key not in ("role", "content", "tool_calls") and (replay_reasoning or not key.startswith("reasoning")):
            wire[key] = value
    if replay_reasoning and message.reasoning:
        received = message.turn.reasoning_field if message.turn else ""
        field = profile.reasoning_field or received or DEFAULT_REASONING_FIELD
        if field == INLINE:
            wire["content"] = f"<think>\n{message.reasoning}\n</think>\n\n{wire['content']}"
        elif field not in message.extra:  # reasoning_details carry the text already
            wire[field] = message.reasoning
    return wire
