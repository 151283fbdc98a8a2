"""Each rollout once, however often the files given hold it.

Level 3, imports builders.ledger, rows, codec, spool and types. Tests: tests/builders/test_builders_once.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trajsynth.builders.ledger import Ledger
from trajsynth.builders.rows import Refusal
from trajsynth.codec import encode
from trajsynth.spool import drawn
from trajsynth.types import Trajectory

TWICE = "duplicate.rollout"


def once(trajectories: Iterable[Trajectory], book: Ledger) -> Iterator[Trajectory]:
    """The trajectories without those that came before, which are counted in `book`. Memory: a 64-bit number of each."""
    seen: set[int] = set()
    for trajectory in trajectories:
        mark = drawn(0, *_identity(trajectory))
        if mark in seen:
            book.trajectories += 1
            book.refuse(Refusal(reason=TWICE, detail=trajectory.id))
            continue
        seen.add(mark)
        yield trajectory


def _identity(trajectory: Trajectory) -> tuple[str, ...]:
    """What tells a rollout from all others, repaired or not.

    The id alone does not: runs that ask the same questions of arms of the same names give the same ids, and files of
    other makers give each sample the id of its question. Ours say when they were made, of the others the text decides.
    """
    run = trajectory.run
    made = f"{run.fingerprint} {run.started!r}" if run.started else encode(trajectory.conversations).decode()
    return trajectory.id, str(trajectory.sample), made
