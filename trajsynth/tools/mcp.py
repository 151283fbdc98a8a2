"""MCP servers as tool sources: kept sessions, one for all rollouts, several, or one for each rollout.

A server's death never reaches the caller: calls in flight come back as `unavailable`, the next call reconnects. A
server that changes its tools has the new list offered from the next turn on.
Level 2: imports types, protocols, errors, config, signals; the SDK only when a session is opened.
Tests: tests/tools/test_tools_mcp.py, tests/tools/test_tools_living.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trajsynth.config import McpServer, ServerTools
from trajsynth.configsecrets import mask, secret_values
from trajsynth.grammar import wire_name
from trajsynth.protocols import ROLLOUT_META, ToolResult
from trajsynth.schemas import parse_arguments
from trajsynth.signals import is_transient
from trajsynth.tools.connect import Connector, connector
from trajsynth.tools.session import PATIENCE, Line, Session
from trajsynth.tools.tasks import root
from trajsynth.tools.text import ERROR_CHARS, blocks_text, clean, reason
from trajsynth.types import Toolset, ToolSpec

if TYPE_CHECKING:
    from mcp_types import CallToolResult, Tool

_REQUEST_TIMEOUT, _CONNECTION_CLOSED, _INTERNAL = -32001, -32000, -32603
_SESSION_GONE = re.compile(r"(?i)session.{0,12}(?:terminated|not found|expired)|(?:unknown|invalid|no valid) session")
_HTTP_STATUS = "Server returned an error response"
"""The SDK's words for any HTTP error without a JSON-RPC body (5xx, 429)."""


class McpSource:
    """One configured MCP server; `connect` replaces the way it is reached (an in-memory server, say).

    `options` says whose a session is: `scope: shared` spreads the calls of all rollouts over `pool` sessions, `rollout`
    gives each rollout one of its own from `begin` to `release`. `patience`: trajsynth.tools.session.PATIENCE.
    """

    def __init__(
        self,
        name: str,
        server: McpServer | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        connect: Connector | None = None,
        options: ServerTools | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._name = name
        self._server = server or McpServer()
        self._options = options or ServerTools()
        self._connect = connect or connector(name, self._server, environ)
        self._secrets = secret_values(self._server, environ)
        self._patience = patience
        self._shared: list[_Place] = []
        self._own: dict[str, _Place] = {}
        self._spare: _Place | None = None
        self._tools: Toolset = ()

    @property
    def name(self) -> str:
        """The server's key in the config."""
        return self._name

    async def open(self) -> None:
        """Start or connect and list the tools; raises ToolServerError with a line for the user."""
        places = [_Place(self) for _ in range(1 if self._options.for_each_rollout else self._options.pool)]
        try:
            async with asyncio.TaskGroup() as group:
                for place in places:
                    group.create_task(place.open())
        except (BaseExceptionGroup, asyncio.CancelledError) as error:
            await asyncio.gather(*(place.close() for place in places))
            raise root(error) from None
        self._tools = places[0].tools
        if self._options.for_each_rollout:
            self._spare = places[0]
        else:
            self._shared = places

    async def close(self) -> None:
        """End every session, within seconds."""
        places = [*self._shared, *self._own.values(), *([self._spare] if self._spare else [])]
        self._shared, self._own, self._spare = [], {}, None
        await asyncio.gather(*(place.close() for place in places))

    async def begin(self, rollout: str) -> None:
        """Open the rollout's own session where it gets one; raises ToolServerError."""
        if self._options.for_each_rollout and rollout not in self._own:
            place, self._spare = self._spare or _Place(self), None
            self._own[rollout] = place
            try:
                await place.line.reopened()
            except BaseException:
                await self.release(rollout)
                raise

    async def release(self, rollout: str) -> None:
        """End the rollout's own session."""
        place = self._own.pop(rollout, None)
        if place is not None:
            await place.close()

    def tools(self) -> Toolset:
        """The tools offered now; the same object until they change."""
        return self._tools

    def tools_of(self, rollout: str) -> Toolset:
        """What the rollout's own session offers now, where it has one."""
        place = self._own.get(rollout)
        return self._tools if place is None else place.tools

    def changed(self, place: _Place, listed: list[Tool]) -> None:
        """A session was opened, or its server changed its tools."""
        tools = tuple(_spec(self._name, tool) for tool in listed)
        if tools != place.tools:
            place.tools = self._tools if tools == self._tools else tools
        if place in self._shared:
            self._tools = place.tools

    def session(self, place: _Place) -> Session:
        """A new session for a place."""

        def heard() -> None:
            self.changed(place, session.tools)

        session = Session(self._name, self._connect, heard, self._patience)
        return session

    @property
    def startup(self) -> float:
        """Seconds a session may take to open."""
        return float(self._server.startup_timeout)

    async def call(self, tool: str, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """Send a call over a session. One that was lost unsent, or whose tool is idempotent, is sent once more, unless
        the session kept something for the rollout: then the result says that it is gone."""
        if self._options.for_each_rollout and rollout not in self._own:
            self._own[rollout] = _Place(self)
        place = self._own.get(rollout) or min(self._shared, key=lambda place: place.line.busy)
        keeps = self._options.state == "session"
        meta = {ROLLOUT_META: rollout} if self._options.state == "workspace" else None
        harmless = any(spec.tool == tool and spec.idempotent for spec in place.tools)
        for again in (True, False):
            session = await place.line.opened()
            if session is None:
                text = f"The server {self._name!r} cannot be reached."
                return ToolResult(text=text, outcome="unavailable", transient=True, unsent=True)
            answer = await place.line.call(session, tool, arguments, meta)
            if not isinstance(answer, BaseException):
                result = _result(answer)
                return replace(result, text=mask(result.text, self._secrets))
            fault = _fault(answer, self._name)
            if fault.lost:
                place.line.lose(session)
            if keeps and fault.lost:
                gone = f"{fault.result.text} Whatever it kept for this task is gone."
                return replace(fault.result, text=gone, unsent=False)
            if not (again and fault.lost and (harmless or fault.result.unsent)):
                break
        return fault.result


class _Place:
    """A line of the source and what its session offers."""

    def __init__(self, source: McpSource) -> None:
        self.tools: Toolset = ()
        self.line = Line(lambda: source.session(self), source.startup, lambda s: source.changed(self, s.tools))

    async def open(self) -> None:
        await self.line.reopened()

    async def close(self) -> None:
        await self.line.close()


def _spec(server: str, tool: Tool) -> ToolSpec:
    hints = tool.annotations
    return ToolSpec(
        name=wire_name(server, tool.name),
        description=clean((tool.description or tool.title or "").strip()),
        parameters=tool.input_schema,
        server=server,
        tool=tool.name,
        idempotent=bool(hints and (hints.read_only_hint or hints.idempotent_hint)),
        read_only=bool(hints and hints.read_only_hint),
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
