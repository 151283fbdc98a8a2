"""The figures of a run, counted in one pass over its records.

Level 3, imports types only. Tests: tests/report/test_report_stats.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trajsynth.types import Message, Trajectory, Usage

Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""
UNEXECUTED = ("invalid_call", "blocked")
"""Outcomes of calls that never reached a tool; they say nothing about the tool."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A share and its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, n: int) -> Interval | None:
    """Wilson score interval of `successes` out of `n`, sound near 0 % and 100 % too; None for n = 0."""
    if n == 0:
        return None
    share, z2 = successes / n, Z95 * Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def percentile(values: Iterable[int], percent: int) -> int:
    """Nearest rank; 0 without values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0


@dataclass(slots=True)
class ToolStats:
    """How one tool answered, by outcome."""

    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def executed(self) -> int:
        """Calls that reached the tool."""
        return sum(count for outcome, count in self.outcomes.items() if outcome not in UNEXECUTED)

    @property
    def errors(self) -> int:
        """Executed calls that did not answer properly."""
        return self.executed - self.outcomes["ok"]


@dataclass(slots=True)
class ArmStats:
    """One arm; also used for the whole run."""

    arm: str
    n: int = 0
    """Finished trajectories; failed ones are only in `failed` and `usage`."""
    failed: int = 0
    correct: int = 0
    wrong: int = 0
    turns: list[int] = field(default_factory=list)
    """Assistant turns of each trajectory, sub-agents' included."""
    calls: int = 0
    without_calls: int = 0
    """Trajectories that had tools and made no call."""
    with_tools: int = 0
    tools: ToolStats = field(default_factory=ToolStats)
    usage: Usage = field(default_factory=Usage)
    stops: Counter[str] = field(default_factory=Counter)
    """Trajectories by stop reason."""
    cut: int = 0
    """Replies that ended for length."""
    rollbacks: Counter[str] = field(default_factory=Counter)
    """Discarded attempts by reason."""

    @property
    def unknown(self) -> int:
        """Trajectories nobody could grade."""
        return self.n - self.correct - self.wrong

    @property
    def accuracy(self) -> Interval | None:
        """Over the graded ones."""
        return wilson(self.correct, self.correct + self.wrong)

    @property
    def tools_ok(self) -> float | None:
        """Share of executed calls that went well."""
        executed = self.tools.executed
        return (executed - self.tools.errors) / executed if executed else None

    def turns_at(self, percent: int) -> int:
        """Percentile of turns a trajectory."""
        return percentile(self.turns, percent)


@dataclass(slots=True)
class Stats:
    """A whole run."""

    total: ArmStats = field(default_factory=lambda: ArmStats("all"))
    arms: dict[str, ArmStats] = field(default_factory=dict)
    tools: dict[str, ToolStats] = field(default_factory=dict)
    """By wire name."""
    failures: Counter[str] = field(default_factory=Counter)
    """Failed rollouts by kind."""
    messages: dict[str, str] = field(default_factory=dict)
    """One message of each kind of failure."""
    paid: Usage = field(default_factory=Usage)
    """All the run has cost, what no record holds included; zero when nobody wrote it down."""
    judges: Usage = field(default_factory=Usage)
    """The judges' part of `paid`."""
    repeated: int = 0
    """Finished trajectories whose id was seen before, counted nowhere else; anything but 0 is a fault."""


def stats(trajectories: Iterable[Trajectory], failures: Iterable[Trajectory] = ()) -> Stats:
    """Count finished trajectories and failed ones. A failure whose id finished later, or stands twice, counts once."""
    result = Stats()
    seen: set[str] = set()
    for trajectory in trajectories:
        if trajectory.id in seen:
            result.repeated += 1
            continue
        seen.add(trajectory.id)
        if trajectory.failure is not None:
            _add_failure(result, trajectory)
            continue
        for arm in (result.total, _arm(result, trajectory)):
            _add(arm, trajectory)
        _add_tools(result.tools, trajectory)
    for trajectory in failures:
        if trajectory.id not in seen:
            seen.add(trajectory.id)
            _add_failure(result, trajectory)
    result.arms = dict(sorted(result.arms.items()))
    return result


def _arm(result: Stats, trajectory: Trajectory) -> ArmStats:
    return result.arms.setdefault(trajectory.arm, ArmStats(trajectory.arm))


def _add_failure(result: Stats, trajectory: Trajectory) -> None:
    kind = trajectory.failure.kind if trajectory.failure else "unknown"
    result.failures[kind] += 1
    result.messages.setdefault(kind, trajectory.failure.message if trajectory.failure else "")
    for arm in (result.total, _arm(result, trajectory)):
        arm.failed += 1
        arm.usage += trajectory.usage


def _add(arm: ArmStats, trajectory: Trajectory) -> None:
    messages = [message for conversation in trajectory.conversations for message in conversation.messages]
    replies = [message for message in messages if message.role == "assistant"]
    calls = sum(len(message.tool_calls) for message in replies)
    offered = any(tools for conversation in trajectory.conversations for tools in conversation.toolsets)
    arm.n += 1
    arm.correct += trajectory.correct is True
    arm.wrong += trajectory.correct is False
    arm.turns.append(len(replies))
    arm.calls += calls
    arm.with_tools += offered
    arm.without_calls += offered and not calls
    arm.usage += trajectory.usage
    arm.stops[trajectory.stop_reason] += 1
    arm.cut += sum(message.turn is not None and message.turn.finish_reason == "length" for message in replies)
    arm.rollbacks.update(rollback.reason for rollback in trajectory.rollbacks)
    arm.tools.outcomes.update(message.outcome for message in messages if message.role == "tool" and message.outcome)


def _add_tools(tools: dict[str, ToolStats], trajectory: Trajectory) -> None:
    for conversation in trajectory.conversations:
        by_n: Mapping[int, Message] = {message.n: message for message in conversation.messages}
        for message in conversation.messages:
            if message.role != "tool" or message.answers is None or message.outcome is None:
                continue
            n, index = message.answers
            calls = by_n[n].tool_calls if n in by_n else ()
            if index < len(calls):
                tools.setdefault(calls[index].name, ToolStats()).outcomes[message.outcome] += 1
