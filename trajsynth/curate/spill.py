"""A sequence on disk: values appended once, read again in any order, gone when closed.

Level 3, imports codec. Keeps memory flat while a corpus filter looks at every signature. Tests:
tests/curate/test_curate_engine_local.py.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

import msgspec


class Spill(Sequence[Any]):
    """JSON values in an unnamed temporary file; eight bytes of memory a value."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by close)
        self._starts = array("Q", [0])

    def append(self, value: bytes) -> None:
        """Add one value, already JSON."""
        self._file.seek(self._starts[-1])
        self._file.write(value)
        self._starts.append(self._starts[-1] + len(value))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return msgspec.json.decode(self.raw(index % len(self)))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def raw(self, index: int) -> bytes:
        """The JSON of one value."""
        start, end = self._starts[index], self._starts[index + 1]
        self._file.seek(start)
        return self._file.read(end - start)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
