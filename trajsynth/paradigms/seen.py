"""What a teacher saw at a turn, rebuilt from the record: the same messages, with the same results hidden.

It is the loop's own Transcript run again, so there is no second rendering that could drift. For training rows in
exactly the context of each turn. Tests: tests/paradigms/test_paradigms_seen.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from trajsynth.paradigms.transcript import Transcript
from trajsynth.protocols import Invocation, TeacherProfile
from trajsynth.types import Conversation, Toolset

RECORDED = TeacherProfile(name="", model="")
"""The profile of a teacher that nothing is known of: earlier reasoning is replayed as is usual, on tool turns."""


def seen(
    conversation: Conversation, n: int, invocation: Invocation, profile: TeacherProfile = RECORDED
) -> list[dict[str, Any]]:
    """The wire messages of the request that message `n`, an assistant turn, answered.

    `profile` is the teacher's: it says which reasoning was sent back. Raises ValueError when `n` is no assistant turn
    of ours, or when messages before it were taken out by repair (then nobody saw such a context).
    """
    message = next((m for m in conversation.messages if m.n == n and m.role == "assistant"), None)
    if message is None or message.turn is None:
        raise ValueError(f"message {n} of agent {conversation.agent!r} is no recorded assistant turn")
    transcript = Transcript(invocation, profile)
    for earlier in conversation.messages[:n]:
        if earlier.n != transcript.next_n:
            raise ValueError(f"message {transcript.next_n} of agent {conversation.agent!r} was taken out")
        transcript.add(earlier)
    return [orjson.loads(fragment) for fragment in transcript.body(message.turn.hidden)]


def contexts(
    conversation: Conversation, invocation: Invocation, profile: TeacherProfile = RECORDED
) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """(n, wire messages) of the request before each assistant turn, in order: all that `seen` gives, in one walk.

    Messages that two requests share are the same bytes, so what changed from one to the next is quickly seen. Raises
    ValueError as `seen` does.
    """
    transcript = Transcript(invocation, profile)
    for message in conversation.messages:
        if message.n != transcript.next_n:
            raise ValueError(f"message {transcript.next_n} of agent {conversation.agent!r} was taken out")
        if message.role == "assistant":
            if message.turn is None:
                raise ValueError(f"message {message.n} of agent {conversation.agent!r} is no recorded assistant turn")
            yield message.n, transcript.body(message.turn.hidden)
        transcript.add(message)


def tools_seen(conversation: Conversation, n: int) -> Toolset:
    """The tool list of the same request."""
    turn = next(m.turn for m in conversation.messages if m.n == n)
    index = turn.toolset if turn else 0
    return conversation.toolsets[index] if index < len(conversation.toolsets) else ()
