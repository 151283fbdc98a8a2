"""Plant one labelled defect into a clean trajectory, to see whether a filter finds it.

Level 3, imports types, errors and the planters; never the filters. The label goes to `run.planted`, which no filter
reads. Tests: tests/testing/test_testing_plant.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from trajsynth.errors import InputError, unknown
from trajsynth.testing import (
    plant_calls,
    plant_copies,
    plant_duplicates,
    plant_endings,
    plant_faults,
    plant_leaks,
    plant_markup,
    plant_repeats,
    plant_steps,
    plant_style,
)
from trajsynth.testing.place import Defect, Place
from trajsynth.testing.plant_schemas import unusable
from trajsynth.testing.wording import INFRA_MESSAGES
from trajsynth.types import Planted, Trajectory

SEVERITIES: Final = (1, 2, 3)
"""Mild, plain, gross; what that means for each code is said in its planter's module."""

_PLANTERS: Final[dict[str, Callable[[Place], Defect | None]]] = {
    "repeat.loop": plant_repeats.loop,
    "repeat.run": plant_repeats.run,
    "repeat.interleaved": plant_copies.interleaved,
    "repeat.drift": plant_copies.drift,
    "repeat.cross_turn": plant_copies.cross_turn,
    "call.unknown_tool": plant_calls.spoiled("call.unknown_tool", plant_calls.unknown_tool),
    "call.bad_json": plant_calls.spoiled("call.bad_json", plant_calls.bad_json),
    "call.not_object": plant_calls.spoiled("call.not_object", plant_calls.not_object),
    "call.schema": plant_calls.spoiled("call.schema", plant_calls.outside_schema),
    "call.malformed": plant_markup.malformed,
    "call.misplaced": plant_markup.misplaced,
    "schema.unusable": unusable,
    "error.streak": plant_steps.error_streak,
    "error.timeouts": plant_faults.timeouts,
    "retry.redundant": plant_steps.redundant_retry,
    "loop.action": plant_steps.action_loop,
    "answer.missing": plant_endings.answer_missing,
    "answer.empty": plant_endings.answer_empty,
    "format.error": plant_endings.format_error,
    "ended.early": plant_endings.ended_early,
    "truncated": plant_endings.truncated,
    "truncated.open": plant_endings.open_ended,
    "refusal": plant_endings.refusal,
    "tool.misuse": plant_faults.misuse,
    "tool.missing": plant_faults.missing_server,
    "leak.host": plant_leaks.host,
    "leak.answer": plant_leaks.answer,
    "leak.benchmark": plant_leaks.benchmark,
    "unsafe.control_tokens": plant_leaks.control_tokens,
    "secret": plant_leaks.secret,
    "plan.missing": plant_style.planless,
    "thought.missing": plant_style.thoughtless,
    "multi_call": plant_faults.multi_call,
    "language.mixed": plant_style.mixed_language,
    **{code: plant_endings.infra(code) for code in INFRA_MESSAGES},
}
_DUPLICATES: Final[dict[str, Callable[[Place], Trajectory | None]]] = {
    "duplicate.exact": plant_duplicates.exact,
    "duplicate.near": plant_duplicates.near,
    "duplicate.question": plant_duplicates.question,
}
_OF_RIGHT_ONES: Final = frozenset({"error.streak", "error.timeouts", "retry.redundant"})
"""Scope C: planted only where the trajectory is not judged wrong, which stays so."""
_OF_WRONG_ONES: Final = frozenset({"loop.action", "answer.missing", "answer.empty", "format.error", "ended.early"})
"""Scope I: the planted trajectory is judged wrong."""
VARIANTS: Final[dict[str, tuple[str, ...]]] = {
    "repeat.drift": plant_copies.DRIFTS,
    "repeat.cross_turn": plant_copies.CROSSINGS,
    "error.timeouts": plant_faults.TIMEOUT_FORMS,
}
"""Forms of a defect that `plant` can be asked for; without a wish the lot decides."""

CODES: Final = tuple(_PLANTERS)
"""What `plant` can plant."""
DUPLICATE_CODES: Final = tuple(_DUPLICATES)
"""What `plant_duplicate` can plant."""


def plant(
    trajectory: Trajectory, code: str, *, seed: int = 0, severity: int = 2, variant: str = ""
) -> Trajectory | None:
    """The trajectory with one defect, labelled in `run.planted`; None when it offers no place for it.

    Equal arguments give equal results. The id stays, `correct` too, except that defects which only wrong trajectories
    have make it wrong. `variant` names a form of the defect (VARIANTS), else the lot decides. Raises InputError for an
    unknown code, severity or variant.
    """
    _check(code, severity, CODES)
    if variant and variant not in VARIANTS.get(code, ()):
        raise InputError(unknown(f"variant of {code}", variant, VARIANTS.get(code, ())))
    if code in _OF_RIGHT_ONES and trajectory.correct is False:
        return None
    dice = _dice(trajectory, code, seed, severity)
    order = list(range(len(trajectory.conversations)))
    dice.shuffle(order)
    for c in order:
        defect = _PLANTERS[code](Place(trajectory, c, dice, severity, variant))
        if defect is not None:
            planted = plant_endings.graded_wrong(defect.trajectory) if code in _OF_WRONG_ONES else defect.trajectory
            return _labelled(planted, Planted(code=code, conversation=c, n=defect.n))
    return None


def plant_duplicate(trajectory: Trajectory, code: str, *, seed: int = 0, severity: int = 2) -> Trajectory | None:
    """A second trajectory of the same group that duplicates the first, with an id of its own; None without a place.

    Raises InputError for an unknown code or severity.
    """
    _check(code, severity, DUPLICATE_CODES)
    dice = _dice(trajectory, code, seed, severity)
    twin = _DUPLICATES[code](Place(trajectory, 0, dice, severity))
    if twin is None:
        return None
    named = replace(
        twin, id=f"{trajectory.id}-{code.partition('.')[2]}-{severity}-{seed}", sample=trajectory.sample + 1
    )
    return _labelled(named, Planted(code=code))


def _check(code: str, severity: int, known: tuple[str, ...]) -> None:
    if code not in known:
        raise InputError(unknown("code to plant", code, known))
    if severity not in SEVERITIES:
        raise InputError(f"severity must be 1 (mild), 2 or 3 (gross), got {severity!r}")


def _dice(trajectory: Trajectory, code: str, seed: int, severity: int) -> Random:
    """Seeded by text, so that the same defect comes out on every machine."""
    return Random(f"{trajectory.id}\x1f{code}\x1f{severity}\x1f{seed}")


def _labelled(trajectory: Trajectory, label: Planted) -> Trajectory:
    return replace(trajectory, run=replace(trajectory.run, planted=(*trajectory.run.planted, label)))
