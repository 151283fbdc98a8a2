"""What calls leave behind lasts exactly as long as the journal: over a stop, not over an end or a fresh start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from generatefakes import FakeToolbox, Steps, make_config, make_plan
from sandboxed import needs_sandbox

from trajsynth.errors import NetworkError
from trajsynth.generate.journal import Journals
from trajsynth.generate.plan import Summary
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.stopping import Stop
from trajsynth.generate.store import read_trajectories
from trajsynth.protocols import Rollout, ToolResult
from trajsynth.tools.sandbox import SandboxTools
from trajsynth.types import ToolSpec

CONFIG = make_config(arms=[{"teacher": "a"}])


class Counting(FakeToolbox):
    """Keeps the number of calls of each rollout, and says it."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        self.kept[rollout] = self.kept.get(rollout, 0) + 1
        return ToolResult(text=str(self.kept[rollout]))

    def forget(self, rollout: str) -> None:
        self.kept.pop(rollout, None)


class Writing(FakeToolbox):
    """Each call adds a line to a file in the sandbox and shows all of it."""

    def __init__(self, sandbox: SandboxTools) -> None:
        self.sandbox = sandbox

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        command = {"command": "echo line >> log; wc -l < log"}
        return await self.sandbox.call("run_command", command, rollout=rollout)

    def forget(self, rollout: str) -> None:
        self.sandbox.forget(rollout)


async def run(folder: Path, **changes: Any) -> Summary:
    with RunDir.open(folder, CONFIG) as rundir:
        return await asyncio.wait_for(generate(make_plan(rundir, CONFIG, n=4, **changes)), 60)


def stopping(stop: Stop, at: int) -> Steps:
    def before(rollout: Rollout, step: int) -> None:
        if step == at and not stop.asked:  # asked twice, it would not wait for calls in flight
            stop.request()

    return Steps(before=before)


def counts(folder: Path) -> list[list[str]]:
    """What the tool said in each trajectory, in order."""
    made = read_trajectories(folder)
    return [[m.content for m in t.conversations[0].messages if m.role == "tool"] for t in made]


async def test_kept_over_a_stop_and_forgotten_at_the_end(tmp_path: Path) -> None:
    box, stop = Counting(), Stop()
    await run(tmp_path, toolbox=box, stop=stop, paradigms={"react": stopping(stop, 2)})
    assert box.kept and all(count == 2 for count in box.kept.values())
    await run(tmp_path, toolbox=box)
    assert counts(tmp_path) == [["1", "2", "3"]] * 4
    assert box.kept == {}


async def test_a_failed_rollout_made_again_finds_what_its_journal_knows(tmp_path: Path) -> None:
    failing = True

    def before(rollout: Rollout, step: int) -> None:
        if step == 2 and failing:
            raise NetworkError("gone")

    box = Counting()
    await run(tmp_path, toolbox=box, paradigms={"react": Steps(before=before)})
    assert all(count == 2 for count in box.kept.values())
    failing = False
    await run(tmp_path, toolbox=box)
    assert counts(tmp_path) == [["1", "2", "3"]] * 4


async def test_a_fresh_start_finds_nothing(tmp_path: Path) -> None:
    box, stop = Counting(), Stop()
    await run(tmp_path, toolbox=box, stop=stop, paradigms={"react": stopping(stop, 2)})
    for journal in (tmp_path / "journal").iterdir():
        journal.write_text("another version's\n")
    await run(tmp_path, toolbox=box)
    assert counts(tmp_path) == [["1", "2", "3"]] * 4


def test_a_journal_left_of_a_finished_rollout_takes_its_workspace_along(tmp_path: Path) -> None:
    (tmp_path / "done.jsonl").touch()
    (tmp_path / "open.jsonl").touch()
    gone: list[str] = []
    Journals(tmp_path, gone=gone.append).sweep({"done"})
    assert gone == ["done"]


@needs_sandbox
@pytest.mark.slow
async def test_a_workspace_lies_beside_the_journal_and_survives_a_stop(tmp_path: Path) -> None:
    stop, folder = Stop(), tmp_path / "workspaces"
    RunDir.open(tmp_path, CONFIG).close()
    for changes in ({"stop": stop, "paradigms": {"react": stopping(stop, 2)}}, {}):
        sandbox = SandboxTools(folder)
        await sandbox.open()
        await run(tmp_path, toolbox=Writing(sandbox), **changes)
        left = {path.name for path in folder.iterdir()} - {".dropped"}
        assert left == {path.stem for path in (tmp_path / "journal").iterdir()}
        assert bool(left) == bool(changes)
        await sandbox.close()
    assert counts(tmp_path) == [["1", "2", "3"]] * 4
