"""One connection to an MCP server, owned by a task of its own that keeps its tool list fresh.

The task opens the client, waits, and closes it again; calls go through it from wherever they come, so a server's death
ends the task and never the caller. A changed tool list is noticed in both protocol eras: newer servers are listened to
(`subscriptions/listen`), older ones send `notifications/tools/list_changed`. Used by trajsynth.tools.mcp.
Tests: tests/tools/test_tools_mcp.py, tests/tools/test_tools_living.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from trajsynth.errors import InputError, ToolServerError
from trajsynth.tools.connect import Connector
from trajsynth.tools.tasks import GRACE, error_of, root, settled, stopped

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult, Tool

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds between attempts to reopen what was lost (a session, a subscription), doubling."""
PATIENCE = 15.0
"""A server that let a call wait longer than this, answered nobody meanwhile and then does not list its tools within as
many seconds hangs: its session is given up."""
FRESHENING = 5.0
"""Longest a result waits for the new tool list its call brought about, seconds."""
_CLOSING = 8.0
"""Seconds a session may take to close; the SDK gives a stdio server up to 2 + 2 + 2 before it is killed."""
_MAX_PAGES = 100
_NO_METHOD = -32601


class Session:
    """An MCP client, open from `start` until `end` or until the connection is lost."""

    def __init__(
        self,
        name: str,
        connect: Connector,
        changed: Callable[[], object] = lambda: None,
        patience: float = PATIENCE,
    ) -> None:
        """`changed` is called when `tools` has become another list."""
        self._name, self._connect, self._changed, self._patience = name, connect, changed, patience
        self._ready, self._stop = asyncio.Event(), asyncio.Event()
        self._stale, self._fresh = asyncio.Event(), asyncio.Event()
        self._fresh.set()
        self._client: Client | None = None
        self._owner: asyncio.Task[None] | None = None
        self._answers = 0
        self.tools: list[Tool] = []
        self.doubted = False
        """A call was given up after a long wait in which the server answered nobody."""

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
        async with self._connect.client(self._heard) as client:
            self.tools = await _listed(client)
            self._client = client
            self._ready.set()
            keepers = [asyncio.create_task(keeper) for keeper in (self._freshen(client), self._listen(client))]
            try:
                await self._stop.wait()
            finally:
                for keeper in keepers:
                    keeper.cancel()
                await asyncio.wait(keepers, timeout=GRACE)

    @property
    def alive(self) -> bool:
        """As far as anybody knows."""
        return not self.over and not self._stop.is_set()

    @property
    def over(self) -> bool:
        """The task has ended."""
        return self._owner is None or self._owner.done()

    async def call(
        self, tool: str, arguments: dict[str, Any], meta: dict[str, Any] | None = None
    ) -> CallToolResult | BaseException:
        """The answer, or what went wrong; ends early when the connection goes down.

        When the call changed the tool list, the new one is there before the answer is given.
        """
        if self._client is None or self._owner is None:
            return ConnectionError("the session is not open")
        began, heard = asyncio.get_running_loop().time(), self._answers
        work = asyncio.create_task(settled(self._client.call_tool(tool, arguments, meta=cast(Any, meta))))
        try:
            await asyncio.wait({work, self._owner}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            waited = asyncio.get_running_loop().time() - began
            self.doubted |= self._answers == heard and waited >= self._patience
            raise
        finally:
            if not work.done():
                await stopped(work)
        if work.cancelled():
            return ConnectionError("the connection was lost")
        self._answers += 1
        self.doubted = False
        await self._settled_list()
        task = work.result()
        return error_of(task) or task.result()

    async def answers(self) -> bool:
        """Whether the server still lists its tools, within its patience."""
        if self._client is None:
            return False
        task = asyncio.create_task(settled(_listed(self._client)))
        try:
            await asyncio.wait({task}, timeout=self._patience)
        finally:
            if not task.done():
                await stopped(task)
        if task.cancelled() or error_of(task.result()) is not None:
            return False
        self.doubted = False
        return True

    def end(self) -> None:
        """Ask the task to close the connection."""
        self._stop.set()

    async def ended(self) -> None:
        """Wait for that, then cancel."""
        if self._owner is not None and not self._owner.done():
            await asyncio.wait({self._owner}, timeout=_CLOSING)
            if not self._owner.done():
                await stopped(self._owner)

    # ---- the tool list ----

    async def _heard(self, message: object) -> None:
        """The client's message handler: what an older server notifies us of."""
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self._outdated()

    def _outdated(self) -> None:
        self._fresh.clear()
        self._stale.set()

    async def _freshen(self, client: Client) -> None:
        """List the tools again whenever they are said to have changed."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            task = await settled(_listed(client))
            if error_of(task) is None and task.result() != self.tools:
                self.tools = task.result()
                self._changed()
            if not self._stale.is_set():
                self._fresh.set()

    async def _listen(self, client: Client) -> None:
        """Hear of changes from a newer server; when the subscription is lost, list again and subscribe again."""
        from mcp import MCPError
        from mcp.client.subscriptions import ListenNotSupportedError

        wait = FIRST_WAIT
        while True:
            began = asyncio.get_running_loop().time()
            task = await settled(self._events(client))
            error = error_of(task)
            if isinstance(error, ListenNotSupportedError) or (error is None and not task.result()):
                return
            if isinstance(error, MCPError) and error.code == _NO_METHOD:
                return
            if asyncio.get_running_loop().time() - began > LONGEST_WAIT:
                wait = FIRST_WAIT
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _events(self, client: Client) -> bool:
        """Listen until the subscription ends; False when the server does not offer what we want to hear."""
        async with client.listen(tools_list_changed=True) as events:
            if not events.honored.tools_list_changed:
                return False
            self._outdated()  # nothing is replayed of what happened before
            async for _ in events:
                self._outdated()
        return True

    async def _settled_list(self) -> None:
        """Let notifications that came with an answer be heard, and wait until the list they speak of is there."""
        for _ in range(3):
            await asyncio.sleep(0)
        if not self._fresh.is_set() and self._owner is not None:
            fresh = asyncio.create_task(self._fresh.wait())
            try:
                await asyncio.wait({fresh, self._owner}, timeout=FRESHENING, return_when=asyncio.FIRST_COMPLETED)
            finally:
                fresh.cancel()


class Line:
    """A place for one session, which is reopened when it was lost: at once, then less and less often."""

    def __init__(self, make: Callable[[], Session], startup: float, opened: Callable[[Session], object]) -> None:
        """`startup`: seconds a session may take to open; `opened` is told of each that did."""
        self._make, self._startup, self._opened = make, startup, opened
        self._session: Session | None = None
        self._ending: set[Session] = set()
        self._lock = asyncio.Lock()
        self._failures = 0
        self._not_before = 0.0
        self.busy = 0
        """Calls in flight."""

    async def opened(self) -> Session | None:
        """The live session, reopened if need be; None while that fails or has to wait."""
        async with self._lock:
            if (session := await self._live()) is not None:
                return session
            if asyncio.get_running_loop().time() < self._not_before:
                return None
            try:
                return await self._reopen()
            except (ToolServerError, InputError):
                return None

    async def reopened(self) -> Session:
        """The same, at once; raises ToolServerError or InputError."""
        async with self._lock:
            return await self._live() or await self._reopen()

    async def _live(self) -> Session | None:
        session = self._session
        if session is not None and session.alive and (not session.doubted or await session.answers()):
            return session
        return None

    async def _reopen(self) -> Session:
        if self._session is not None:
            self.lose(self._session)
        session = self._make()
        try:
            await session.start(self._startup)
        except (ToolServerError, InputError):
            self._failures += 1
            wait = min(FIRST_WAIT * 2 ** (self._failures - 1), LONGEST_WAIT)
            self._not_before = asyncio.get_running_loop().time() + wait
            raise
        self._failures, self._not_before = 0, 0.0
        self._session = session
        self._opened(session)
        return session

    async def call(
        self, session: Session, tool: str, arguments: dict[str, Any], meta: dict[str, Any] | None = None
    ) -> CallToolResult | BaseException:
        """A call over a session of this line."""
        self.busy += 1
        try:
            return await session.call(tool, arguments, meta)
        finally:
            self.busy -= 1

    def lose(self, session: Session) -> None:
        """Give a session up."""
        session.end()
        self._ending = {other for other in self._ending if not other.over} | {session}
        if self._session is session:
            self._session = None

    async def close(self) -> None:
        """End every session, within seconds."""
        if self._session is not None:
            self.lose(self._session)
        await asyncio.gather(*(session.ended() for session in self._ending))
        self._ending.clear()


async def _listed(client: Client) -> list[Tool]:
    """Every page of the server's tool list as it is now."""
    tools: list[Tool] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tools
