"""Records put aside in a temporary file and found again by their place, so that memory holds places only.

Level 3, imports codec. Tests: tests/builders/test_builders_mixture.py.
"""

from __future__ import annotations

import tempfile
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from trajsynth.codec import decode, encode

T = TypeVar("T")
_BUFFER = 1 << 16


class Spool:
    """A file beside the data that nobody else sees; it is gone when the block ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=_BUFFER)  # noqa: SIM115  (closed by __exit__)
        self._end = 0
        self._at_end = True

    def put(self, record: object) -> int:
        """Append a record; returns its place."""
        if not self._at_end:
            self._file.seek(self._end)
            self._at_end = True
        place = self._end
        self._end += self._file.write(encode(record) + b"\n")
        return place

    def get(self, place: int, kind: type[T]) -> T:
        """The record at a place."""
        self._at_end = False
        self._file.seek(place)
        return decode(self._file.readline(), kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()


def drawn(seed: int, *names: str) -> int:
    """A number of 64 bits that depends on the seed and the names alone: what stands first, and who is taken."""
    said = "\0".join((str(seed), *names)).encode(errors="replace")
    return int.from_bytes(blake2b(said, digest_size=8).digest())
