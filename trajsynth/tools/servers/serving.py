"""Any tool source as an MCP server: names, descriptions, schemas and outputs are the source's own.

A client that works for several rollouts names the one a call belongs to in the call's `_meta` (`trajsynth/rollout`);
calls that name none share one, dropped when the server ends. Level 2; `mcp` is imported inside the functions.
Tests: tests/tools/test_tools_servers.py.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from trajsynth.errors import InputError, MissingExtra, ToolServerError
from trajsynth.protocols import ROLLOUT_META, ToolSource, forget
from trajsynth.types import ToolSpec

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import Tool


def make_server(source: ToolSource, instructions: str = "", nameless: str = "") -> Server[Any]:
    """An MCP server over an opened source; `nameless` is the rollout of calls that name none. Raises MissingExtra
    without `mcp`."""
    try:
        from mcp.server.lowlevel import Server
        from mcp_types import CallToolResult, ListToolsResult, TextContent
    except ImportError:
        raise MissingExtra("mcp", "generate") from None
    state, world = getattr(source, "state", "none"), getattr(source, "open_world", False)

    async def list_tools(context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(spec, state, world) for spec in source.tools()])

    async def call_tool(context: Any, params: Any) -> CallToolResult:
        rollout = (context.meta or {}).get(ROLLOUT_META)
        given = {key: value for key, value in (params.arguments or {}).items() if value is not None}
        result = await source.call(params.name, given, rollout=rollout if isinstance(rollout, str) else nameless)
        content = TextContent(type="text", text=result.text)
        return CallToolResult(content=[content], is_error=result.outcome != "ok")

    return Server(
        f"trajsynth-{source.name}",
        instructions=instructions or None,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _tool(spec: ToolSpec, state: str, world: bool) -> Tool:
    from mcp_types import Tool, ToolAnnotations

    hints = ToolAnnotations(
        read_only_hint=state == "none" and spec.read_only,
        destructive_hint=False,
        idempotent_hint=spec.idempotent,
        open_world_hint=world,
    )
    return Tool(
        name=spec.tool,
        description=spec.description,
        input_schema=spec.parameters,
        annotations=hints,
        _meta={"trajsynth/state": state},
    )


def add_http(parser: argparse.ArgumentParser) -> None:
    """The options every server has."""
    parser.add_argument("--http", type=int, metavar="PORT", help="streamable HTTP on this port instead of stdio")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on with --http")


def serve(make: Callable[[], ToolSource], given: argparse.Namespace, instructions: str = "") -> int:
    """Open the source and serve it until the client leaves. Returns the exit status: 2, with one line on stderr, for
    what the user must mend."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    try:
        asyncio.run(_serve(make(), given, instructions))
    except (InputError, ToolServerError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


async def _serve(source: ToolSource, given: argparse.Namespace, instructions: str) -> None:
    nameless = f"session-{uuid4().hex[:12]}"
    server = make_server(source, instructions, nameless)
    await source.open()
    try:
        if given.http is None:
            await _on_stdio(server)
        else:
            await _on_http(server, given.host, given.http)
    finally:
        forget(source, nameless)
        await source.close()


async def _on_stdio(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _on_http(server: Server[Any], host: str, port: int) -> None:
    import uvicorn

    app = server.streamable_http_app(host=host)
    await uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning")).serve()
