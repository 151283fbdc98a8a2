"""The cheap first look: whether a text repeats itself enough to be worth an exact one.

Level 2, standard library only. Words are cut from bytes and hashed in short runs, which is far cheaper than reading the
text token by token; only suspects go on to the exact rules. Tests: tests/filters/test_filters_repeat.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from trajsynth.filters.words import UNSPACED

_TABLE: Final = bytes(
    0x30 if chr(i) in "0123456789" else ord(chr(i).lower()) if i < 128 and chr(i).isalnum() else i if i > 127 else 0x20
    for i in range(256)
)
"""ASCII letters lowered, every digit a 0, ASCII punctuation a blank; bytes of other characters stay."""
_HAS_UNSPACED = re.compile(f"[{UNSPACED}]")
_SHORT = 60
_COPIES = 3
_BUCKET = 128
_NEAR_COPIES = 4
_CACHED_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What the first look says of a text."""

    exact: bool
    """Five words in a row (six characters) stand in it three times, or twice in a short one: a block or a sentence may
    be repeated."""
    near: bool
    """Within 256 words at least four runs of three words, digits masked, come for the third time: copies may differ in
    a word."""


_NONE = Suspicion(exact=False, near=False)


def suspicion(text: str) -> Suspicion:
    """The first look at a text, linear in its length."""
    if len(text) < 16:
        return _NONE
    return _remembered(text) if len(text) <= _CACHED_CHARS else _look(text)


def _look(text: str) -> Suspicion:
    if not text.isascii() and _HAS_UNSPACED.search(text):
        signs = ["0" if sign.isdigit() else sign for sign in text if not sign.isspace()]
        six = zip(signs, signs[1:], signs[2:], signs[3:], signs[4:], signs[5:], strict=False)
        return Suspicion(exact=_often(Counter(six), len(signs)), near=_near(signs))
    words = text.encode("utf-8", "replace").translate(_TABLE).split()
    five = zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)
    return Suspicion(exact=_often(Counter(five), len(words)), near=_near(words))


_remembered = lru_cache(maxsize=256)(_look)


def _often(grams: Counter[Any], units: int) -> bool:
    return max(grams.values(), default=0) >= (_COPIES if units > _SHORT else 2)


def _near(units: Sequence[object]) -> bool:
    """Whether three-unit runs recur densely somewhere, each for the third time at least."""
    buckets = [0] * (len(units) // _BUCKET + 2)
    last: dict[Any, int] = {}
    repeated: dict[Any, int] = {}
    for i, gram in enumerate(zip(units, units[1:], units[2:], strict=False)):
        before = last.get(gram)
        last[gram] = i
        if before is None or i - before > 2 * _BUCKET:
            continue
        if gram in repeated and before - repeated[gram] <= 2 * _BUCKET:
            buckets[i // _BUCKET] += 1
        repeated[gram] = before
    return any(a + b >= _NEAR_COPIES for a, b in pairwise(buckets))
