"""How many requests may be in flight at one endpoint: grows while all goes well, is cut when it says "too many".

Slow start to the first cut, then additive increase and multiplicative decrease, as TCP does. Retry-After pauses the
endpoint for everybody, so that one told to wait is not followed by hundreds. Level 2, standard library only.
Tests: tests/teachers/test_teachers_limiter.py.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable

FIRST_WINDOW = 64
"""Requests in flight before anything is known: a fleet's worth for a local server, a burst a hosted one can refuse."""
CUT = 0.7
"""What a cut leaves of the window (CUBIC's constant): gentle, as one refusal says little about how far above we are."""


class Limiter:
    """A FIFO gate with an adaptive width between 1 and `cap`."""

    def __init__(self, cap: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.cap = cap
        self._clock = clock
        self._window = float(min(cap, FIRST_WINDOW))
        self._threshold = float(cap)
        self._in_flight = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._last_cut = -1.0
        self._paused_until = 0.0

    @property
    def window(self) -> int:
        """Requests that may be in flight now."""
        return int(self._window)

    @property
    def in_flight(self) -> int:
        """Requests in flight now."""
        return self._in_flight

    async def acquire(self) -> float:
        """Wait for a place and for the end of any pause; returns the time it was given, to be handed to `cut`."""
        if self._queue or self._in_flight >= self.window:
            place = asyncio.get_running_loop().create_future()
            self._queue.append(place)
            try:
                await place
            except asyncio.CancelledError:
                self._forget(place)
                raise
        else:
            self._in_flight += 1
        try:
            await self._wait_out_pauses()
        except asyncio.CancelledError:
            self.release()
            raise
        return self._clock()

    async def _wait_out_pauses(self) -> None:
        """A pause may be prolonged while we sleep; the jitter keeps the waiting ones from waking in step."""
        pause = self._paused_until - self._clock()
        if pause > 0:
            await asyncio.sleep(pause * (1 + 0.05 * random.random()))
            await self._wait_out_pauses()

    def release(self) -> None:
        """Give the place back."""
        self._in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        """Widen: by one per success in slow start, by one per window of successes afterwards, and only while full."""
        if self._in_flight < self.window - 1:
            return
        step = 1.0 if self._window < self._threshold else 1.0 / self._window
        self._window = min(float(self.cap), self._window + step)
        self._wake()

    def cut(self, acquired: float, wait: float | None = None) -> None:
        """Narrow, once per round: refusals of requests sent before the last cut say nothing about the new width."""
        if wait:
            self._paused_until = max(self._paused_until, self._clock() + wait)
        if acquired <= self._last_cut:
            return
        self._last_cut = self._clock()
        self._window = max(1.0, self._window * CUT)
        self._threshold = self._window

    def _wake(self) -> None:
        while self._queue and self._in_flight < self.window:
            place = self._queue.popleft()
            if not place.done():
                self._in_flight += 1
                place.set_result(None)

    def _forget(self, place: asyncio.Future[None]) -> None:
        """A waiter was cancelled: give its place on if it had just been given one."""
        if place.done() and not place.cancelled():
            self.release()
        elif place in self._queue:
            self._queue.remove(place)
