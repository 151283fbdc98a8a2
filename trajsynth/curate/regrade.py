"""Grade a finished run again, without touching its shards: new verdicts are appended to `grades.jsonl`.

Level 3, imports curate.grades, codec and protocols. Tests: tests/curate/test_curate_grades.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trajsynth.codec import Appender, encode, read_records
from trajsynth.curate.grades import FILE, GradeLine, read_grades, with_grade
from trajsynth.errors import InputError
from trajsynth.protocols import Grader
from trajsynth.types import Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class RegradeReport:
    """What a regrading did."""

    graded: int = 0
    changed: int = 0
    """Verdicts that differ from the one before."""
    unknown: int = 0
    """Still without a verdict."""
    skipped: int = 0
    """Left as they were (`only_unknown`)."""


def _shards(rundir: Path) -> list[Path]:
    shards = sorted(rundir.glob("trajectories-*.jsonl"))
    if not shards:
        raise InputError(f"no trajectories-*.jsonl in {str(rundir)!r}; give the folder of a run, e.g. outputs/NAME")
    return shards


def _trajectories(shards: list[Path]) -> Iterator[Trajectory]:
    for shard in shards:
        yield from read_records(shard, Trajectory)


async def regrade(
    rundir: Path,
    grader: Grader,
    *,
    only_unknown: bool = False,
    concurrency: int = 32,
    progress: Callable[[], object] = lambda: None,
) -> RegradeReport:
    """Grade every trajectory of a run (or only those nobody could tell) and append the verdicts.

    Each verdict is written when it is there, so an interrupted regrading loses nothing; `progress` is called after
    each. Raises InputError where there is no run.
    """
    known = read_grades(rundir / FILE)
    todo = _trajectories(_shards(rundir))
    counts = dict.fromkeys(("graded", "changed", "unknown", "skipped"), 0)

    async def work(out: Appender) -> None:
        for recorded in todo:
            trajectory = with_grade(recorded, known)
            if only_unknown and trajectory.correct is not None:
                counts["skipped"] += 1
                continue
            grade = await grader.grade(trajectory.question, trajectory.answer or "")
            out.append(encode(GradeLine(id=trajectory.id, grade=grade)))
            counts["graded"] += 1
            counts["changed"] += grade.correct != trajectory.correct
            counts["unknown"] += grade.correct is None
            progress()

    with Appender(rundir / FILE) as out:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(work(out))
        except* InputError as errors:
            broken = errors.exceptions[0]
            raise InputError(str(broken)) from None
    return RegradeReport(**counts)
