"""The loop with a teacher that speaks a script: turns, limits, rollback, failures, the summary."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from loopfakes import ANSWER, DONE, LambdaToolbox, acting, call, make_rollout, saying

from trajsynth.errors import ContextOverflow, NetworkError
from trajsynth.paradigms import KeepLastResults, ReAct
from trajsynth.protocols import ChatRequest, Episode, Reply, ToolResult
from trajsynth.types import Usage

BAD_JSON = acting(call(raw="{nope"))


def mcp(tool: str = "search", arguments: str = '{"q": "x"}') -> str:
    """A call in the in-prompt grammar."""
    names = f"<server_name>s</server_name>\n<tool_name>{tool}</tool_name>"
    return f"<use_mcp_tool>\n{names}\n<arguments>{arguments}</arguments>\n</use_mcp_tool>"


def roles(episode: Episode) -> str:
    return "".join(message.role[0] for message in episode.conversations[0].messages)


async def test_think_act_observe_summarise() -> None:
    rollout = make_rollout([acting(call("a"), call("b")), DONE, ANSWER])
    episode = await ReAct().run(rollout)
    assert roles(episode) == "suattaua"
    assert (episode.answer, episode.stop_reason, episode.failure) == ("Paris", "answered", None)
    results = [m for m in episode.conversations[0].messages if m.role == "tool"]
    assert [(m.content, m.answers, m.outcome) for m in results] == [
        ("found a", (2, 0), "ok"),
        ("found b", (2, 1), "ok"),
    ]
    last = rollout.teacher.requests[-1]  # type: ignore[attr-defined]
    assert last.tool_choice == "none"
    assert last.tools


async def test_in_prompt_calls_become_one_user_turn() -> None:
    rollout = make_rollout([saying("Plan.\n" + mcp()), DONE, ANSWER], how="mcp")
    episode = await ReAct().run(rollout)
    assert episode.answer == "Paris"
    wire = rollout.teacher.sent(1)  # type: ignore[attr-defined]
    assert [message["role"] for message in wire] == ["system", "user", "assistant", "user"]
    assert "found x" in wire[-1]["content"]
    message = episode.conversations[0].messages[2]
    start, end = message.tool_calls[0].span or (0, 0)
    assert message.content[start:end] == mcp()


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (BAD_JSON, "call.bad_json"),
        (acting(call(raw="[1]")), "call.not_object"),
        (acting(call("x", name="serach")), "call.unknown_tool"),
        (saying(""), "empty"),
        (saying("I'm sorry, but I cannot help with that request."), "refusal"),
    ],
)
async def test_a_faulty_turn_is_tried_again_with_the_next_seed(reply: Reply, reason: str) -> None:
    rollout = make_rollout([reply, reply, acting(call("a")), DONE, ANSWER])
    episode = await ReAct().run(rollout)
    assert episode.answer == "Paris"
    assert [(r.reason, r.attempt, r.before) for r in episode.rollbacks] == [(reason, 0, 2), (reason, 1, 2)]
    seeds = [request.seed for request in rollout.teacher.requests]  # type: ignore[attr-defined]
    assert seeds == [7, 1_000_010, 2_000_013, 7, 7]
    assert roles(episode) == "suataua"


async def test_rollback_gives_up_after_its_limit_and_the_fault_goes_back_as_a_result() -> None:
    rollout = make_rollout([BAD_JSON, BAD_JSON, DONE, ANSWER], rollback=1)
    episode = await ReAct().run(rollout)
    assert len(episode.rollbacks) == 1
    message = episode.conversations[0].messages[3]
    assert (message.role, message.outcome) == ("tool", "invalid_call")
    assert rollout.toolbox.calls == []  # type: ignore[attr-defined]


async def test_arguments_that_break_the_schema_are_answered_not_executed() -> None:
    rollout = make_rollout([acting(call(raw='{"q": 3}'), call("fine")), DONE, ANSWER])
    episode = await ReAct().run(rollout)
    assert not episode.rollbacks
    outcomes = [m.outcome for m in episode.conversations[0].messages if m.role == "tool"]
    assert outcomes == ["invalid_call", "ok"], "the fault of one call must not cost the other its result"
    assert rollout.toolbox.calls == [("search", {"q": "fine"})]  # type: ignore[attr-defined]


@pytest.mark.parametrize("where", ["content", "reasoning"])
async def test_an_unreadable_or_misplaced_call_is_never_executed(where: str) -> None:
    if where == "content":
        faulty = saying("<use_mcp_tool><server_name>s</server_name><tool_name>search</tool_name>")
    else:
        faulty = saying("Hm.", reasoning=mcp())
    rollout = make_rollout([faulty, DONE, ANSWER], how="mcp", rollback=0)
    episode = await ReAct().run(rollout)
    assert rollout.toolbox.calls == []  # type: ignore[attr-defined]
    assert roles(episode) == "suauaua"
    assert "could not be read" in episode.conversations[0].messages[3].content


async def test_the_third_identical_question_is_rolled_back_unless_polling() -> None:
    script = [acting(call("a"))] * 3 + [acting(call("b")), DONE, ANSWER]
    episode = await ReAct().run(make_rollout(script))
    assert [r.reason for r in episode.rollbacks] == ["call.repeated"]
    polling = [acting(call("a", name="poll"))] * 4 + [DONE, ANSWER]
    episode = await ReAct().run(make_rollout(polling, toolbox=LambdaToolbox(poll=lambda _: "not yet")))
    assert not episode.rollbacks


async def test_a_retry_after_a_transient_failure_is_no_repeat() -> None:
    box = LambdaToolbox(search=lambda _: ToolResult(text="lost", outcome="unavailable", transient=True))
    episode = await ReAct().run(make_rollout([acting(call("a"))] * 4 + [DONE, ANSWER], toolbox=box))
    assert not episode.rollbacks


@pytest.mark.parametrize(("turns", "stop"), [(3, "answered"), (2, "max_turns")])
async def test_turn_limit(turns: int, stop: str) -> None:
    script = [acting(call("a")), acting(call("b")), DONE if turns == 3 else ANSWER, ANSWER]
    episode = await ReAct().run(make_rollout(script, max_turns=turns))
    assert (episode.stop_reason, episode.answer) == (stop, "Paris")


async def test_calls_over_the_limit_are_answered_unexecuted() -> None:
    rollout = make_rollout([acting(call("a"), call("b"), call("c")), ANSWER], max_tool_calls=2)
    episode = await ReAct().run(rollout)
    assert episode.stop_reason == "max_tool_calls"
    assert [m.outcome for m in episode.conversations[0].messages if m.role == "tool"] == ["ok", "ok", "blocked"]


async def test_wall_clock_ends_in_a_summary() -> None:
    class Slow(LambdaToolbox):
        async def call(self, *args: Any, **kwargs: Any) -> ToolResult:
            await asyncio.sleep(5)
            return ToolResult(text="late")

    box = Slow(search=lambda _: "")
    episode = await ReAct().run(make_rollout([acting(call("a")), ANSWER], toolbox=box, wall_clock=0.05))
    assert (episode.stop_reason, episode.answer) == ("time_limit", "Paris")
    assert [m.outcome for m in episode.conversations[0].messages if m.role == "tool"] == ["timeout"]


async def test_context_overflow_leads_to_the_summary_with_results_hidden() -> None:
    def script(request: ChatRequest) -> Reply:
        if request.tool_choice == "none":
            if sum(map(len, request.messages)) > 6000:
                raise ContextOverflow("too long")
            return ANSWER
        if len(request.messages) > 6:
            raise ContextOverflow("too long")
        return acting(call("x" * 10 + str(len(request.messages))))

    box = LambdaToolbox(search=lambda a: a["q"] * 300)
    episode = await ReAct().run(make_rollout(script, toolbox=box))
    assert (episode.stop_reason, episode.answer, episode.failure) == ("context_full", "Paris", None)
    turn = episode.conversations[0].messages[-1].turn
    assert turn is not None and turn.hidden


async def test_the_reported_usage_predicts_the_overflow() -> None:
    def script(request: ChatRequest) -> Reply:
        size = sum(map(len, request.messages)) + len(request.tools)
        usage = Usage(calls=1, input=size)
        if request.tool_choice:
            return saying(r"\boxed{1}", usage=usage)
        return Reply(content="go", tool_calls=(call(str(size)),), usage=usage)

    profile = {"context_tokens": 6000, "max_output_tokens": 500}
    rollout = make_rollout(script, profile=profile)
    episode = await ReAct().run(rollout)
    assert episode.stop_reason == "context_full"
    sizes = [sum(map(len, r.messages)) + len(r.tools) for r in rollout.teacher.requests]  # type: ignore[attr-defined]
    assert max(sizes[:-1]) < 6000 - 500 - 1000


@pytest.mark.parametrize(("rollback", "tries"), [(0, 1), (1, 2), (4, 3)])
async def test_summary_without_box_is_tried_again(rollback: int, tries: int) -> None:
    rollout = make_rollout([DONE] + [saying("It is Paris.")] * 9, rollback=rollback)
    episode = await ReAct().run(rollout)
    assert (episode.answer, episode.stop_reason) == (None, "no_answer")
    assert len(rollout.teacher.requests) == 1 + tries  # type: ignore[attr-defined]
    assert [r.reason for r in episode.rollbacks] == ["answer.missing"] * (tries - 1)


async def test_a_call_on_the_summary_turn_is_answered_but_not_executed() -> None:
    rollout = make_rollout([DONE, acting(call("a"), content=r"\boxed{Paris}")])
    episode = await ReAct().run(rollout)
    assert episode.answer == "Paris"
    assert episode.conversations[0].messages[-1].outcome == "blocked"
    assert rollout.toolbox.calls == []  # type: ignore[attr-defined]


async def test_a_failure_is_typed_keeps_what_was_said_and_never_becomes_text() -> None:
    episode = await ReAct().run(make_rollout([acting(call("a")), NetworkError("connection reset by peer")]))
    assert episode.stop_reason == "failed"
    assert episode.failure is not None and episode.failure.kind == "network"
    assert roles(episode) == "suat"
    assert all("connection reset" not in m.content for m in episode.conversations[0].messages)


async def test_resume_over_the_journal_repeats_no_call_and_gives_the_same_episode() -> None:
    script = [BAD_JSON, acting(call("a"), call("b")), DONE, ANSWER]
    first = make_rollout(script)
    episode = await ReAct().run(first)
    for cut in range(len(first.journal.events) + 1):  # type: ignore[attr-defined]
        again = make_rollout(script)
        kept = dict(list(first.journal.events.items())[:cut])  # type: ignore[attr-defined]
        again.journal.events.update(kept)  # type: ignore[attr-defined]
        served = sum(isinstance(event, Reply) for event in kept.values())
        again.teacher.script = script[served:]  # type: ignore[attr-defined]
        assert await ReAct().run(again) == episode
        assert len(again.teacher.requests) == len(script) - served  # type: ignore[attr-defined]


async def test_what_was_hidden_is_recorded_and_is_what_was_sent() -> None:
    script = [acting(call(str(i))) for i in range(4)] + [DONE, ANSWER]
    rollout = make_rollout(script, context=KeepLastResults(keep=2))
    episode = await ReAct().run(rollout)
    messages = episode.conversations[0].messages
    turns = [m.turn for m in messages if m.turn]
    assert [turn.hidden for turn in turns] == [(), (), (), (3,), (3, 5), (3, 5)]
    wire = rollout.teacher.sent(4)  # type: ignore[attr-defined]
    shown = [m["content"] for m in wire if m["role"] == "tool"]
    assert shown[2:] == ["found 2", "found 3"]
    assert shown[0] == shown[1] != "found 0"
