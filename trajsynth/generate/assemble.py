"""From what a paradigm left to the record that is written: usage summed, provenance added, documents taken out.

Level 3. Tests: tests/generate/test_assemble.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import trajsynth
from trajsynth.codec import encode
from trajsynth.generate.jobs import Job, digest
from trajsynth.protocols import Episode
from trajsynth.types import Failure, Grade, Run, Trajectory, Usage


def assemble(
    job: Job,
    episode: Episode,
    grade: Grade | None = None,
    *,
    identity: str = "",
    started: float = 0.0,
    seconds: float = 0,
    tools_usd: float = 0,
) -> Trajectory:
    """The trajectory of a job. `identity` is the run's fingerprint, `started` Unix time, `tools_usd` what its tool
    calls cost."""
    return Trajectory(
        id=job.id,
        question=replace(job.question, documents=()),
        group=job.question.id,
        teacher=job.arm.teacher,
        paradigm=job.arm.paradigm,
        invocation=job.arm.invocation,
        sample=job.sample,
        conversations=episode.conversations,
        answer=episode.answer,
        stop_reason="failed" if episode.failure else episode.stop_reason,
        failure=episode.failure,
        grade=grade,
        usage=spent(episode) + Usage(usd=tools_usd, tools_usd=tools_usd),
        rollbacks=episode.rollbacks,
        run=Run(
            version=trajsynth.__version__,
            fingerprint=fingerprint(identity, job),
            started=round(started, 3),
            seconds=round(seconds, 3),
            planted=episode.planted,
        ),
    )


def fingerprint(identity: str, job: Job) -> str:
    """Hash of the run's fingerprint and the job's arm."""
    return digest(identity, job.arm.name)


def spent(episode: Episode) -> Usage:
    """What the model calls cost: all turns and all discarded attempts, or the paradigm's own, larger count."""
    messages = [message for conversation in episode.conversations for message in conversation.messages]
    messages += [rollback.reply for rollback in episode.rollbacks]
    total = Usage()
    for message in messages:
        if message.turn is not None:
            total += message.turn.usage
    return episode.usage if episode.usage.calls > total.calls else total


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it is written."""

    data: bytes
    failure: Failure | None
    """Decides whether it belongs to the failures."""


def line(trajectory: Trajectory) -> Line:
    """The record as a line. Values that no JSON can hold make it a bug of whoever put them there, without them."""
    try:
        return Line(encode(trajectory), trajectory.failure)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        failure = Failure(kind="bug", message=f"cannot be written as JSON: {type(error).__name__}: {error}")
    bare = replace(
        trajectory,
        question=replace(trajectory.question, meta={}),
        conversations=(),
        rollbacks=(),
        grade=None,
        stop_reason="failed",
        failure=failure,
    )
    return Line(encode(bare), failure)
