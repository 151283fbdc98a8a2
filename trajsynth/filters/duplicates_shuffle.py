"""Who shares a key, for more keys than memory holds: pairs of key and place fall into files by their key, and each file
is sorted by itself, by whoever is free.

Level 2, numpy inside the functions. `Spread` is how work reaches others: the engine on Ray gives one that makes tasks,
tests give `map`. Tests: tests/filters/test_filters_duplicates_spread.py.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys: TypeAlias = NDArray[np.uint64]
    """Shape (count, 2): 128 bits each."""
    Places: TypeAlias = NDArray[np.uint64]

Job = TypeVar("Job")
Result = TypeVar("Result")

PART: Final = 8_000_000
"""Bytes of a file, until there are MOST of them."""
MOST: Final = 256
_WIDTH: Final = 24
"""Bytes of a key with its place."""


class Spread(Protocol):
    """`map`, lazy and in order, by other processes: the work and its jobs travel by pickle."""

    def __call__(self, work: Callable[[Job], Result], jobs: Iterable[Job], /) -> Iterator[Result]: ...


@dataclass(frozen=True, slots=True)
class Runs:
    """Places that share a key, run after run, each of two and more and ascending."""

    places: Places
    ends: NDArray[np.int64]
    """Where each run ends."""

    def __iter__(self) -> Iterator[list[int]]:
        start = 0
        for end in self.ends.tolist():
            yield self.places[start:end].tolist()
            start = end


class Shuffle:
    """Keys with their places in temporary files; of each file only the writing buffer is in memory."""

    def __init__(self, expected: int, folder: Path | None = None) -> None:
        """For about so many keys."""
        count = max(1, min(MOST, -(-expected * _WIDTH // PART)))
        self._files = [tempfile.TemporaryFile(dir=folder) for _ in range(count)]  # noqa: SIM115  (closed by __exit__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for file in self._files:
            file.close()

    def add(self, keys: Keys, places: Places) -> None:
        """More keys; places must ascend from call to call."""
        import numpy as np

        rows = np.column_stack((keys, places)).astype("<u8", copy=False)
        parts = (rows[:, 0] + rows[:, 1]) % np.uint64(len(self._files))
        order = np.argsort(parts, kind="stable")
        ends = np.searchsorted(parts[order], np.arange(len(self._files), dtype=np.uint64), side="right")
        start = 0
        for file, end in zip(self._files, ends.tolist(), strict=True):
            file.write(rows[order[start:end]].tobytes())
            start = end

    def sharing(self, spread: Spread) -> Iterator[list[int]]:
        """Every run of places that share a key."""
        for found in spread(runs, self._parts()):
            yield from found

    def _parts(self) -> Iterator[bytes]:
        for file in self._files:
            file.seek(0)
            if part := file.read():
                yield part


def runs(part: bytes) -> Runs:
    """Sort one file's keys and say who shares one."""
    import numpy as np

    rows = np.frombuffer(part, "<u8").reshape(-1, 3)
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    differs = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
    borders = np.flatnonzero(np.concatenate(((True,), differs, (True,))))
    lengths = np.diff(borders)
    several = lengths > 1
    return Runs(rows[np.repeat(several, lengths), 2], np.cumsum(lengths[several]))


def digests(texts: Iterable[bytes]) -> Keys:
    """A 128-bit key of each text."""
    import hashlib

    import numpy as np

    joined = b"".join(hashlib.blake2b(text, digest_size=16).digest() for text in texts)
    keys: NDArray[Any] = np.frombuffer(joined, "<u8").reshape(-1, 2)
    return keys
