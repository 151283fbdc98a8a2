"""Progressive discovery, and one call a message: what an agent may call and what is executed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from loopfakes import ANSWER, DONE, SCHEMA, MemoryJournal, SpeakingTeacher, acting, call, make_rollout, saying

from trajsynth.grammar import write_call
from trajsynth.paradigms import MiroFlow, ReAct
from trajsynth.protocols import ToolResult
from trajsynth.types import Toolset, ToolSpec

LIST = "toolbox__list_tools"


class Servers:
    """Two servers with tools, and a tool of none."""

    def __init__(self) -> None:
        self.executed: list[str] = []
        self._tools = (
            *(ToolSpec(name=f"{s}__{t}", description=f"{t} it.\nAt length.", parameters=SCHEMA, server=s, tool=t)
              for s, t in (("web", "search"), ("web", "open"), ("files", "read"))),
            ToolSpec(name="now", description="The time.", parameters=SCHEMA),
        )  # fmt: skip

    def tools(self) -> Toolset:
        return self._tools

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        self.executed.append(spec.name)
        return ToolResult(text=f"{spec.name}: {arguments['q']}")


def listing(server: str, how: str) -> Any:
    raw = orjson.dumps({"server": server}).decode()
    if how == "mcp":
        return saying(f"Which tools?\n{write_call('toolbox', 'list_tools', raw)}")
    return acting(call(name=LIST, raw=raw))


def searching(how: str) -> Any:
    if how == "mcp":
        return saying("Now.\n" + write_call("web", "search", '{"q": "x"}'))
    return acting(call("x", name="web__search"))


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_a_servers_tools_can_be_called_once_they_were_listed(how: str) -> None:
    journal, toolbox = MemoryJournal(), Servers()
    script = [searching(how), listing("web", how), searching(how), DONE, ANSWER]
    rollout = make_rollout(script, how=how, toolbox=toolbox, journal=journal, progressive=True, rollback=1)
    episode = await ReAct().run(rollout)
    (talk,) = episode.conversations
    assert [[spec.name for spec in tools] for tools in talk.toolsets] == [
        [LIST, "now"],
        [LIST, "web__search", "web__open", "now"],
    ]
    assert (toolbox.executed, [r.reason for r in episode.rollbacks]) == (["web__search"], ["call.unknown_tool"])
    listed = next(m.content for m in talk.messages if m.role == "tool")
    assert listed == "From now on you can call these tools of web:\n- search: search it.\n- open: open it."
    described = talk.toolsets[0][0].description
    assert "web (2: search, open); files (1: read)." in described

    again = make_rollout([], how=how, toolbox=Servers(), journal=journal, progressive=True, rollback=1)
    assert (await ReAct().run(again)).conversations == episode.conversations


async def test_a_rollout_resumed_after_listing_knows_what_was_listed() -> None:
    how, journal = "function_calling", MemoryJournal()
    first = make_rollout([listing("files", how), RuntimeError()], toolbox=Servers(), journal=journal, progressive=True)
    with pytest.raises(RuntimeError):
        await ReAct().run(first)
    rollout = make_rollout([DONE, ANSWER], toolbox=Servers(), journal=journal, progressive=True)
    (talk,) = (await ReAct().run(rollout)).conversations
    assert [spec.name for spec in talk.toolsets[-1]] == [LIST, "files__read", "now"]


async def test_an_unknown_server_is_an_invalid_call() -> None:
    script = [listing("wob", "function_calling"), DONE, ANSWER]
    (talk,) = (await ReAct().run(make_rollout(script, toolbox=Servers(), progressive=True))).conversations
    assert next(m.outcome for m in talk.messages if m.role == "tool") == "invalid_call"
    assert len(talk.toolsets) == 1


async def test_sub_agents_are_offered_at_once_and_list_their_own() -> None:
    script = [saying("1. Ask the browser."), acting(call(name="agents__browsing", raw='{"task": "find"}')),
              listing("web", "function_calling"), searching("function_calling"), DONE, saying("It is x."),
              DONE, ANSWER]  # fmt: skip
    toolbox = Servers()
    episode = await MiroFlow().run(make_rollout(script, toolbox=toolbox, progressive=True))
    main, sub = episode.conversations
    assert "agents__browsing" in [spec.name for spec in main.toolsets[0]]
    assert [spec.name for spec in sub.toolsets[0]] == [LIST]
    assert (toolbox.executed, episode.answer) == (["web__search"], "Paris")


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
@pytest.mark.parametrize(("one_call", "executed"), [(False, 3), (True, 1)])
async def test_calls_beyond_the_one_a_message_may_hold_are_answered_as_not_executed(
    how: str, one_call: bool, executed: int
) -> None:
    queries = "abc"
    if how == "mcp":
        turn = saying("\n".join(write_call("web", "search", f'{{"q": "{q}"}}') for q in queries))
    else:
        turn = acting(*(call(q, name="web__search") for q in queries))
    toolbox = Servers()
    rollout = make_rollout([turn, DONE, ANSWER], how=how, toolbox=toolbox, one_call=one_call)
    (talk,) = (await ReAct().run(rollout)).conversations
    outcomes = [m.outcome for m in talk.messages if m.role == "tool"]
    assert outcomes == ["ok"] * executed + ["blocked"] * (3 - executed)
    assert len(toolbox.executed) == executed
    teacher = rollout.teacher
    assert isinstance(teacher, SpeakingTeacher)
    sent = b"".join(teacher.requests[1].messages).decode()
    assert sent.count("Not executed: only the first call") == 3 - executed
