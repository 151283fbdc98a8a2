"""MiroFlow: plan, tasks side by side, reports as results, typed failures, limits, resume, one graph for all."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import Any

import pytest
from loopfakes import DONE, LambdaToolbox, SpeakingTeacher, acting, call, make_rollout, saying
from teamfakes import Team, leading, searching, task

from trajsynth.config import AgentRole, MiroFlowParadigm
from trajsynth.errors import MissingExtra, NetworkError
from trajsynth.paradigms import MiroFlow
from trajsynth.protocols import ChatRequest, Episode, Reply, Rollout
from trajsynth.types import Question

MIROFLOW = MiroFlow()
"""One object for all tests, as for all rollouts of a run: its graph is compiled once."""


def team(part: Team | None = None, how: str = "function_calling", **more: Any) -> Rollout:
    part = part or Team()
    part.native = how == "function_calling"
    return make_rollout(part, how=how, **more)


def requests(rollout: Rollout) -> list[ChatRequest]:
    found: list[ChatRequest] = rollout.teacher.requests  # type: ignore[attr-defined]
    return found


def opens(request: ChatRequest) -> bool:
    """The lead's first turn is asked for."""
    return b"lead of a small research team" in request.messages[0] and len(request.messages) == 2


def tools_of(episode: Episode, index: int) -> list[str]:
    return [spec.name for spec in episode.conversations[index].toolsets[0]]


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_a_team_leaves_linked_conversations(how: str) -> None:
    rollout = team(how=how)
    episode = await MIROFLOW.run(rollout)
    assert (episode.answer, episode.stop_reason, episode.failure) == ("Paris", "answered", None)
    main, first, second = episode.conversations
    assert [m.role[0] for m in main.messages] == list("suauattaua")
    assert [c.agent for c in episode.conversations] == ["main", "browsing", "browsing"]
    calling = main.messages[4]
    assert [first.called_by, second.called_by] == [(0, calling.n, 0), (0, calling.n, 1)]
    assert [c.name for c in calling.tool_calls] == ["agents__browsing"] * 2
    results = [(m.content, m.answers, m.outcome) for m in main.messages if m.role == "tool"]
    assert results == [("A is known.", (4, 0), "ok"), ("B is known.", (4, 1), "ok")], "thinking stays with the agent"
    assert [first.answer, second.answer] == ["A is known.", "B is known."]
    assert tools_of(episode, 0) == ["agents__browsing"]
    assert tools_of(episode, 1) == ["search"], "sub-agents delegate no further"
    assert first.messages[1].content == "A"
    assert "What is the capital" not in str(first.messages), "a sub-agent sees its task alone"


async def test_tasks_of_one_message_run_side_by_side() -> None:
    meeting = asyncio.Barrier(2)

    class Meeting(LambdaToolbox):
        async def call(self, *args: Any, **kwargs: Any) -> Any:
            await asyncio.wait_for(meeting.wait(), 5)
            return await super().call(*args, **kwargs)

    episode = await MIROFLOW.run(team(toolbox=Meeting(search=lambda a: f"found {a['q']}")))
    assert episode.answer == "Paris"


async def test_one_graph_serves_rollouts_at_once() -> None:
    def rollout(i: int) -> Rollout:
        return replace(team(), id=f"r{i}", question=Question(id=f"q{i}", text=f"question {i}?"))

    episodes = await asyncio.gather(*(MIROFLOW.run(rollout(i)) for i in range(8)))
    assert [e.conversations[0].messages[1].content for e in episodes] == [f"question {i}?" for i in range(8)]
    assert all(len(e.conversations) == 3 for e in episodes)


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_resume_over_the_journal_repeats_nothing_and_gives_the_same_episode(how: str) -> None:
    first = team(how=how)
    episode = await MIROFLOW.run(first)
    events = first.journal.events  # type: ignore[attr-defined]
    assert {key.split("/")[0] for key in asked(events)} == {"main", "browsing-1", "browsing-2"}
    for cut in range(len(events) + 1):
        again = team(how=how)
        kept = dict(list(events.items())[:cut])
        again.journal.events.update(kept)  # type: ignore[attr-defined]
        assert await MIROFLOW.run(again) == episode
        assert len(requests(again)) == len(asked(events)) - len(asked(kept))
        found = asked(again.journal.events)  # type: ignore[attr-defined]
        assert found == asked(events), "keys follow from the task, not from who was faster"


