"""trajsynth.tools.sandbox: what programs print, what lasts between calls, what the tools say of themselves."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sandboxed import needs_sandbox

from trajsynth.config import SandboxTools as Settings
from trajsynth.config import Seconds
from trajsynth.errors import ToolServerError
from trajsynth.schemas import unusable
from trajsynth.tools.sandbox import TOOLS, SandboxTools


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxTools]:
    tools = SandboxTools(tmp_path / "workspaces", Settings(output_chars=2000, timeout=Seconds(20)))
    await tools.open()
    yield tools
    await tools.close()


async def said(sandbox: SandboxTools, tool: str, rollout: str = "r", **arguments: Any) -> str:
    result = await sandbox.call(tool, arguments, rollout=rollout)
    assert result.outcome == "ok", result
    return result.text


async def refused(sandbox: SandboxTools, tool: str, **arguments: Any) -> str:
    result = await sandbox.call(tool, arguments, rollout="r")
    assert result.outcome == "tool_error", result
    return result.text


def test_the_tools_describe_themselves(tmp_path: Path) -> None:
    tools = SandboxTools(tmp_path, name="box").tools()
    assert [(spec.server, spec.tool) for spec in tools] == [("box", spec.tool) for spec in TOOLS]
    for spec in tools:
        assert not unusable(spec.parameters) and not spec.idempotent and len(spec.description) > 60
        assert all(part.get("description") for part in spec.parameters["properties"].values())


@pytest.mark.slow
@needs_sandbox
async def test_python_and_commands(sandbox: SandboxTools) -> None:
    assert await said(sandbox, "run_python", code="print(6 * 7)") == "42"
    assert await said(sandbox, "run_command", command="printf a; printf b >&2; exit 0") == "a\n[stderr]\nb"
    assert "Print what you want to see" in await said(sandbox, "run_python", code="6 * 7")
    failed = await refused(sandbox, "run_python", code="import math\nmath.sqrt(-1)")
    assert "line 2" in failed and "ValueError" in failed and failed.endswith("[exit code 1]")
    assert (await refused(sandbox, "run_command", command="exit 7")) == "[exit code 7]"
    assert "not found" in await refused(sandbox, "run_command", command="no-such-program")
    long = await said(sandbox, "run_python", code="print('a' * 5000 + 'end')")
    assert "[Result truncated] 3004 bytes are left out here." in long and long.endswith("end")
    assert await said(sandbox, "run_python", code="print('\\udcff' + 'ä€')") == "\\udcffä€"


@needs_sandbox
async def test_files_last_and_rollouts_do_not_meet(sandbox: SandboxTools) -> None:
    assert await said(sandbox, "write_file", path="lib/own.py", content="X = 5\n") == "Wrote 'lib/own.py' (6 bytes)."
    assert await said(sandbox, "run_python", code="import lib.own; print(lib.own.X)") == "5"
    assert await said(sandbox, "run_command", command="echo 6 >> lib/own.py; cat lib/own.py") == "X = 5\n6"
    assert await said(sandbox, "read_file", path="/workspace/lib/own.py") == "X = 5\n6\n"
    assert await said(sandbox, "list_files") == "lib/\nlib/own.py (8 bytes)"
    assert (await said(sandbox, "write_file", path="lib/own.py", content="")).startswith("Replaced")
    assert await said(sandbox, "list_files", rollout="other") == "The folder is empty."
    assert await said(sandbox, "run_command", rollout="other", command="ls -A") == "It wrote nothing."
    assert await said(sandbox, "run_command", command="touch /tmp/x; ls /tmp") == "x"
    assert await said(sandbox, "run_command", command="ls /tmp") == "It wrote nothing."


@needs_sandbox
async def test_a_workspace_survives_the_process_and_goes_when_forgotten(sandbox: SandboxTools, tmp_path: Path) -> None:
    await said(sandbox, "write_file", path="a", content="kept")
    await sandbox.close()
    again = SandboxTools(tmp_path / "workspaces")
    await again.open()
    assert await said(again, "run_command", command="cat a") == "kept"
    again.forget("r")
    assert await said(again, "list_files") == "The folder is empty."
    await again.close()


@needs_sandbox
async def test_what_is_wrong_with_a_call(sandbox: SandboxTools) -> None:
    assert "'code' must be a text" in await refused(sandbox, "run_python")
    assert "whole number" in await refused(sandbox, "run_python", code="1", timeout=0)
    assert "NUL" in await refused(sandbox, "run_command", command="a\0b")
    assert "write_file" in await refused(sandbox, "run_command", command="x" * 200_000)
    assert "longer than" in await refused(sandbox, "run_python", code="x" * 200_000)
    assert "There is no tool 'fly'" in await refused(sandbox, "fly")
    assert "outside of the folder" in await refused(sandbox, "write_file", path="../x", content="")


@pytest.mark.slow
@needs_sandbox
async def test_many_at_once_and_a_cancelled_call_leaves_its_place(tmp_path: Path) -> None:
    tools = SandboxTools(tmp_path, Settings(concurrency=2))
    await tools.open()
    lost = asyncio.create_task(tools.call("run_command", {"command": "sleep 60"}, rollout="x"))
    await asyncio.sleep(0.2)
    lost.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lost
    calls = [tools.call("run_python", {"code": f"print({n})"}, rollout=str(n)) for n in range(8)]
    async with asyncio.timeout(30):
        assert [result.text for result in await asyncio.gather(*calls)] == [str(n) for n in range(8)]
    await tools.close()


@needs_sandbox
async def test_more_folders_can_be_read_but_not_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("data")
    for folder in (data, *data.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path(tempfile.gettempdir()):
            folder.chmod(folder.stat().st_mode | 0o055)
    (data / "table.csv").write_text("1,2\n")
    tools = SandboxTools(tmp_path_factory.mktemp("w"), Settings(read_only=[str(data)]))
    await tools.open()
    assert await said(tools, "run_command", command=f"cat {data}/table.csv") == "1,2"
    assert "Read-only" in await refused(tools, "run_command", command=f"touch {data}/x")
    await tools.close()


@needs_sandbox
async def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolServerError, match=r"'python9' does not run in it.*tools.sandbox.python"):
        await SandboxTools(tmp_path, Settings(python="python9")).open()
