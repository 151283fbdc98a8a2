"""How fast and how often: a cap on what goes out a minute, the back-off between tries, and the clock both wait by.

Level 1, standard library only; teachers and tools pace their calls by it. Tests: tests/test_pacing.py.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

BURST = 1.0
"""Seconds' worth of a rate that may go out at once: enough to ride over late wake-ups, too little to be felt."""


def loop_time() -> float:
    """Seconds on the running event loop's clock, the one its sleeps and time-outs go by."""
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds before the next try: doubling from `first` to `most`, half of it random so that retries spread out."""

    first: float = 0.5
    most: float = 30.0

    def seconds(self, tries: int) -> float:
        """The wait after `tries` failed tries (1 and up)."""
        full = min(self.most, self.first * 2.0 ** min(tries - 1, 30))
        return full * (0.5 + random.random() / 2)


class Rate:
    """A token bucket: at most `per_minute` units in any minute, however many tasks take from it, first come first
    served. One amount larger than what is left still passes and is worked off afterwards, so nothing waits for ever.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = loop_time) -> None:
        self._per_second = per_minute / (60.0 + BURST)
        self._clock = clock
        self._paid_until = float("-inf")
        self._turn = asyncio.Lock()

    async def take(self, amount: float = 1.0) -> None:
        """Wait until `amount` may go out."""
        async with self._turn:
            await self._affordable()
            self._paid_until = max(self._paid_until, self._clock()) + amount / self._per_second

    async def _affordable(self) -> None:
        """Asks again after each wait: a correction may have come in meanwhile."""
        wait = self._paid_until - BURST - self._clock()
        if wait > 0:
            await asyncio.sleep(wait)
            await self._affordable()

    def correct(self, amount: float) -> None:
        """What was taken turned out to be more than thought, or less (negative)."""
        self._paid_until += amount / self._per_second
