"""What looks odd in a run's figures, each with the key or command that may mend it.

The limits are the house's own: low enough to notice a fault in a night's run, high enough to stay silent on a healthy
one. Level 3, imports report.stats. Tests: tests/report/test_report_text.py.
"""

from __future__ import annotations

from trajsynth.report.stats import ArmStats, Stats, ToolStats
from trajsynth.tables import percent

TOOL_ERRORS = 0.08
"""Share of a tool's executed calls that fail."""
TOOL_CALLS = 20
"""Fewest executed calls that say anything about a tool."""
ARM_GRADED = 10
"""Fewest graded trajectories that say anything about an arm."""
ROLLED_BACK = 0.2
"""Share of an arm's replies that were discarded."""
STOPPED = 0.1
"""Share of an arm's trajectories that one limit ended, or that stayed ungraded."""
CUT = 0.05
"""Share of an arm's replies cut off for length."""

_CURES = {
    "timeout": "raise tools.timeout (tool calls are given up after it) or lower concurrency",
    "unavailable": "its server was gone or unreachable: look at the server, or lower concurrency",
    "tool_error": "read its error texts: wrongly used by the teacher, or overloaded (then lower concurrency)",
}
_LIMITS = {
    "max_turns": "rollout.max_turns",
    "max_tool_calls": "rollout.max_tool_calls",
    "time_limit": "rollout.wall_clock",
    "context_full": "rollout.keep_results (hide more) or rollout.max_result_chars",
}


def warnings(stats: Stats) -> list[str]:
    """One line each, worst first within tools and arms; empty for a healthy run."""
    tools = sorted(stats.tools.items(), key=lambda item: -item[1].errors)
    found = [line for name, tool in tools if (line := _tool(name, tool))]
    for arm in stats.arms.values():
        found += _arm(arm)
    return found


def _tool(name: str, tool: ToolStats) -> str:
    if tool.executed < TOOL_CALLS or tool.errors / tool.executed < TOOL_ERRORS:
        return ""
    worst = max(_CURES, key=lambda outcome: tool.outcomes[outcome])
    return (
        f"tool {name!r}: {percent(tool.errors / tool.executed)} of {tool.executed} calls fail, "
        f"mostly {worst}: {_CURES[worst]}"
    )


def _arm(arm: ArmStats) -> list[str]:
    found = []
    graded = arm.correct + arm.wrong
    if graded >= ARM_GRADED and arm.correct in (0, graded):
        verdict = "none" if arm.correct == 0 else "all"
        meaning = "look at an answer and at questions.columns.answer" if arm.correct == 0 else "no pairs can come of it"
        found.append(f"arm {arm.arm}: {verdict} of {graded} answers right: {meaning}")
    if arm.with_tools >= ARM_GRADED and arm.without_calls == arm.with_tools:
        found.append(f"arm {arm.arm}: never calls a tool: try `trajsynth check CONFIG --probe` (tool-call parser?)")
    if arm.n >= ARM_GRADED and arm.unknown / arm.n >= STOPPED:
        found.append(f"arm {arm.arm}: {arm.unknown} of {arm.n} answers ungraded: `trajsynth grade RUN` asks again")
    for stop, key in _LIMITS.items():
        if arm.n >= ARM_GRADED and arm.stops[stop] / arm.n >= STOPPED:
            found.append(f"arm {arm.arm}: {arm.stops[stop]} of {arm.n} ended by {stop}: change {key}")
    replies = sum(arm.turns)
    if arm.n >= ARM_GRADED and arm.cut / max(replies, 1) >= CUT:
        found.append(f"arm {arm.arm}: {percent(arm.cut / replies)} of replies cut for length: raise its max_tokens")
    discarded = sum(arm.rollbacks.values())
    if arm.n >= ARM_GRADED and discarded / max(replies + discarded, 1) >= ROLLED_BACK:
        reason, count = arm.rollbacks.most_common(1)[0]
        share = percent(discarded / (replies + discarded))
        found.append(f"arm {arm.arm}: {share} of replies rolled back, {count} of {discarded} for {reason}")
    return found
