"""What became of the turns of SFT rows, and how long the rows are: counted while they are written.

Level 3, standard library only. Tests: tests/builders/test_builders_lengths.py.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

_SMALLEST = 512
"""Upper end of the first bin; each next one ends at twice as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLengths:
    """Tokens of rows as the view gives them, before `max_tokens` is applied."""

    counted_by: str = "estimated"
    """The tokenizer, or `estimated`."""
    rows: int = 0
    total: int = 0
    p50: int = 0
    p90: int = 0
    p99: int = 0
    max: int = 0
    histogram: dict[str, int] = field(default_factory=dict)
    """Rows by upper end of their bin, each twice the one before."""
    limit: int | None = None
    """`max_tokens`."""
    over: int = 0
    """Rows above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """How the view and the length policy worked out."""

    view: str = "full"
    turns: dict[str, int] = field(default_factory=dict)
    """Assistant turns of the conversations that are used: `trained`, `masked` by curation, and those in no row by
    reason (`row:<reason>` where the format refused one of a conversation's rows)."""
    tokens: TokenLengths = field(default_factory=TokenLengths)
    blowup: float | None = None
    """Tokens of the view's rows over those of the full rows; None for `full`."""
    uncapped: float | None = None
    """The same without `max_blowup`."""

    def told(self) -> list[str]:
        """Lines to read before training."""
        turns, lines = self.turns, []
        if self.blowup is not None:
            capped = self.uncapped is not None and self.uncapped > self.blowup
            without = f" ({self.uncapped:.2f} without max_blowup)" if capped else ""
            before = "" if self.tokens.limit is None else " before max_tokens"
            lines.append(
                f"view {self.view}: {self.tokens.rows:,} rows{before}, each trained turn in the context its teacher "
                f"saw, {self.blowup:.2f} times the tokens of full rows{without}"
            )
        left = ", ".join(f"{n:,} {why}" for why, n in turns.items() if why not in ("trained", "masked"))
        if left or self.blowup is not None:
            lines.append(f"{turns.get('trained', 0):,} turns are trained; in no row: {left or 'none'}")
        if self.tokens.rows:
            lines.append(self._lengths())
        return lines

    def _lengths(self) -> str:
        tokens = self.tokens
        bins = ", ".join(f"{count:,} up to {end}" for end, count in tokens.histogram.items())
        over = ""
        if tokens.limit is not None:
            over = f"; {tokens.over / tokens.rows:.1%} ({tokens.over:,}) over {tokens.limit:,}"
        return (
            f"tokens a row ({tokens.counted_by}): p50 {tokens.p50:,}, p90 {tokens.p90:,}, p99 {tokens.p99:,}, "
            f"max {tokens.max:,}{over}; rows: {bins}"
        )


class Tokenmeter:
    """Collects the lengths of rows: eight bytes a row."""

    def __init__(self, counted_by: str, limit: int | None) -> None:
        self._counted_by, self._limit = counted_by, limit
        self._sizes = array("q")

    def add(self, size: int) -> None:
        """Count a row."""
        self._sizes.append(size)

    @property
    def total(self) -> int:
        return sum(self._sizes)

    def lengths(self) -> TokenLengths:
        """The report."""
        ordered = sorted(self._sizes)
        if not ordered:
            return TokenLengths(counted_by=self._counted_by, limit=self._limit)
        p50, p90, p99 = (ordered[max(0, -(-len(ordered) * percent // 100) - 1)] for percent in (50, 90, 99))
        return TokenLengths(
            counted_by=self._counted_by,
            rows=len(ordered),
            total=self.total,
            p50=p50,
            p90=p90,
            p99=p99,
            max=ordered[-1],
            histogram=_histogram(ordered),
            limit=self._limit,
            over=sum(size > self._limit for size in ordered) if self._limit is not None else 0,
        )


def _histogram(ordered: list[int]) -> dict[str, int]:
    """Counts by the bins' upper ends, empty ones between the first and the last included."""
    ends = Counter(_end(size) for size in ordered)
    bins, end = {}, _end(ordered[0])
    while end <= _end(ordered[-1]):
        bins[f"{end:,}"] = ends[end]
        end *= 2
    return bins


def _end(size: int) -> int:
    end = _SMALLEST
    while end < size:
        end *= 2
    return end