def asked(events: dict[str, Any]) -> set[str]:
    """Keys of the model calls."""
    return {key for key, event in events.items() if isinstance(event, Reply)}


async def test_a_failure_in_a_sub_agent_fails_the_rollout_typed() -> None:
    def member(talk: list[dict[str, Any]]) -> Reply | Exception:
        return NetworkError("reset by peer") if talk[1]["content"] == "B" else searching(talk)

    rollout = team(Team(member=member))
    episode = await MIROFLOW.run(rollout)
    assert episode.stop_reason == "failed"
    assert episode.failure is not None and episode.failure.kind == "network"
    main, good, bad = episode.conversations
    assert main.messages[-1].role == "assistant", "no result was invented"
    assert (good.answer, good.failure) == ("A is known.", None)
    assert bad.failure == episode.failure
    assert any(key.startswith("browsing-1/") for key in rollout.journal.events)  # type: ignore[attr-defined]


async def test_a_sub_agent_without_a_report_is_a_failed_call() -> None:
    def member(talk: list[dict[str, Any]]) -> Reply:
        return saying("<think>hm</think>") if "Write the report" in talk[-1]["content"] else DONE

    episode = await MIROFLOW.run(team(Team(leading(task("A")), member), rollback=0))
    result = episode.conversations[0].messages[5]
    assert result.outcome == "tool_error"
    assert "without a report (no_answer)" in result.content
    assert (episode.answer, episode.failure) == ("Paris", None)


async def test_an_invalid_task_goes_back_unexecuted_beside_a_valid_one() -> None:
    wrong = call(raw='{"tasks": "A"}', name="agents__browsing")
    episode = await MIROFLOW.run(team(Team(leading(wrong, task("B")))))
    assert [m.outcome for m in episode.conversations[0].messages if m.role == "tool"] == ["invalid_call", "ok"]
    assert [c.called_by for c in episode.conversations[1:]] == [(0, 4, 1)]


async def test_the_lead_may_have_tools_of_its_own() -> None:
    box = LambdaToolbox(search=lambda a: f"found {a['q']}", note=lambda a: "noted")
    episode = await MIROFLOW.run(team(Team(leading(call("x", name="note"), task("A"))), toolbox=box))
    assert tools_of(episode, 0) == ["agents__browsing", "note"]
    assert [m.content for m in episode.conversations[0].messages if m.role == "tool"] == ["noted", "A is known."]


async def test_without_a_fitting_role_the_lead_works_alone() -> None:
    episode = await MIROFLOW.run(
        team(Team(leading(call("x", name="note"))), toolbox=LambdaToolbox(note=lambda a: "ok"))
    )
    assert [c.agent for c in episode.conversations] == ["main"]
    assert tools_of(episode, 0) == ["note"]


async def test_a_plan_with_calls_is_tried_again_and_at_last_they_are_declined() -> None:
    def teacher(request: ChatRequest) -> Reply:
        return acting(task("A")) if opens(request) else Team()(request)

    episode = await MIROFLOW.run(make_rollout(teacher, rollback=2))
    assert [r.reason for r in episode.rollbacks] == ["plan.missing"] * 2
    plan, declined = episode.conversations[0].messages[2:4]
    assert (plan.turn.tool_choice if plan.turn else "") == "none"
    assert declined.outcome == "blocked"
    assert len(episode.conversations) == 3, "the declined call spawned nobody"


async def test_planner_off() -> None:
    def teacher(request: ChatRequest) -> Reply:
        return acting(task("A")) if opens(request) else Team()(request)

    plain = MiroFlow(MiroFlowParadigm(planner=False))
    episode = await plain.run(make_rollout(teacher))
    assert [m.role[0] for m in episode.conversations[0].messages] == list("suataua")


