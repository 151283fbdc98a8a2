"""The gate every call passes, so that a stopping run can let the calls in flight arrive and begin none.

Level 3. Tests: tests/generate/test_gate.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Gate:
    """Closed, it lets calls in flight finish and parks new ones until they are cancelled."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.closed = False
        self._idle = asyncio.Event()

    def close(self) -> None:
        """Let nothing new pass."""
        self.closed = True
        self._note()

    async def idle(self) -> None:
        """Until the gate is closed and nothing is in flight."""
        await self._idle.wait()

    async def run(self, make: Callable[[], Awaitable[T]]) -> T:
        """`await make()`, counted; never returns once the gate is closed."""
        if self.closed:
            await self.park()
        return await self.last(make)

    async def last(self, make: Callable[[], Awaitable[T]]) -> T:
        """`await make()`, counted, also when the gate is closed: for what finishes a rollout."""
        self.in_flight += 1
        try:
            return await make()
        finally:
            self.in_flight -= 1
            self._note()

    async def aside(self, waiting: Awaitable[T]) -> T:
        """Await something that is no call, from inside one: meanwhile it does not count as in flight."""
        self.in_flight -= 1
        self._note()
        try:
            return await waiting
        finally:
            self.in_flight += 1

    async def park(self) -> None:
        """Wait for the cancellation that follows the gate's closing."""
        await asyncio.Event().wait()

    def _note(self) -> None:
        if self.closed and not self.in_flight:
            self._idle.set()
