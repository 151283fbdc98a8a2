"""Assembling: usage of everything paid for, fingerprints, and records no JSON can hold."""

from __future__ import annotations

from typing import Any

import pytest
from generatefakes import make_config, make_questions

from trajsynth.codec import decode
from trajsynth.generate.assemble import assemble, fingerprint, line, spent
from trajsynth.generate.jobs import make_job
from trajsynth.protocols import Episode
from trajsynth.types import Conversation, Failure, Message, Rollback, Trajectory, Turn, Usage

ARM_A, ARM_B = make_config().all_arms()
JOB = make_job(make_questions(1)[0], ARM_A, 0, 0)


def turn(n: int, tokens: int) -> Message:
    return Message(n=n, role="assistant", turn=Turn(usage=Usage(calls=1, output=tokens, usd=0.5)))


@pytest.mark.parametrize(
    ("own", "total"),
    [(Usage(), Usage(calls=3, output=111, usd=1.5)), (Usage(calls=4, output=200), Usage(calls=4, output=200))],
)
def test_usage_covers_every_conversation_and_discarded_attempt(own: Usage, total: Usage) -> None:
    rollback = Rollback(conversation=0, before=1, attempt=0, reason="refusal", reply=turn(1, 1))
    both = (Conversation(messages=(turn(1, 10),)), Conversation(messages=(turn(1, 100), Message(n=2, role="user"))))
    assert spent(Episode(conversations=both, rollbacks=(rollback,), usage=own)) == total


def test_fingerprints_tell_runs_and_arms_apart() -> None:
    other = make_job(JOB.question, ARM_B, 0, 0)
    assert len({fingerprint("x", JOB), fingerprint("y", JOB), fingerprint("x", other)}) == 3
    assert fingerprint("x", JOB) == fingerprint("x", make_job(JOB.question, ARM_A, 5, 5))


def test_a_failure_decides_the_stop_reason() -> None:
    failure = Failure(kind="network", message="reset")
    assert assemble(JOB, Episode(stop_reason="answered", failure=failure)).stop_reason == "failed"


@pytest.mark.parametrize("value", [object(), {1: {object()}}, 2**80, {("a", "b"): 1}])
def test_a_line_is_written_whatever_it_holds(value: Any) -> None:
    message = Message(n=0, role="assistant", extra={"odd": value})
    written = line(assemble(JOB, Episode(conversations=(Conversation(messages=(message,)),))))
    back = decode(written.data, Trajectory)
    if back.failure is not None:
        assert (back.failure.kind, written.failure, back.conversations) == ("bug", back.failure, ())
    else:
        assert written.failure is None and back.conversations
