"""The part of curation that looks at one trajectory at a time, in this process or in workers.

Level 3, imports readers, codec and the filters' protocols. Results come back in input order and only a few batches are
under way at once, so memory stays flat. Tests: tests/curate/test_curate_engine_local.py.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from zlib import crc32

from trajsynth.codec import encode
from trajsynth.curate.grades import with_grade
from trajsynth.curate.sources import Source
from trajsynth.filters.recipe import Recipe, Subject
from trajsynth.filters.view import assistant_turns
from trajsynth.protocols import CorpusFilter, Measures, RowFilter
from trajsynth.readers.files import parse_line
from trajsynth.types import Finding, Trajectory

_BATCH_BYTES = 2_000_000
_AHEAD = 3
"""Batches under way for each worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What is kept of the form a recipe's repairs gave a trajectory."""

    spoken: tuple[tuple[int, int], ...]
    masked: tuple[tuple[int, int], ...]
    rules: tuple[str, ...]
    findings: dict[str, list[Finding]]
    """By name of the recipe's row filters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """All that is kept of a trajectory between the two passes, its signatures apart."""

    id: str
    arm: str
    correct: bool | None
    spoken: tuple[tuple[int, int], ...]
    """(conversation, n) of its assistant messages."""
    masked: tuple[tuple[int, int], ...]
    measures: tuple[Measures, ...]
    """By row filter."""
    findings: tuple[tuple[Finding, ...], ...]
    """By row filter."""
    regraded: bool
    """Its grade comes from grades.jsonl."""
    digest: int
    """CRC-32 of the line read, so that the second pass notices a file that changed."""
    mended: dict[str, Mended]
    """By name of the recipes that repaired something in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One trajectory looked at, in JSON."""

    id: str
    examined: bytes
    signatures: tuple[bytes, ...]
    """By corpus filter."""


@dataclass(frozen=True)
class Examiner:
    """The filters of all recipes together, each once."""

    sources: tuple[Source, ...]
    row_filters: tuple[RowFilter, ...]
    corpus_filters: tuple[CorpusFilter, ...]
    recipes: tuple[Recipe, ...] = ()
    """Those that repair."""

    def look(self, source: int, where: str, line: bytes) -> Looked:
        """Read a line, measure and judge it, sign it. Raises RecordError."""
        read = parse_line(line, where)
        trajectory = with_grade(read, self.sources[source].grades)
        measures = tuple(kind.measure(trajectory) for kind in self.row_filters)
        findings = tuple(tuple(k.judge(m)) for k, m in zip(self.row_filters, measures, strict=True))
        examined = Examined(
            id=trajectory.id,
            arm=trajectory.arm,
            correct=trajectory.correct,
            spoken=tuple((c, message.n) for c, message in assistant_turns(trajectory)),
            masked=trajectory.masked,
            measures=measures,
            findings=findings,
            regraded=trajectory is not read,
            digest=crc32(line),
            mended={r.name: form for r in self.recipes if (form := self._mended(r, trajectory, findings))},
        )
        signatures = tuple(encode(kind.sign(trajectory)) for kind in self.corpus_filters)
        return Looked(id=trajectory.id, examined=encode(examined), signatures=signatures)

    def _mended(
        self, recipe: Recipe, trajectory: Trajectory, findings: tuple[tuple[Finding, ...], ...]
    ) -> Mended | None:
        """The trajectory after the recipe's repairs; None where nothing is repaired."""
        found = {kind.name: findings[self.row_filters.index(kind)] for kind in recipe.row_filters}
        repaired = recipe.repaired(trajectory, found)
        if repaired is trajectory:
            return None
        subject = Subject.of(repaired, trajectory)
        return Mended(
            spoken=tuple(sorted(subject.spoken)),
            masked=repaired.masked,
            rules=subject.repaired,
            findings=recipe.judge(repaired),
        )

    def look_at_all(self, workers: int) -> Iterator[Looked]:
        """Every row of every source, in order."""
        rows = ((i, where, line) for i, source in enumerate(self.sources) for where, line in source.rows())
        if workers <= 1:
            yield from (self.look(*row) for row in rows)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context, initializer=_install, initargs=(self,)) as pool:
            batches = _batches(rows)
            queue: deque[Future[list[Looked]]] = deque()
            try:
                queue.extend(pool.submit(_look, batch) for batch in islice(batches, workers * _AHEAD))
                while queue:
                    done = queue.popleft().result()
                    queue.extend(pool.submit(_look, batch) for batch in islice(batches, 1))
                    yield from done
            finally:
                pool.shutdown(cancel_futures=True)


def _batches(rows: Iterable[tuple[int, str, bytes]]) -> Iterator[list[tuple[int, str, bytes]]]:
    batch: list[tuple[int, str, bytes]] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row[2])
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


_installed: list[Examiner] = []
"""The examiner of this worker process."""


def _install(examiner: Examiner) -> None:
    _installed[:] = [examiner]


def _look(batch: Sequence[tuple[int, str, bytes]]) -> list[Looked]:
    return [_installed[0].look(*row) for row in batch]
