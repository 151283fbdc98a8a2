"""Which texts of many may be alike: one-permutation MinHash, cut into bands that are sorted to find equal ones.

Level 2; numpy and datasketch are imported inside the functions. The smallest shingle of each of 125 ranges of hash
values stands for the range (Li, Owen and Zhang 2012), an empty range borrows from another chosen by chance (Shrivastava
2017). Band keys lie in a file, one band at a time in memory. What is found are candidates, to be compared exactly.
Tests: tests/filters/test_filters_duplicates_sketch.py.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from datasketch import MinHash
    from numpy.typing import NDArray

    from trajsynth.filters.duplicates_shingles import Shingles

Backend: TypeAlias = Literal["numpy", "datasketch"]
_RANGES: Final = 125
_MOST_ROWS: Final = 5
_MAY_MISS: Final = 1e-3
"""Largest chance that a pair right at the threshold shares no band."""
_EMPTY: Final = 0xFFFFFFFF
_BATCH: Final = 1024


@dataclass(frozen=True, slots=True)
class Bands:
    """How a sketch is cut."""

    count: int
    rows: int

    @classmethod
    def of(cls, threshold: float) -> Bands:
        """As many rows a band as still find pairs at the threshold: 25 bands of 5 at .8 (chance to miss 5e-5)."""
        for rows in range(_MOST_ROWS, 1, -1):
            count = _RANGES // rows
            if (1 - threshold**rows) ** count <= _MAY_MISS:
                return cls(count, rows)
        return cls(_RANGES, 1)


def candidates(
    items: Iterable[tuple[int, Shingles]], threshold: float, backend: Backend = "numpy", folder: Path | None = None
) -> Iterator[list[int]]:
    """Runs of two or more indices, ascending, that share a band; a pair may come in several runs.

    Items without shingles are left out. `folder` takes the temporary file of band keys: eight bytes a band and item.
    """
    bands = Bands.of(threshold)
    if backend == "datasketch":
        yield from _with_datasketch(items, bands)
        return
    with _KeyFile(bands, folder) as keys:
        for index, shingles in items:
            keys.add(index, shingles)
        yield from keys.runs()


def band_keys(batch: list[Shingles], bands: Bands) -> NDArray[np.uint64]:
    """Shape (bands, texts): equal keys in a band make candidates. Depends on the text and the bands alone."""
    import numpy as np

    edges = _edges()
    sketches = np.empty((len(batch), _RANGES), np.uint32)
    for row, shingles in zip(sketches, batch, strict=True):
        places = np.searchsorted(shingles, edges)
        filled = places[1:] > places[:-1]
        row[:] = shingles[np.minimum(places[:-1], len(shingles) - 1)]
        if not filled.all():
            empty = np.flatnonzero(~filled)
            lenders = _lenders()[empty]
            row[empty] = row[lenders[np.arange(len(empty)), filled[lenders].argmax(axis=1)]]
    cut = sketches[:, : bands.count * bands.rows].reshape(len(batch), bands.count, bands.rows).astype(np.uint64)
    keys = np.zeros((len(batch), bands.count), np.uint64)
    for k in range(bands.rows):
        keys = (keys ^ (keys >> np.uint64(29)) ^ cut[:, :, k]) * np.uint64(0xBF58476D1CE4E5B9)
    return np.ascontiguousarray((keys ^ (keys >> np.uint64(32))).T)


class _KeyFile:
    """Band keys on disk, in blocks of (bands, texts); of each text eight bytes stay in memory."""

    def __init__(self, bands: Bands, folder: Path | None) -> None:
        self._bands = bands
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by __exit__)
        self._places = array("q")
        self._batch: list[Shingles] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()

    def add(self, index: int, shingles: Shingles) -> None:
        if len(shingles):
            self._places.append(index)
            self._batch.append(shingles)
            if len(self._batch) == _BATCH:
                self._write()

    def _write(self) -> None:
        self._file.write(band_keys(self._batch, self._bands).tobytes())
        self._batch = []

    def runs(self) -> Iterator[list[int]]:
        """Items with equal keys, band by band."""
        import numpy as np

        if len(self._places) < 2:
            return
        if self._batch:
            self._write()
        self._file.flush()
        stored = np.memmap(self._file, np.uint64, "r")
        places = np.asarray(self._places)
        for band in range(self._bands.count):
            keys = np.concatenate([block[band] for block in self._blocks(stored)])
            order = np.argsort(keys, kind="stable")
            keys = keys[order]
            borders = np.flatnonzero(np.concatenate(((True,), keys[1:] != keys[:-1], (True,))))
            for run in np.flatnonzero(np.diff(borders) > 1):
                yield places[order[borders[run] : borders[run + 1]]].tolist()

    def _blocks(self, stored: NDArray[np.uint64]) -> Iterator[NDArray[np.uint64]]:
        step = _BATCH * self._bands.count
        return (stored[start : start + step].reshape(self._bands.count, -1) for start in range(0, len(stored), step))


@lru_cache(maxsize=1)
def _edges() -> NDArray[np.uint32]:
    """Borders of the ranges; the last is the largest hash, which belongs to none."""
    import numpy as np

    return np.array([min(_EMPTY, -(-(i << 32) // _RANGES)) for i in range(_RANGES + 1)], np.uint32)


@lru_cache(maxsize=1)
def _lenders() -> NDArray[np.intp]:
    """Shape (ranges, ranges): for each empty range all ranges in the order in which it tries to borrow."""
    import numpy as np

    dice = np.random.Generator(np.random.PCG64(1))
    return np.argsort(dice.random((_RANGES, _RANGES)), axis=1)


def _with_datasketch(items: Iterable[tuple[int, Shingles]], bands: Bands) -> Iterator[list[int]]:
    """The same through datasketch's MinHash and MinHashLSH, all in memory."""
    from datasketch import MinHashLSH

    index = MinHashLSH(num_perm=bands.count * bands.rows, params=(bands.count, bands.rows))
    for i, shingles in items:
        if len(shingles):
            sketch = _minhash(shingles, bands)
            yield from ([other, i] for other in sorted(index.query(sketch)))
            index.insert(i, sketch, check_duplication=False)


def datasketch_keys(batch: list[Shingles], bands: Bands) -> Iterator[bytes]:
    """Band after band the keys under which datasketch's MinHashLSH files the texts, as bytes with the band's number."""
    values = [_minhash(shingles, bands).hashvalues for shingles in batch]
    for band in range(bands.count):
        rows = slice(band * bands.rows, (band + 1) * bands.rows)
        yield from (band.to_bytes(4, "little") + hashes[rows].tobytes() for hashes in values)


def _minhash(shingles: Shingles, bands: Bands) -> MinHash:
    from datasketch import MinHash

    sketch = MinHash(num_perm=bands.count * bands.rows, seed=1, hashfunc=_itself)
    sketch.update_batch(shingles.tolist())
    return sketch


def _itself(number: int) -> int:
    return number
