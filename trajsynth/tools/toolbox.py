"""All tools of a run under one roof: sources opened side by side, wire names, one timeout, typed results.

Level 2: imports types, protocols, errors, grammar. Tests: tests/tools/test_tools_toolbox.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from trajsynth.codec import scrub
from trajsynth.errors import ConfigError, RolloutError, ToolServerError, TrajsynthError
from trajsynth.grammar import wire_names
from trajsynth.protocols import ToolResult, ToolSource
from trajsynth.tools.tasks import error_of, raised, root, settled, stopped
from trajsynth.tools.text import as_text, clean, one_line
from trajsynth.types import Toolset, ToolSpec

_CLOSING = 20.0
"""Seconds all sources together may take to close."""


class Toolbox:
    """The sources of a run; `async with` opens and closes them. `timeout` is seconds a call may take, 0 for no limit.

    A source's `name` on a spec is a wish: it is kept when it is free and legal, else `server__tool` is used.
    """

    def __init__(self, sources: Sequence[ToolSource], timeout: float = 300.0) -> None:
        self._sources = {source.name: source for source in sources}
        if len(self._sources) < len(sources):
            names = [source.name for source in sources]
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"two tool sources are called {twice!r}; rename one of them under tools")
        self._timeout = timeout
        self._owners: list[_Owner] = []
        self._tools: Toolset = ()
        self._routes: dict[str, ToolSource] = {}

    async def __aenter__(self) -> Toolbox:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Open every source; raises the fault, or ToolServerError naming all, after closing those that opened."""
        self._owners = [_Owner(source) for source in self._sources.values()]
        try:
            faults = await asyncio.gather(*(owner.opened() for owner in self._owners))
        except asyncio.CancelledError:
            await self.close()
            raise
        found = [fault for fault in faults if fault is not None]
        if found:
            await self.close()
            raise found[0] if len(found) == 1 else ToolServerError("; ".join(str(fault) for fault in found))
        offered = [(source, spec) for source in self._sources.values() for spec in source.tools()]
        self._tools = _named([spec for _, spec in offered])
        self._routes = {spec.name: source for spec, (source, _) in zip(self._tools, offered, strict=True)}

    async def close(self) -> None:
        """Close every source; what goes wrong there concerns nobody any more."""
        owners, self._owners = self._owners, []
        await asyncio.gather(*(owner.closed() for owner in owners))

    def tools(self) -> Toolset:
        """Every tool under its wire name; the same object until the list changes."""
        return self._tools

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """Run one tool. Never raises for what a tool does: time-outs and exceptions are results too."""
        source = self._routes.get(spec.name)
        if source is None:
            return ToolResult(text=f"No tool {spec.name!r} is open.", outcome="unavailable")
        try:
            async with asyncio.timeout(self._timeout or None):
                task = await settled(source.call(spec.tool or spec.name, arguments, rollout=rollout))
        except TimeoutError:
            text = f"The tool did not finish within {self._timeout:g} seconds."
            return ToolResult(text=text, outcome="timeout", transient=True)
        error = error_of(task)
        return _typed(task.result()) if error is None else _failed(root(error))


class _Owner:
    """A task that opens a source and closes it again: what a source enters it can leave in the same task."""

    def __init__(self, source: ToolSource) -> None:
        self._source = source
        self._ready, self._stop = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._own())
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _own(self) -> None:
        await self._source.open()
        self._ready.set()
        await self._stop.wait()
        await self._source.close()

    async def opened(self) -> TrajsynthError | None:
        """Wait until the source is open; its fault if it cannot be opened."""
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._ready.is_set():
            return None
        error = root(error_of(self._task) or asyncio.CancelledError())
        if isinstance(error, TrajsynthError):
            return error
        return ToolServerError(f"tool source {self._source.name!r} cannot be opened: {one_line(error)}")

    async def closed(self) -> None:
        """Let the task close the source; cancel it when it takes too long or never got that far."""
        self._stop.set()
        if self._ready.is_set() and not self._task.done():
            await asyncio.wait({self._task}, timeout=_CLOSING)
        if not self._task.done():
            await stopped(self._task)


def _named(specs: Sequence[ToolSpec]) -> Toolset:
    """The specs under unique legal names, their texts fit for JSON."""
    names = wire_names((spec.name, spec.server, spec.tool or spec.name) for spec in specs)
    return tuple(
        replace(spec, name=name, tool=spec.tool or spec.name, description=clean(spec.description))
        for spec, name in zip(specs, names, strict=True)
    )


def _typed(value: object) -> ToolResult:
    """A source's answer, scrubbed; anything but a ToolResult is shown as a good result's text."""
    if not isinstance(value, ToolResult):
        return ToolResult(text=as_text(value))
    return (
        replace(value, text=scrub(value.text)) if isinstance(value.text, str) else ToolResult(text=as_text(value.text))
    )


def _failed(error: BaseException) -> ToolResult:
    if isinstance(error, RolloutError):
        return ToolResult(text=clean(str(error)), outcome="unavailable", transient=True)
    return raised(error)
