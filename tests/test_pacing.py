"""Rates hold over any minute, in order, and the back-off doubles with jitter."""

from __future__ import annotations

import asyncio
import random

import pytest
from fastclock import run_leaping

from trajsynth.pacing import Backoff, Rate, loop_time


def grants(per_minute: float, amounts: list[float], idle: float = 0.0) -> list[float]:
    """When each amount went out, all asking at once."""

    async def ask() -> list[float]:
        rate = Rate(per_minute)
        await asyncio.sleep(idle)
        began = loop_time()

        async def one(amount: float) -> float:
            await rate.take(amount)
            return loop_time() - began

        return await asyncio.gather(*map(one, amounts))

    return run_leaping(ask())


@pytest.mark.parametrize(("per_minute", "number"), [(6, 12), (60, 90), (600, 700)])
def test_no_minute_holds_more_than_the_rate(per_minute: int, number: int) -> None:
    at = grants(per_minute, [1.0] * number, idle=30.0)
    assert at == sorted(at)
    for start in at:
        assert sum(start <= moment < start + 60 - 1e-6 for moment in at) <= per_minute
    assert at[-1] <= (number / per_minute) * 61  # and hardly less: the cap is used


def test_a_large_amount_passes_and_is_worked_off() -> None:
    first, second = grants(60, [100.0, 1.0])
    assert second - first == pytest.approx(100 * 61 / 60 - 1)


def test_corrections_give_back_and_take_more() -> None:
    async def take() -> list[float]:
        rate = Rate(61_000)  # 1,000 a second
        await rate.take(5_000)
        rate.correct(-4_900)
        await rate.take(1)
        early = loop_time()
        rate.correct(5_000)
        await rate.take(1)
        return [early, loop_time()]

    early, late = run_leaping(take())
    assert early == pytest.approx(0.0, abs=0.2)
    assert late == pytest.approx(4.1, abs=0.2)


def test_a_cancelled_waiter_takes_nothing_and_blocks_nobody() -> None:
    async def take() -> list[object]:
        rate = Rate(61 * 10)  # ten a second, so ten at once and then one every 0.1 s
        for _ in range(11):
            await rate.take()
        waiting = [asyncio.create_task(rate.take()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        return [*await asyncio.gather(*waiting, return_exceptions=True), loop_time()]

    cancelled, *others, ended = run_leaping(take())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert others == [None, None]
    assert ended == pytest.approx(0.2), "the two that stayed went out one after the other"


def test_backoff_doubles_to_its_most_with_jitter() -> None:
    random.seed(3)
    backoff = Backoff(first=1.0, most=10.0)
    for tries, full in [(1, 1.0), (2, 2.0), (4, 8.0), (5, 10.0), (99, 10.0)]:
        waits = {backoff.seconds(tries) for _ in range(50)}
        assert len(waits) > 1
        assert full / 2 <= min(waits) <= max(waits) <= full
