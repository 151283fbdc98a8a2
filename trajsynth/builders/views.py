"""The context a trained turn stands in: the whole conversation, or what the teacher saw when it said this.

A long rollout hides old tool results, and the teacher's earlier thoughts are not always sent back to it. `full` rows
show everything to every turn, which nobody saw. `as_seen` rows have each trained turn in exactly its request's context:
turns whose contexts extend each other share a row, and where the context was rewritten a new row begins, in which
earlier turns are masked. `final` is the row of the last turn alone. The contexts come from the loop's own Transcript
(trajsynth.paradigms.seen), run over marks instead of texts. Level 3, imports builders.rows, invocation and paradigms.
Tests: tests/builders/test_builders_views.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import orjson

from trajsynth.builders.rows import (
    Reasoning,
    Refusal,
    Row,
    last_turns,
    reasoned,
    render,
    rendered,
    tool_definitions,
    with_reasoning,
)
from trajsynth.invocation import invocation as invocation_named
from trajsynth.paradigms.seen import RECORDED, contexts
from trajsynth.protocols import Invocation, TeacherProfile
from trajsynth.types import Message, Toolset, Trajectory

View = Literal["full", "as_seen", "final"]
Replay = Literal["never", "tools", "always"]
"""Which earlier reasoning was sent back to a teacher (`replay_reasoning` of its config)."""
Marks = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation under a view."""

    whole: Row
    """All of it, as the view `full` has it (tools of all its turns together)."""
    rows: list[Row]


def seen_rows(
    trajectory: Trajectory, index: int, view: View, reasoning: Reasoning = "keep", replay: Replay = "tools"
) -> Seen | Refusal:
    """The rows of a conversation under a view; every unmasked turn is trained in one of them, once.

    (`final`: only the last turn.) Refused beside what `render` refuses: `view.edited` (repaired: nobody saw such a
    context), `view.unrecorded` (imported: what its turns saw was not written down).
    """
    if view == "full":
        row = render(trajectory, index, reasoning)
        return row if isinstance(row, Refusal) else Seen(row, [row])
    seen = _Recorded.of(trajectory, index, reasoning, replay)
    if isinstance(seen, Refusal):
        return seen
    stretches = seen.stretches()
    if view == "final":
        marks, toolset, turns = stretches[-1]
        stretches = [(marks, toolset, turns[-1:])]
    rows: list[Row] = []
    for marks, toolset, turns in stretches:
        row = seen.row(marks, toolset, turns)
        if isinstance(row, Refusal):
            return row
        rows += [row] if row.trained else []
    whole = with_reasoning(seen.base, reasoning)
    if isinstance(whole, Refusal):
        return whole
    return Seen(whole, rows) if rows else Refusal(reason="all_masked")


