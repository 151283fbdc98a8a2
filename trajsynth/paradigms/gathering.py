"""What several agents leave together, and jobs that run side by side.

Imported by paradigms. Tests: tests/paradigms/test_paradigms_loop.py, test_paradigms_miroflow.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from trajsynth.protocols import Episode, ToolResult

if TYPE_CHECKING:
    from trajsynth.paradigms.loop import Agent


def episode(agents: Sequence[Agent]) -> Episode:
    """What a group of agents leaves; the first is the main agent."""
    main = agents[0]
    return Episode(
        conversations=tuple(agent.conversation() for agent in agents),
        answer=main.answer,
        stop_reason=main.stop_reason,
        failure=main.failure,
        rollbacks=tuple(rollback for agent in agents for rollback in agent.rollbacks),
        planted=tuple(label for agent in agents for label in agent.planted),
    )


async def together(jobs: Sequence[Coroutine[Any, Any, ToolResult]]) -> list[ToolResult]:
    """Results in the order of the jobs; the first exception goes on as itself, not as a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
    return [task.result() for task in tasks]
