"""Limits of the servers behind the tools: how many calls at once and a minute, retries, one result for the same call,
prices. 500 rollouts must not drown a search API and be blamed for it.

A layer around the toolbox; what a server's limits say holds for all rollouts of the run together. Waiting here is no
part of a call's time-out, only of the rollout's own clock. Level 2: imports types, protocols, errors, config, codec,
pacing. Tests: tests/tools/test_tools_limits.py.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from trajsynth.codec import canonical
from trajsynth.config import ToolLimits
from trajsynth.errors import ConfigError
from trajsynth.pacing import Backoff, Rate
from trajsynth.protocols import Toolbox, ToolResult
from trajsynth.tools.around import Around
from trajsynth.types import ToolSpec

CACHE_BYTES = 128 * 2**20
"""Text that a server's remembered results may take; the ones unused for longest go first."""
_OVERHEAD = 400
"""Bytes of memory a remembered result takes beside its text."""
_REFUSED = ("unavailable", "blocked", "invalid_call")
"""Outcomes of calls that no tool answered."""


class LimitedToolbox(Around):
    """A toolbox whose servers are called within their limits.

    `inner` must be open: raises ConfigError for limits of a server to which no tool belongs.
    """

    def __init__(self, inner: Toolbox, limits: Mapping[str, ToolLimits], *, backoff: Backoff | None = None) -> None:
        super().__init__(inner)
        served = {spec.server for spec in inner.tools()}
        for name in limits:
            if name not in served:
                listed = ", ".join(sorted(served)) or "none"
                raise ConfigError(f"tools.limits.{name}: no tool belongs to a server {name!r}; servers: {listed}")
        self._servers = {name: _Server(inner, given, backoff or Backoff(1.0)) for name, given in limits.items()}

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """Run one tool within its server's limits; the result's `usd` is what all tries cost."""
        server = self._servers.get(spec.server)
        caller: Toolbox | _Server = self._inner if server is None else server
        return await caller.call(spec, arguments, rollout=rollout)


class _Server:
    """The calls of one server."""

    def __init__(self, inner: Toolbox, limits: ToolLimits, backoff: Backoff) -> None:
        self._inner, self._limits, self._backoff = inner, limits, backoff
        places = limits.concurrency
        self._places: AbstractAsyncContextManager[object] = asyncio.Semaphore(places) if places else nullcontext()
        self._rate = Rate(limits.rpm) if limits.rpm else None
        self._known = _Known(CACHE_BYTES)

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """From memory where that is allowed, else with retries."""

        async def make() -> ToolResult:
            return await self._persist(spec, arguments, rollout)

        return await self._known.result(_key(spec, arguments), make) if self._may_keep(spec) else await make()

    def _may_keep(self, spec: ToolSpec) -> bool:
        allowed = spec.read_only if self._limits.cache == "read_only" else bool(self._limits.cache)
        return allowed and not spec.poll

    async def _persist(self, spec: ToolSpec, arguments: dict[str, Any], rollout: str) -> ToolResult:
        usd, tries = 0.0, 0
        while True:
            tries += 1
            result = await self._once(spec, arguments, rollout)
            usd += result.usd + self._charge(result)
            if tries > self._limits.retries or not self._may_repeat(spec, result):
                return replace(result, usd=usd)
            await asyncio.sleep(self._backoff.seconds(tries))

    async def _once(self, spec: ToolSpec, arguments: dict[str, Any], rollout: str) -> ToolResult:
        async with self._places:
            if self._rate is not None:
                await self._rate.take()
            return await self._inner.call(spec, arguments, rollout=rollout)

    def _may_repeat(self, spec: ToolSpec, result: ToolResult) -> bool:
        return result.transient and (result.unsent or spec.idempotent or self._limits.cache is True)

    def _charge(self, result: ToolResult) -> float:
        answered = result.outcome == "timeout" or not (result.outcome in _REFUSED or result.transient)
        return self._limits.price if answered else 0.0


class _Known:
    """Good results by call, within a number of bytes; calls made at the same time wait for the first of them."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._results: OrderedDict[bytes, ToolResult] = OrderedDict()
        self._flights: dict[bytes, asyncio.Future[ToolResult]] = {}

    async def result(self, key: bytes, make: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        """What the call gave before, or gives now. A failure is shared by those who wait for it, and then forgotten."""
        while key not in self._results and (flight := self._flights.get(key)) is not None:
            await asyncio.wait({flight})
            if not flight.cancelled():
                return _again(flight.result())
        if key in self._results:
            self._results.move_to_end(key)
            return _again(self._results[key])
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            result = await make()
            flight.set_result(result)
        finally:
            del self._flights[key]
            flight.cancel()  # who made the call was cancelled: one of those who waited makes it
        if result.outcome == "ok":
            self._keep(key, result)
        return result

    def _keep(self, key: bytes, result: ToolResult) -> None:
        self._results[key] = result
        self._size += _size(result)
        while self._size > self._most:
            self._size -= _size(self._results.popitem(last=False)[1])


def _again(result: ToolResult) -> ToolResult:
    return replace(result, usd=0.0, cached=True)


def _size(result: ToolResult) -> int:
    return len(result.text) + _OVERHEAD


def _key(spec: ToolSpec, arguments: dict[str, Any]) -> bytes:
    call = canonical([spec.server, spec.tool or spec.name, arguments])
    return blake2b(call.encode("utf-8", "surrogatepass"), digest_size=16).digest()
