"""MCP servers as tool sources: one kept session each, owned by a task of its own, reopened when it is lost.

A server's death never reaches the caller: calls in flight come back as `unavailable`, the next call reconnects.
Level 2: imports types, protocols, errors, config, signals; the SDK only when a session is opened.
Tests: tests/tools/test_tools_mcp.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trajsynth.config import McpServer
from trajsynth.errors import InputError, ToolServerError
from trajsynth.grammar import wire_name
from trajsynth.protocols import ToolResult
from trajsynth.schemas import parse_arguments
from trajsynth.signals import is_transient
from trajsynth.tools.connect import Connector, connector
from trajsynth.tools.tasks import error_of, root, settled, stopped
from trajsynth.tools.text import ERROR_CHARS, blocks_text, clean, reason
from trajsynth.types import Toolset, ToolSpec

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult, Tool

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds between attempts to reopen a lost session, doubling."""
_CLOSING = 8.0
"""Seconds a session may take to close; the SDK gives a stdio server up to 2 + 2 + 2 before it is killed."""
_MAX_PAGES = 100
_REQUEST_TIMEOUT, _CONNECTION_CLOSED, _INTERNAL = -32001, -32000, -32603
_SESSION_GONE = re.compile(r"(?i)session.{0,12}(?:terminated|not found|expired)|(?:unknown|invalid|no valid) session")
_HTTP_STATUS = "Server returned an error response"
"""The SDK's words for any HTTP error without a JSON-RPC body (5xx, 429)."""


