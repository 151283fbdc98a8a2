"""How SFT rows are shaped: under which view, how long at most, how much more to train on than the whole rows have.

Whatever is left out on the way is counted by reason. Level 3, imports builders.rows, ruler and views.
Tests: tests/builders/test_builders_lengths.py.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from trajsynth.builders.rows import Row
from trajsynth.builders.ruler import Ruler
from trajsynth.builders.views import Replay, View
from trajsynth.config.shapes import contradiction
from trajsynth.errors import ConfigError

OverLength = Literal["drop", "cut", "split"]
OVER = "length.over"
BLOWUP = "view.max_blowup"
OVERLAP = 4
"""The context that a split row repeats has at most a fourth of `max_tokens`, and at least one exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is asked of SFT rows."""

    view: View = "full"
    max_blowup: float | None = None
    """For `as_seen`: most tokens of a conversation's rows, as a multiple of its full row."""
    max_tokens: int | None = None
    """Most tokens of a row; no limit when absent."""
    over_length: OverLength = "drop"
    """Rows above it: left out, cut behind the last turn that fits, or split into rows with overlapping context."""
    replay: Mapping[str, Replay] = field(default_factory=dict)
    """Which earlier reasoning each teacher was sent back, by its name; `tools`, the usual, for others."""

    def __post_init__(self) -> None:
        """Raises ConfigError for settings that contradict each other."""
        wrong = contradiction(self.view, self.max_blowup, self.max_tokens, self.over_length)
        if wrong:
            raise ConfigError(wrong)


@dataclass(slots=True)
class Fitted:
    """Rows that are within the limit, and turns that are in none of them, by reason."""

    rows: list[Row]
    lost: Counter[str] = field(default_factory=Counter)


def capped(rows: list[Row], sizes: list[int], budget: float) -> Fitted:
    """Rows of one conversation up to a budget of tokens: the last one, then as a hash draws them, in their order."""
    order = sorted(range(len(rows) - 1), key=lambda i: _draw(rows[i], i))
    taken, used = {len(rows) - 1}, sizes[-1]
    for i in order:
        if used + sizes[i] > budget:
            break
        taken.add(i)
        used += sizes[i]
    lost = Counter({BLOWUP: sum(len(row.trained) for i, row in enumerate(rows) if i not in taken)})
    return Fitted([row for i, row in enumerate(rows) if i in taken], +lost)


def _draw(row: Row, place: int) -> bytes:
    return hashlib.sha256(f"{row.trajectory}\0{row.conversation}\0{place}".encode(errors="replace")).digest()


def fitted(row: Row, size: int, shape: Shape, ruler: Ruler) -> Fitted:
    """A row of `size` tokens under the length policy."""
    if shape.max_tokens is None or size <= shape.max_tokens:
        return Fitted([row])
    rows: list[Row] = []
    if shape.over_length == "cut":
        rows = list(_cut(row, shape.max_tokens, ruler))
    elif shape.over_length == "split":
        rows = list(_split(row, shape.max_tokens, ruler))
    left = sum(len(piece.trained) for piece in rows)
    return Fitted(rows, +Counter({OVER: len(row.trained) - left}))


def _cut(row: Row, most: int, ruler: Ruler) -> Iterator[Row]:
    """The row up to the last trained turn that fits."""
    turns = ruler.turns(row)
    for i in sorted(row.trained, reverse=True):
        if turns[i][1] <= most:
            piece = _piece(row, 0, 0, i)
            if ruler.size(piece) <= most:
                yield piece
                return


def _split(row: Row, most: int, ruler: Ruler) -> Iterator[Row]:
    """Rows of the opening messages, some exchanges repeated as context, and the turns that come next.

    An exchange is an assistant turn with what answers it. A turn that does not fit with the exchange before it is
    left out.
    """
    measured = ruler.turns(row)
    places = sorted(measured)
    begins = [measured[i][0] for i in places]
    ends = [measured[i][1] for i in places]
    at = 0
    while at < len(places):
        wide = next((s for s in range(at) if begins[at] - begins[s] <= most // OVERLAP), max(at - 1, 0))
        piece, last = None, at
        for start in dict.fromkeys((wide, max(at - 1, 0))):
            room = most - begins[0] + begins[start]
            last = max((e for e in range(at, len(places)) if ends[e] <= room), default=at - 1)
            piece, last = _longest(row, places, (start, at, last), most, ruler)
            if piece is not None:
                break
        if piece is not None and piece.trained:
            yield piece
        at = last + 1 if piece is not None else at + 1


def _longest(
    row: Row, places: list[int], span: tuple[int, int, int], most: int, ruler: Ruler
) -> tuple[Row | None, int]:
    """The piece of exchanges from `start`, trained from `at` to `last` or as far as it really fits."""
    start, at, last = span
    while last >= at:
        piece = _piece(row, places[start] if start else 0, places[at] if at else 0, places[last])
        if ruler.size(piece) <= most:
            return piece, last
        last -= 1
    return None, at


def _piece(row: Row, start: int, trained: int, last: int) -> Row:
    """Opening messages, then messages `start` to `last`; turns before message `trained` are masked."""
    head = row.prompt_length
    kept = [i for i in range(last + 1) if i < head or i >= start]
    masked = frozenset(new for new, i in enumerate(kept) if i in row.masked or (i in row.assistants and i < trained))
    return replace(row, messages=[row.messages[i] for i in kept], sources=[row.sources[i] for i in kept], masked=masked)
