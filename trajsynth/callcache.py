"""A file of model replies and tool results, so that a run made again under new limits or prompts pays for what is new.

A call is known by its job, by what was asked, and by how often this job had asked just that before: two samples of a
question never share a reply, and a reply that was rolled back is followed by the one that followed it. Job ids are
hashes of question, arm and sample, so they are the same in another run. Level 1, imports codec and errors only;
trajsynth.teachers.cached and trajsynth.tools.cached stand between it and the calls. Tests: tests/test_callcache.py.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from trajsynth.codec import decode, encode
from trajsynth.errors import InputError, RecordError

T = TypeVar("T")

COUNTED = 500_000
"""Calls whose occurrences are remembered (about 80 MB); far more than the rollouts in flight can make."""
_BUSY = 10.0
"""Seconds to wait for another process that writes to the same file."""


class CallCache:
    """Replies and results on disk (SQLite); for one event loop. Memory stays bounded, the file grows with the calls."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file; raises InputError when that cannot be done or it is something else."""
        self.broken = ""
        """Why nothing is recorded any more (a full disk); what is there is still served."""
        self.hits = self.misses = 0
        self._seen: OrderedDict[bytes, int] = OrderedDict()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_BUSY, isolation_level=None)
            for line in (
                "PRAGMA journal_mode=WAL",
                "PRAGMA synchronous=NORMAL",
                "CREATE TABLE IF NOT EXISTS calls (key BLOB PRIMARY KEY, record BLOB NOT NULL)",
            ):
                self._file.execute(line).close()
        except (sqlite3.Error, OSError) as error:
            raise InputError(
                f"cache: {str(path)!r} cannot be used: {error}; move it away or set another path"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    async def serve(
        self,
        job: str,
        asked: Iterable[bytes],
        kind: type[T],
        make: Callable[[], Awaitable[T]],
        *,
        worth: Callable[[T], bool],
        served: Callable[[T], T],
    ) -> T:
        """The recorded answer, passed through `served`, or what `make` gives now, recorded when it is `worth` it."""
        call = _digest([job.encode("utf-8", "surrogatepass"), *asked])
        occurrence = self._seen.get(call, 0)
        self._count(call, occurrence + 1)
        key = _digest([call, b"%d" % occurrence])
        found = self._read(key, kind)
        if found is not None:
            self.hits += 1
            return served(found)
        self.misses += 1
        try:
            answer = await make()
        except BaseException:
            self._count(call, occurrence)  # asked again, it is the same call
            raise
        if worth(answer):
            self._write(key, answer)
        return answer

    def _count(self, call: bytes, times: int) -> None:
        self._seen[call] = times
        self._seen.move_to_end(call)
        if len(self._seen) > COUNTED:
            self._seen.popitem(last=False)

    def _read(self, key: bytes, kind: type[T]) -> T | None:
        """None for what is not there or was written by a version that wrote it otherwise."""
        try:
            row = self._file.execute("SELECT record FROM calls WHERE key = ?", (key,)).fetchone()
            return None if row is None else decode(row[0], kind)
        except (sqlite3.Error, RecordError):
            return None

    def _write(self, key: bytes, record: object) -> None:
        if self.broken:
            return
        try:
            self._file.execute("INSERT OR REPLACE INTO calls VALUES (?, ?)", (key, encode(record))).close()
        except sqlite3.Error as error:
            self.broken = str(error)


def _digest(parts: Iterable[bytes]) -> bytes:
    """Hash of the parts and of where each ends."""
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
