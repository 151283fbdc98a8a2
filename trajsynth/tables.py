"""A plain text table, and numbers as people read them.

Level 1, standard library only. Tests: tests/report/test_report_text.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns a terminal gives to `text`: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Aligned columns: the first `left` to the left, the others to the right; a rule under the header."""
    lines = aligned([header, *rows], "l" * left + "r" * (len(header) - left))
    widths = [max(width(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """A line each, two blanks between columns; `sides` has `l` or `r` for each column."""
    widths = [max(width(row[i]) for row in rows) for i in range(len(sides))]
    lines = []
    for row in rows:
        gaps = [" " * (wanted - width(cell)) for cell, wanted in zip(row, widths, strict=True)]
        padded = [c + gap if side == "l" else gap + c for c, gap, side in zip(row, gaps, sides, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return lines


def human(number: float) -> str:
    """`987`, `12.3k`, `4.6M`, `1.2B`."""
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= limit:
            return f"{number / (1e3 if letter == 'k' else limit):.1f}{letter}"
    return f"{number:.0f}"


def dollars(amount: float) -> str:
    """`-` for nothing, four digits below a cent."""
    if amount == 0:
        return "-"
    return f"${amount:,.2f}" if amount >= 0.01 else f"${amount:.4f}"


def percent(share: float | None) -> str:
    """One digit, but never `100.0%` or `0.0%` for what is not all or nothing."""
    if share is None:
        return "-"
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{min(max(share * 100, 0.1), 99.9):.1f}%"


def duration(seconds: float) -> str:
    """`42 s`, `7 min`, `3.4 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def shorten(text: str, most: int = 100) -> str:
    """One line of at most `most` characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
