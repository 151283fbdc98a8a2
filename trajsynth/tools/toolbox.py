"""All tools of a run under one roof: sources opened side by side, the list as it is now, one timeout, typed results.

Level 2: imports types, protocols, errors, grammar. Tests: tests/tools/test_tools_toolbox.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any

from trajsynth.codec import scrub
from trajsynth.config import ServerTools
from trajsynth.errors import ConfigError, RolloutError, ToolServerError, TrajsynthError, unknown
from trajsynth.grammar import wire_names
from trajsynth.protocols import ToolResult, ToolSource, begin, forget, release, tools_of
from trajsynth.tools.tasks import error_of, raised, root, settled, stopped
from trajsynth.tools.text import as_text, clean, one_line
from trajsynth.types import Toolset, ToolSpec

_CLOSING = 20.0
"""Seconds all sources together may take to close."""
_KEPT_LISTS = 64


@dataclass(frozen=True, slots=True)
class _List:
    """A tool list under wire names, and the sources its parts came from."""

    parts: tuple[Toolset, ...]
    tools: Toolset
    routes: Mapping[str, tuple[ToolSpec, ToolSource]]


class Toolbox:
    """The sources of a run; `async with` opens and closes them. `timeout` is seconds a call may take, 0 for no limit;
    `servers` says by source which tools are offered (`allow`, `deny`).

    A source's `name` on a spec is a wish: it is kept when it is free and legal, else `server__tool` is used.
    """

    def __init__(
        self, sources: Sequence[ToolSource], timeout: float = 300.0, servers: Mapping[str, ServerTools] | None = None
    ) -> None:
        self._sources = {source.name: source for source in sources}
        if len(self._sources) < len(sources):
            names = [source.name for source in sources]
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"two tool sources are called {twice!r}; rename one of them under tools")
        self._timeout = timeout
        self._servers = servers or {}
        self._owners: list[_Owner] = []
        self._opened = False
        self._lists: dict[tuple[int, ...], _List] = {}

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
        self._opened = True
        try:
            for name, options in self._servers.items():
                if name in self._sources:
                    _check_patterns(name, options, self._sources[name].tools())
        except ToolServerError:
            await self.close()
            raise

    async def close(self) -> None:
        """Close every source; what goes wrong there concerns nobody any more."""
        owners, self._owners, self._opened = self._owners, [], False
        await asyncio.gather(*(owner.closed() for owner in owners))

    def tools(self) -> Toolset:
        """Every tool under its wire name; the same object until the list changes."""
        return self._list("").tools

    async def begin(self, rollout: str) -> None:
        """Open what the rollout gets for itself; raises ToolServerError after closing it again."""
        task = await settled(_each(begin, self._sources.values(), rollout))
        if (error := error_of(task)) is not None:
            await self.release(rollout)
            raise root(error)

    def tools_of(self, rollout: str) -> Toolset:
        """What a rollout is offered now; that of all rollouts unless it has sessions of its own."""
        return self._list(rollout).tools

    async def release(self, rollout: str) -> None:
        """Close what the rollout had for itself; what goes wrong there concerns nobody any more."""
        await settled(_each(release, self._sources.values(), rollout))

    def forget(self, rollout: str) -> None:
        """Drop what the rollout's calls left behind; a later one could not use it any more."""
        for source in self._sources.values():
            forget(source, rollout)

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """Run one tool. Never raises for what a tool does: time-outs and exceptions are results too."""
        source = self._source(spec, rollout)
        if source is None:
            where = f" by the server {spec.server!r}" if spec.server else ""
            return ToolResult(text=f"The tool {spec.tool or spec.name!r} is not offered{where}.", outcome="unavailable")
        try:
            async with asyncio.timeout(self._timeout or None):
                task = await settled(source.call(spec.tool or spec.name, arguments, rollout=rollout))
        except TimeoutError:
            text = f"The tool did not finish within {self._timeout:g} seconds."
            return ToolResult(text=text, outcome="timeout", transient=True)
        error = error_of(task)
        return _typed(task.result()) if error is None else _failed(root(error))

    def _list(self, rollout: str) -> _List:
        """The current list of a rollout, made once for all that are offered the same."""
        sources = list(self._sources.values()) if self._opened else []
        parts = tuple(tools_of(source, rollout) for source in sources)
        key = tuple(map(id, parts))
        known = self._lists.get(key)
        if known is None:  # a list holds its parts, so their ids stay theirs
            equal = (other for other in self._lists.values() if other.parts == parts)
            known = next(equal, None) or self._made(sources, parts)
            if len(self._lists) >= _KEPT_LISTS:
                self._lists.clear()
            self._lists[tuple(map(id, known.parts))] = known
        return known

    def _made(self, sources: Sequence[ToolSource], parts: tuple[Toolset, ...]) -> _List:
        offered = [
            (spec, source)
            for source, part in zip(sources, parts, strict=True)
            for spec in part
            if _offered(spec, self._servers.get(source.name))
        ]
        tools = _named([spec for spec, _ in offered])
        routes = {spec.name: (spec, source) for spec, (_, source) in zip(tools, offered, strict=True)}
        return _List(parts, tools, routes)

    def _source(self, spec: ToolSpec, rollout: str) -> ToolSource | None:
        """Where a tool is now; it may have another wire name since its list was shown."""
        routes = self._list(rollout).routes
        known = routes.get(spec.name)
        if known is None or _own_name(known[0]) != _own_name(spec):
            known = next((route for route in routes.values() if _own_name(route[0]) == _own_name(spec)), None)
        return None if known is None else known[1]


def _own_name(spec: ToolSpec) -> tuple[str, str]:
    return spec.server, spec.tool or spec.name


def _offered(spec: ToolSpec, options: ServerTools | None) -> bool:
    """Whether the lists of its server let a tool through."""
    if options is None:
        return True
    name = spec.tool or spec.name
    allowed = options.allow is None or any(fnmatchcase(name, pattern) for pattern in options.allow)
    return allowed and not any(fnmatchcase(name, pattern) for pattern in options.deny)


def _check_patterns(server: str, options: ServerTools, tools: Toolset) -> None:
    """Raises ToolServerError for a pattern that names no tool: it is misspelt, or the tool is missing."""
    names = [spec.tool or spec.name for spec in tools]
    for key, patterns in (("allow", options.allow or []), ("deny", options.deny)):
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise ToolServerError(f"tools.servers.{server}.{key}: {unknown('tool', pattern, names)}")


async def _each(
    act: Callable[[object, str], Coroutine[Any, Any, None]], sources: Iterable[ToolSource], rollout: str
) -> None:
    async with asyncio.TaskGroup() as group:
        for source in sources:
            group.create_task(act(source, rollout))


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
