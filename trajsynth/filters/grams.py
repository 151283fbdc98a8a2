"""Many texts as tokens in numpy arrays at once: words, single characters of scripts without spaces, punctuation.

Level 2; numpy is imported where it is used. Every token has a number that is equal for equal tokens, and runs of tokens
get theirs from it, so that all texts of a trajectory are looked at in a few passes at C speed. The tokens are those of
`trajsynth.filters.words`, case folded; an underscore is one of its own. Tests: tests/filters/test_filters_grams.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
_WORD: Final = 1
_KINDS: Final = bytes(
    _WORD if code > 127 or sign.isalnum() else 0 if sign.isspace() else code if code > _WORD else 200 + code
    for code, sign in enumerate(map(chr, range(256)))
)
"""Of each byte: blank, part of a word, or (a number of its own) punctuation."""
_WIDE: Final = re.compile(r"[^\x00-\x7f]+")
_UNSPACED: Final = re.compile(f"[{UNSPACED}]")
_LETTER: Final = re.compile(r"\w")
_BASE: Final = 0x9E3779B1
_INVERSE: Final = pow(_BASE, -1, 1 << 32)
_MIX: Final = 0xBF58476D1CE4E5B9
_TEXT: Final = 0x94D049BB133111EB
_FIRST: Final = 1 << 16
_LOW: Final = (1 << 20) - 1
_HIGH: Final = (1 << 64) - 1 - _LOW


@dataclass(frozen=True, slots=True)
class Joined:
    """Several texts as one, case folded, a line break after each."""

    data: bytes
    """A character of a script without spaces stands alone; punctuation that is no ASCII is some ASCII punctuation."""
    starts: tuple[int, ...]
    """Where each text begins."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> Joined:
        """The texts joined."""
        parts = [_plain(text) for text in texts]
        starts = accumulate((len(part) + 1 for part in parts[:-1]), initial=0)
        return cls(b"\n".join([*parts, b""]), tuple(starts))


def _plain(text: str) -> bytes:
    if text.isascii():
        return text.lower().encode()
    return _WIDE.sub(lambda match: _widely(match[0]), text.casefold()).encode("utf-8", "surrogatepass")


def _widely(signs: str) -> str:
    return _alone(signs) if len(signs) == 1 else "".join(map(_alone, signs))


@lru_cache(maxsize=16_384)
def _alone(sign: str) -> str:
    if sign.isspace():
        return " "
    if _UNSPACED.match(sign):
        return f" {sign} "
    return sign if _LETTER.match(sign) else f" {'~^`@'[ord(sign) & 3]} "


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


_powers_known: dict[int, NDArray[np.uint32]] = {}


def _powers(base: int, count: int) -> NDArray[np.uint32]:
    """1, base, base squared ... modulo 2**32; so many."""
    known = _powers_known.get(base)
    if known is None or len(known) < count:
        import numpy as np

        size = max(_FIRST, 1 << (count - 1).bit_length())
        known = np.ones(size, np.uint32)
        done = 1
        while done < size:
            known[done : 2 * done] = known[:done] * np.uint32(pow(base, done, 1 << 32))
            done *= 2
        _powers_known[base] = known
    return known[:count]


def tokens(joined: Joined) -> Tokens:
    """The tokens of texts."""
    import numpy as np

    codes, kinds = (np.frombuffer(data, np.uint8) for data in (joined.data, joined.data.translate(_KINDS)))
    edges = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    edges = np.concatenate([[0], edges, [len(codes)]])
    kind = kinds[edges[:-1]]
    there = np.flatnonzero(kind)
    starts = edges[there]
    sums = np.zeros(len(codes) + 1, np.uint32)
    np.cumsum(codes * _powers(_BASE, len(codes)), dtype=np.uint32, out=sums[1:])
    sums = sums[edges]
    spelled = (sums[there + 1] - sums[there]) * _powers(_INVERSE, len(codes))[starts]
    numbers = spelled * np.uint64(_MIX)
    numbers ^= numbers >> np.uint64(32)
    numbers *= np.uint64(_MIX)
    firsts = np.searchsorted(starts, joined.starts)
    words = np.flatnonzero(kind[there] == _WORD)
    opening = codes[starts[words]]
    worded = Row(numbers[words], np.searchsorted(words, firsts))
    return Tokens(Row(numbers, firsts), worded, (opening >= 48) & (opening <= 57))


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
