"""What a rollout has been told so far: each model reply and tool result, written when it arrives, served on resume.

Level 3. One file per unfinished rollout, journal/<id>.jsonl. Resuming reruns the paradigm: a key found in the file is
served, any other is asked for and recorded. So every paradigm whose steps follow from replies and results resumes
without knowing how; keys are `agent path/step/attempt` and `agent path/step/attempt/call index`. A call that raises is
not recorded, so it is made again. Tests: tests/generate/test_journal.py.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Container
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

import trajsynth
from trajsynth.codec import decode, encode, read_lines
from trajsynth.errors import RecordError, TeacherUnavailable
from trajsynth.generate.progress import Meter
from trajsynth.generate.rundir import DiskError, disk_error
from trajsynth.protocols import Reply, ToolResult

T = TypeVar("T")

FORMAT = 1
"""Raised when the lines, or the keys that the loop asks by, change their meaning."""


class Header(msgspec.Struct, tag="journal", tag_field="kind", frozen=True):
    """First line: what a journal may be continued by."""

    format: int
    version: str
    stamp: str


class ReplyEvent(msgspec.Struct, tag="reply", tag_field="kind", frozen=True):
    """A model reply that arrived."""

    key: str
    reply: Reply


class ResultEvent(msgspec.Struct, tag="result", tag_field="kind", frozen=True):
    """A tool result that arrived."""

    key: str
    result: ToolResult


Line = Header | ReplyEvent | ResultEvent


class Gate:
    """Every call passes here. Closed, it lets calls in flight finish and parks new ones until they are cancelled."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.closed = False
        self._idle = asyncio.Event()

    def close(self) -> None:
        """Let nothing new pass."""
        self.closed = True
        if not self.in_flight:
            self._idle.set()

    async def idle(self) -> None:
        """Until the gate is closed and nothing is in flight."""
        await self._idle.wait()

    async def run(self, make: Callable[[], Awaitable[T]]) -> T:
        """`await make()`, counted; never returns once the gate is closed."""
        if self.closed:
            await self.park()
        return await self.last(make)

    async def park(self) -> None:
        """Wait for the cancellation that follows the gate's closing."""
        await asyncio.Event().wait()

    async def last(self, make: Callable[[], Awaitable[T]]) -> T:
        """`await make()`, counted, also when the gate is closed: for what finishes a rollout."""
        self.in_flight += 1
        try:
            return await make()
        finally:
            self.in_flight -= 1
            if self.closed and not self.in_flight:
                self._idle.set()


