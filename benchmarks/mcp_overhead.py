"""What an MCP call costs: over a session that is kept, and with a session opened for every call.

    python benchmarks/mcp_overhead.py [--calls 300] [--respawns 5]

Prints, for a server in memory, on stdio and over HTTP, milliseconds of wall clock a call, one at a time, and
milliseconds of CPU a call in this process and in all its children (the server). With `--at-once N`, N calls in flight.
The tool returns its argument, so nothing but the protocol is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mcp import Client
from mcp.client.session import MessageHandlerFnT
from mcp.server.mcpserver import MCPServer

from trajsynth.config import McpServer
from trajsynth.tools import McpSource, Toolbox

SERVER = """
import sys
from mcp.server.mcpserver import MCPServer
server = MCPServer("echo")
@server.tool()
async def echo(text: str) -> str:
    return text
if len(sys.argv) > 1:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
else:
    server.run("stdio")
"""


@dataclass(frozen=True)
class Cost:
    """Milliseconds a call."""

    wall: float
    cpu: float
    """This process and the servers that have ended."""


class InMemory:
    """Reaches a server inside this process."""

    def __init__(self) -> None:
        self.server = MCPServer("echo", log_level="ERROR")

        @self.server.tool()
        async def echo(text: str) -> str:
            return text

    @asynccontextmanager
    async def client(self, heard: MessageHandlerFnT) -> AsyncIterator[Client]:
        async with Client(self.server, message_handler=heard) as client:
            yield client

    def explain(self, error: BaseException) -> str:
        return str(error)


async def kept(source: Callable[[], McpSource], calls: int, at_once: int) -> Cost:
    """Calls over one session, its opening and closing left out of the wall clock."""
    began = cpu()
    async with Toolbox([source()]) as box:
        (echo,) = box.tools()
        await box.call(echo, {"text": "warm"}, rollout="r")
        places, start = asyncio.Semaphore(at_once), time.perf_counter()

        async def one(number: int) -> None:
            async with places:
                result = await box.call(echo, {"text": str(number)}, rollout="r")
                assert result.text == str(number), result

        await asyncio.gather(*(one(number) for number in range(calls)))
        wall = time.perf_counter() - start
    return Cost(wall / calls * 1000, (cpu() - began) / calls * 1000)


async def respawned(source: Callable[[], McpSource], calls: int) -> Cost:
    """A session opened and closed for every call."""
    began, start = cpu(), time.perf_counter()
    for number in range(calls):
        async with Toolbox([source()]) as box:
            assert (await box.call(box.tools()[0], {"text": str(number)}, rollout="r")).text == str(number)
    return Cost((time.perf_counter() - start) / calls * 1000, (cpu() - began) / calls * 1000)


def cpu() -> float:
    """CPU seconds of this process and its ended children."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


@asynccontextmanager
async def listening(script: Path) -> AsyncIterator[str]:
    """The address of a server over HTTP."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), str(port), stdout=quiet, stderr=quiet)
    try:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            break
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        await process.wait()


def show(name: str, cost: Cost) -> None:
    """One line."""
    print(f"{name:38} {cost.wall:9.2f} ms wall {cost.cpu:9.2f} ms CPU")


async def measure(calls: int, respawns: int, at_once: int) -> None:
    """All transports, both ways."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "server.py"
        script.write_text(SERVER)
        memory = InMemory()
        sources: dict[str, Callable[[], McpSource]] = {
            "in memory": lambda: McpSource("echo", connect=memory),
            "stdio": lambda: McpSource("echo", McpServer(command=sys.executable, args=[str(script)])),
        }
        async with listening(script) as url:
            sources["HTTP"] = lambda: McpSource("echo", McpServer(url=url))
            for name, source in sources.items():
                show(f"{name}, kept", await kept(source, calls, 1))
                if at_once > 1:
                    show(f"{name}, kept, {at_once} at once", await kept(source, calls, at_once))
                show(f"{name}, a session for every call", await respawned(source, respawns))


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300, help="calls over a kept session")
    parser.add_argument("--respawns", type=int, default=5, help="calls with a session each")
    parser.add_argument("--at-once", type=int, default=50, help="calls in flight in the second measurement")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.calls, arguments.respawns, arguments.at_once))


if __name__ == "__main__":
    main()
