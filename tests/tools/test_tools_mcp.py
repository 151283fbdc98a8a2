"""trajsynth.tools.mcp and connect: real servers, in memory, on stdio and over HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client, MCPError
from mcp.client.session import MessageHandlerFnT
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from trajsynth.config import McpServer, Seconds
from trajsynth.errors import ConfigError, ToolServerError
from trajsynth.tools import McpSource, Toolbox

SERVER = """
import asyncio, os, sys
from mcp.server.mcpserver import MCPServer
server = MCPServer("s")
@server.tool()
async def pid() -> str:
    return str(os.getpid())
@server.tool()
async def slow() -> str:
    await asyncio.sleep(30)
    return "late"
print("noise for the log", file=sys.stderr)
if len(sys.argv) > 1:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
else:
    server.run("stdio")
"""


def make_server() -> MCPServer:
    server = MCPServer("s")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    async def refuse(text: str) -> str:
        raise ToolError(text)

    @server.tool()
    async def in_band() -> dict[str, object]:
        return {"success": False, "error": "quota"}

    @server.tool()
    async def protocol(code: int, message: str) -> str:
        raise MCPError(code, message)

    return server


class InMemory:
    """A connector to a server in this process; `breaks` makes the next openings fail."""

    def __init__(self, server: MCPServer | None = None, mode: str = "auto") -> None:
        self.server, self.mode = server or make_server(), mode
        self.opened = 0
        self.breaks: list[Exception] = []

    @asynccontextmanager
    async def client(self, heard: MessageHandlerFnT) -> AsyncIterator[Client]:
        if self.breaks:
            raise self.breaks.pop(0)
        self.opened += 1
        async with Client(self.server, message_handler=heard, mode=self.mode) as client:
            yield client

    def explain(self, error: BaseException) -> str:
        return f"cannot open: {error}"


async def test_tools_are_listed_as_the_server_has_them() -> None:
    async with Toolbox([McpSource("my server", connect=InMemory())]) as box:
        add, refuse, *_ = box.tools()
    assert (add.name, add.server, add.tool, add.description) == (
        "my_server__add",
        "my server",
        "add",
        "Add two numbers.",
    )
    assert sorted(add.parameters["properties"]) == ["a", "b"]
    assert (add.idempotent, refuse.idempotent) == (True, False)


async def test_a_key_the_server_was_given_is_masked_in_what_it_says() -> None:
    server = MCPServer("echo")

    @server.tool()
    async def fetch() -> str:
        return "403 for https://api.org/?key=literal-key-1"

    given = McpServer(command="x", env={"API_KEY": "literal-key-1"})
    async with Toolbox([McpSource("s", given, connect=InMemory(server))]) as box:
        result = await box.call(box.tools()[0], {}, rollout="r")
    assert result.text == "403 for https://api.org/?key=[API_KEY]"


async def test_results_are_typed() -> None:
    source = McpSource("s", connect=InMemory())
    await source.open()
    try:
        good = await source.call("add", {"a": 1, "b": 2}, rollout="r")
        assert (good.text, good.outcome) == ("3", "ok")
        refused = await source.call("refuse", {"text": "429 Too Many Requests"}, rollout="r")
        assert (refused.outcome, refused.transient) == ("tool_error", True)
        assert "429" in refused.text
        assert (await source.call("in_band", {}, rollout="r")).outcome == "tool_error"
        assert (await source.call("nope", {}, rollout="r")).outcome == "tool_error"
        assert (await source.call("add", {"a": "x"}, rollout="r")).outcome == "tool_error"
    finally:
        await source.close()


@pytest.mark.parametrize(
    ("code", "message", "outcome", "reopened"),
    [
        (-32001, "timed out", "timeout", 0),
        (-32000, "Connection closed", "unavailable", 1),
        (-32600, "Session terminated", "unavailable", 2),
        (-32603, "Server returned an error response", "unavailable", 0),
        (-32602, "bad params", "tool_error", 0),
    ],
)
async def test_protocol_errors_are_typed(code: int, message: str, outcome: str, reopened: int) -> None:
    connect = InMemory()
    source = McpSource("s", connect=connect)
    await source.open()
    result = await source.call("protocol", {"code": code, "message": message}, rollout="r")
    assert (result.outcome, result.transient) == (outcome, outcome != "tool_error")
    assert result.unsent is (message == "Session terminated")
    assert (await source.call("add", {"a": 1, "b": 2}, rollout="r")).text == "3"
    assert connect.opened == 1 + reopened
    await source.close()


async def test_a_server_that_stays_away_is_unavailable_and_asked_less_and_less() -> None:
    connect = InMemory()
    source = McpSource("s", connect=connect)
    await source.open()
    connect.breaks = [OSError("refused")] * 2
    await source.call("protocol", {"code": -32000, "message": "Connection closed"}, rollout="r")
    results = [await source.call("add", {"a": 1, "b": 2}, rollout="r") for _ in range(5)]
    assert {(r.outcome, r.transient, r.unsent) for r in results} == {("unavailable", True, True)}
    assert len(connect.breaks) == 1  # five calls, one attempt
    await source.close()


async def test_an_opening_that_fails_says_why() -> None:
    connect = InMemory()
    connect.breaks = [ExceptionGroup("g", [OSError("refused")])]
    with pytest.raises(ToolServerError, match=r"^cannot open: refused$"):
        await McpSource("s", connect=connect).open()


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (McpServer(command="no-such-command"), "'s': command 'no-such-command' not found; install it or give its full"),
        (McpServer(command=sys.executable, cwd="/no/such"), "there is no folder '/no/such'"),
    ],
)
async def test_commands_that_cannot_run(server: McpServer, message: str) -> None:
    with pytest.raises(ToolServerError, match=message):
        await McpSource("s", server).open()


@pytest.mark.parametrize(
    "server",
    [
        McpServer(command=sys.executable, args=["${TOKEN}"]),
        McpServer(command=sys.executable, env={"A": "${TOKEN}"}),
        McpServer(url="http://127.0.0.1:9/${TOKEN}"),
        McpServer(url="http://127.0.0.1:9/", headers={"Authorization": "Bearer ${TOKEN}"}),
    ],
)
async def test_a_missing_secret_is_named(server: McpServer) -> None:
    with pytest.raises(ConfigError, match="MCP server 's': environment variable 'TOKEN' is not set"):
        await McpSource("s", server, {}).open()


async def test_an_unreachable_url_is_named_without_its_secrets() -> None:
    server = McpServer(url="http://user:pass@127.0.0.1:9/mcp?key=hidden")
    with pytest.raises(
        ToolServerError, match=r"'s' at http://127\.0\.0\.1:9/mcp cannot be reached: ConnectError"
    ) as info:
        await McpSource("s", server).open()
    assert "hidden" not in str(info.value)
    assert "pass" not in str(info.value)


@pytest.mark.parametrize(
    ("code", "timeout", "message"),
    [
        ("import sys; sys.exit('boom at start')", 20, "'s' died at start: boom at start"),
        ("pass", 20, "'s' died at start: .*; does .* run in a terminal"),
        pytest.param(
            "import time; time.sleep(30)",
            0.2,
            "'s' was not ready within 0.2 s; raise tools.mcpServers.s.startup_timeout",
            marks=pytest.mark.slow,
        ),
    ],
)
async def test_servers_that_die_or_hang_at_start(code: str, timeout: float, message: str) -> None:
    server = McpServer(command=sys.executable, args=["-c", code], startup_timeout=Seconds(timeout))
    with pytest.raises(ToolServerError, match=message):
        await McpSource("s", server).open()


@pytest.mark.slow
async def test_a_stdio_server_killed_during_a_call(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    source = McpSource("s", McpServer(command=sys.executable, args=[str(script)]))
    async with Toolbox([source], timeout=20) as box:
        pid, slow = box.tools()
        first = int((await box.call(pid, {}, rollout="r")).text)
        inflight = [asyncio.create_task(box.call(slow, {}, rollout="r")) for _ in range(3)]
        await asyncio.sleep(0.2)
        os.kill(first, signal.SIGKILL)
        assert {(r.outcome, r.transient) for r in await asyncio.gather(*inflight)} == {("unavailable", True)}
        again = await box.call(pid, {}, rollout="r")
        assert again.outcome == "ok"
        assert int(again.text) != first


@pytest.mark.slow
async def test_a_dead_http_server_takes_nobody_along(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def start() -> asyncio.subprocess.Process:
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(script), str(port), stdout=quiet, stderr=quiet
        )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return process

    async with asyncio.timeout(40):
        process = await start()
        source = McpSource("s", McpServer(url=f"http://127.0.0.1:{port}/mcp"))
        async with Toolbox([source], timeout=10) as box:
            pid, slow = box.tools()
            first = await box.call(pid, {}, rollout="r")
            inflight = asyncio.create_task(box.call(slow, {}, rollout="r"))
            await asyncio.sleep(0.3)
            process.kill()
            await process.wait()
            assert (await inflight).outcome == "unavailable"
            assert (await box.call(pid, {}, rollout="r")).outcome == "unavailable"
            process = await start()
            await asyncio.sleep(1.1)
            again = await box.call(pid, {}, rollout="r")
            assert again.outcome == "ok"
            assert again.text != first.text
        process.kill()
        await process.wait()
