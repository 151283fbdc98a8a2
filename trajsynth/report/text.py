"""A run's figures as terminal text: the table of arms, failures by kind, warnings.

Level 3, imports report.stats, table, warnings. Tests: tests/report/test_report_text.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from trajsynth.report.stats import ArmStats, Interval, Stats
from trajsynth.report.warnings import warnings
from trajsynth.tables import dollars, human, percent, shorten, table

HEADER = ("arm", "n", "right", "95 %", "turns p50/p95", "calls", "tools ok", "tokens", "$", "$/kept")


def render(stats: Stats, kept: Mapping[str, int] | None = None) -> str:
    """Everything; `kept` is how many trajectories of each arm the first recipe kept (without it: $ per correct one)."""
    parts = [arms(stats, kept), cost(stats, kept), failed(stats), warned(stats)]
    return "\n\n".join(part for part in parts if part)


def arms(stats: Stats, kept: Mapping[str, int] | None = None) -> str:
    """A row per arm and one for all; empty text for no records."""
    if not stats.arms:
        return "no trajectories"
    header = HEADER if kept is not None else (*HEADER[:-1], "$/right")
    rows = [_row(arm, arm.correct if kept is None else kept.get(name, 0)) for name, arm in stats.arms.items()]
    if len(rows) > 1:
        rows.append(_row(stats.total, stats.total.correct if kept is None else sum(kept.values())))
    tools = stats.total.usage.tools_usd
    return table(header, rows) + (f"\n{dollars(tools)} of it for tool calls" if tools else "")


def cost(stats: Stats, kept: Mapping[str, int] | None = None) -> str:
    """What the run has cost with its judges and with calls no record holds (repeated, discarded); empty for nothing."""
    judges, lines = stats.judges, []
    if judges.calls:
        lines.append(
            f"judges: {judges.calls} calls, {human(judges.input + judges.output)} tokens, {dollars(judges.usd)}"
        )
    if stats.paid.usd:
        good = stats.total.correct if kept is None else sum(kept.values())
        each = f", {dollars(stats.paid.usd / good)} a {'right' if kept is None else 'kept'} trajectory" if good else ""
        lines.append(f"paid in all: {dollars(stats.paid.usd)}{each} (judges and discarded calls included)")
    return "\n".join(lines)


def _row(arm: ArmStats, kept: int) -> tuple[str, ...]:
    return (
        arm.arm,
        str(arm.n),
        percent(arm.accuracy.value if arm.accuracy else None),
        _interval(arm.accuracy),
        f"{arm.turns_at(50)}/{arm.turns_at(95)}",
        f"{arm.calls / arm.n:.1f}" if arm.n else "-",
        percent(arm.tools_ok),
        human(arm.usage.input + arm.usage.output),
        dollars(arm.usage.usd),
        dollars(arm.usage.usd / kept) if kept else "-",
    )


def _interval(accuracy: Interval | None) -> str:
    return "-" if accuracy is None else f"{accuracy.low * 100:.0f}-{accuracy.high * 100:.0f}"


def failed(stats: Stats) -> str:
    """Failed rollouts by kind, each with one message; empty when none failed."""
    if not stats.failures:
        return ""
    rows = [f"  {count} {kind}: {shorten(stats.messages[kind])}" for kind, count in stats.failures.most_common()]
    return "\n".join([f"failed: {sum(stats.failures.values())}", *rows])


def warned(stats: Stats) -> str:
    """Warning lines; empty when nothing is odd."""
    return "\n".join(f"warning: {line}" for line in warnings(stats))
