"""Servers that change their tools, sessions of each rollout, pools: in memory, in both protocol eras."""

from __future__ import annotations

import asyncio

import pytest
from livingserver import EachItsOwn, counting, living
from loopfakes import ANSWER, DONE, MemoryJournal, SpeakingTeacher, acting, call, make_rollout, saying

from trajsynth.config import McpServer, ServerTools
from trajsynth.errors import ToolServerError
from trajsynth.grammar import write_call
from trajsynth.paradigms import ReAct
from trajsynth.paradigms.seen import seen
from trajsynth.protocols import Reply
from trajsynth.tools import McpSource, Toolbox

ERAS = ("auto", "legacy")


def box(connect: EachItsOwn, **options: object) -> Toolbox:
    chosen = ServerTools(**options)  # type: ignore[arg-type]
    return Toolbox([McpSource("s", McpServer(command="x"), connect=connect, options=chosen)], servers={"s": chosen})


def names(toolbox: Toolbox, rollout: str = "") -> list[str]:
    return [spec.tool for spec in toolbox.tools_of(rollout)]


@pytest.mark.parametrize("mode", ERAS)
async def test_a_changed_list_is_there_with_the_result_that_changed_it(mode: str) -> None:
    async with box(EachItsOwn(living, mode)) as toolbox:
        before = toolbox.tools()
        assert [spec.tool for spec in before] == ["unlock", "old", "stays"]
        await asyncio.sleep(0.05)
        assert toolbox.tools() is before
        result = await toolbox.call(before[0], {}, rollout="r")
        assert (result.text, names(toolbox)) == ("unlocked", ["unlock", "stays", "secret"])
        gone = await toolbox.call(before[1], {}, rollout="r")
        assert (gone.outcome, gone.text) == ("unavailable", "The tool 'old' is not offered by the server 's'.")
        assert (await toolbox.call(before[2], {"q": "x"}, rollout="r")).text == "still here"


def replies(how: str) -> list[Reply]:
    """Unlock, use what it brought, answer."""
    if how == "mcp":
        calls = [write_call("s", "unlock", "{}"), write_call("s", "secret", '{"q": "x"}')]
        return [saying(f"I try.\n{calls[0]}"), saying(f"New tools.\n{calls[1]}"), DONE, ANSWER]
    return [acting(call(name="s__unlock", raw="{}")), acting(call("x", name="s__secret")), DONE, ANSWER]


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_a_rollout_uses_a_new_tool_one_turn_after_it_appeared(how: str, mode: str) -> None:
    journal = MemoryJournal()
    async with box(EachItsOwn(living, mode)) as toolbox:
        rollout = make_rollout(replies(how), how=how, toolbox=toolbox, journal=journal)
        episode = await ReAct().run(rollout)
    (talk,) = episode.conversations
    assert (episode.answer, episode.stop_reason, episode.rollbacks) == ("Paris", "answered", ())
    assert [[spec.tool for spec in tools] for tools in talk.toolsets] == [
        ["unlock", "old", "stays"],
        ["unlock", "stays", "secret"],
    ]
    turns = [message for message in talk.messages if message.turn]
    assert [message.turn.toolset for message in turns if message.turn] == [0, 1, 1, 1]
    assert next(m.content for m in talk.messages if m.role == "tool" and "secret" in m.content) == "the secret of x"

    teacher = rollout.teacher
    assert isinstance(teacher, SpeakingTeacher)
    for i, message in enumerate(turns):  # what the teacher saw can be rebuilt from the record
        assert seen(talk, message.n, rollout.invocation, teacher.profile) == teacher.sent(i)
    shown = [(request.tools or b"".join(request.messages)).decode() for request in teacher.requests]
    assert ["What only an unlocked server tells." in text for text in shown] == [False, True, True, True]

    async with box(EachItsOwn(living, mode)) as toolbox:  # resumed beside a server that knows nothing of it
        again = make_rollout([], how=how, toolbox=toolbox, journal=journal)
        assert (await ReAct().run(again)).conversations == episode.conversations


async def test_the_note_names_what_is_new_changed_and_gone() -> None:
    async with box(EachItsOwn(living)) as toolbox:
        rollout = make_rollout(replies("mcp"), how="mcp", toolbox=toolbox)
        (talk,) = (await ReAct().run(rollout)).conversations
    result, note = talk.messages[3:5]
    assert (result.role, note.role) == ("tool", "user")
    new = ["have changed", "new:", "## Server name: s", "### Tool name: secret", "Input JSON schema: {"]
    changed = ["another way now:", "### Tool name: stays\nDescription: After."]
    parts = [*new, *changed, "no longer there:", "- old (server s)"]
    places = [note.content.index(part) for part in parts]
    assert places == sorted(places)
    assert "Tool name: unlock" not in note.content


