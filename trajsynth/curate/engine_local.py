"""Curation on one machine: every recipe in one go, input order kept, memory flat, files whole or absent.

Level 3. First pass: each trajectory is measured, judged and signed once for all recipes. Then the corpus filters settle
duplicates per recipe. Second pass: the lines are read again and written where they belong.
Tests: tests/curate/test_curate_engine_local.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeAlias, overload
from zlib import crc32

import msgspec

from trajsynth.codec import atomic_write, decode, encode
from trajsynth.curate.examine import Examined, Examiner
from trajsynth.curate.grades import with_grade
from trajsynth.curate.sources import Source, sources
from trajsynth.curate.spill import Spill
from trajsynth.errors import InputError, unknown
from trajsynth.filters.funnel import Report
from trajsynth.filters.recipe import Recipe, Subject, Weighed, ranked, unique_id, with_masks
from trajsynth.protocols import CorpusFilter, Measures, RowFilter
from trajsynth.readers.files import parse_line
from trajsynth.types import Finding, Trajectory

Progress: TypeAlias = Callable[[str, int], object]
"""Called with `examine` or `write` and how many trajectories were done since the last call."""


def curate(
    inputs: Sequence[Path],
    recipes: Sequence[Recipe],
    out: Path,
    workers: int = 1,
    progress: Progress | None = None,
    rethreshold: Mapping[str, float] | None = None,
) -> dict[str, Report]:
    """Filter run folders and files; returns the report of each recipe by its name.

    Writes `out/findings.jsonl` (one line a trajectory: id, measures and findings) and for each recipe
    `out/<recipe>/kept.jsonl`, `rejected.jsonl` (the record, with `findings`, and `dropped`: the codes it went for) and
    `report.json`. `rethreshold` maps codes to new thresholds. Raises InputError, RecordError for a line that cannot be
    read (nothing is written then).
    """
    changed = [recipe.with_thresholds(_known(rethreshold or {}, recipes)) for recipe in recipes]
    _refuse_twins(changed)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            work = _Work(tuple(sources(inputs)), changed, out, stack)
            work.examine(workers, progress or _quiet)
            work.settle()
            return work.write(out, progress or _quiet)
    except OSError as error:
        raise InputError(f"cannot curate into {str(out)!r}: {error.strerror or error}") from None


def _quiet(phase: str, count: int) -> None:
    del phase, count


def _known(changes: Mapping[str, float], recipes: Sequence[Recipe]) -> Mapping[str, float]:
    codes = {code for recipe in recipes for step in recipe.steps for code in getattr(step.filter, "thresholds", {})}
    for code in changes:
        if code not in codes:
            raise InputError(unknown("code with a threshold", code, codes))
    return changes


def _refuse_twins(recipes: Sequence[Recipe]) -> None:
    names = [recipe.name for recipe in recipes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two recipes are called {twice!r}; rename one of the files")


class _Work:
    """One curation under way."""

    def __init__(self, found: tuple[Source, ...], recipes: list[Recipe], out: Path, stack: ExitStack) -> None:
        self.recipes = recipes
        rows: list[RowFilter] = []
        corpora: list[CorpusFilter] = []
        for recipe in recipes:
            rows.extend(kind for kind in recipe.row_filters if kind not in rows)
            corpora.extend(kind for kind in recipe.corpus_filters if kind not in corpora)
        repairing = tuple(recipe for recipe in recipes if recipe.repairing)
        self.examiner = Examiner(found, tuple(rows), tuple(corpora), repairing)
        self.keys = _keys([kind.name for kind in rows])
        self.places = {
            recipe.name: [(kind.name, rows.index(kind)) for kind in recipe.row_filters] for recipe in recipes
        }
        """By recipe: (name, place among the row filters)."""
        self.ids: list[str] = []
        """Of every trajectory in order, made unique."""
        self.examined = stack.enter_context(Spill(out))
        self.signatures = [stack.enter_context(Spill(out)) for _ in corpora]
        self.resolved: list[dict[str, dict[str, list[Finding]]]] = []
        """By recipe: corpus filter's name -> trajectory id -> findings."""

    def examine(self, workers: int, progress: Progress) -> None:
        """First pass."""
        seen: dict[str, int] = {}
        for looked in self.examiner.look_at_all(workers):
            self.ids.append(unique_id(looked.id, seen))
            self.examined.append(looked.examined)
            for spill, signature in zip(self.signatures, looked.signatures, strict=True):
                spill.append(signature)
            progress("examine", 1)

    def settle(self) -> None:
        """Let each recipe's corpus filters see all signatures."""
        for recipe in self.recipes:
            found: dict[str, dict[str, list[Finding]]] = {}
            if recipe.corpus_filters:
                ranks = [self._rank(recipe, i) for i in range(len(self.ids))]
                for corpus in recipe.corpus_filters:
                    spill = self.signatures[self.examiner.corpus_filters.index(corpus)]
                    found[corpus.name] = corpus.resolve(_Ranked(spill, self.ids, ranks))
            self.resolved.append(found)

    def _rank(self, recipe: Recipe, i: int) -> Weighed:
        """What the recipe makes of a trajectory before duplicates are known; evidence is left out to save memory."""
        weighed = self._weigh(recipe, {}, i, self._examined(i))
        return Weighed(findings=(_MARK,) * len(weighed.findings), dropped=weighed.dropped, masks=())

    def _examined(self, i: int) -> Examined:
        return decode(self.examined.raw(i), Examined)

    def _weigh(
        self, recipe: Recipe, corpus: Mapping[str, Mapping[str, list[Finding]]], i: int, examined: Examined
    ) -> Weighed:
        """The recipe's view of trajectory `i`, from stored findings."""
        mended = examined.mended.get(recipe.name)
        found: dict[str, Sequence[Finding]] = self._found(recipe, examined) if mended is None else {**mended.findings}
        found |= {name: by_id.get(self.ids[i], []) for name, by_id in corpus.items()}
        form = mended or examined
        rules = mended.rules if mended else ()
        subject = Subject(examined.correct, frozenset(form.spoken), frozenset(form.masked), rules)
        return recipe.weigh(subject, found)

    def _found(self, recipe: Recipe, examined: Examined) -> dict[str, Sequence[Finding]]:
        """The recipe's share of the stored findings, those of the original form."""
        return {name: examined.findings[place] for name, place in self.places[recipe.name]}

    def write(self, out: Path, progress: Progress) -> dict[str, Report]:
        """Second pass."""
        reports = [recipe.report() for recipe in self.recipes]
        with ExitStack() as stack:
            findings = stack.enter_context(atomic_write(out / "findings.jsonl"))
            files = [_Files.open(out / recipe.name, stack) for recipe in self.recipes]
            for i, (source, line) in enumerate(self._lines()):
                examined = self._examined(i)
                if crc32(line) != examined.digest:
                    raise InputError(f"{str(source.path)!r} changed while it was read; run the same command again")
                row = _Row(source, line, examined, self.ids[i])
                said: list[Finding] = []
                for recipe, corpus, report, file in zip(self.recipes, self.resolved, reports, files, strict=True):
                    weighed = self._weigh(recipe, corpus, i, examined)
                    report.add(examined.arm, examined.correct, weighed)
                    mend = partial(recipe.repaired, findings=self._found(recipe, examined))
                    file.write(row, weighed, mend if weighed.repaired else None)
                    said.extend(finding for finding in weighed.findings if finding not in said)
                measures = dict(zip(self.keys, examined.measures, strict=True))
                findings.write(encode({"id": self.ids[i], "measures": measures, "findings": said}) + b"\n")
                progress("write", 1)
            for recipe, report in zip(self.recipes, reports, strict=True):
                page = stack.enter_context(atomic_write(out / recipe.name / "report.json"))
                page.write(msgspec.json.format(encode(report), indent=1) + b"\n")
        return {report.recipe: report for report in reports}

    def _lines(self) -> Iterator[tuple[Source, bytes]]:
        """The rows of the first pass once more; what was appended since is left for the next time."""
        rows = ((source, line) for source in self.examiner.sources for _, line in source.rows())
        for _ in self.ids:
            row = next(rows, None)
            if row is None:
                raise InputError("an input file became shorter while it was read; run the same command again")
            yield row


