"""A teacher that is down: its arms wait, the others go on, nothing fails, and nothing is asked twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from generatefakes import FakeTeacher, Steps, make_config, make_plan

from trajsynth.config import Config
from trajsynth.errors import InputError, NetworkError, TeacherUnavailable
from trajsynth.generate.plan import Summary
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.spending import spent, total
from trajsynth.generate.stopping import Stop
from trajsynth.generate.store import read_failures, read_trajectories
from trajsynth.protocols import ChatRequest, Episode, Grader, Rollout, Teacher
from trajsynth.types import Grade, Question, Run, Trajectory

GRID = make_config(assign="grid", concurrency=4)


async def run(folder: Path, config: Config = GRID, **changes: Any) -> Summary:
    with RunDir.open(folder, config) as rundir:
        plan = make_plan(rundir, config, **({"first_ping": 0.002} | changes))
        return await asyncio.wait_for(generate(plan), 20)


def content(folder: Path) -> dict[str, Trajectory]:
    made = list(read_trajectories(folder))
    assert len({t.id for t in made}) == len(made)
    return {t.id: replace(t, run=Run()) for t in made}


class Line:
    """Goes down once, after so many calls, and is back with the last of `pings`."""

    def __init__(self, *, after: int = 10**9, pings: int = 3) -> None:
        self.after, self.pings = after, pings
        self.refused = self.served = 0
        self.down = False

    def __call__(self, request: ChatRequest) -> None:
        ping = request.route.startswith("ping")
        if self.served == self.after and not ping:
            self.down, self.after = True, -1
        if self.down and ping:
            self.pings -= 1
            self.down = self.pings > 0
        if self.down:
            self.refused += not ping
            raise TeacherUnavailable("HTTP 401: key refused")
        if not ping:
            self.served += 1


async def test_an_outage_costs_nothing_and_the_other_arm_fills_the_slots(tmp_path: Path) -> None:
    line = Line(after=7, pings=4)
    a, b = FakeTeacher("a", delay=0.001, trouble=line), FakeTeacher("b", delay=0.001)
    summary = await run(tmp_path / "run", n=20, teachers={"a": a, "b": b})
    assert (summary.done, summary.failed, summary.continued, summary.interrupted) == (40, {}, 0, False)
    assert line.served == 60, "every call of the paused rollouts was made once"
    assert 1 <= line.refused <= 4, "at most the calls in flight meet the outage, all others are held back"
    await run(tmp_path / "calm", n=20)
    assert content(tmp_path / "run") == content(tmp_path / "calm")
    assert list(read_failures(tmp_path / "run")) == []


async def test_an_outage_without_end_stops_with_one_line_after_all_else_and_resumes(tmp_path: Path) -> None:
    config = make_config(assign="grid", concurrency=4, outage={"wait": 0.05})
    line = Line(after=4, pings=10**9)
    a, b = FakeTeacher("a", trouble=line), FakeTeacher("b")
    with pytest.raises(InputError) as caught:
        await run(tmp_path, config, n=10, teachers={"a": a, "b": b})
    text = str(caught.value)
    assert "teacher 'a' is down or refuses us" in text and "HTTP 401: key refused; 1" in text and "\n" not in text
    assert sum(t.teacher == "b" for t in content(tmp_path).values()) == 10
    assert list(read_failures(tmp_path)) == []
    mended = FakeTeacher("a")
    summary = await run(tmp_path, config, n=10, teachers={"a": mended, "b": b})
    assert (summary.finished, summary.continued > 0) == (20, True)
    assert line.served + mended.requests == 30


async def test_no_paradigm_can_take_an_outage_for_an_answer(tmp_path: Path) -> None:
    class Swallows(Steps):
        """A team whose main agent is told that a helper failed, and goes on."""

        async def run(self, rollout: Rollout) -> Episode:
            for _ in range(2):
                episode = await super().run(rollout)
                if episode.failure is None:
                    return episode
            return Episode(answer="the helper failed", stop_reason="answered")

    a = FakeTeacher("a", trouble=Line(after=5))
    summary = await run(
        tmp_path, n=8, teachers={"a": a, "b": FakeTeacher("b")}, paradigms={"react": Swallows()}, concurrency=3
    )
    assert (summary.done, summary.failed) == (16, {})
    assert all(t.answer != "the helper failed" for t in content(tmp_path).values())


async def test_a_request_that_is_refused_for_its_own_sake_fails_alone(tmp_path: Path) -> None:
    poisoned: set[str] = set()

    def moderation(request: ChatRequest) -> None:
        if request.route in poisoned:
            raise TeacherUnavailable("HTTP 403: flagged")

    def mark(rollout: Rollout, step: int) -> None:
        if rollout.question.id == "q3" and step == 1:
            poisoned.add(rollout.id)

    teacher = FakeTeacher("a", trouble=moderation)
    config = make_config(arms=[{"teacher": "a"}], concurrency=3)
    summary = await run(
        tmp_path, config, n=6, teachers={"a": teacher, "b": teacher}, paradigms={"react": Steps(before=mark)}
    )
    assert (summary.done, summary.failed) == (5, {"teacher": 1})
    [failed] = read_failures(tmp_path)
    assert failed.question.id == "q3" and failed.failure is not None and "flagged" in failed.failure.message
    assert len(failed.conversations[0].messages) == 3, "what was said before stays in the record"


async def test_stopping_during_an_outage_is_a_stop_like_any_other(tmp_path: Path) -> None:
    stop = Stop()
    asyncio.get_running_loop().call_later(0.1, stop.request)
    a = FakeTeacher("a", trouble=Line(after=4, pings=10**9))
    summary = await run(tmp_path, n=6, teachers={"a": a, "b": FakeTeacher("b")}, stop=stop)
    assert summary.interrupted and not summary.failed
    assert (await run(tmp_path, n=6)).finished == 12


class Judge:
    """Asks a teacher; fails as the real judge does, with a grade that knows nothing."""

    name = "judge:b"

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher

    async def grade(self, question: Question, answer: str) -> Grade:
        try:
            await self.teacher.complete(ChatRequest(messages=(answer.encode(),), route=question.id))
        except (TeacherUnavailable, NetworkError) as error:
            return Grade(correct=None, method=self.name, rationale=str(error))
        return Grade(correct=True, method=self.name)


def judged(teachers: dict[str, Teacher]) -> Grader:
    return Judge(teachers["b"])


JUDGED = make_config(arms=[{"teacher": "a"}], concurrency=4, grade=["exact", {"judge": "b"}])


async def test_answers_wait_for_a_judge_that_is_down_and_cost_nothing_again(tmp_path: Path) -> None:
    line = Line(after=3)
    a, b = FakeTeacher("a"), FakeTeacher("b", trouble=line)
    summary = await run(tmp_path, JUDGED, n=10, teachers={"a": a, "b": b}, grader=judged)
    assert (summary.done, summary.failed, a.requests, line.served) == (10, {}, 30, 10)
    assert all(t.correct for t in content(tmp_path).values())
    assert summary.graders.calls == 10 and summary.usage.calls == 30
    paid = spent(tmp_path)
    assert (total(paid, "judge").calls, total(paid, "rollout").calls, total(paid, "ping").calls) == (10, 30, 1)


async def test_a_judge_that_fails_otherwise_leaves_the_answer_ungraded(tmp_path: Path) -> None:
    def lost(request: ChatRequest) -> None:
        raise NetworkError("reset")

    teachers = {"a": FakeTeacher("a"), "b": FakeTeacher("b", trouble=lost)}
    assert (await run(tmp_path, JUDGED, n=2, teachers=teachers, grader=judged)).done == 2
    assert {t.correct for t in content(tmp_path).values()} == {None}
