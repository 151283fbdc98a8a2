"""How many requests may be in flight at one endpoint: grows while all goes well, is cut when it says "too many".

Slow start to the first cut, then slow increase and multiplicative decrease, as TCP does. Retry-After pauses the
endpoint for everybody, so that one told to wait is not followed by hundreds. Caps on requests and tokens a minute come
on top. Level 2, imports pacing and types only. Tests: tests/teachers/test_teachers_limiter.py.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable

from trajsynth.pacing import Rate, loop_time
from trajsynth.types import Usage

FIRST_WINDOW = 64
"""Requests in flight before anything is known: a fleet's worth for a local server, a burst a hosted one can refuse."""
CUT = 0.7
"""What a cut leaves of the window (CUBIC's constant): gentle, as one refusal says little about how far above we are."""
GROWTH = 0.02
"""Share of the window by which a round without refusals widens it after a cut, at least one place: 2,000 places cut by
one refusal are back after 18 rounds; a place a round would take 600, which is an hour of replies of 5 s."""
LEARNING = 0.1
"""Weight of the newest reply in the usual length of replies."""


class Limiter:
    """A FIFO gate with an adaptive width between 1 and `cap`, and at most `rpm` requests and `tpm` tokens a minute
    (0: no such cap). Tokens are reserved by estimate when a request goes out and corrected when its reply is in.
    """

    def __init__(self, cap: int, clock: Callable[[], float] = loop_time, *, rpm: int = 0, tpm: int = 0) -> None:
        self.cap = cap
        self._requests = Rate(rpm, clock) if rpm else None
        self._tokens = Rate(tpm, clock) if tpm else None
        self._usual_output = 0.0
        self._held_back = 0
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

    @property
    def pause_left(self) -> float:
        """Seconds for which the endpoint asked to be left alone."""
        return max(0.0, self._paused_until - self._clock())

    def expected(self, prompt: int) -> int:
        """Tokens a request of `prompt` tokens will probably take, reply included."""
        return prompt + round(self._usual_output)

    async def acquire(self, tokens: int = 0) -> float:
        """Wait for a place, for the rates and for the end of any pause; returns the time it was given, for `cut`.

        `tokens` is what the request will probably take (`expected`).
        """
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
        self._held_back += 1
        try:
            await self._wait_out_pauses()
            if self._requests is not None:
                await self._requests.take()
            if self._tokens is not None:
                await self._tokens.take(tokens)
            await self._wait_out_pauses()
        except asyncio.CancelledError:
            self.release()
            raise
        finally:
            self._held_back -= 1
        return self._clock()

    async def _wait_out_pauses(self) -> None:
        """A pause may be prolonged while we sleep; the jitter keeps the waiting ones from waking in step."""
        pause = self.pause_left
        if pause > 0:
            await asyncio.sleep(pause * (1 + 0.05 * random.random()))
            await self._wait_out_pauses()

    def used(self, expected: int, usage: Usage) -> None:
        """A reply is in: correct the reserved tokens by what it really took."""
        self._usual_output += LEARNING * (usage.output - self._usual_output)
        if self._tokens is not None and usage.input + usage.output:
            self._tokens.correct(usage.input + usage.output - expected)

    def release(self) -> None:
        """Give the place back."""
        self._in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        """Widen, only while full: by one per success in slow start, by GROWTH per window of successes afterwards."""
        if self._in_flight - self._held_back < self.window - 1:
            return
        step = 1.0 if self._window < self._threshold else max(GROWTH, 1.0 / self._window)
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
