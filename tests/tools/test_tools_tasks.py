"""trajsynth.tools.tasks: foreign code in its own task."""

from __future__ import annotations

import asyncio

import pytest

from trajsynth.tools.tasks import error_of, raised, root, settled


async def test_what_a_task_raises_is_read_not_caught() -> None:
    async def fails() -> None:
        raise KeyError("x")

    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    assert isinstance(error_of(await settled(fails())), KeyError)
    assert isinstance(error_of(await settled(cancels_itself())), asyncio.CancelledError)
    task = await settled(asyncio.sleep(0, 7))
    assert (error_of(task), task.result()) == (None, 7)


async def test_a_cancelled_caller_takes_the_task_along() -> None:
    cleaned = asyncio.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await settled(long())
    assert cleaned.is_set()


def test_the_root_of_nested_groups() -> None:
    inner = OSError("down")
    assert root(ExceptionGroup("a", [ExceptionGroup("b", [inner]), ValueError()])) is inner


@pytest.mark.parametrize(
    ("error", "outcome", "transient"),
    [(TimeoutError("slow"), "timeout", True), (KeyError("x"), "tool_error", False),
     (OSError("429 Too Many Requests"), "tool_error", True)],
)  # fmt: skip
def test_results_of_exceptions(error: Exception, outcome: str, transient: bool) -> None:
    result = raised(error)
    assert (result.outcome, result.transient) == (outcome, transient)
    assert result.text.startswith(type(error).__name__ + ": ")
