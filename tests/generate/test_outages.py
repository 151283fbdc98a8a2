"""Outages: arms pause and come back, pings grow apart, and a job that is refused for its own sake fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from generatefakes import make_questions

from trajsynth.config import Arm
from trajsynth.errors import NetworkError, RolloutTimeout, TeacherError, TeacherUnavailable
from trajsynth.generate.jobs import make_job
from trajsynth.generate.outages import REFUSALS, Outages, TeacherDown

A, B = Arm(teacher="a"), Arm(teacher="b")
JOBS = [make_job(question, A, 0, 0) for question in make_questions(3)]


class Line:
    """A teacher that answers its pings as told; time is counted, not waited for."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.now = 0.0
        self.changed = 0

    async def ping(self, teacher: str) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer

    def outages(self, wait: float = 100.0) -> Outages:
        return Outages(
            self.ping, wait=wait, first=0.001, changed=self._change, say=self.said.append, clock=lambda: self.now
        )

    def _change(self) -> None:
        self.changed += 1


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("gone", [TeacherUnavailable("refused"), NetworkError("reset"), RolloutTimeout("late")])
async def test_arms_pause_and_their_jobs_come_back_in_order(gone: Exception) -> None:
    line = Line(gone)
    outages = line.outages()
    watch = asyncio.create_task(outages.watch())
    outages.down("a", TeacherUnavailable("401"))
    outages.down("a", TeacherUnavailable("401"))
    assert (outages.pausing(A), outages.pausing(B)) == ("a", "")
    for job in JOBS:
        outages.park(job, "a")
    assert outages.waiting == 3 and outages.take() is None
    await until(lambda: not outages.is_down("a"))
    assert [outages.take() for _ in range(4)] == [*JOBS, None]
    assert line.changed == 1
    assert line.said[0] == "teacher 'a' is down or refuses us, its arms wait: 401"
    assert len(line.said) == 2 and "is back" in line.said[1]
    outages.check("a")
    watch.cancel()
    await asyncio.wait([watch])


async def test_a_teacher_that_dislikes_the_ping_is_there() -> None:
    outages = Line(TeacherError("400 bad request")).outages()
    watch = asyncio.create_task(outages.watch())
    outages.down("a", TeacherUnavailable("401"))
    await until(lambda: not outages.is_down("a"))
    watch.cancel()
    await asyncio.wait([watch])


async def test_an_arm_that_met_a_down_judge_or_helper_waits_for_it() -> None:
    outages = Line().outages()
    outages.down("judge", TeacherUnavailable("no"))
    assert outages.pausing(A) == ""
    outages.park(JOBS[0], "judge")
    assert (outages.pausing(A), outages.pausing(B)) == ("judge", "")


async def test_a_job_for_a_teacher_that_is_back_already_goes_on_at_once() -> None:
    line = Line()
    outages = line.outages()
    outages.park(JOBS[0], "a")
    assert (outages.waiting, line.changed, outages.take(), outages.take()) == (1, 1, JOBS[0], None)


async def test_patience_ends_when_every_outage_has_lasted_too_long() -> None:
    line = Line()
    outages = line.outages(wait=100.0)
    outages.down("a", TeacherUnavailable("HTTP 401: bad key"))
    line.now = 60.0
    outages.down("b", TeacherUnavailable("refused"))
    line.now = 130.0
    assert outages.time_left() == 30.0
    line.now = 160.0
    assert outages.time_left() == 0.0
    outages.park(JOBS[0], "a")
    verdict = outages.verdict()
    assert "teacher 'a' (and 1 more teachers) is down or refuses us for 3 min now" in verdict
    assert "HTTP 401: bad key; 1 rollouts wait" in verdict and "\n" not in verdict


async def test_a_job_refused_again_and_again_between_answered_pings_fails_by_itself() -> None:
    line = Line()
    outages = line.outages()
    watch = asyncio.create_task(outages.watch())
    verdicts = []
    for _ in range(REFUSALS + 1):
        error = outages.down("a", TeacherUnavailable("403 moderation"))
        verdicts.append(outages.refuses(JOBS[0], error))
        assert not outages.refuses(JOBS[1], TeacherDown("a", "", asked=False))
        await until(lambda: not outages.is_down("a"))
    assert verdicts == [False] * REFUSALS + [True]
    watch.cancel()
    await asyncio.wait([watch])


async def test_one_long_outage_is_nobodys_fault() -> None:
    outages = Line().outages()
    error = outages.down("a", TeacherUnavailable("refused"))
    assert not any(outages.refuses(JOBS[0], error) for _ in range(10))
