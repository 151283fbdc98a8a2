"""The same call with the same observation again and again (`retry.redundant`).

Level 2. Looks at what came back before calling a repeat redundant: polling sees something new, and a retry right after
a passing fault is sound. Tests: tests/filters/test_filters_actions_retries.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

from trajsynth.filters.base import Filter
from trajsynth.filters.quantities import Quantity, highest
from trajsynth.filters.view import Exchange, excerpt, exchanges
from trajsynth.protocols import Measures
from trajsynth.types import Conversation, Finding, Trajectory


@dataclass(frozen=True)
class RedundantRetry(Filter):
    """One canonical call (server, tool, sorted arguments) that gave one observation `times` times in a conversation.

    4 by arguments alone hits 6 of 1,398 correct real trajectories. Tools marked `poll` don't count,
    nor does a call repeated right after it failed in a way that may pass by itself.
    """

    name: ClassVar = "retry.redundant"
    codes: ClassVar = ("retry.redundant",)
    thresholds: ClassVar = {"retry.redundant": "times"}
    quantities: ClassVar = (Quantity("retry.redundant", "times", "times the same call gave the same result"),)

    times: int = 4
    """Fewest identical exchanges."""

    def measure(self, trajectory: Trajectory) -> Measures:
        repeats = [
            {"c": c, **repeat}
            for c, conversation in enumerate(trajectory.conversations)
            for repeat in _repeats(conversation)
        ]
        return {"repeats": repeats}

    def judge(self, measures: Measures) -> list[Finding]:
        return [
            self.finding(
                "retry.redundant",
                repeat,
                detail=f"{repeat['times']}x {repeat['call']} with the same result",
                value=float(repeat["times"]),
            )
            for repeat in measures["repeats"]
            if repeat["times"] >= self.times
        ]

    def levels(self, measures: Measures) -> dict[str, float]:
        return highest(("times", repeat["times"]) for repeat in measures["repeats"])


def _repeats(conversation: Conversation) -> list[dict[str, Any]]:
    """Exchanges that occurred twice or more, in order of their first occurrence; `n` is the last one's turn."""
    made = exchanges(conversation)
    often = Counter(exchange.asked for exchange in made)
    found: dict[str, dict[str, Any]] = {}
    excused: set[str] = set()
    for exchange in made:
        call = exchange.asked
        if often[call] == 1:
            continue
        retried = call in excused
        excused.discard(call)
        if exchange.transient:
            excused.add(call)
        if exchange.poll or retried or exchange.result is None:
            continue
        repeat = found.setdefault(exchange.key, {"times": 0, "call": _shown(exchange)})
        repeat["times"] += 1
        repeat["n"] = exchange.n
    return [repeat for repeat in found.values() if repeat["times"] >= 2]


def _shown(exchange: Exchange) -> str:
    return excerpt(f"{exchange.call.tool or exchange.call.name}({exchange.call.arguments})", 120)