Stretch = tuple[Marks, int, list[int]]
"""Marks of a row's messages, the index of its toolset, and the positions of the turns that are its own."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A conversation that was recorded as it was, with what its rows are made of."""

    trajectory: Trajectory
    base: Row
    """The whole conversation, reasoning kept."""
    messages: tuple[Message, ...]
    toolsets: tuple[Toolset, ...]
    marker: _Marker
    reasoning: Reasoning
    profile: TeacherProfile
    made: dict[bytes, tuple[int, dict[str, Any]]]
    """(n, training message) by mark: rows share them."""

    @classmethod
    def of(cls, trajectory: Trajectory, index: int, reasoning: Reasoning, replay: Replay) -> _Recorded | Refusal:
        messages = last_turns(trajectory, index)
        if isinstance(messages, Refusal):
            return messages
        unseen = _unseen(trajectory, index, messages)
        if unseen is not None:
            return unseen
        toolsets = trajectory.conversations[index].toolsets if trajectory.invocation != "mcp" else ()
        used = sorted({m.turn.toolset for m in messages if m.turn and m.turn.toolset < len(toolsets)})
        base = rendered(trajectory, index, messages, tuple(tool for i in used for tool in toolsets[i]))
        if isinstance(base, Refusal):
            return base
        marker = _Marker(native=trajectory.invocation != "mcp", thoughts=reasoning != "drop")
        profile = replace(RECORDED, replay_reasoning=replay)
        return cls(trajectory, base, messages, toolsets, marker, reasoning, profile, {})

    def stretches(self) -> list[Stretch]:
        """Turns whose contexts extend each other by plain appending, together."""
        found: list[Stretch] = []
        conversation = replace(self.trajectory.conversations[self.base.conversation], messages=self.messages)
        for n, body in contexts(conversation, cast(Invocation, self.marker), self.profile):
            turn = self.messages[n].turn
            toolset = turn.toolset if turn is not None and turn.toolset < len(self.toolsets) else -1
            said = (*body, self.marker.mark(self.messages[n], (), thought=True))
            before, same, turns = found[-1] if found else ((), -2, [])
            if same == toolset and body[: len(before)] == before:
                found[-1] = (said, toolset, [*turns, len(body)])
            else:
                found.append((said, toolset, [len(body)]))
        return found

    def row(self, marks: Marks, toolset: int, turns: Sequence[int]) -> Row | Refusal:
        """A stretch's messages, up to its last turn that is trained."""
        shown: list[tuple[int, dict[str, Any]]] = []
        for mark in marks:
            message = self._message(mark)
            if isinstance(message, Refusal):
                return message
            shown.append(message)
        masked = {self.base.sources[i] for i in self.base.masked}
        own = {at for at in turns if shown[at][0] not in masked}
        del shown[max(own, default=len(shown) - 1) + 1 :]
        return replace(
            self.base,
            messages=[message for _, message in shown],
            sources=[n for n, _ in shown],
            tools=tool_definitions(self.toolsets[toolset]) if toolset >= 0 else [],
            masked=frozenset(i for i, (_, m) in enumerate(shown) if m["role"] == "assistant" and i not in own),
            partial=True,
        )

    def _message(self, mark: bytes) -> tuple[int, dict[str, Any]] | Refusal:
        """The training message a mark stands for."""
        if mark not in self.made:
            n, hidden, thought = orjson.loads(mark)
            message = self.base.messages[self.base.sources.index(n)]
            if hidden:
                message = message | {"content": self.marker.text(n, hidden)}
            if not thought:
                message = {key: value for key, value in message.items() if key != "reasoning_content"}
            changed = reasoned(message, self.reasoning)
            if isinstance(changed, Refusal):
                return changed
            self.made[mark] = (n, changed)
        return self.made[mark]


class _Marker:
    """Stands in for the invocation of a Transcript: renders what of a message is shown, not its text.

    A mark is the JSON of [n, the results hidden in it, whether its reasoning is there]; native calls have one for each
    message, in-prompt calls one for each run of results and user messages, as they have wire messages.
    """

    def __init__(self, *, native: bool, thoughts: bool) -> None:
        self._native, self._thoughts = native, thoughts
        self._wire = invocation_named("function_calling" if native else "mcp")
        self._groups: dict[int, list[Message]] = {}

    def render(
        self, group: Sequence[Message], hidden: Collection[int], profile: TeacherProfile, *, replay_reasoning: bool
    ) -> list[list[Any]]:
        """As an invocation's `render`."""
        del profile
        together = not self._native and all(message.role in ("tool", "user") for message in group)
        units = [list(group)] if together else [[message] for message in group]
        for unit in units:
            self._groups[unit[0].n] = unit
        return [self._parts(unit, hidden, thought=replay_reasoning) for unit in units]

    def mark(self, message: Message, hidden: Collection[int], *, thought: bool) -> bytes:
        """The mark of one message."""
        return orjson.dumps(self._parts([message], hidden, thought=thought))

    def text(self, n: int, hidden: Collection[int]) -> str:
        """What a turn that does not see these results is shown of the group that begins with message `n`."""
        wire = self._wire.render(self._groups[n], hidden, RECORDED, replay_reasoning=False)
        return str(wire[0]["content"])

    def _parts(self, unit: Sequence[Message], hidden: Collection[int], *, thought: bool) -> list[Any]:
        unseen = [message.n for message in unit if message.n in hidden]
        return [unit[0].n, unseen, thought and self._thoughts and bool(unit[0].reasoning)]


def _unseen(trajectory: Trajectory, index: int, messages: Sequence[Message]) -> Refusal | None:
    """Why nobody can say what the turns of a conversation saw."""
    edited = any(edit.conversation == index for edit in trajectory.edits)
    if edited or any(message.n != i for i, message in enumerate(messages)):
        return Refusal(reason="view.edited", detail="a repaired conversation is none that a teacher saw")
    if trajectory.run.source:
        return Refusal(reason="view.unrecorded", detail="imported: what its turns saw was not written down")
    unrecorded = next((m.n for m in messages if m.role == "assistant" and m.turn is None), None)
    if unrecorded is None:
        return None
    return Refusal(reason="view.unrecorded", detail=f"message {unrecorded} does not say what its turn saw")
