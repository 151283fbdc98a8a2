"""Foreign code runs in a task of its own, so what it raises is read from the task and never caught blindly.

Tests: tests/tools/test_tools_tasks.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from trajsynth.protocols import ToolResult
from trajsynth.signals import is_transient
from trajsynth.tools.text import reason

T = TypeVar("T")
GRACE = 5.0
"""Seconds a cancelled task may take to clean up before it is left alone."""


async def settled(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run to the end and return the finished task, whatever it ended with.

    When the caller is cancelled, the task is cancelled first and given `GRACE` seconds.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(_seen)
    try:
        await asyncio.wait({task})
    finally:
        if not task.done():
            await stopped(task)
    return task


async def stopped(task: asyncio.Task[Any]) -> None:
    """Cancel a task once and wait for its end, at most `GRACE` seconds."""
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE)


def error_of(task: asyncio.Task[Any]) -> BaseException | None:
    """What a finished task raised; a task that cancelled itself raised CancelledError."""
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def raised(error: BaseException) -> ToolResult:
    """The result of a tool that raised: `TypeName: message`, a timeout where it says so."""
    text = reason(error)
    if isinstance(error, TimeoutError):
        return ToolResult(text=text, outcome="timeout", transient=True)
    return ToolResult(text=text, outcome="tool_error", transient=is_transient(text))


def root(error: BaseException) -> BaseException:
    """The first plain exception inside nested exception groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _seen(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
