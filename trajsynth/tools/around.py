"""A toolbox around another: everything but the calls is the inner one's business.

Level 2; limits and the cache build on it. Tests: tests/tools/test_tools_limits.py, test_tools_cached.py.
"""

from __future__ import annotations

from trajsynth.protocols import Toolbox, begin, forget, release, tools_of
from trajsynth.types import Toolset


class Around:
    """Passes on what a toolbox does beside calling; subclasses add `call`."""

    def __init__(self, inner: Toolbox) -> None:
        self._inner = inner

    def tools(self) -> Toolset:
        """Those of the toolbox inside."""
        return self._inner.tools()

    async def begin(self, rollout: str) -> None:
        """As the toolbox inside does."""
        await begin(self._inner, rollout)

    def tools_of(self, rollout: str) -> Toolset:
        """Those of the toolbox inside."""
        return tools_of(self._inner, rollout)

    async def release(self, rollout: str) -> None:
        """As the toolbox inside does."""
        await release(self._inner, rollout)

    def forget(self, rollout: str) -> None:
        """As the toolbox inside."""
        forget(self._inner, rollout)
