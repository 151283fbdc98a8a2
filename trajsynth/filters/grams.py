"""Many texts as tokens in numpy arrays at once: words, single characters of scripts without spaces, punctuation.

Level 2; numpy is imported where it is used. Every token has a number that is equal for equal tokens, and runs of tokens
get theirs from it, so that all texts of a trajectory are looked at in a few passes at C speed. The tokens are those of
`trajsynth.filters.words`, case folded, an underscore being one of its own. Tests: tests/filters/test_filters_grams.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from trajsynth.filters.words import UNSPACED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]
    Places = NDArray[np.intp]

MOST_CHARS: Final = 1_000_000
"""Characters of all texts together: their places fit 20 bits."""
_BLANK, _WORD, _SIGN = 0, 1, 2
_TABLED: Final = 0x20000
"""Beyond this code point stand Han characters and then nothing that is a word."""
_BASE: Final = 0x9E3779B97F4A7C15
_MIX: Final = 0xBF58476D1CE4E5B9
_TEXT: Final = 0x94D049BB133111EB
_FIRST: Final = 1 << 16
_LOW: Final = (1 << 20) - 1
_HIGH: Final = (1 << 64) - 1 - _LOW


@dataclass(frozen=True, slots=True)
class Joined:
    """Several texts as one, case folded, a line break after each."""

    text: str
    starts: tuple[int, ...]
    """Where each text begins."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> Joined:
        """The texts joined."""
        folded = [text.casefold() for text in texts]
        starts = accumulate((len(text) + 1 for text in folded[:-1]), initial=0)
        return cls("\n".join([*folded, ""]), tuple(starts))


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens of several texts in a row, as numbers."""

    numbers: Numbers
    """Equal tokens have the same."""
    firsts: Places
    """The place of each text's first token."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of several texts."""

    all: Row
    words: Row
    """Words and characters of scripts without spaces only."""
    counted: NDArray[np.bool_]
    """Which of the words begin with a digit."""


@cache
def _kinds() -> NDArray[np.uint32]:
    """Of each character: blank, part of a word, a token of its own, or (a number of its own) punctuation."""
    import numpy as np

    signs = "".join(map(chr, range(_TABLED)))
    table = np.arange(16, _TABLED + 16, dtype=np.uint32)
    for kind, pattern in ((_BLANK, r"\s+"), (_WORD, rf"[^\W_{UNSPACED}]+"), (_SIGN, rf"[{UNSPACED}]+")):
        for match in re.finditer(pattern, signs):
            table[match.start() : match.end()] = kind
    return table


_powers_known: dict[int, Numbers] = {}


def _powers(base: int, count: int) -> Numbers:
    """1, base, base squared ... modulo 2**64; at least so many."""
    known = _powers_known.get(base)
    if known is None or len(known) < count:
        import numpy as np

        size = max(_FIRST, 1 << (count - 1).bit_length())
        known = np.ones(size, np.uint64)
        done = 1
        while done < size:
            known[done : 2 * done] = known[:done] * np.uint64(pow(base, done, 1 << 64))
            done *= 2
        _powers_known[base] = known
    return known


def tokens(joined: Joined) -> Tokens:
    """The tokens of texts."""
    import numpy as np

    codes = np.frombuffer(joined.text.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _kinds_of(codes)
    bounds = np.empty(len(codes) + 1, np.bool_)
    bounds[0] = bounds[-1] = True
    np.not_equal(kinds[1:], kinds[:-1], out=bounds[1:-1])
    if not joined.text.isascii():
        bounds[1:-1] |= kinds[1:] == _SIGN
    edges = np.flatnonzero(bounds)
    kind = kinds[edges[:-1]]
    there = np.flatnonzero(kind)
    starts = edges[there]
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _powers(_BASE, len(codes))[: len(codes)], out=sums[1:])
    sums = sums[edges]
    numbers = (sums[there + 1] - sums[there]) * _powers(pow(_BASE, -1, 1 << 64), len(codes))[starts]
    numbers ^= numbers >> np.uint64(29)
    numbers *= np.uint64(_MIX)
    firsts = np.searchsorted(starts, joined.starts)
    words = np.flatnonzero(kind[there] <= _SIGN)
    opening = codes[starts[words]]
    worded = Row(numbers[words], np.searchsorted(words, firsts))
    return Tokens(Row(numbers, firsts), worded, (opening >= 48) & (opening <= 57))


def _kinds_of(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    import numpy as np

    table = _kinds()
    if int(codes.max(initial=0)) < _TABLED:
        return table.take(codes)
    han = (codes >= _TABLED) & (codes < 2 * _TABLED)
    return np.where(codes < _TABLED, table.take(np.minimum(codes, _TABLED - 1)), np.where(han, _SIGN, codes + 16))


def grams(row: Row, length: int) -> Row:
    """The runs of so many tokens, by where they begin; a few reach into the next text."""
    import numpy as np

    numbers, size = row.numbers, 1
    while size < length:
        step = min(size, length - size)
        numbers = numbers[: max(0, len(numbers) - step)] * np.uint64(_BASE + 2 * step) + numbers[step:]
        size += step
    return Row(numbers, row.firsts)


@dataclass(frozen=True, slots=True)
class Again:
    """Where what stands more than once in a text stands, by number and then place; and a few that do not."""

    places: Places
    texts: Places
    """Which text each place is in."""
    same: NDArray[np.bool_]
    """Whether each but the first has the number and text of the one before it."""


def again(row: Row, groups: Places | None = None) -> Again:
    """What stands more than once in a text, or in the texts of a group.

    Of the numbers the upper 44 bits are compared: of a million that differ hardly two agree in these.
    """
    import numpy as np

    places = _repeated(row.numbers)
    texts = np.searchsorted(row.firsts, places, "right") - 1
    keys = (texts if groups is None else groups[texts]).astype(np.uint64) * np.uint64(_TEXT) + row.numbers[places]
    keys &= np.uint64(_HIGH)
    keys |= np.arange(len(places), dtype=np.uint64)
    keys.sort()
    order = (keys & np.uint64(_LOW)).astype(np.intp)
    keys >>= np.uint64(20)
    return Again(places[order], texts[order], keys[1:] == keys[:-1])


def _repeated(numbers: Numbers) -> Places:
    """Places of numbers that stand more than once, and a few others: of each two that share a slot both."""
    import numpy as np

    bits = max(12, len(numbers).bit_length() + 2)
    slots = (numbers >> np.uint64(64 - bits)).astype(np.intp)
    own = np.arange(len(numbers))
    last = np.empty(1 << bits, np.intp)
    last[slots] = own
    last = last[slots]
    shared = last != own
    shared[last[shared]] = True
    return np.flatnonzero(shared)
