"""Near copies in scripts without spaces: sentences that differ in one stretch of signs or in two.

Level 2, standard library only; part of `trajsynth.filters.drift`. There a changed word is several units, in each copy
another number of them, so units can't be compared place by place. Tests:
tests/filters/test_filters_repeat_signs.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias
from zlib import crc32

from trajsynth.filters.words import syllabic, words

_LONGEST: Final = 400
"""Units of a sentence that is compared sign by sign."""
_WORD: Final = 8
_SYLLABIC_WORD: Final = 20
"""Signs of a changed stretch at most; Thai, Lao, Khmer and Burmese write a word with more of them."""
_MOST_SIGNS: Final = 4
"""Single signs that may differ anywhere."""
_GRAM: Final = 3
_ANCHOR: Final = 3
_PRIVATE: Final = 0xE000
_PRIVATE_SIGNS: Final = 6400
_NUMERALS: Final = re.compile("[〇零一二三四五六七八九十百]|[๐-๙]")
_SYLLABIC_SHARE: Final = 0.4
"""A sign of Thai says as much as so many of Han and kana."""

Change: TypeAlias = tuple[int, int, int, int]
"""Start and end in the one sentence, start and end in the other."""


@dataclass(frozen=True, slots=True)
class Signs:
    """A sentence as signs, one for each unit; numbers are alike."""

    units: tuple[str, ...]
    """As they stand; a row of Han or Thai numerals is one."""
    masked: str
    word: int
    """How many signs may be another word."""


def signs(told: Sequence[str]) -> Signs:
    """The signs of units."""
    units = _joined(told)
    masked = "".join(map(_sign, units))
    return Signs(units, masked, _SYLLABIC_WORD if 2 * sum(map(syllabic, units)) > len(units) else _WORD)


def _joined(told: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for unit in told:
        if found and _NUMERALS.fullmatch(unit) and _NUMERALS.match(found[-1]):
            found[-1] += unit
        else:
            found.append(unit)
    return tuple(found)


@lru_cache(maxsize=16_384)
def _sign(unit: str) -> str:
    """The sign of a unit: of a number 0, of a word of several letters one that few others have."""
    if _NUMERALS.match(unit) or unit[0].isdigit():
        return "0"
    return unit if len(unit) == 1 else chr(_PRIVATE + crc32(unit.encode("utf-8", "surrogatepass")) % _PRIVATE_SIGNS)


def keys(sentence: Signs) -> tuple[str, ...]:
    """What near copies share: how they begin and end, and the three signs in a row that sort first and last."""
    masked = sentence.masked
    grams = [masked[i : i + _GRAM] for i in range(max(1, len(masked) - _GRAM + 1))]
    return f"{masked[:4]}^", f"${masked[-4:]}", min(grams), max(grams)


def changes(a: Signs, b: Signs) -> tuple[Change, ...] | None:
    """Where two sentences differ; None where they do in more than two stretches or four signs, or in over half."""
    if a.masked == b.masked:
        return ()
    if max(len(a.masked), len(b.masked)) > _LONGEST:
        return None
    opens = _alike(a.masked, b.masked)
    ends = _alike(a.masked[opens:][::-1], b.masked[opens:][::-1])
    if len(a.masked) == len(b.masked):
        here = [i for i, (x, y) in enumerate(zip(a.masked, b.masked, strict=True)) if x != y]
        if len(here) <= min(_MOST_SIGNS, max(2, len(a.masked) // 4)):
            return tuple((i, i + 1, i, i + 1) for i in here)
    x, y = a.masked[opens : len(a.masked) - ends], b.masked[opens : len(b.masked) - ends]
    word = max(a.word, b.word)
    found: tuple[Change, ...] = ((opens, opens + len(x), opens, opens + len(y)),)
    if max(len(x), len(y)) > word:
        found = _two(x, y, opens, word)
    changed = max(sum(c[1] - c[0] for c in found), sum(c[3] - c[2] for c in found))
    return found if found and 2 * changed <= max(len(a.masked), len(b.masked)) else None


def near(a: Signs, b: Signs) -> bool:
    """Whether they differ in no more."""
    return changes(a, b) is not None


def _alike(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _two(x: str, y: str, opens: int, word: int) -> tuple[Change, ...]:
    """Two changes around the longest stretch that both have; none where there are more."""
    if abs(len(x) - len(y)) > 2 * word or min(len(x), len(y)) < _ANCHOR:
        return ()
    if not any(x[i : i + _ANCHOR] in y for i in range(len(x) - _ANCHOR + 1)):
        return ()
    i, j, size = SequenceMatcher(None, x, y, autojunk=False).find_longest_match()
    rests = (i, j, len(x) - i - size, len(y) - j - size)
    if size < _ANCHOR or max(rests) > word:
        return ()
    return (
        (opens, opens + i, opens, opens + j),
        (opens + i + size, opens + len(x), opens + j + size, opens + len(y)),
    )


def rows(members: Sequence[Signs]) -> list[tuple[str, ...]]:
    """Of members that differ in one place from what most say, as many columns each; a change is in its first column."""
    commonest = Counter(member.masked for member in members).most_common(1)[0][0]
    like = next(member for member in members if member.masked == commonest)
    found = [(member, changes(like, member)) for member in members]
    columns = zip(*(_row(member, differ) for member, differ in found if differ is not None), strict=True)
    plain = signs(words("".join(Counter(column).most_common(1)[0][0] for column in columns)))
    found = [(member, changes(plain, member)) for member in members]
    return [_row(member, differ) for member, differ in found if differ is not None and _in_one_place(differ)]


def _in_one_place(differ: Sequence[Change]) -> bool:
    """Whether changes are next to each other, or few single signs."""
    if sum(max(end - start, past - mine) for start, end, mine, past in differ) <= _MOST_SIGNS:
        return True
    return all(after[0] - before[1] <= _ANCHOR for before, after in pairwise(differ))


def _row(member: Signs, differ: Sequence[Change]) -> tuple[str, ...]:
    row: list[str] = []
    at, lead = 0, ""
    for start, end, mine, past in differ:
        row += member.units[at:mine]
        at, told = past, "".join(member.units[mine:past])
        if end > start:
            row += [told, *[""] * (end - start - 1)]
        elif row:
            row[-1] += told
        else:
            lead = told
    row += member.units[at:]
    return (lead + row[0], *row[1:])


def weight(column: Sequence[str]) -> float:
    """How much a row of units says, in signs of Han and kana."""
    return sum(_SYLLABIC_SHARE if syllabic(unit) else 1.0 for unit in column if unit)


def han(numeral: str) -> int:
    """The number that a row of Han numerals writes, with tens and hundreds or digit by digit."""
    total = digit = 0
    for sign in numeral:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = 10 * digit + max(0, "零一二三四五六七八九".find(sign))
    return total + digit
