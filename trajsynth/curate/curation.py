"""Curation of whole sets, whatever engine does the work: measure once, decide as often as one likes, write.

Level 3. First pass: each row that was not measured before is, once for all recipes, into the store (`measured.py`).
Then each recipe judges the measures and its corpus filters settle duplicates (`judging.py`). Second pass: the lines are
read again and written where they belong (`writing.py`). Tests: tests/curate/test_curate_engine_local.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from trajsynth.curate.engine import Engine, Progress
from trajsynth.curate.examine import Row
from trajsynth.curate.judging import Judge, Measured
from trajsynth.curate.measured import Store, inputs_of
from trajsynth.curate.plan import Plan
from trajsynth.curate.sources import Source, sources
from trajsynth.curate.writing import Verdict, write
from trajsynth.errors import InputError, RecordError, unknown
from trajsynth.filters.funnel import Report
from trajsynth.filters.recipe import Recipe


def curate_with(
    engine: Engine,
    inputs: Sequence[Path],
    recipes: Sequence[Recipe],
    out: Path,
    *,
    progress: Progress | None = None,
    rethreshold: Mapping[str, float] | None = None,
) -> dict[str, Report]:
    """Filter run folders and files with an engine; returns the report of each recipe by its name.

    Writes `out/findings.jsonl` (one line a trajectory: id, measures and findings), for each recipe
    `out/<recipe>/kept.jsonl`, `rejected.jsonl` (the record, with `findings`, and `dropped`: the codes it went for) and
    `report.json`, and `out/measured/`, from which the same call continues after an interruption. `rethreshold` maps
    codes to new thresholds. Raises InputError, RecordError for a line that cannot be read (only `measured` is there
    then).
    """
    changed = [recipe.with_thresholds(_known(rethreshold or {}, recipes)) for recipe in recipes]
    _refuse_twins(changed)
    tick = progress or _quiet
    try:
        out.mkdir(parents=True, exist_ok=True)
        found = tuple(sources(inputs))
        plan = Plan.of(changed)
        with Store(out) as store:
            store.open(plan.keys)
            _measure(engine, plan, found, store, tick)
            store.finish(inputs_of([source.path for source in found]), [recipe.name for recipe in changed])
            measured = Measured(store, plan)
            judges = [Judge(recipe, plan) for recipe in changed]
            verdicts = [Verdict(judge, judge.settle(measured, engine)) for judge in judges]
            return write(found, measured, verdicts, out, tick)
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


def _measure(engine: Engine, plan: Plan, found: Sequence[Source], store: Store, tick: Progress) -> None:
    """First pass: look at every row the store does not know."""

    def missing() -> Iterator[Row]:
        for number, source in enumerate(found):
            for where, line in source.rows():
                if store.expect(line, source.grades):
                    tick("examine", 1)
                else:
                    yield number, where, line

    for looked in engine.examine(plan.examiner(found, store.number), missing()):
        if looked.error:
            raise RecordError(looked.error)
        store.add(looked)
        tick("examine", 1)
