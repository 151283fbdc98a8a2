"""What a stored first pass says of itself: by which filters and which code, of which files.

Level 3, imports codec and filters. Small enough to ask before the rows are looked at. Tests:
tests/curate/test_curate_measured.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trajsynth.codec import decode
from trajsynth.curate.plan import Keys
from trajsynth.errors import RecordError
from trajsynth.filters.measuring import code_key

FOLDER: Final = "measured"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A file as it was when it was measured."""

    path: str
    size: int
    mtime: int
    """Nanoseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the store says of itself."""

    format: int = FORMAT
    code: str = ""
    """`code_key` of the code that measured."""
    plans: tuple[Keys, ...] = ()
    """Filters by which rows were measured; rows name theirs by its place here."""
    inputs: tuple[Input, ...] = ()
    """Of the last input measured to its end; `order` has its rows."""
    recipes: tuple[str, ...] = ()
    used: tuple[int, ...] = ()
    """Its plans."""
    unreadable: int = 0
    """Rows of it that were left out."""

    def current(self) -> bool:
        """Whether this code wrote it, so that its measures hold."""
        return (self.format, self.code) == (FORMAT, code_key())

    def lacking(self, wanted: Keys) -> list[str]:
        """Names of the filters by which some row of the last input was not measured."""
        lacking = {key for number in self.used for key in self.plans[number].lacking(wanted)}
        return sorted(key.partition(":")[0] for key in lacking)

    def changed(self) -> list[str]:
        """Inputs that are gone, or of another size or time since."""
        there = [Path(entry.path) for entry in self.inputs if Path(entry.path).exists()]
        now = set(inputs_of(there))
        return [entry.path for entry in self.inputs if entry not in now]


def some(names: Sequence[str]) -> str:
    """A list of names for a message."""
    return ", ".join(names) if len(names) < 6 else f"{', '.join(names[:4])} and {len(names) - 4} more"


def last_measured(out: Path) -> About | None:
    """What is known of the last input measured into `out` to its end, by this code; None where nothing is."""
    about = read_about(out / FOLDER)
    return about if about is not None and about.inputs and about.current() else None


def read_about(folder: Path) -> About | None:
    try:
        return decode((folder / "about").read_bytes(), About)
    except FileNotFoundError:
        return None
    except RecordError:
        return About(format=0)


def inputs_of(paths: Sequence[Path]) -> list[Input]:
    """Size and time of files, to tell later whether they changed."""
    stats = [(path, path.stat()) for path in paths]
    return [Input(path=str(path.resolve()), size=stat.st_size, mtime=stat.st_mtime_ns) for path, stat in stats]