class NullJournal:
    """Records nothing and serves nothing."""

    async def reply(self, key: str, make: Callable[[], Awaitable[Reply]]) -> Reply:
        return await make()

    async def result(self, key: str, make: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        return await make()


class Journals:
    """The journals of a run's unfinished rollouts."""

    def __init__(self, folder: Path, gate: Gate | None = None, meter: Meter | None = None) -> None:
        self.folder = folder
        self.gate = gate or Gate()
        self.meter = meter or Meter()
        self.broken: DiskError | None = None
        """The first write that failed; nothing after it may count as recorded."""
        self._dirty: set[Path] = set()

    def sweep(self, done: Container[str]) -> None:
        """Delete the journals of finished rollouts (the process died between writing one and deleting the other)."""
        try:
            for path in self.folder.glob("*.jsonl"):
                if path.stem in done:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(self.folder, error) from None

    def open(self, identity: str, stamp: str) -> FileJournal:
        """The journal of a rollout, with what an earlier process left in it.

        One of another trajsynth, another format or another `stamp` (settings, question, seed), or one that cannot be
        read, is deleted: `discarded` then says why and the rollout starts again.
        """
        return FileJournal(self, self.folder / f"{identity}.jsonl", Header(FORMAT, trajsynth.__version__, stamp))

    async def sync(self) -> None:
        """Force what was recorded to the disk, beside the event loop."""
        if self._dirty:
            dirty, self._dirty = self._dirty, set()
            await asyncio.to_thread(_sync, dirty, self.folder)

    def write(self, path: Path, data: bytes) -> None:
        """Append whole lines; raises DiskError after taking back what was half written.

        Opened and closed each time (10 µs): thousands of unfinished rollouts would use up the descriptors.
        """
        if self.broken is not None:
            raise self.broken
        try:
            _append(path, data)
        except OSError as error:
            self.broken = disk_error(path, error)
            raise self.broken from None
        self._dirty.add(path)

    def forget(self, path: Path) -> None:
        """Delete a journal."""
        self._dirty.discard(path)
        with suppress(OSError):
            path.unlink(missing_ok=True)


class FileJournal:
    """One rollout's journal."""

    def __init__(self, owner: Journals, path: Path, header: Header) -> None:
        self._owner = owner
        self._path = path
        self._header = header
        self.served = 0
        """Recorded replies and results served to the rollout."""
        self.discarded = ""
        """Why the journal that was there could not be continued."""
        self.outage = ""
        """What the teacher's endpoint said when it was found down or closed to us."""
        self._replies: dict[str, deque[Reply]] = {}
        self._results: dict[str, deque[ToolResult]] = {}
        self._begun = path.exists()
        if self._begun:
            self._load()

    async def reply(self, key: str, make: Callable[[], Awaitable[Reply]]) -> Reply:
        """The recorded reply, or a new one; raises what `make` raises, and DiskError."""
        if recorded := self._replies.get(key):
            self.served += 1
            return recorded.popleft()
        try:
            reply = await self._owner.gate.run(make)
        except TeacherUnavailable as error:
            self.outage = str(error) or type(error).__name__
            raise
        self._owner.meter.add(reply.usage)
        self._write(ReplyEvent(key, reply))
        return reply

    async def result(self, key: str, make: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        """The recorded result, or a new one; raises what `make` raises, and DiskError."""
        if recorded := self._results.get(key):
            self.served += 1
            return recorded.popleft()
        gate = self._owner.gate
        result = await gate.run(make)
        if gate.closed and result.outcome == "unavailable":  # the signal that stops us may have hit the server as well
            await gate.park()
        self._write(ResultEvent(key, result))
        return result

    def drop(self) -> None:
        """Delete the journal: its rollout is finished, or starts again from nothing."""
        self._owner.forget(self._path)

    def rewind(self) -> None:
        """Take back the run of `unavailable` tool results at the end, and all that followed the first of them.

        For a rollout that a dead server ended: replayed, those results would end it again. What is left is a state
        the rollout was in, since events are written in the order they arrived.
        """
        if not self._path.exists():
            return
        keep = end = 0
        for number, line in read_lines(self._path):
            event = _event(line, f"{self._path}:{number}")
            down = isinstance(event, ResultEvent) and event.result.outcome == "unavailable"
            if isinstance(event, ResultEvent) and not down:
                keep = 0
            if down and not keep:
                keep = end
            end += len(line) + 1
        if keep:
            os.truncate(self._path, keep)

    def _write(self, event: ReplyEvent | ResultEvent) -> None:
        line = encode(event) + b"\n"
        if not self._begun:
            line = encode(self._header) + b"\n" + line
            self._begun = True
        self._owner.write(self._path, line)

    def _load(self) -> None:
        try:
            data = self._path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            events = [_event(line, f"line {n}") for n, line in enumerate(whole.splitlines(), 1)]
        except (OSError, RecordError) as error:
            self._discard(f"cannot be read ({error})")
            return
        if not events or events[0] != self._header:
            self._discard(_difference(events[0], self._header) if events else "")
            return
        if len(whole) < len(data):
            os.truncate(self._path, len(whole))
        for event in events[1:]:
            if isinstance(event, ReplyEvent):
                self._replies.setdefault(event.key, deque()).append(event.reply)
            elif isinstance(event, ResultEvent):
                self._results.setdefault(event.key, deque()).append(event.result)

    def _discard(self, reason: str) -> None:
        self.discarded = reason
        self._begun = False
        self.drop()


def _event(line: bytes, where: str) -> Line:
    return cast(Line, decode(line, cast(type[Any], Line), where))


def _difference(found: Line, wanted: Header) -> str:
    if not isinstance(found, Header):
        return "has no header"
    if found.format != wanted.format:
        return f"is of journal format {found.format}, this is {wanted.format}"
    if found.version != wanted.version:
        return f"was written by trajsynth {found.version}, this is {wanted.version}"
    return "was written under other settings or for another question text"


def _append(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        try:
            written = os.write(descriptor, data)
            while written < len(data):
                written += os.write(descriptor, data[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _sync(paths: set[Path], folder: Path) -> None:
    """Losing a journal costs calls, never a trajectory; so a file that cannot be synced is no error."""
    for path in [*paths, folder]:
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
