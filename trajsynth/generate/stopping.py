"""How a run is asked to stop: by Ctrl-C, by a batch system's SIGTERM, or by a program.

Level 3. Tests: tests/generate/test_stopping.py.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """Asked once: nothing new is begun and calls in flight may still arrive. Asked twice: at once."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._at_once = asyncio.Event()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    @property
    def at_once(self) -> bool:
        return self._at_once.is_set()

    def request(self, *, at_once: bool = False) -> None:
        """Ask for it, from the event loop's thread."""
        if at_once or self.asked:
            self._at_once.set()
        self._asked.set()

    async def wait(self) -> None:
        """Until it is asked for."""
        await self._asked.wait()

    async def wait_at_once(self) -> None:
        """Until it is asked for again."""
        await self._at_once.wait()


@contextmanager
def on_signals(stop: Stop) -> Iterator[None]:
    """SIGINT and SIGTERM ask `stop` while the block runs; outside the main thread signals are left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, stop.request)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