async def test_limits_are_shared_out() -> None:
    def member(talk: list[dict[str, Any]]) -> Reply:
        return saying("Nothing.") if "Write the report" in talk[-1]["content"] else acting(call(str(len(talk))))

    episode = await MIROFLOW.run(team(Team(member=member), max_tool_calls=8))
    calls = [sum(len(m.tool_calls) for m in c.messages) for c in episode.conversations]
    assert calls == [2, 3, 3], "the lead's two calls leave six for two agents"
    assert [c.stop_reason for c in episode.conversations] == ["max_tool_calls"] * 3


@pytest.mark.parametrize(("role", "paradigm", "turns"), [(2, 7, 2), (None, 3, 3), (None, None, 4)])
async def test_turn_limits_of_role_paradigm_and_rollout(role: int | None, paradigm: int | None, turns: int) -> None:
    def member(talk: list[dict[str, Any]]) -> Reply:
        return saying("Nothing.") if "Write the report" in talk[-1]["content"] else acting(call(str(len(talk))))

    settings = MiroFlowParadigm(roles={"browsing": AgentRole(max_turns=role)}, max_turns=paradigm)
    episode = await MiroFlow(settings).run(team(Team(leading(task("A")), member), max_turns=4))
    sub = episode.conversations[1]
    assert sub.stop_reason == "max_turns"
    assert sum(bool(m.tool_calls) for m in sub.messages) == turns


@pytest.mark.slow
async def test_a_long_lead_stays_within_the_recursion_limit() -> None:
    def lead(talk: list[dict[str, Any]]) -> Reply:
        return Reply(content="On.", tool_calls=(task(f"task {len(talk)}"),))

    episode = await MIROFLOW.run(team(Team(lead), max_turns=20))
    assert (episode.stop_reason, len(episode.conversations)) == ("max_turns", 21)


async def test_a_role_may_have_a_teacher_of_its_own() -> None:
    other = SpeakingTeacher(Team())
    other.profile = replace(other.profile, name="other")
    settings = MiroFlowParadigm(roles={"browsing": AgentRole(teacher="other", prompt="An agent of a research team.")})
    rollout = team(teachers={"other": other})
    episode = await MiroFlow(settings).run(rollout)
    assert [c.teacher for c in episode.conversations] == ["teacher", "other", "other"]
    assert episode.conversations[1].messages[0].content == "An agent of a research team."
    assert len(other.requests) == 6


async def test_rollbacks_and_labels_of_all_agents_are_kept() -> None:
    seen: set[str] = set()

    def member(talk: list[dict[str, Any]]) -> Reply:
        if talk[1]["content"] not in seen:
            seen.add(talk[1]["content"])
            return acting(call(raw="{nope"))
        return replace(searching(talk), planted=("x",))

    episode = await MIROFLOW.run(team(Team(member=member)))
    assert sorted((r.conversation, r.reason) for r in episode.rollbacks) == [
        (1, "call.bad_json"),
        (2, "call.bad_json"),
    ]
    assert {label.conversation for label in episode.planted} == {1, 2}


async def test_cancelling_a_rollout_ends_its_sub_agents() -> None:
    reached = asyncio.Event()

    class Hanging(LambdaToolbox):
        async def call(self, *args: Any, **kwargs: Any) -> Any:
            reached.set()
            await asyncio.Event().wait()

    before = asyncio.all_tasks()
    running = asyncio.create_task(MIROFLOW.run(team(toolbox=Hanging(search=lambda a: ""))))
    await asyncio.wait_for(reached.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == before


async def test_the_wall_clock_ends_sub_agents_and_lead_in_summaries() -> None:
    class Slow(LambdaToolbox):
        async def call(self, *args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(5)

    episode = await MIROFLOW.run(team(toolbox=Slow(search=lambda a: ""), wall_clock=0.15))
    assert [c.stop_reason for c in episode.conversations] == ["time_limit"] * 3
    assert (episode.answer, episode.failure) == ("Paris", None)


async def test_without_langgraph_the_pip_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langgraph.graph", None)
    with pytest.raises(MissingExtra, match=r"trajsynth\[generate\]"):
        await MiroFlow().run(team())
