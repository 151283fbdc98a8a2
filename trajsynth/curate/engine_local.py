"""Curation on one machine: rows are looked at in this process or in workers, duplicates settled in this one.

Level 3. The plain case of an engine; all that is no engine's own is in `curation.py`. Tests:
tests/curate/test_curate_engine_local.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trajsynth.curate.curation import curate_with
from trajsynth.curate.engine import OnBadRow, Progress, Say
from trajsynth.curate.examine import Examiner, Looked, Row, look_at_all
from trajsynth.filters.funnel import Report
from trajsynth.filters.recipe import Recipe
from trajsynth.protocols import CorpusFilter, Measures
from trajsynth.types import Finding

__all__ = ["Local", "Progress", "curate"]


@dataclass(frozen=True, slots=True)
class Local:
    """The engine for one machine."""

    workers: int = 1
    """Processes that look at rows; 1: this one."""

    def examine(self, examiner: Examiner, rows: Iterable[Row]) -> Iterator[Looked]:
        return look_at_all(examiner, rows, self.workers)

    def settle(self, corpus: CorpusFilter, signatures: Sequence[Measures]) -> dict[str, list[Finding]]:
        return corpus.resolve(signatures)


def curate(
    inputs: Sequence[Path],
    recipes: Sequence[Recipe],
    out: Path,
    workers: int = 1,
    progress: Progress | None = None,
    rethreshold: Mapping[str, float] | None = None,
    *,
    on_bad_row: OnBadRow = "stop",
    say: Say | None = None,
) -> dict[str, Report]:
    """`curation.curate_with` on this machine, with `workers` processes."""
    return curate_with(
        Local(workers),
        inputs,
        recipes,
        out,
        progress=progress,
        rethreshold=rethreshold,
        on_bad_row=on_bad_row,
        say=say,
    )
