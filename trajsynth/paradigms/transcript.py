"""A conversation as it grows, with the wire form of each message serialised once.

A turn's request joins the bytes kept here; only groups whose visibility changed are rendered again, so a turn late in a
long rollout costs what it adds, not what came before. Used by `trajsynth.paradigms.loop`.
Tests: tests/paradigms/test_paradigms_transcript.py.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

import orjson

from trajsynth.protocols import Invocation, TeacherProfile
from trajsynth.types import Message


class Transcript:
    """Messages in order, and groups of them in wire form.

    A group is one system or assistant message, or the run of tool and user messages after an assistant message (which
    in-prompt MCP sends as a single user turn).
    """

    def __init__(self, invocation: Invocation, profile: TeacherProfile) -> None:
        self.messages: list[Message] = []
        self._invocation, self._profile = invocation, profile
        self._groups: list[list[Message]] = []
        self._wire: list[tuple[bytes, ...]] = []
        self._group_of: dict[int, int] = {}
        self._stale: set[int] = set()
        self._hidden: frozenset[int] = frozenset()
        self._last_user = -1
        self._body: tuple[bytes, ...] = ()

    @property
    def next_n(self) -> int:
        """Number of the next message."""
        return len(self.messages)

    def add(self, message: Message) -> None:
        """Append a message; its `n` must be `next_n`."""
        joins = (
            message.role in ("tool", "user") and bool(self._groups) and self._groups[-1][-1].role in ("tool", "user")
        )
        if not joins:
            self._groups.append([])
            self._wire.append(())
        self._groups[-1].append(message)
        self._stale.add(len(self._groups) - 1)
        self._group_of[message.n] = len(self._groups) - 1
        self.messages.append(message)
        if message.role == "user":
            self._last_user = message.n
            if self._profile.replay_reasoning == "tools":  # earlier reasoning is no longer sent
                self._stale.update(i for i, group in enumerate(self._groups) if group[0].reasoning or group[0].extra)

    def body(self, hidden: Collection[int] = ()) -> tuple[bytes, ...]:
        """The wire messages of a turn that does not see the results in `hidden`, each a JSON object."""
        now = frozenset(hidden)
        self._stale.update(self._group_of[n] for n in now ^ self._hidden)
        for index in self._stale:
            group = self._groups[index]
            wire = self._invocation.render(group, now, self._profile, replay_reasoning=self._replays(group[0]))
            self._wire[index] = tuple(_compact(orjson.dumps(message)) for message in wire)
        if self._stale:
            self._body = tuple(chain.from_iterable(self._wire))
            self._stale.clear()
        self._hidden = now
        return self._body

    def _replays(self, message: Message) -> bool:
        if message.role != "assistant" or self._profile.replay_reasoning == "never":
            return False
        if self._profile.replay_reasoning == "always":
            return True
        return bool(message.tool_calls) and message.n > self._last_user


def _compact(data: bytes) -> bytes:
    """The same bytes in memory of their own size: what orjson returns keeps the buffer it was written in, 13 times as
    large for a result of 1 kB (orjson 3.13)."""
    return memoryview(data).tobytes()