async def test_a_list_nobody_announced_is_found_when_the_session_is_opened_again() -> None:
    servers = iter([counting(), living()])
    async with box(EachItsOwn(lambda: next(servers))) as toolbox:
        (_, drop) = toolbox.tools()
        await toolbox.call(drop, {}, rollout="r")
        assert names(toolbox) == ["unlock", "old", "stays"]


@pytest.mark.parametrize(
    ("options", "offered"),
    [
        ({"allow": ["unlock", "st*"]}, ["unlock", "stays"]),
        ({"deny": ["old"]}, ["unlock", "stays"]),
        ({"allow": ["*"], "deny": ["*"]}, []),
    ],
)
async def test_allow_and_deny(options: dict[str, list[str]], offered: list[str]) -> None:
    async with box(EachItsOwn(living), **options) as toolbox:
        assert names(toolbox) == offered
        if "unlock" in offered:
            await toolbox.call(toolbox.tools()[0], {}, rollout="r")
            assert ("secret" in names(toolbox)) == ("allow" not in options)


@pytest.mark.parametrize("key", ["allow", "deny"])
async def test_a_pattern_that_names_no_tool_is_refused(key: str) -> None:
    connect = EachItsOwn(living)
    message = rf"tools\.servers\.s\.{key}: unknown tool 'unlok'; did you mean 'unlock'\? known: old, stays, unlock"
    with pytest.raises(ToolServerError, match=message):
        await box(connect, **{key: ["unlok"]}).open()
    assert connect.open == 0


async def test_each_rollout_has_a_session_of_its_own() -> None:
    connect = EachItsOwn()
    async with box(connect, scope="rollout") as toolbox:
        (count, _) = toolbox.tools()
        await toolbox.begin("a")
        await toolbox.begin("b")
        texts = [(await toolbox.call(count, {}, rollout=rollout)).text for rollout in "aab"]
        assert (texts, connect.opened, connect.open) == (["1", "2", "1"], 2, 2)
        assert toolbox.tools_of("a") is toolbox.tools()
        await toolbox.release("a")
        assert connect.open == 1
        assert (await toolbox.call(count, {}, rollout="a")).text == "1"
    assert connect.open == 0


async def test_tools_that_change_in_one_rollouts_session_change_for_it_alone() -> None:
    async with box(EachItsOwn(living), scope="rollout") as toolbox:
        await toolbox.begin("a")
        await toolbox.begin("b")
        await toolbox.call(toolbox.tools()[0], {}, rollout="a")
        assert ["secret" in names(toolbox, rollout) for rollout in ("a", "b", "")] == [True, False, False]


async def test_a_session_that_cannot_be_opened_for_a_rollout_is_a_typed_failure() -> None:
    async with box(EachItsOwn(breaks=2), scope="rollout") as toolbox:
        await toolbox.begin("a")
        with pytest.raises(ToolServerError, match="cannot open: refused"):
            await toolbox.begin("b")
        await toolbox.release("b")


async def test_a_pool_spreads_calls() -> None:
    connect = EachItsOwn()
    async with box(connect, pool=3) as toolbox:
        (count, _) = toolbox.tools()
        texts = [r.text for r in await asyncio.gather(*(toolbox.call(count, {}, rollout=str(i)) for i in range(6)))]
        assert (connect.opened, sorted(texts)) == (3, ["1", "1", "1", "2", "2", "2"])


@pytest.mark.parametrize(("state", "opened", "text"), [("none", 2, "lost"), ("session", 1, "kept for this task")])
async def test_a_lost_session_is_not_replaced_silently_when_it_kept_something(
    state: str, opened: int, text: str
) -> None:
    connect = EachItsOwn()
    async with box(connect, state=state) as toolbox:
        (_, drop) = toolbox.tools()
        await toolbox.begin("a")
        result = await toolbox.call(drop, {}, rollout="a")
        assert (result.outcome, connect.opened) == ("unavailable", opened)
        assert text in result.text


async def test_a_pool_that_cannot_be_filled_is_closed_again() -> None:
    connect = EachItsOwn(breaks=3)
    with pytest.raises(ToolServerError, match="cannot open: refused"):
        await box(connect, pool=3).open()
    assert connect.open == 0
