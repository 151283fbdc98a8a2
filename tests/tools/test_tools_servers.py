"""trajsynth.tools.servers: a source over MCP says what it says as functions, each rollout in its own workspace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from sandboxed import needs_sandbox

from trajsynth.config import McpServer, ServerTools
from trajsynth.errors import ConfigError
from trajsynth.protocols import ROLLOUT_META
from trajsynth.tools import McpSource, build_sources
from trajsynth.tools.files import FilesTools
from trajsynth.tools.sandbox import TOOLS, SandboxTools
from trajsynth.tools.servers import files as files_server
from trajsynth.tools.servers import sandbox as sandbox_server
from trajsynth.tools.servers.serving import make_server

mcp: Any = pytest.importorskip("mcp")


async def test_files_over_mcp(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    source = FilesTools(tmp_path)
    async with mcp.Client(make_server(source)) as client:
        offered = (await client.list_tools()).tools
        assert [(tool.name, tool.description, tool.input_schema) for tool in offered] == [
            (spec.tool, spec.description, spec.parameters) for spec in source.tools()
        ]
        assert all(tool.annotations.read_only_hint and tool.meta == {"trajsynth/state": "none"} for tool in offered)
        good = await client.call_tool("read_file", {"path": "a.txt", "page": None})
        bad = await client.call_tool("read_file", {"path": "../a.txt"})
        wrong = await client.call_tool("read_file", {})
    assert (good.content[0].text, good.is_error) == ("alpha", False)
    assert "outside" in bad.content[0].text and bad.is_error and wrong.is_error


@needs_sandbox
async def test_each_rollout_named_has_its_workspace(tmp_path: Path) -> None:
    source = SandboxTools(tmp_path)
    await source.open()
    async with mcp.Client(make_server(source, nameless="nobody-said")) as client:
        offered = (await client.list_tools()).tools
        assert [tool.name for tool in offered] == [spec.tool for spec in TOOLS]
        assert not any(tool.annotations.read_only_hint or tool.annotations.idempotent_hint for tool in offered)
        await client.call_tool("write_file", {"path": "a", "content": "1"}, meta={ROLLOUT_META: "one"})
        one = await client.call_tool("run_command", {"command": "cat a"}, meta={ROLLOUT_META: "one"})
        two = await client.call_tool("run_command", {"command": "cat a"}, meta={ROLLOUT_META: "two"})
        none = await client.call_tool("run_command", {"command": "pwd; ls"})
    assert (one.content[0].text, one.is_error, two.is_error) == ("1", False, True)
    assert none.content[0].text == "/workspace"
    assert {path.name for path in tmp_path.iterdir()} >= {"one", "two", "nobody-said"}  # noqa: ASYNC240
    await source.close()


@needs_sandbox
@pytest.mark.slow
async def test_the_sandbox_as_a_configured_server(tmp_path: Path) -> None:
    command = ["-m", "trajsynth.tools.servers.sandbox", "--workspaces", str(tmp_path), "--timeout", "5"]
    server = McpServer(command=sys.executable, args=command, env={"PYTHONPATH": ":".join(sys.path)})
    source = McpSource("sandbox", server, options=ServerTools(state="workspace"))
    await source.open()
    for rollout in ("one", "two"):
        await source.call("run_command", {"command": f"echo {rollout} >> a"}, rollout=rollout)
    assert (await source.call("run_command", {"command": "cat a"}, rollout="one")).text == "one"
    late = await source.call("run_python", {"code": "while True: pass", "timeout": 1}, rollout="one")
    assert late.outcome == "tool_error" and "Stopped: it had not ended after 1 s" in late.text
    await source.close()
    assert (tmp_path / "two" / "a").read_text() == "two\n"


def test_what_keeps_a_server_from_starting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert files_server.main(["--folder", str(tmp_path / "none")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert sandbox_server.main(["--workspaces", str(tmp_path), "--memory-mb", "0"]) == 2
    assert "memory_mb" in capsys.readouterr().err


def test_sources_of_the_config(tmp_path: Path) -> None:
    from trajsynth.config import FilesTools as Files
    from trajsynth.config import SandboxTools as Sandbox
    from trajsynth.config import Tools

    tools = Tools(sandbox=Sandbox(), files=Files(path=str(tmp_path)))
    assert [(type(source), source.name) for source in build_sources(tools, run=tmp_path)] == [
        (SandboxTools, "sandbox"),
        (FilesTools, "files"),
    ]
    with pytest.raises(ConfigError, match=r"tools.sandbox: .*folder of a run"):
        build_sources(tools)
