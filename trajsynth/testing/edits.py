"""Changes to a trajectory that keep it whole: messages put in or taken away, numbers and spans moved along.

Level 3, imports types only. Used by the planters. Tests: tests/testing/test_testing_edits.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from trajsynth.types import Conversation, Message, ToolCall, Trajectory, Turn


def with_conversation(trajectory: Trajectory, c: int, conversation: Conversation) -> Trajectory:
    """The trajectory with another conversation number `c`."""
    before, after = trajectory.conversations[:c], trajectory.conversations[c + 1 :]
    return replace(trajectory, conversations=(*before, conversation, *after))


def with_message(trajectory: Trajectory, c: int, message: Message) -> Trajectory:
    """The trajectory with the message of the same `n` in conversation `c` replaced."""
    conversation = trajectory.conversations[c]
    messages = tuple(message if old.n == message.n else old for old in conversation.messages)
    return with_conversation(trajectory, c, replace(conversation, messages=messages))


def with_text(message: Message, at: int, text: str) -> Message:
    """The message with `text` inserted at character `at` of its content; spans of calls behind it move along."""
    calls = tuple(_moved_call(call, at, len(text)) for call in message.tool_calls)
    return replace(message, content=message.content[:at] + text + message.content[at:], tool_calls=calls)


def number_at(conversation: Conversation, at: int) -> int:
    """The `n` that a message inserted at position `at` gets."""
    messages = conversation.messages
    if at < len(messages):
        return messages[at].n
    return messages[-1].n + 1 if messages else 0


def splice(trajectory: Trajectory, c: int, at: int, new: Sequence[Message]) -> Trajectory:
    """The trajectory with messages put in at position `at` of conversation `c`.

    `new` must be numbered from `number_at`; later messages, and all that points to them (answers, hidden results,
    masks, rollbacks, edits, labels, sub-agents), are renumbered.
    """
    conversation = trajectory.conversations[c]
    first = number_at(conversation, at)

    def moved(n: int) -> int:
        return n + len(new) if n >= first else n

    later = tuple(_renumbered(message, moved) for message in conversation.messages[at:])
    messages = (*conversation.messages[:at], *new, *later)
    changed = with_conversation(trajectory, c, replace(conversation, messages=messages))
    return _repointed(changed, c, moved)


def cut(trajectory: Trajectory, c: int, keep: int) -> Trajectory:
    """The trajectory with only the first `keep` messages of conversation `c`; what points behind them goes too."""
    conversation = trajectory.conversations[c]
    end = number_at(conversation, keep)
    shorter = with_conversation(trajectory, c, replace(conversation, messages=conversation.messages[:keep]))
    return replace(
        shorter,
        masked=tuple((d, n) for d, n in trajectory.masked if d != c or n < end),
        edits=tuple(edit for edit in trajectory.edits if edit.conversation != c or edit.n < end),
        rollbacks=tuple(back for back in trajectory.rollbacks if back.conversation != c or back.before < end),
    )


def _moved_call(call: ToolCall, at: int, by: int) -> ToolCall:
    if call.span is None or call.span[0] < at:
        return call
    return replace(call, span=(call.span[0] + by, call.span[1] + by))


def _renumbered(message: Message, moved: Callable[[int], int]) -> Message:
    answers = None if message.answers is None else (moved(message.answers[0]), message.answers[1])
    return replace(message, n=moved(message.n), answers=answers, turn=_repointed_turn(message.turn, moved))


def _repointed_turn(turn: Turn | None, moved: Callable[[int], int]) -> Turn | None:
    return None if turn is None else replace(turn, hidden=tuple(moved(n) for n in turn.hidden))


def _repointed(trajectory: Trajectory, c: int, moved: Callable[[int], int]) -> Trajectory:
    """What lies outside the messages of conversation `c` but points to them."""
    conversations = tuple(
        replace(child, called_by=(c, moved(child.called_by[1]), child.called_by[2]))
        if child.called_by is not None and child.called_by[0] == c
        else child
        for child in trajectory.conversations
    )
    labels = tuple(
        replace(label, n=moved(label.n)) if label.conversation == c and label.n is not None else label
        for label in trajectory.run.planted
    )
    return replace(
        trajectory,
        conversations=conversations,
        masked=tuple((d, moved(n)) if d == c else (d, n) for d, n in trajectory.masked),
        edits=tuple(replace(edit, n=moved(edit.n)) if edit.conversation == c else edit for edit in trajectory.edits),
        rollbacks=tuple(
            replace(back, before=moved(back.before)) if back.conversation == c else back
            for back in trajectory.rollbacks
        ),
        run=replace(trajectory.run, planted=labels),
    )
