"""The window grows, is cut once a round, and keeps its places through cancellation."""

from __future__ import annotations

import asyncio

import pytest

from trajsynth.teachers.limiter import CUT, FIRST_WINDOW, Limiter
from trajsynth.types import Usage


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def fill(limiter: Limiter) -> list[float]:
    return [await limiter.acquire() for _ in range(limiter.window - limiter.in_flight)]


@pytest.mark.parametrize(("cap", "window"), [(1, 1), (FIRST_WINDOW - 1, FIRST_WINDOW - 1), (1000, FIRST_WINDOW)])
def test_first_window(cap: int, window: int) -> None:
    assert Limiter(cap).window == window


async def run_round(limiter: Limiter, waiting: int) -> None:
    """All in flight succeed while others wait for their places."""
    queue = [asyncio.create_task(limiter.acquire()) for _ in range(waiting)]
    await asyncio.sleep(0)
    for _ in range(limiter.in_flight):
        limiter.succeeded()
        limiter.release()
    await asyncio.sleep(0)
    for task in queue:
        task.cancel()
    await asyncio.gather(*queue, return_exceptions=True)


async def test_slow_start_doubles_a_round_up_to_the_cap() -> None:
    limiter = Limiter(FIRST_WINDOW * 3)
    await fill(limiter)
    for expected in (FIRST_WINDOW * 2, FIRST_WINDOW * 3, FIRST_WINDOW * 3):
        await run_round(limiter, waiting=FIRST_WINDOW * 4)
        assert limiter.window == limiter.in_flight == expected


async def test_an_idle_limiter_does_not_grow() -> None:
    limiter = Limiter(1000)
    await limiter.acquire()
    limiter.succeeded()
    assert limiter.window == FIRST_WINDOW


async def test_one_cut_per_round_then_additive_growth() -> None:
    clock = Clock()
    limiter = Limiter(1000, clock)
    sent = await fill(limiter)
    clock.now += 1
    for acquired in sent:
        limiter.cut(acquired)
    narrow = int(FIRST_WINDOW * CUT)
    assert limiter.window == narrow
    for _ in range(narrow + 1):
        limiter.succeeded()
    assert limiter.window == narrow + 1
    clock.now += 1
    limiter.cut(clock.now)
    assert limiter.window < narrow


async def test_a_wide_window_is_soon_back_after_a_cut() -> None:
    limiter = Limiter(400, Clock())
    rounds = 0
    while limiter.window < 400:
        await fill(limiter)
        await run_round(limiter, waiting=400)
    limiter.cut(101.0)
    narrow = limiter.window
    while limiter.window < 400:
        for _ in range(limiter.in_flight - limiter.window):
            limiter.release()
        await run_round(limiter, waiting=400)
        rounds += 1
    assert narrow == 400 * CUT
    assert 10 < rounds < 20


async def test_the_window_never_closes() -> None:
    clock = Clock()
    limiter = Limiter(4, clock)
    for _ in range(20):
        clock.now += 1
        limiter.cut(clock.now)
    assert limiter.window == 1


async def test_waiters_go_in_order_and_cancelled_ones_lose_nothing() -> None:
    limiter = Limiter(1)
    await limiter.acquire()
    order: list[str] = []

    async def work(name: str) -> None:
        await limiter.acquire()
        order.append(name)
        await asyncio.sleep(0)
        limiter.release()

    tasks = [asyncio.create_task(work(name)) for name in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    limiter.release()
    tasks[0].cancel()  # it has just been given the place
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["c"]
    assert limiter.in_flight == 0


async def test_a_pause_holds_everybody_up() -> None:
    limiter = Limiter(8)
    limiter.cut(await limiter.acquire(), wait=0.05)
    limiter.release()
    loop = asyncio.get_running_loop()
    before = loop.time()
    await limiter.acquire()
    assert loop.time() - before >= 0.045


async def test_rate_caps_hold_back_without_looking_like_demand() -> None:
    limiter = Limiter(1000, rpm=61)  # two at once, then one a second
    await limiter.acquire()
    waiting = [asyncio.create_task(limiter.acquire()) for _ in range(FIRST_WINDOW)]
    await asyncio.sleep(0)
    assert limiter.in_flight == FIRST_WINDOW
    limiter.succeeded()
    assert limiter.window == FIRST_WINDOW  # it is the cap that holds them back, not the window
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert limiter.in_flight == 2


async def test_the_usual_length_of_replies_is_learnt() -> None:
    limiter = Limiter(8, tpm=1_000_000)
    assert limiter.expected(100) == 100
    for _ in range(60):
        limiter.used(limiter.expected(100), Usage(input=100, output=500))
    assert 595 <= limiter.expected(100) <= 600


async def test_tokens_overdrawn_are_worked_off_by_the_next() -> None:
    limiter = Limiter(8, tpm=61_000)
    await limiter.acquire(10)
    limiter.used(10, Usage(input=2_000, output=400))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await limiter.acquire(10)
    assert limiter.in_flight == 1
