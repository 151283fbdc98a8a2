"""The two ends of a build: a ledger that writes and counts, and one that reads the same files back and compares.

A builder fills a ledger; filling a `Checker` with the same trajectories is the check, so whatever a builder selects,
cuts or pairs is compared row by row in the order it was written. Level 3, imports builders.files, formats, rows.
Tests: tests/builders/test_builders_check.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trajsynth.builders import files
from trajsynth.builders.formats import FileType, Format, Kind, Laid
from trajsynth.builders.lengths import Shaped
from trajsynth.builders.report import Preference
from trajsynth.builders.rows import Refusal
from trajsynth.builders.split import Split, file_of

SplitOf = Callable[[str], Split]
"""A question's group -> the side its rows stand on."""
_MOST_DIFFERENCES = 20


def _nothing() -> None:
    """Nobody watches."""


class Ledger:
    """Counts while building, and writes rows to files that appear whole or not at all when the block ends."""

    def __init__(
        self, folder: Path, kind: Kind, layout: Format, file_type: FileType, split: SplitOf = lambda group: "train"
    ) -> None:
        self.folder, self.kind, self.layout, self.file_type = folder, kind, layout, file_type
        self.split = split
        self.rows: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.teachers: Counter[str] = Counter()
        self.solve_rates: Counter[str] = Counter()
        self.notes: list[str] = []
        self.tick: Callable[[], None] = _nothing
        """Called for every row."""
        self.preference: Preference | None = None
        self.shaped: Shaped | None = None
        self.trajectories = self.used = 0
        self._sinks: dict[str, files.Sink] = {}
        self._stack = ExitStack()

    def write(self, laid: Laid, teacher: str = "", group: str = "") -> None:
        """Append a row to its file on its question's side: `train*` as the format named it, or `validation*`.

        `group` is the question's, of a row that does not say it itself.
        """
        split = self.split(group or (laid.holds[0].row.group if laid.holds else ""))
        name = files.name(file_of(laid.file, split), self.file_type)
        self._put(name, laid)
        self.tick()
        self.rows[name] += 1
        if teacher:
            self.teachers[teacher] += 1

    def refuse(self, refusal: Refusal, count: int = 1) -> None:
        """Count trajectories that give no row."""
        if count:
            self.refused[refusal.reason] += count

    def _put(self, name: str, laid: Laid) -> None:
        if name not in self._sinks:
            features = self._features(laid.file)
            self._sinks[name] = self._stack.enter_context(files.sink(self.folder / name, features))
        self._sinks[name].write(laid.record)

    def _features(self, file: str) -> Any:
        return self.layout.features(self.kind, file) if self.file_type == "parquet" else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, tb)


class Checker(Ledger):
    """Reads what a ledger wrote: `differences` says what is not as in the source."""

    def __init__(
        self, folder: Path, kind: Kind, layout: Format, file_type: FileType, split: SplitOf = lambda group: "train"
    ) -> None:
        super().__init__(folder, kind, layout, file_type, split)
        self.differences: list[str] = []
        self._readers: dict[str, Iterator[dict[str, Any]]] = {}

    def differ(self, where: str, what: str) -> None:
        """Note a difference; beyond 20 they are only counted by being there."""
        if len(self.differences) < _MOST_DIFFERENCES:
            self.differences.append(f"{where}: {what}")

    def finish(self) -> None:
        """Rows nobody asked for are differences too."""
        for name, reader in self._readers.items():
            if next(reader, None) is not None:
                self.differ(name, "more rows than the source gives")

    def _put(self, name: str, laid: Laid) -> None:
        if name not in self._readers:
            self._readers[name] = files.read(self.folder / name, self._features(laid.file))
        where = f"{name}:{self.rows[name] + 1}"
        record = next(self._readers[name], None)
        what = "the row is missing" if record is None else self.layout.differs(self.kind, laid, record)
        if what:
            self.differ(where, what)