class McpSource:
    """One configured MCP server; `connect` replaces the way it is reached (an in-memory server, say)."""

    def __init__(
        self,
        name: str,
        server: McpServer | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        connect: Connector | None = None,
    ) -> None:
        self._name = name
        server = server or McpServer()
        self._connect = connect or connector(name, server, environ)
        self._startup = float(server.startup_timeout)
        self._session: _Session | None = None
        self._ending: set[_Session] = set()
        self._tools: Toolset = ()
        self._lock = asyncio.Lock()
        self._failures = 0
        self._not_before = 0.0

    @property
    def name(self) -> str:
        """The server's key in the config."""
        return self._name

    async def open(self) -> None:
        """Start or connect and list the tools; raises ToolServerError with a line for the user."""
        self._session = await self._start()
        self._tools = tuple(_spec(self._name, tool) for tool in self._session.tools)

    async def close(self) -> None:
        """End every session, within seconds."""
        if self._session is not None:
            self._lose(self._session)
        await asyncio.gather(*(session.ended() for session in self._ending))
        self._ending.clear()

    def tools(self) -> Toolset:
        """The tools listed when the source was opened."""
        return self._tools

    async def call(self, tool: str, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """Send a call over the session. One that was lost unsent, or whose tool is idempotent, is sent once more."""
        harmless = any(spec.tool == tool and spec.idempotent for spec in self._tools)
        for again in (True, False):
            session = await self._opened()
            if session is None:
                text = f"The server {self._name!r} cannot be reached."
                return ToolResult(text=text, outcome="unavailable", transient=True, unsent=True)
            answer = await session.call(tool, arguments)
            if not isinstance(answer, BaseException):
                return _result(answer)
            fault = _fault(answer, self._name)
            if fault.lost:
                self._lose(session)
            if not (again and fault.lost and (harmless or fault.result.unsent)):
                break
        return fault.result

    async def _opened(self) -> _Session | None:
        """The live session, reopened if need be; None while that fails or has to wait."""
        async with self._lock:
            if self._session is not None and self._session.alive:
                return self._session
            loop = asyncio.get_running_loop()
            if loop.time() < self._not_before:
                return None
            if self._session is not None:
                self._lose(self._session)
            try:
                self._session = await self._start()
            except (ToolServerError, InputError):
                self._failures += 1
                self._not_before = loop.time() + min(FIRST_WAIT * 2 ** (self._failures - 1), LONGEST_WAIT)
                return None
            self._failures = 0
            return self._session

    async def _start(self) -> _Session:
        session = _Session(self._name, self._connect)
        await session.start(self._startup)
        return session

    def _lose(self, session: _Session) -> None:
        session.end()
        self._ending = {other for other in self._ending if not other.over} | {session}
        if self._session is session:
            self._session = None


class _Session:
    """One connection. Its task opens it, waits, and closes it; calls go through it from wherever they come."""

    def __init__(self, name: str, connect: Connector) -> None:
        self._name, self._connect = name, connect
        self._ready, self._stop = asyncio.Event(), asyncio.Event()
        self._client: Client | None = None
        self._owner: asyncio.Task[None] | None = None
        self.tools: list[Tool] = []

    async def start(self, timeout: float) -> None:
        """Open; raises ToolServerError, or InputError for a secret that is not set."""
        self._owner = owner = asyncio.create_task(self._own())
        owner.add_done_callback(lambda task: task.cancelled() or task.exception())
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({owner, ready}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            if not self._ready.is_set() and not owner.done():
                await stopped(owner)
        if self._ready.is_set():
            return
        error = root(error_of(owner) or asyncio.CancelledError()) if owner.done() else None
        if isinstance(error, InputError):
            raise error
        if error is None or isinstance(error, asyncio.CancelledError):
            where = f"tools.mcpServers.{self._name}.startup_timeout"
            raise ToolServerError(f"MCP server {self._name!r} was not ready within {timeout:g} s; raise {where}")
        raise ToolServerError(self._connect.explain(error))

    async def _own(self) -> None:
        async with self._connect.client() as client:
            self.tools = await _listed(client)
            self._client = client
            self._ready.set()
            await self._stop.wait()

    @property
    def alive(self) -> bool:
        """As far as anybody knows."""
        return not self.over and not self._stop.is_set()

    @property
    def over(self) -> bool:
        """The task has ended."""
        return self._owner is None or self._owner.done()

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult | BaseException:
        """The answer, or what went wrong; ends early when the connection goes down."""
        if self._client is None or self._owner is None:
            return ConnectionError("the session is not open")
        work = asyncio.create_task(settled(self._client.call_tool(tool, arguments)))
        try:
            await asyncio.wait({work, self._owner}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not work.done():
                await stopped(work)
        if work.cancelled():
            return ConnectionError("the connection was lost")
        task = work.result()
        return error_of(task) or task.result()

    def end(self) -> None:
        """Ask the task to close the connection."""
        self._stop.set()

    async def ended(self) -> None:
        """Wait for that, then cancel."""
        if self._owner is not None and not self._owner.done():
            await asyncio.wait({self._owner}, timeout=_CLOSING)
            if not self._owner.done():
                await stopped(self._owner)


async def _listed(client: Client) -> list[Tool]:
    """Every page of the server's tool list."""
    tools: list[Tool] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tools


def _spec(server: str, tool: Tool) -> ToolSpec:
    hints = tool.annotations
    return ToolSpec(
        name=wire_name(server, tool.name),
        description=clean((tool.description or tool.title or "").strip()),
        parameters=tool.input_schema,
        server=server,
        tool=tool.name,
        idempotent=bool(hints and (hints.read_only_hint or hints.idempotent_hint)),
    )


def _result(answer: CallToolResult) -> ToolResult:
    text = blocks_text(answer.content, answer.structured_content)
    if not answer.is_error and not _says_failure(answer.structured_content, text):
        return ToolResult(text=text)
    text = text[:ERROR_CHARS] or "The tool failed and said nothing."
    return ToolResult(text=text, outcome="tool_error", transient=is_transient(text))


def _says_failure(structured: Any, text: str) -> bool:
    """`{"success": false}` inside an answer that does not call itself an error."""
    if isinstance(structured, dict):
        return structured.get("success") is False
    if not text.startswith("{") or '"success"' not in text[:ERROR_CHARS]:
        return False
    return (parse_arguments(text).arguments or {}).get("success") is False


@dataclass(frozen=True, slots=True)
class _Fault:
    result: ToolResult
    lost: bool = False
    """The session is of no more use."""


def _fault(error: BaseException, server: str) -> _Fault:
    """What an exception out of the SDK means."""
    from mcp import MCPError

    error = root(error)
    lost = ToolResult(text=f"The server {server!r} was lost during the call.", outcome="unavailable", transient=True)
    if isinstance(error, TimeoutError):
        return _Fault(_timeout(server))
    if isinstance(error, MCPError):
        if error.code == _REQUEST_TIMEOUT:
            return _Fault(_timeout(server))
        if _SESSION_GONE.search(error.message):
            return _Fault(replace(lost, unsent=True), lost=True)
        if error.code == _CONNECTION_CLOSED:
            return _Fault(lost, lost=True)
        if error.code == _INTERNAL and error.message == _HTTP_STATUS:
            return _Fault(
                ToolResult(
                    text=f"The server {server!r} is overloaded or broken.", outcome="unavailable", transient=True
                )
            )
        text = clean(error.message)[:ERROR_CHARS]
        return _Fault(ToolResult(text=text, outcome="tool_error", transient=is_transient(text)))
    if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in ("anyio", "httpx2"):
        return _Fault(lost, lost=True)
    return _Fault(ToolResult(text=reason(error), outcome="tool_error"))


def _timeout(server: str) -> ToolResult:
    return ToolResult(text=f"The server {server!r} did not answer in time.", outcome="timeout", transient=True)
