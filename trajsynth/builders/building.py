"""What every builder does around its own selection: open the format, write, count, check, report.

Level 3, imports builders.faithful, formats, ledger, once, report and split. Tests: tests/builders/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trajsynth.builders.faithful import unfaithful
from trajsynth.builders.formats import FileType, Format, Kind, format_named
from trajsynth.builders.formats.base import datasets_module
from trajsynth.builders.ledger import Checker, Ledger, SplitOf
from trajsynth.builders.once import once
from trajsynth.builders.report import STATS_FILE, BuildReport, Lengthmeter, earlier_files, write_stats
from trajsynth.builders.rows import Reasoning
from trajsynth.builders.split import share_for, split_of
from trajsynth.codec import atomic_write
from trajsynth.config import Mixture
from trajsynth.types import Trajectory

Meters = dict[str, Lengthmeter]
Fill = Callable[[Iterable[Trajectory], Format, Ledger], Meters]
"""A builder's own work: trajectories into a ledger, with the lengths it measured."""
Differs = Callable[[Trajectory, int], str]
"""What rendering changed of a conversation, read from the record; empty when nothing (builders.faithful)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who the data is for."""

    format: str | Callable[[], Format] = "trl"
    """A name, or your own format: called without arguments, it gives a trajsynth.builders.formats.Format."""
    file_type: FileType | None = None
    """The format's own first choice when absent."""
    tokenizer: Any = None
    """Name, folder or tokenizer, for the format `tokens` and to count the tokens of SFT rows."""
    chat_template: str | None = None
    """Text of a template to use instead of the tokenizer's."""
    reasoning: Reasoning = "keep"
    check: bool = False
    """Read everything back and compare it with the source; needs trajectories that can be iterated twice."""
    validation: float | int = 0.0
    """Share of the questions (a float), or number of them (an int), whose rows go to `validation*` files. A number is
    counted over the trajectories given, which must allow being iterated twice."""
    split_seed: int = 0
    """Draws who goes to validation: equal for all sets of a run, so that a question is on one side in all of them."""
    tool_class: str = ""
    """For verl's RL: the class that runs the tools, `package.module.Class`; trajsynth's own for a `run`."""
    run: str = ""
    """For verl's RL: the folder of the run whose tools are offered, as verl's workers see it."""
    mixture: Mixture | None = None
    """Caps and shares; with one (an empty one too) rows stand in an order drawn by `seed`, whatever order the
    trajectories come in. Without one all are taken, as they come."""
    seed: int = 0
    """Draws who is taken, and the order."""
    progress: Callable[[str, int], None] | None = None
    """Called with what is being done ("trajectories read", "rows written", "rows checked") and how many more there are.
    """

    def layout(self, kind: Kind | None = None) -> Format:
        """A fresh format, for a kind of data set; raises ConfigError."""
        if not isinstance(self.format, str):
            return self.format()
        return format_named(
            self.format,
            tokenizer=self.tokenizer,
            chat_template=self.chat_template,
            tool_class=self.tool_class,
            run=self.run,
            kind=kind,
        )

    @property
    def counts(self) -> bool:
        """Whether `validation` is a number of questions."""
        return isinstance(self.validation, int) and self.validation > 0

    def split(self, trajectories: Iterable[Trajectory]) -> SplitOf:
        """The side of each question."""
        share, seed = float(self.validation), self.split_seed
        if self.counts:
            share = share_for(int(self.validation), (trajectory.group for trajectory in trajectories), seed)
        return lambda group: split_of(group, seed, share)


def build(
    kind: Kind,
    trajectories: Iterable[Trajectory],
    out: Path,
    target: Target,
    fill: Fill,
    differs: Differs = unfaithful,
) -> BuildReport:
    """Fill folder `out`, replacing an earlier build; an error on the way leaves that as it was. A rollout that comes
    twice is built from once.

    Raises ConfigError for a format nobody knows or that has no such kind, MissingExtra for Parquet without `datasets`.
    """
    if (target.check or target.counts) and isinstance(trajectories, Iterator):
        why = "a check reads" if target.check else "to count questions for validation reads"
        raise ValueError(f"{why} the trajectories twice: give a list or another iterable that starts again")
    layout = target.layout(kind)
    file_type = target.file_type or layout.file_types[0]
    layout.require(kind, file_type)
    if file_type == "parquet":
        datasets_module()
    stale = earlier_files(out)
    split = target.split(trajectories)
    tick = target.progress or _silent
    with Ledger(out, kind, layout, file_type, split) as book:
        book.tick = lambda: tick("rows written", 1)
        meters = fill(once(_told(trajectories, tick), book), layout, book)
    extras = layout.extras(kind, dict(book.rows)) if book.rows else {}
    for name, content in extras.items():
        with atomic_write(out / name) as file:
            file.write(content)
    for name in stale - {*book.rows, *extras, STATS_FILE}:
        (out / name).unlink(missing_ok=True)
    report = _report(kind, target, book, meters, tuple(extras))
    if target.check:
        with Checker(out, kind, target.layout(), file_type, split) as checker:
            checker.tick = lambda: tick("rows checked", 1)
            fill(_watched(once(trajectories, checker), checker, differs), checker.layout, checker)
            report = _checked(report, checker)
    write_stats(report)
    return report


def _report(kind: Kind, target: Target, book: Ledger, meters: Meters, extras: tuple[str, ...]) -> BuildReport:
    notes = (*book.notes, *book.layout.notes.get(kind, ()))
    if book.file_type == "jsonl" and book.layout.name == "trl":
        hint = f"load with features=trajsynth.builders.features({kind!r}) so that arguments keep their own keys"
        notes = (*notes, hint)
    if target.reasoning == "drop":
        notes = (*notes, "reasoning was left out, as asked")
    if target.validation and book.rows and not any(name.startswith("validation") for name in book.rows):
        notes = (*notes, "no question fell into the validation share: there are too few")
    return BuildReport(
        builder=kind,
        format=book.layout.name,
        folder=str(book.folder),
        trajectories=book.trajectories,
        used=book.used,
        files=dict(book.rows),
        refused=dict(sorted(book.refused.items())),
        teachers=dict(sorted(book.teachers.items())),
        lengths={name: meter.lengths() for name, meter in meters.items()},
        solve_rates=dict(sorted(book.solve_rates.items())),
        preference=book.preference,
        shaped=book.shaped,
        extras=extras,
        notes=notes,
    )


def _checked(report: BuildReport, checker: Checker) -> BuildReport:
    """The report with what reading everything back showed."""
    checker.finish()
    if dict(checker.rows) != report.files:
        checker.differ(report.folder, f"{report.files} rows were written, the source gives {dict(checker.rows)}")
    return replace(report, checked=sum(checker.rows.values()), differences=tuple(checker.differences))


def _silent(phase: str, count: int) -> None:
    """Nobody watches."""


def _told(trajectories: Iterable[Trajectory], tick: Callable[[str, int], None]) -> Iterator[Trajectory]:
    """The trajectories, told one by one."""
    for trajectory in trajectories:
        tick("trajectories read", 1)
        yield trajectory


def _watched(trajectories: Iterable[Trajectory], checker: Checker, differs: Differs) -> Iterator[Trajectory]:
    """The trajectories, each compared with its own rows on the way."""
    for trajectory in trajectories:
        for index in range(len(trajectory.conversations)):
            what = differs(trajectory, index)
            if what:
                checker.differ(f"trajectory {trajectory.id!r}, conversation {index}", what)
        yield trajectory
