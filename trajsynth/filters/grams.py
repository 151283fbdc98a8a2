"""Many texts as tokens in numpy arrays at once: words, single characters of scripts without spaces, punctuation.

Level 2; numpy is imported where it is used. Every token has a number that is equal for equal tokens, and runs of tokens
get theirs from it, so that all texts of a trajectory are looked at in a few passes at C speed. The tokens are those of
`trajsynth.filters.words`, case folded, an underscore being one of its own. Tests: tests/filters/test_filters_grams.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from trajsynth.filters.words import UNSPACED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]

MOST_CHARS: Final = 1_000_000
"""Characters of all texts together: what fits the 20 bits of a place in `sorted_places`, and memory."""
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
class Tokens:
    """The tokens of several texts, one after another, with nothing between texts."""

    numbers: Numbers
    """One for each token; equal tokens of one text have the same, tokens of different texts hardly ever."""
    text: NDArray[np.intp]
    """Which text a token is of."""
    worded: NDArray[np.bool_]
    """The token is a word or a character of a script without spaces, not punctuation."""
    counted: NDArray[np.bool_]
    """The token begins with a digit."""


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


def folded(texts: Sequence[str]) -> str:
    """The texts as one, case folded, a line break after each."""
    return "".join([f"{text.casefold()}\n" for text in texts])


def tokens(texts: Sequence[str], joined: str, groups: Sequence[int] | None = None) -> Tokens:
    """The tokens of texts whose `folded` form is given; texts of one group share their numbers (default: none do)."""
    import numpy as np

    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _kinds_of(codes, joined)
    bounds = np.empty(len(codes) + 1, np.bool_)
    bounds[0] = bounds[-1] = True
    np.not_equal(kinds[1:], kinds[:-1], out=bounds[1:-1])
    if not joined.isascii():
        bounds[1:-1] |= kinds[1:] == _SIGN
    edges = np.flatnonzero(bounds)
    kind = kinds[edges[:-1]]
    there = np.flatnonzero(kind)
    kind, starts, ends = kind[there], edges[there], edges[there + 1]
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _powers(_BASE, len(codes))[: len(codes)], out=sums[1:])
    numbers = (sums[ends] - sums[starts]) * _powers(pow(_BASE, -1, 1 << 64), len(codes))[starts]
    text = _text_of(starts, texts, joined)
    group = text if groups is None else np.asarray(groups, np.intp)[text]
    numbers += group.astype(np.uint64) * np.uint64(_TEXT)
    numbers ^= numbers >> np.uint64(29)
    numbers *= np.uint64(_MIX)
    first = codes[starts]
    return Tokens(numbers, text, kind <= _SIGN, (first >= 48) & (first <= 57))


def _kinds_of(codes: NDArray[np.uint32], joined: str) -> NDArray[np.uint32]:
    import numpy as np

    table = _kinds()
    if joined.isascii() or int(codes.max(initial=0)) < _TABLED:
        return table.take(codes)
    han = (codes >= _TABLED) & (codes < 2 * _TABLED)
    return np.where(codes < _TABLED, table.take(np.minimum(codes, _TABLED - 1)), np.where(han, _SIGN, codes + 16))


def text_starts(texts: Sequence[str], joined: str) -> NDArray[np.intp]:
    """Where each text begins in the joined form."""
    import numpy as np

    lengths = map(len, texts) if joined.isascii() else (len(text.casefold()) for text in texts)
    sizes = np.fromiter(lengths, np.intp, len(texts)) + 1
    return np.cumsum(sizes) - sizes


def _text_of(places: NDArray[np.intp], texts: Sequence[str], joined: str) -> NDArray[np.intp]:
    """Which text each place (ascending) of the joined form is in."""
    import numpy as np

    firsts = np.searchsorted(places, text_starts(texts, joined))
    return np.repeat(np.arange(len(texts)), np.diff(firsts, append=len(places)))


def grams(numbers: Numbers, lengths: Sequence[int]) -> Iterator[Numbers]:
    """Numbers of all runs of so many tokens, for each of the lengths (ascending, each at most twice the one before)."""
    import numpy as np

    size = 1
    for length in lengths:
        while size < length:
            step = min(size, length - size)
            numbers = numbers[: max(0, len(numbers) - step)] * np.uint64(_BASE + 2 * step) + numbers[step:]
            size += step
        yield numbers


def sorted_places(numbers: Numbers) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Places in the order of their numbers and then of the text; and whether each but the first has its forerunner's.

    Only the upper 44 bits are compared: what differs there differs, and of a million numbers few others agree by chance.
    """
    import numpy as np

    keys = numbers & np.uint64(_HIGH)
    keys |= np.arange(len(numbers), dtype=np.uint64)
    keys.sort()
    places = (keys & np.uint64(_LOW)).astype(np.intp)
    keys >>= np.uint64(20)
    return places, keys[1:] == keys[:-1]