_MARK = Finding(filter="", code="")


Mend: TypeAlias = Callable[[Trajectory], Trajectory]


@dataclasses.dataclass(frozen=True)
class _Row:
    """A trajectory about to be written."""

    source: Source
    line: bytes
    examined: Examined
    id: str

    def json(self, masks: tuple[tuple[int, int], ...], mend: Mend | None) -> bytes:
        """The record; the line itself where nothing changed."""
        if self.source.ours and not masks and not mend and not self.examined.regraded and self.id == self.examined.id:
            return self.line.rstrip()
        trajectory = with_grade(parse_line(self.line, str(self.source.path)), self.source.grades)
        trajectory = mend(trajectory) if mend else trajectory
        return encode(dataclasses.replace(with_masks(trajectory, masks), id=self.id))


@dataclasses.dataclass(frozen=True)
class _Files:
    """A recipe's two growing files."""

    kept: IO[bytes]
    rejected: IO[bytes]

    @classmethod
    def open(cls, folder: Path, stack: ExitStack) -> _Files:
        kept, rejected = (stack.enter_context(atomic_write(folder / f"{name}.jsonl")) for name in ("kept", "rejected"))
        return cls(kept, rejected)

    def write(self, row: _Row, weighed: Weighed, mend: Mend | None) -> None:
        extra: dict[str, Any] = {"findings": weighed.findings}
        if weighed.dropped:
            extra["dropped"] = weighed.dropped
        file = self.rejected if weighed.dropped else self.kept
        file.write(row.json(weighed.masks, mend)[:-1] + b"," + encode(extra)[1:] + b"\n")


class _Ranked(Sequence[Measures]):
    """Signatures on disk, with what a recipe knows of each trajectory."""

    def __init__(self, spill: Spill, ids: Sequence[str], ranks: Sequence[Weighed]) -> None:
        self._spill, self._ids, self._ranks = spill, ids, ranks

    def __len__(self) -> int:
        return len(self._spill)

    @overload
    def __getitem__(self, index: int) -> Measures: ...
    @overload
    def __getitem__(self, index: slice) -> list[Measures]: ...
    def __getitem__(self, index: int | slice) -> Measures | list[Measures]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return ranked(self._spill[index], self._ids[index], self._ranks[index])


def _keys(names: list[str]) -> list[str]:
    """Names of the row filters in findings.jsonl: `#2` for the same filter with other thresholds."""
    seen: dict[str, int] = {}
    return [unique_id(name, seen) for name in names]
