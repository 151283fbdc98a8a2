"""A toolbox whose results are kept in a file and served from there when the same job makes the same call again.

Level 2, imports protocols, types, codec and callcache only. Tests: tests/tools/test_tools_cached.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from trajsynth.callcache import CallCache
from trajsynth.codec import canonical
from trajsynth.protocols import Toolbox, ToolResult
from trajsynth.tools.around import Around
from trajsynth.types import ToolSpec


class CachedToolbox(Around):
    """Another toolbox behind a cache. A served result is not executed, costs nothing and is marked `cached`.

    Failures that pass are never kept. `without` names servers that are always asked: those whose tools leave something
    behind that later calls of the rollout need.
    """

    def __init__(self, inner: Toolbox, cache: CallCache, without: Collection[str] = ()) -> None:
        super().__init__(inner)
        self._cache, self._without = cache, frozenset(without)

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """The recorded result, or a new one."""

        async def make() -> ToolResult:
            return await self._inner.call(spec, arguments, rollout=rollout)

        if spec.server in self._without:
            return await make()
        call = canonical([spec.server, spec.tool or spec.name, arguments]).encode("utf-8", "surrogatepass")
        return await self._cache.serve(rollout, [b"result", call], ToolResult, make, worth=_lasting, served=_free)


def _lasting(result: ToolResult) -> bool:
    return result.outcome == "ok" or (result.outcome == "tool_error" and not result.transient)


def _free(result: ToolResult) -> ToolResult:
    return replace(result, usd=0.0, cached=True)
