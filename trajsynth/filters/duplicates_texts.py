"""Near duplicates among plain texts: documents, questions, anything that is no trajectory.

Level 2; numpy is imported inside the functions. The same search as the filter `duplicates` with `across`; shingles are
written to a temporary file once and only candidates are read again.
Tests: tests/filters/test_filters_duplicates_texts.py.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from trajsynth.filters.duplicates_clusters import PAIRWISE, Pool, Search, duplicates
from trajsynth.filters.duplicates_graph import Duplicate
from trajsynth.filters.duplicates_shingles import told
from trajsynth.filters.duplicates_sketch import Backend

if TYPE_CHECKING:
    from trajsynth.filters.duplicates_shingles import Shingles


def duplicate_texts(
    texts: Iterable[str],
    threshold: float = 0.8,
    backend: Backend = "numpy",
    folder: Path | None = None,
    pairwise: int = PAIRWISE,
) -> list[Duplicate]:
    """The texts that go, in order, each with its partner, their similarity and the text that stays (the first).

    Texts are read once and not kept. `folder` takes the temporary files: about four bytes a word. More than `pairwise`
    different texts go through a sketch first.
    """
    with _Shelf(folder) as shelf:
        pool = Pool(shelf.load)
        for text in texts:
            said = told(text)
            shelf.append(said.shingles)
            pool.add("", "", said.exact, (), dropped=False)
        return duplicates(pool, Search(threshold, backend, folder, pairwise))


class _Shelf:
    """Shingles of many texts in a temporary file."""

    def __init__(self, folder: Path | None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by __exit__)
        self._starts = array("Q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()

    def append(self, shingles: Shingles) -> None:
        self._starts.append(self._starts[-1] + self._file.write(shingles.tobytes()))

    def load(self, index: int) -> Shingles:
        import numpy as np

        start, end = self._starts[index], self._starts[index + 1]
        self._file.seek(start)
        return np.frombuffer(self._file.read(end - start), np.uint32)
