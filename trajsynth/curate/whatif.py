"""What other thresholds would have done: recipes judge stored measures again; no text is read, no file written.

Level 3, imports the stored first pass and the judging. Tests: tests/curate/test_curate_whatif.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trajsynth.curate.about import inputs_of, last_measured
from trajsynth.curate.curation import known_codes, measure_with
from trajsynth.curate.engine import Engine, OnBadRow, Progress, Say
from trajsynth.curate.judging import Judge, Measured, Verdict
from trajsynth.curate.measured import Store
from trajsynth.curate.plan import Plan
from trajsynth.curate.sources import files
from trajsynth.errors import InputError
from trajsynth.filters.codes import CODES
from trajsynth.filters.funnel import Report
from trajsynth.filters.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Change:
    """One recipe as it is and with other thresholds, over the same trajectories."""

    before: Report
    after: Report


def what_if(
    engine: Engine,
    out: Path,
    recipes: Sequence[Recipe],
    thresholds: Mapping[str, float],
    *,
    inputs: Sequence[Path] = (),
    progress: Progress | None = None,
    on_bad_row: OnBadRow = "stop",
    say: Say | None = None,
) -> dict[str, Change]:
    """What each recipe would keep with other thresholds (by code) of what was last curated into `out`.

    `inputs` that were not measured as they are now are measured first; where they are gone, or none are given, what
    was measured has to do (`out` may be read-only then). Raises InputError where that is not there or not enough: no
    finished first pass, another version's, a filter not measured, a repair that another threshold would change, a
    threshold below what was measured.
    """
    known_codes(thresholds, recipes)
    _refuse_partial(recipes, thresholds)
    changed = [recipe.with_thresholds(thresholds) for recipe in recipes]
    plan = Plan.of([*recipes, *changed])
    if inputs and not _known(out, inputs, plan):
        measure_with(
            engine, inputs, [*recipes, *changed], out, progress=progress, on_bad_row=on_bad_row, say=say or _unsaid
        )
    with Store(out) as store:
        store.open_last(plan.keys)
        if say is not None and (gone := store.about.changed()):
            say(f"{gone[0]!r} is gone or changed since it was measured: this is about what it was")
        measured = Measured(store, plan)
        changes: dict[str, Change] = {}
        for before, after in zip(recipes, changed, strict=True):
            told = [_funnel(Judge(recipe, plan), measured, engine, progress) for recipe in (before, after)]
            changes[before.name] = Change(*told)
    return changes


def _unsaid(line: str) -> None:
    del line


def _known(out: Path, inputs: Sequence[Path], plan: Plan) -> bool:
    """Whether measures of these inputs as they are lie in `out`; only sizes and times are looked at. Also where the
    inputs are gone and there are some. Raises InputError where there are neither.
    """
    about = last_measured(out)
    try:
        now = inputs_of(files(inputs))
    except InputError:
        if about is None:
            raise
        return True
    return about is not None and list(about.inputs) == now and not about.lacking(plan.keys)


def _funnel(judge: Judge, measured: Measured, engine: Engine, progress: Progress | None) -> Report:
    verdict = Verdict(judge, judge.settle(measured, engine))
    report = verdict.report()
    for i, identity in enumerate(measured.ids):
        verdict.count(report, measured.examined(i), identity, None)
        if progress is not None:
            progress("judge", 1)
    return report.settled()


def _refuse_partial(recipes: Sequence[Recipe], thresholds: Mapping[str, float]) -> None:
    """Raises InputError for a threshold below what a filter measures at all (`measured_from`: code -> lowest)."""
    for recipe in recipes:
        for step in recipe.steps:
            for code, lowest in getattr(step.filter, "measured_from", {}).items():
                if code in thresholds and thresholds[code] < lowest:
                    raise InputError(
                        f"--rethreshold {code}={thresholds[code]:g}: {step.filter.name!r} measures from {lowest:g} on, "
                        "so nothing is known of what lies below"
                    )


# ---- as a table ---------------------------------------------------------------------------------------------------


def render_change(change: Change, thresholds: Mapping[str, float]) -> str:
    """Counts before and after, by code, as lines of text."""
    before, after = change.before, change.after
    wanted = ", ".join(f"{code}={value:g}" for code, value in thresholds.items())
    lines = [f"recipe {before.recipe}, what if {wanted}", f"  {'':<26} {'now':>9} {'then':>9} {'change':>8}"]
    lines.append(_line("in", before.total, after.total))
    dropped = {**before.dropping, **after.dropping}
    for code in sorted(dropped, key=lambda code: (-before.dropping.get(code, 0), code)):
        now, then = before.dropping.get(code, 0), after.dropping.get(code, 0)
        lines.append(_line(f"- {code}", now, then, CODES[code].meaning if code in CODES else ""))
    for code in sorted({*before.found, *after.found, *thresholds} - dropped.keys()):
        now, then = before.found.get(code, 0), after.found.get(code, 0)
        if now != then or code in thresholds:
            lines.append(_line(f"found {code}", now, then))
    lines.append(_line("kept", before.kept, after.kept))
    if (before.masked_turns, after.masked_turns) != (0, 0):
        lines.append(_line("masked turns", before.masked_turns, after.masked_turns))
    return "\n".join(lines)


def _line(label: str, now: int, then: int, note: str = "") -> str:
    change = f"{then - now:+,}" if then != now else ""
    return f"  {label:<26} {now:>9,} {then:>9,} {change:>8}  {note}".rstrip()
