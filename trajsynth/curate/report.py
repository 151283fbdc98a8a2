"""The funnel as a terminal shows it: how many in, what dropped them, who kept how much.

Level 3, imports filters. Tests: tests/curate/test_curate_engine_local.py.
"""

from __future__ import annotations

from trajsynth.filters.codes import CODES
from trajsynth.filters.funnel import ArmReport, Report

__all__ = ["ArmReport", "Report", "render"]

_BAR = 24


def render(report: Report) -> str:
    """The funnel of one recipe as lines of text, then a table by arm."""
    lines = [f"recipe {report.recipe}", _line("in", report.total, report.total)]
    for code, count in sorted(report.dropped.items(), key=lambda item: (-item[1], item[0])):
        meaning = CODES[code].meaning if code in CODES else ""
        also = report.dropping.get(code, count)
        more = f" ({also} in all)" if also != count else ""
        lines.append(_line(f"- {code}", count, report.total, f"{meaning}{more}"))
    masked = f"{report.masked} of them with {report.masked_turns} masked turns" if report.masked else ""
    lines.append(_line("kept", report.kept, report.total, masked))
    for rule, count in sorted(report.repaired.items()):
        lines.append(_line(f"  {rule}", count, report.total, "kept, mended"))
    tagged = {code: count for code, count in report.found.items() if code not in report.dropping}
    if tagged:
        lines.append("  found, not dropped: " + ", ".join(f"{code} {count}" for code, count in sorted(tagged.items())))
    return "\n".join([*lines, *_arms(report)])


def _line(label: str, count: int, total: int, note: str = "") -> str:
    share = count / total if total else 0.0
    bar = "█" * round(share * _BAR)
    return f"  {label:<22}{count:>8} {share:>6.1%}  {bar:<{_BAR}}  {note}".rstrip()


def _arms(report: Report) -> list[str]:
    """One line an arm: in, correct of graded, kept, and its most frequent findings."""
    if not report.arms:
        return []
    width = max(3, *(len(arm) for arm in report.arms))
    lines = [f"  {'arm':<{width}} {'in':>7} {'correct':>8} {'kept':>7}  most found"]
    for arm, share in sorted(report.arms.items()):
        right = f"{share.correct / share.graded:.0%}" if share.graded else "-"
        often = sorted(share.found.items(), key=lambda item: (-item[1], item[0]))[:3]
        most = ", ".join(f"{code} {count}" for code, count in often)
        lines.append(f"  {arm:<{width}} {share.total:>7} {right:>8} {share.kept:>7}  {most}".rstrip())
    return lines
