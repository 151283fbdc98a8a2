"""Near misses: honest work and text put into a clean trajectory, which a filter must leave alone.

    from trajsynth.testing import near_miss
    honest = near_miss(trajectory, "polling", size=3)     # None: no place for it

Whatever a filter finds there and not in the trajectory itself is a false alarm. Level 3, imports no filter.
Tests: tests/testing/test_testing_near_misses.py.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from trajsynth.errors import InputError, unknown
from trajsynth.testing.edits import with_message, with_text
from trajsynth.testing.near_steps import STEPS
from trajsynth.testing.near_texts import TEXTS
from trajsynth.testing.place import Defect, Place
from trajsynth.testing.prose import gap
from trajsynth.testing.stock import language
from trajsynth.types import Planted, Trajectory

NEAR_MISSES: Final = (*STEPS, *TEXTS)
"""What `near_miss` can put in."""
SIZES: Final = (1, 2, 3)
"""A little, more, much of it: 6, 12, 30 rows of text."""
_OPENING: Final = frozenset({"refusal_words"})
"""Kinds that the final turn begins with, where a refusal would stand."""


def near_miss(trajectory: Trajectory, kind: str, *, seed: int = 0, size: int = 2) -> Trajectory | None:
    """The trajectory with honest work or text of one kind, labelled `near_miss.<kind>`; None: no place for it.

    Equal arguments give equal results. Raises InputError for an unknown kind or size.
    """
    if kind not in NEAR_MISSES:
        raise InputError(unknown("near miss", kind, NEAR_MISSES))
    if size not in SIZES:
        raise InputError(f"size must be 1, 2 or 3, got {size!r}")
    if not trajectory.conversations:
        return None
    place = Place(trajectory, 0, Random(f"{trajectory.id}\x1f{kind}\x1f{size}\x1f{seed}"), size)
    made = STEPS[kind](place) if kind in STEPS else _said(place, kind)
    if made is None:
        return None
    label = Planted(code=f"near_miss.{kind}", n=made.n)
    return replace(made.trajectory, run=replace(made.trajectory.run, planted=(*made.trajectory.run.planted, label)))


def _said(place: Place, kind: str) -> Defect | None:
    """The text in some turn that calls nothing, between its sentences, set apart by empty lines."""
    turns = [m for m in place.assistant_turns() if not m.tool_calls and m.content.strip()]
    if not turns:
        return None
    text = TEXTS[kind](place.dice, language(place), place.pick(6, 12, 30))
    message, at = turns[-1], 0
    if kind not in _OPENING:
        message = place.dice.choice(turns)
        at = gap(message, place.dice)
    changed = with_text(message, at, f"{text}\n\n" if not at else f"\n\n{text}\n\n")
    return Defect(with_message(place.trajectory, place.c, changed), message.n)
