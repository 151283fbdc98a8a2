"""What a build did, counted: rows, refusals by reason, and lengths, so that a bias is seen before it is trained on.

Written as `stats.json` beside the data. Level 3, imports codec. Tests: tests/builders/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from trajsynth.builders.rows import Refusal
from trajsynth.codec import atomic_write, encode, to_builtins

STATS_FILE = "stats.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Size of what is trained on: p50, p95 and mean over rows."""

    rows: int = 0
    characters: tuple[int, int, float] = (0, 0, 0.0)
    """Assistant text: content, reasoning and call arguments."""
    turns: tuple[int, int, float] = (0, 0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """`trajectories` in is what was used plus everything `refused` (counted by reason)."""

    builder: str
    format: str
    folder: str
    trajectories: int = 0
    used: int = 0
    """Trajectories that stand in at least one row."""
    files: dict[str, int] = field(default_factory=dict)
    """Rows by file; a file without rows is not there."""
    refused: dict[str, int] = field(default_factory=dict)
    """Trajectories by reason; `conversation:<reason>` counts conversations left out of a trajectory that is used."""
    teachers: dict[str, int] = field(default_factory=dict)
    """Rows by teacher (pairs: of the chosen side)."""
    lengths: dict[str, Lengths] = field(default_factory=dict)
    """`rows` for SFT; `chosen` and `rejected` for pairs."""
    notes: tuple[str, ...] = ()
    """What the user should know before training."""

    @property
    def rows(self) -> int:
        return sum(self.files.values())


class Lengthmeter:
    """Collects lengths of training messages."""

    def __init__(self) -> None:
        self.characters: list[int] = []
        self.turns: list[int] = []

    def add(self, messages: Sequence[dict[str, Any]]) -> None:
        """Count one row's (or one side's) assistant turns."""
        said = [message for message in messages if message["role"] == "assistant"]
        self.turns.append(len(said))
        self.characters.append(sum(map(_characters, said)))

    def lengths(self) -> Lengths:
        return Lengths(rows=len(self.turns), characters=_spread(self.characters), turns=_spread(self.turns))


def _characters(message: dict[str, Any]) -> int:
    arguments = (orjson.dumps(call["function"]["arguments"]) for call in message.get("tool_calls", ()))
    return len(message["content"]) + len(message.get("reasoning_content", "")) + sum(map(len, arguments))


def _spread(values: list[int]) -> tuple[int, int, float]:
    if not values:
        return (0, 0, 0.0)
    ordered = sorted(values)
    return (_rank(ordered, 50), _rank(ordered, 95), round(sum(ordered) / len(ordered), 1))


def _rank(ordered: list[int], percent: int) -> int:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]  # nearest rank


class Ledger:
    """Counts while building, and writes rows to files that appear whole or not at all."""

    def __init__(self, folder: Path, files: dict[str, IO[bytes]]) -> None:
        self.folder = folder
        self._files = files
        self.rows: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.teachers: Counter[str] = Counter()
        self.trajectories = self.used = 0

    def write(self, file: str, row: dict[str, Any], teacher: str) -> None:
        """Append a row."""
        self._files[file].write(encode(row) + b"\n")
        self.rows[file] += 1
        self.teachers[teacher] += 1

    def refuse(self, refusal: Refusal, count: int = 1) -> None:
        if count:
            self.refused[refusal.reason] += count

    def report(self, builder: str, format: str, meters: dict[str, Lengthmeter], notes: Sequence[str]) -> BuildReport:
        """The counts so far."""
        return BuildReport(
            builder=builder,
            format=format,
            folder=str(self.folder),
            trajectories=self.trajectories,
            used=self.used,
            files=dict(self.rows),
            refused=dict(sorted(self.refused.items())),
            teachers=dict(sorted(self.teachers.items())),
            lengths={name: meter.lengths() for name, meter in meters.items()},
            notes=tuple(notes),
        )


@contextmanager
def ledger(folder: Path, files: Sequence[str]) -> Iterator[Ledger]:
    """Open the files of a build; on success they replace older ones, and those left without a row are removed."""
    with ExitStack() as stack:
        opened = {name: stack.enter_context(atomic_write(folder / name)) for name in files}
        book = Ledger(folder, opened)
        yield book
    for name in files:
        if not book.rows[name]:
            (folder / name).unlink(missing_ok=True)


def write_stats(report: BuildReport) -> None:
    """stats.json beside the data."""
    with atomic_write(Path(report.folder) / STATS_FILE) as file:
        file.write(orjson.dumps(to_builtins(report), option=orjson.OPT_INDENT_2) + b"\n")
