"""Tool lists in the journal, and tool sessions of a rollout's own: opened before, closed after, never continued."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from generatefakes import FakeToolbox, Steps, make_config, make_plan

from trajsynth.config import Config
from trajsynth.errors import NetworkError, ToolServerError
from trajsynth.generate.journal import FileJournal, Journals
from trajsynth.generate.plan import Summary
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.store import read_failures
from trajsynth.protocols import Reply, Rollout, ToolResult
from trajsynth.types import Toolset, ToolSpec

SEARCH = ToolSpec(name="search", description="é", parameters={"type": "object", "properties": {"q": {}}}, server="s")
OPEN = ToolSpec(name="open", server="s", poll=True)


def reopened(folder: Path, stateful: bool = False) -> FileJournal:
    return Journals(folder, stateful=stateful).open("job", "s")


async def turn(journal: FileJournal, step: int, offered: Toolset) -> Toolset:
    async def make() -> Reply:
        return Reply(content=str(step))

    tools = journal.tools(f"main/{step}", offered)
    await journal.reply(f"main/{step}/0", make)
    return tools


async def test_replayed_turns_see_the_lists_they_saw_and_the_next_one_sees_what_is_offered(tmp_path: Path) -> None:
    journal = reopened(tmp_path)
    first: Toolset = (SEARCH,)
    assert journal.tools("main/start", first) is first
    for step, offered in enumerate([(SEARCH,), (SEARCH, OPEN), (SEARCH, OPEN), (OPEN,)]):
        assert await turn(journal, step, offered) == offered
    journal = reopened(tmp_path)
    assert journal.tools("main/start", (OPEN,)) == (SEARCH,)
    assert [await turn(journal, step, ()) for step in range(4)] == [(SEARCH,), (SEARCH, OPEN), (SEARCH, OPEN), (OPEN,)]
    assert await turn(journal, 4, (SEARCH,)) == (SEARCH,)
    journal = reopened(tmp_path)
    assert journal.tools("main/start", (OPEN,)) == (SEARCH,)
    assert [await turn(journal, step, (OPEN,)) for step in range(5)][3:] == [(OPEN,), (SEARCH,)]


async def test_a_list_is_written_only_when_it_is_new(tmp_path: Path) -> None:
    journal = reopened(tmp_path)
    journal.tools("main/start", (SEARCH,))
    for step in range(5):
        await turn(journal, step, (SEARCH,))
    journal.tools("browsing-1/start", (SEARCH,))
    assert (tmp_path / "job.jsonl").read_text().count('"kind":"tools"') == 2


async def test_agents_have_lists_of_their_own(tmp_path: Path) -> None:
    journal = reopened(tmp_path)
    journal.tools("main/start", (SEARCH,))
    journal.tools("browsing-1/start", (OPEN,))
    journal = reopened(tmp_path)
    assert (journal.tools("main/start", ()), journal.tools("browsing-1/start", ())) == ((SEARCH,), (OPEN,))


async def test_results_of_a_session_that_has_ended_are_not_continued(tmp_path: Path) -> None:
    async def make() -> ToolResult:
        return ToolResult(text="kept in the session")

    journal = reopened(tmp_path, stateful=True)
    await turn(journal, 0, (SEARCH,))
    assert reopened(tmp_path, stateful=True).discarded == ""
    await reopened(tmp_path, stateful=True).result("main/0/0/0", make)
    assert reopened(tmp_path).discarded == ""
    assert "has ended (state: session)" in reopened(tmp_path, stateful=True).discarded
    assert not (tmp_path / "job.jsonl").exists()


class Sessions(FakeToolbox):
    """A toolbox with a session for each rollout; `fails` are the openings, by number, that do not work."""

    def __init__(self, fails: int = 0) -> None:
        self.log: list[str] = []
        self.open: set[str] = set()
        self.fails = fails

    async def begin(self, rollout: str) -> None:
        if self.fails:
            self.fails -= 1
            raise ToolServerError("MCP server 'x' died at start: boom")
        self.open.add(rollout)
        self.log.append("begin")

    def tools_of(self, rollout: str) -> Toolset:
        return ()

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        assert rollout in self.open
        return await super().call(spec, arguments, rollout=rollout)

    async def release(self, rollout: str) -> None:
        self.open.discard(rollout)
        self.log.append("release")


async def run(folder: Path, config: Config, **changes: Any) -> Summary:
    with RunDir.open(folder, config) as rundir:
        return await asyncio.wait_for(generate(make_plan(rundir, config, **changes)), 20)


async def test_sessions_are_opened_and_closed_around_each_rollout(tmp_path: Path) -> None:
    toolbox = Sessions()
    summary = await run(tmp_path, make_config(arms=[{"teacher": "a"}]), toolbox=toolbox)
    assert (summary.done, toolbox.open, sorted(toolbox.log)) == (6, set(), ["begin"] * 6 + ["release"] * 6)


async def test_a_server_that_does_not_start_for_a_rollout_is_its_typed_failure(tmp_path: Path) -> None:
    config = make_config(arms=[{"teacher": "a"}])
    summary = await run(tmp_path, config, n=3, toolbox=Sessions(fails=2))
    assert (summary.done, summary.failed) == (1, {"tool_server": 2})
    messages = {failed.failure.message for failed in read_failures(tmp_path) if failed.failure}
    assert messages == {"MCP server 'x' died at start: boom"}
    assert (await run(tmp_path, config, n=3, toolbox=Sessions())).done == 2


async def test_with_session_state_a_failed_rollout_starts_again(tmp_path: Path) -> None:
    tools = {"mcpServers": {"x": {"command": "x"}}, "servers": {"x": {"state": "session"}}}
    config = make_config(arms=[{"teacher": "a"}], tools=tools)

    def falter(rollout: Rollout, step: int) -> None:
        if step == 2:
            raise NetworkError("down")

    await run(tmp_path, config, n=1, paradigms={"react": Steps(before=falter)})
    summary = await run(tmp_path, config, n=1, toolbox=Sessions())
    assert (summary.done, summary.continued, summary.discarded, summary.turns) == (1, 0, 1, 3)
    assert "a tool session that has ended" in summary.notes[0]
