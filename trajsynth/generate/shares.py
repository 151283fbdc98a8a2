"""What the parts of a run get of what there is once: of the budget, of an endpoint's places and rates.

Level 3. Each part is made by a process that knows nothing of the others, so what they may do together is divided
beforehand. Tests: tests/generate/test_shares.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from trajsynth.config import Budget, Config, OpenAITeacher, ScriptedTeacher, TeacherConfig, ToolLimits
from trajsynth.generate.jobs import Slice
from trajsynth.generate.progress import Board
from trajsynth.generate.spending import read_spent, spent, total
from trajsynth.generate.stopping import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process of several that make a run works with."""

    part: Slice
    allowance: Budget | None
    """What it may spend over all its sessions; None without a budget."""
    board: Board
    """Its counters, watched from outside."""
    stop: Stop


def allowances(budget: Budget, folder: Path, parts: Sequence[Slice]) -> list[Budget | None]:
    """What each part may spend, what it has spent already included: an equal share of what is left of the run's budget,
    whoever spent the rest (also parts of another split). Raises RecordError."""
    if budget.usd is None and budget.tokens is None:
        return [None] * len(parts)
    paid = total(spent(folder))
    usd = None if budget.usd is None else max(0.0, budget.usd - paid.usd) / len(parts)
    tokens = None if budget.tokens is None else max(0, budget.tokens - paid.input - paid.output) // len(parts)
    given: list[Budget | None] = []
    for part in parts:
        file = folder / f"spent{part.mark}.jsonl"
        own = total(read_spent([file] if file.exists() else []))
        given.append(
            Budget(
                usd=None if usd is None else own.usd + usd,
                tokens=None if tokens is None else own.input + own.output + tokens,
            )
        )
    return given


def divided(config: Config, parts: int) -> Config:
    """The config one of `parts` processes opens its teachers and tools with: so many times fewer places and requests a
    minute, and never none."""
    if parts == 1:
        return config
    limits = {name: _limits(limit, parts) for name, limit in config.tools.limits.items()}
    return replace(
        config,
        teachers={name: _teacher(teacher, parts) for name, teacher in config.teachers.items()},
        tools=replace(config.tools, limits=limits),
    )


def fewer(number: int, parts: int) -> int:
    """One part's share of a number, at least 1."""
    return max(1, number // parts)


def _teacher(teacher: TeacherConfig, parts: int) -> TeacherConfig:
    if isinstance(teacher, OpenAITeacher):
        rpm, tpm = _cap(teacher.rpm, parts), _cap(teacher.tpm, parts)
        return replace(teacher, concurrency=fewer(teacher.concurrency, parts), rpm=rpm, tpm=tpm)
    if isinstance(teacher, ScriptedTeacher):
        return replace(teacher, concurrency=fewer(teacher.concurrency, parts))
    return teacher


def _limits(limit: ToolLimits, parts: int) -> ToolLimits:
    return replace(limit, concurrency=_cap(limit.concurrency, parts), rpm=_cap(limit.rpm, parts))


def _cap(number: int | None, parts: int) -> int | None:
    return None if number is None else fewer(number, parts)
