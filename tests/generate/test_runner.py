"""The runner: every job once, streaming, failures typed and made again, stops that lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from generatefakes import FakeGrader, FakeTeacher, Steps, make_config, make_plan, make_questions

from trajsynth.config import Config
from trajsynth.errors import ConfigError, InputError, NetworkError, TeacherUnavailable, ToolServerError
from trajsynth.generate.plan import Summary
from trajsynth.generate.rundir import DiskError, RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.stopping import Stop
from trajsynth.generate.store import read_failures, read_trajectories
from trajsynth.protocols import ChatRequest, Episode, Rollout
from trajsynth.types import Grade, Question, Run, Trajectory

CONFIG = make_config(arms=[{"teacher": "a"}], samples=2)


async def run(folder: Path, config: Config = CONFIG, **changes: Any) -> Summary:
    with RunDir.open(folder, config) as rundir:
        return await asyncio.wait_for(generate(make_plan(rundir, config, **changes)), 20)


def content(folder: Path) -> dict[str, Trajectory]:
    """Trajectories by id without their timings; fails when an id is there twice."""
    made = list(read_trajectories(folder))
    assert len({t.id for t in made}) == len(made)
    return {t.id: replace(t, run=Run(version=t.run.version, fingerprint=t.run.fingerprint)) for t in made}


async def test_every_job_is_made_once_graded_and_written_without_documents(tmp_path: Path) -> None:
    grader = FakeGrader()
    summary = await run(tmp_path, grader=grader)
    made = content(tmp_path)
    assert (summary.planned, summary.done, summary.failed, summary.interrupted) == (12, 12, {}, False)
    assert (summary.turns, summary.usage.calls, summary.usage.input) == (36, 36, 360)
    assert len(made) == len(grader.seen) == 12
    assert all(t.grade and t.grade.method == "fake" and not t.question.documents for t in made.values())
    assert all(t.usage.calls == 3 and t.run.fingerprint and t.group == t.question.id for t in made.values())
    assert list((tmp_path / "journal").iterdir()) == []


async def test_the_same_call_again_does_only_what_is_left(tmp_path: Path) -> None:
    await run(tmp_path, n=3)
    before = content(tmp_path)
    teacher = FakeTeacher()
    summary = await run(
        tmp_path, make_config(arms=[{"teacher": "a"}], samples=3), n=4, teachers={"a": teacher, "b": teacher}
    )
    assert (summary.skipped, summary.done, summary.finished, summary.planned) == (6, 6, 12, 12)
    assert teacher.requests == 18
    assert {key: content(tmp_path)[key] for key in before} == before


async def test_limit_means_the_first_jobs_of_the_run(tmp_path: Path) -> None:
    assert (await run(tmp_path, limit=5)).done == 5
    again = await run(tmp_path, limit=5)
    assert (again.done, again.skipped, again.planned) == (0, 5, 5)
    assert (await run(tmp_path)).done == 7


async def test_questions_are_pulled_as_slots_free_up_and_a_straggler_holds_nobody(tmp_path: Path) -> None:
    pulled: list[str] = []
    release = asyncio.Event()

    def source() -> Iterator[Question]:
        for question in make_questions(30):
            pulled.append(question.id)
            yield question

    async def slow_first(rollout: Rollout, step: int) -> None:
        if rollout.question.id == "q0":
            await release.wait()
        elif rollout.question.id == "q29":
            release.set()
        elif rollout.question.id == "q1" and step == 0:
            assert len(pulled) <= 3

    config = make_config(arms=[{"teacher": "a"}], concurrency=2)
    summary = await run(tmp_path, config, questions=source(), paradigms={"react": Steps(before=slow_first)})
    assert (summary.done, summary.planned) == (30, 30)


@pytest.mark.parametrize("width", [1, 3, 7])
async def test_never_more_rollouts_than_slots(tmp_path: Path, width: int) -> None:
    running, most = 0, 0

    async def watch(rollout: Rollout, step: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    await run(tmp_path, paradigms={"react": Steps(before=watch)}, concurrency=width, limit=12)
    assert most == width


# ---- failures ----


async def test_a_typed_failure_is_recorded_and_made_again_from_its_journal(tmp_path: Path) -> None:
    def lose(request: ChatRequest) -> None:
        if len(request.messages) == 5:
            raise NetworkError("reset by peer")

    first = FakeTeacher(trouble=lose)
    summary = await run(tmp_path, n=2, teachers={"a": first, "b": first})
    assert (summary.done, summary.failed) == (0, {"network": 4})
    failed = list(read_failures(tmp_path))
    assert [t.failure.message for t in failed if t.failure] == ["reset by peer"] * 4
    assert all(len(t.conversations[0].messages) == 5 and t.grade is None for t in failed)
    second = FakeTeacher()
    summary = await run(tmp_path, n=2, teachers={"a": second, "b": second})
    assert (summary.done, summary.continued, summary.failed, second.requests) == (4, 4, {}, 4)
    assert list(read_failures(tmp_path)) == []


async def test_what_was_resumed_equals_what_was_never_disturbed(tmp_path: Path) -> None:
    def lose(request: ChatRequest) -> None:
        if len(request.messages) == 3:
            raise NetworkError("reset")

    await run(tmp_path / "a", teachers={"a": FakeTeacher(trouble=lose), "b": FakeTeacher("b")})
    await run(tmp_path / "a")
    await run(tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


async def test_a_dead_tool_server_does_not_end_the_rollout_again(tmp_path: Path) -> None:
    def dead(rollout: Rollout, step: int) -> None:
        if step == 2:
            raise ToolServerError("search is gone")

    assert (await run(tmp_path, n=1, paradigms={"react": Steps(before=dead)})).failed == {"tool_server": 2}
    assert (await run(tmp_path, n=1)).done == 2


async def test_a_bug_of_a_paradigm_ends_its_rollout_only_and_leaves_a_traceback(tmp_path: Path) -> None:
    def broken(rollout: Rollout, step: int) -> None:
        if step == 1 and rollout.question.id in ("q1", "q2"):
            raise KeyError("oops")

    summary = await run(tmp_path, paradigms={"react": Steps(before=broken)})
    assert (summary.done, summary.failed) == (8, {"bug": 4})
    assert {t.failure.message for t in read_failures(tmp_path) if t.failure} == {"KeyError: 'oops'"}
    log = (tmp_path / "bugs.log").read_text()
    assert log.count("Traceback") == 1 and "question 'q1'" in log
    assert list((tmp_path / "journal").iterdir()) == []
    summary = await run(tmp_path)
    assert (summary.done, summary.continued) == (4, 0)


async def test_a_bug_of_a_grader_keeps_what_was_paid_for(tmp_path: Path) -> None:
    class Broken:
        name = "broken"

        async def grade(self, question: Question, answer: str) -> Grade:
            raise ZeroDivisionError

    assert (await run(tmp_path, n=1, grader=Broken())).failed == {"bug": 2}
    assert all(t.answer and t.conversations[0].messages for t in read_failures(tmp_path))
    teacher = FakeTeacher()
    assert (await run(tmp_path, n=1, teachers={"a": teacher, "b": teacher})).done == 2
    assert teacher.requests == 0


async def test_a_judge_that_is_down_leaves_the_answer_ungraded(tmp_path: Path) -> None:
    class Down:
        name = "judge"

        async def grade(self, question: Question, answer: str) -> Grade:
            raise TeacherUnavailable("refused")

    assert (await run(tmp_path, n=1, grader=Down())).done == 2
    assert {t.grade.rationale for t in content(tmp_path).values() if t.grade} == {"not graded: refused"}


async def test_a_rollout_that_ignores_its_wall_clock_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trajsynth.generate.performing.GRACE", 0.0)

    async def hang(rollout: Rollout, step: int) -> None:
        if step == 1:
            await asyncio.sleep(60)

    config = make_config(arms=[{"teacher": "a"}], rollout={"wall_clock": 0.05})
    summary = await run(tmp_path, config, n=2, paradigms={"react": Steps(before=hang)})
    assert summary.failed == {"timeout": 2}
    assert list((tmp_path / "journal").iterdir()) == []


@pytest.mark.slow
async def test_a_resumed_rollout_gets_no_fresh_wall_clock(tmp_path: Path) -> None:
    stop = Stop()
    before: list[float] = []
    after: list[float] = []

    async def slow(rollout: Rollout, step: int) -> None:
        await asyncio.sleep(0.1)
        before.append(rollout.clock())
        if step == 2:
            stop.request()

    changes: dict[str, Any] = {"config": make_config(arms=[{"teacher": "a"}], rollout={"wall_clock": 5}), "n": 1}
    assert (await run(tmp_path, paradigms={"react": Steps(before=slow)}, stop=stop, **changes)).interrupted
    await run(tmp_path, paradigms={"react": Steps(before=lambda r, s: after.append(r.clock()))}, **changes)
    assert after[0] < before[1] <= after[2] + 0.001, "replayed, the clock shows what it showed, to the millisecond"
    [record] = read_trajectories(tmp_path)
    assert record.answer and before[1] <= record.run.seconds + 0.001 < before[2] + 5


async def test_a_timeout_error_of_the_paradigm_itself_is_a_bug(tmp_path: Path) -> None:
    def late(rollout: Rollout, step: int) -> None:
        raise TimeoutError("mine")

    assert (await run(tmp_path, n=1, paradigms={"react": Steps(before=late)})).failed == {"bug": 2}


async def test_values_no_json_can_hold_are_a_bug_not_a_crash(tmp_path: Path) -> None:
    questions = [Question(id="q", text="?", meta={"when": object()})]
    summary = await run(tmp_path, questions=questions, grader=None)
    assert summary.failed == {"bug": 2}
    assert all("cannot be written as JSON" in t.failure.message for t in read_failures(tmp_path) if t.failure)


# ---- things that concern the run ----


async def test_a_broken_question_stops_the_run_with_its_message_and_keeps_the_rest(tmp_path: Path) -> None:
    def source() -> Iterator[Question]:
        yield from make_questions(3)
        raise InputError("questions.jsonl:4: not JSON")

    with pytest.raises(InputError, match=r"questions\.jsonl:4"):
        await run(tmp_path, questions=source())
    assert (await run(tmp_path, n=3)).finished == 6


async def test_a_journal_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    """Even when the paradigm swallows the exception; what is recorded counts, what is not does not."""

    def wreck(rollout: Rollout, step: int) -> None:
        if step == 1 and rollout.question.id == "q1":
            path = tmp_path / "journal" / f"{rollout.id}.jsonl"
            path.unlink(missing_ok=True)
            path.mkdir(exist_ok=True)

    class Swallows(Steps):
        async def run(self, rollout: Rollout) -> Episode:
            try:
                return await super().run(rollout)
            except InputError:
                return Episode(answer="made up", stop_reason="answered")

    with pytest.raises(DiskError, match="cannot write"):
        await run(tmp_path, paradigms={"react": Swallows(before=wreck)})
    assert all(t.answer != "made up" for t in content(tmp_path).values())
    for path in (tmp_path / "journal").iterdir():
        if path.is_dir():
            path.rmdir()
    await run(tmp_path)
    await run(tmp_path.with_name("other"))
    assert content(tmp_path) == content(tmp_path.with_name("other"))


async def test_an_arm_without_its_parts_is_named_before_anything_runs(tmp_path: Path) -> None:
    config = make_config(arms=[{"teacher": "a", "paradigm": "reactt"}])
    with pytest.raises(ConfigError, match="unknown paradigm 'reactt'; did you mean 'react'"):
        await run(tmp_path, config)


# ---- stopping ----


async def test_a_stop_lets_calls_in_flight_arrive_and_resume_repeats_none_of_them(tmp_path: Path) -> None:
    stop, teacher = Stop(), FakeTeacher(delay=0.02)

    def at_third(rollout: Rollout, step: int) -> None:
        if rollout.question.id == "q2" and step == 1 and not stop.asked:
            stop.request()

    summary = await run(
        tmp_path, n=10, teachers={"a": teacher, "b": teacher}, paradigms={"react": Steps(before=at_third)}, stop=stop
    )
    assert summary.interrupted and summary.planned == 20 and not summary.failed
    assert 0 < len(list((tmp_path / "journal").iterdir())) <= 4
    again = FakeTeacher()
    summary = await run(tmp_path, n=10, teachers={"a": again, "b": again})
    assert summary.finished == 20 and summary.continued > 0
    assert teacher.requests + again.requests == 60
    await run(tmp_path.with_name("other"), n=10)
    assert content(tmp_path) == content(tmp_path.with_name("other"))


@pytest.mark.parametrize("second_request", [True, False])
async def test_a_stop_does_not_wait_longer_than_it_may(tmp_path: Path, second_request: bool) -> None:
    stop, teacher = Stop(), FakeTeacher(delay=60)
    loop = asyncio.get_running_loop()
    loop.call_later(0.02, stop.request)
    if second_request:
        loop.call_later(0.04, stop.request)
    summary = await run(
        tmp_path, teachers={"a": teacher, "b": teacher}, stop=stop, drain=30.0 if second_request else 0.05
    )
    assert (summary.interrupted, summary.done, summary.failed) == (True, 0, {})


async def test_a_paradigm_that_swallows_its_cancellation_is_not_recorded(tmp_path: Path) -> None:
    class Stubborn:
        name = "react"

        async def run(self, rollout: Rollout) -> Episode:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return Episode(answer="cut", stop_reason="answered")
            return Episode()

    stop = Stop()
    asyncio.get_running_loop().call_later(0.02, stop.request)
    summary = await run(tmp_path, paradigms={"react": Stubborn()}, stop=stop)
    assert (summary.interrupted, summary.done) == (True, 0)
    assert content(tmp_path) == {}


async def test_journals_of_other_settings_are_thrown_away_and_counted(tmp_path: Path) -> None:
    def lose(request: ChatRequest) -> None:
        if len(request.messages) == 3:
            raise NetworkError("reset")

    await run(tmp_path, n=1, teachers={"a": FakeTeacher(trouble=lose), "b": FakeTeacher()})
    reworded = [replace(make_questions(1)[0], text="another question")]
    summary = await run(tmp_path, questions=reworded)
    assert (summary.done, summary.discarded, summary.continued) == (2, 2, 0)
    assert summary.notes == (
        "2 unfinished rollouts started again: their journal was written under other settings "
        "or for another question text",
    )
