"""The budget of a run: never overshot, counted over sessions and judges, resumed when it is raised."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from generatefakes import FakeTeacher, make_config, make_plan

from trajsynth.config import Budget
from trajsynth.generate.jobs import Slice
from trajsynth.generate.plan import Summary
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.spending import spent, total
from trajsynth.generate.store import read_failures, read_trajectories
from trajsynth.protocols import ChatRequest, Reply, TeacherProfile
from trajsynth.types import Usage

COST = 100
"""Tokens of every call, and what is reserved for it."""


class Costly(FakeTeacher):
    @property
    def profile(self) -> TeacherProfile:
        return TeacherProfile(name=self.name, model="fake", max_output_tokens=COST)

    async def complete(self, request: ChatRequest) -> Reply:
        await super().complete(request)
        return Reply(content="done", usage=Usage(calls=1, input=COST - 10, output=10, usd=0.5))


async def run(folder: Path, tokens: int | None, part: Slice | None = None, **changes: Any) -> Summary:
    config = make_config(arms=[{"teacher": "a"}], concurrency=8, budget={"tokens": tokens} if tokens else {})
    teacher = changes.pop("teacher", None) or Costly(delay=0.001)
    with RunDir.open(folder, config, part=part) as rundir:
        plan = make_plan(rundir, config, n=10, teachers={"a": teacher, "b": teacher}, **changes)
        return await asyncio.wait_for(generate(plan), 20)


@pytest.mark.parametrize("tokens", [100, 1050, 1600])
async def test_a_run_stops_at_its_budget_and_goes_on_when_it_is_raised(tmp_path: Path, tokens: int) -> None:
    first = Costly(delay=0.001)
    summary = await run(tmp_path, tokens, teacher=first)
    assert summary.out_of_budget and not summary.interrupted and not summary.failed
    assert first.requests == tokens // COST
    assert f"{tokens // COST * COST} of {tokens} tokens" in summary.notes[-1] and "raise budget" in summary.notes[-1]
    again = await run(tmp_path, tokens, teacher=first)
    assert again.out_of_budget and first.requests == tokens // COST, "nothing is left for a second session"
    second = Costly()
    summary = await run(tmp_path, 3000, teacher=second)
    assert (summary.finished, summary.out_of_budget) == (10, False)
    assert first.requests + second.requests == 30
    assert total(spent(tmp_path)) == Usage(calls=30, input=2700, output=300, usd=15.0)
    assert list(read_failures(tmp_path)) == []


@pytest.mark.parametrize(("allowance", "calls"), [(None, 5), (Budget(tokens=800), 8)])
async def test_a_part_has_its_equal_share_or_what_it_is_given(
    tmp_path: Path, allowance: Budget | None, calls: int
) -> None:
    teacher = Costly(delay=0.001)
    summary = await run(tmp_path, 1000, Slice(1, 2), teacher=teacher, allowance=allowance)
    assert summary.out_of_budget and teacher.requests == calls


async def test_what_a_killed_session_spent_counts(tmp_path: Path) -> None:
    """The line is there before the reply is used: a process killed at any later moment has it on record."""
    seen: list[int] = []

    class Watching(Costly):
        async def complete(self, request: ChatRequest) -> Reply:
            seen.append(total(spent(tmp_path)).calls)
            return await super().complete(request)

    await run(tmp_path, None, teacher=Watching(), concurrency=1)
    assert seen == list(range(30))


async def test_each_part_of_a_split_run_has_its_share(tmp_path: Path) -> None:
    teachers = [Costly(), Costly()]
    for index, teacher in enumerate(teachers, 1):
        summary = await run(tmp_path, 1000, Slice(index, 2), teacher=teacher)
        assert summary.out_of_budget
    assert [teacher.requests for teacher in teachers] == [5, 5]


async def test_without_a_budget_what_is_spent_is_recorded_all_the_same(tmp_path: Path) -> None:
    summary = await run(tmp_path, None)
    assert (summary.done, summary.usage.usd, total(spent(tmp_path)).usd) == (10, 15.0, 15.0)
    assert sum(t.usage.usd for t in read_trajectories(tmp_path)) == 15.0
