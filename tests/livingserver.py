"""An MCP server that changes its tools when asked to, and a connector that counts the sessions it opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp import Client, MCPError
from mcp.client.session import MessageHandlerFnT
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations


def living() -> MCPServer:
    """`unlock` adds `secret`, takes `old` away and describes `stays` anew."""
    server = MCPServer("living")

    async def secret(q: str) -> str:
        """What only an unlocked server tells."""
        return f"the secret of {q}"

    async def stays(q: str = "") -> str:
        """Before."""
        return "still here"

    async def stays_anew(q: str, r: str = "") -> str:
        """After."""
        return "still here"

    async def unlock(context: Context) -> str:
        """Unlock the other tools."""
        server.remove_tool("old")
        server.remove_tool("stays")
        server.add_tool(stays_anew, name="stays")
        server.add_tool(secret)
        await context.notify_tools_changed()  # heard by clients of the newer era, who listen
        await context.session.send_tool_list_changed()  # heard by the others
        return "unlocked"

    async def old() -> str:
        return "old"

    for tool in (unlock, old, stays):
        server.add_tool(tool)
    return server


def counting() -> MCPServer:
    """Every instance counts for itself; `drop` loses the connection before it answers."""
    server, seen = MCPServer("counting"), []

    @server.tool()
    async def count() -> str:
        seen.append(1)
        return str(len(seen))

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def drop() -> str:
        raise MCPError(-32000, "Connection closed")

    return server


class EachItsOwn:
    """Opens a fresh server for each session, as a command on stdio does."""

    def __init__(self, make: object = counting, mode: str = "auto", breaks: int = 0) -> None:
        self.make, self.mode = make, mode
        self.opened = self.open = 0
        self.breaks = breaks
        """Session number from which on none opens; 0 for never."""

    @asynccontextmanager
    async def client(self, heard: MessageHandlerFnT) -> AsyncIterator[Client]:
        self.opened += 1
        if self.breaks and self.opened >= self.breaks:
            raise OSError("refused")
        server = self.make() if callable(self.make) else self.make
        async with Client(server, message_handler=heard, mode=self.mode) as client:
            self.open += 1
            try:
                yield client
            finally:
                self.open -= 1

    def explain(self, error: BaseException) -> str:
        return f"cannot open: {error}"
