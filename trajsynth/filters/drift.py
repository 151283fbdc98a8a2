"""Families of near copies in a text: sentences, or stretches of one length, that differ in a counter or in a word.

Level 2, standard library only; the algorithm behind `repeat.drift`. Linear: a sentence is compared with one of a family
that shares its opening, middle or end. Tests: tests/filters/test_filters_repeat_sentences.py.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import Final, Literal, TypeAlias, TypeVar

from trajsynth.filters import drift_signs
from trajsynth.filters.layout import Sentence
from trajsynth.filters.words import WORD, size, unspaced

T = TypeVar("T")
Difference: TypeAlias = Literal["counter", "word", "slot"]
"""`counter`: a number that counts; `word`: here and there a word; `slot`: in one place always another name."""

_FLOOR: Final = 5
FLOOR_COPIES: Final = 3
"""Fewest copies that make a family."""
_NUMERIC = re.compile(r"\d+(?:st|nd|rd|th)?|[〇零一二三四五六七八九十百]+")
_CARDINALS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ROMAN: Final = " i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_SPELLED: Final = {
    word: value
    for line in (_CARDINALS.split(), _ORDINALS.split(), _ROMAN.split(" "), "零一二三四五六七八九十")
    for value, word in enumerate(line)
}
_PRONOUNS: Final = frozenset({"i", "you", "he", "she", "it", "we", "they"})
_AUXILIARIES: Final = frozenset(
    {"have", "has", "had", "will", "would", "shall", "am", "are", "is", "was", "were", "do", "does"}
)
_SUM = re.compile(r"(?:=|等于|等於)\s*\d")
_CLOSED = re.compile(r"[。！？.!?…\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff][”’」』）)]*\Z")
_REGULAR: Final = 0.6
_SHARING: Final = 4
"""Families that may share an opening, a middle or an end."""
_APART_IN_SIGNS: Final = 3
_MOST_COUNTERS: Final = 3
_DENSE: Final = 2.5
"""Copies fill at least one such part of the text they stand in."""
_LONG_AROUND: Final = 14
_LONG_BEHIND: Final = 20
"""So many equal signs of Han or kana around a slot, or behind one, are more than a fact asks for."""
_PERIODS: Final = range(4, 200)
_PERIODS_TRIED: Final = 3


@dataclass(frozen=True, slots=True)
class Copies:
    """A family of near copies."""

    kind: Difference
    copies: int
    total: int
    """Words in all copies."""
    spans: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[0][1]


def drifts(text: str, found: Sequence[Sentence]) -> list[Copies]:
    """The families of a text; stretches without end marks are looked at only where no sentence family was found."""
    prose = [sentence for sentence in found if sentence.kind == "prose"]
    settled: set[int] = set()
    families = [*_items(found), *_of_sentences(text, prose, settled)]
    return families or list(_of_periods(text, [s for s in prose if s.start not in settled]))


def _items(found: Sequence[Sentence]) -> Iterator[Copies]:
    """Numbered list items that begin, one after another, with the same sentence."""
    groups: defaultdict[tuple[str, ...], list[Sentence]] = defaultdict(list)
    for sentence in found:
        if sentence.item >= 0 and not sentence.remark and size(sentence.words) >= _FLOOR:
            groups[sentence.words].append(sentence)
    for group in groups.values():
        start = 0
        for i in range(1, len(group) + 1):
            if i == len(group) or group[i].item - group[i - 1].item > 1:
                if i - start >= FLOOR_COPIES:
                    yield _family("counter", group[start:i])
                start = i


def _family(kind: Difference, members: Sequence[Sentence]) -> Copies:
    spans = tuple((member.start, member.end) for member in members)
    return Copies(kind, len(members), sum(size(member.words) for member in members), spans)


def _dense(family: Sequence[Sentence]) -> bool:
    """Whether sentences stand close together: among many of a few dozen signs some are alike by chance."""
    return _DENSE * sum(s.end - s.start for s in family) >= family[-1].end - family[0].start


def _without_odd(family: Sequence[Sentence]) -> Sequence[Sentence]:
    """The family without one or two that differ from the others, which are equal: they may be other sentences."""
    (most, times), *_ = Counter(sentence.words for sentence in family).most_common(1)
    odd = len(family) - times
    return [s for s in family if s.words == most] if 0 < odd < min(times, FLOOR_COPIES) else family


def cumulative(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether what stands between copies is each time the same and more: the stanzas of a counting song."""
    between = [text[a:b].strip() for (_, a), (b, _) in pairwise(spans)]
    grown = sum(len(b) > len(a) and 5 * _shared(a, b) >= 3 * len(a) for a, b in pairwise(between))
    return len(between) >= FLOOR_COPIES and grown * 5 >= 4 * (len(between) - 1)


def _shared(a: str, b: str) -> int:
    """How many characters two texts begin and end with alike."""
    return _alike(a, b) + _alike(a[::-1], b[::-1])


def _alike(a: str, b: str) -> int:
    """How many characters two texts begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


# ---- sentences ----------------------------------------------------------------------------------------------------


def _of_sentences(text: str, found: Sequence[Sentence], settled: set[int]) -> Iterator[Copies]:
    """Families of sentences; where those of the others begin, whose differences are facts, is added to `settled`."""
    found = [sentence for sentence in found if size(sentence.words) >= _FLOOR]
    wide: list[Sentence] = []
    if not text.isascii():
        spaced_out = [not unspaced(sentence.words) for sentence in found]
        wide = [sentence for sentence, spaced in zip(found, spaced_out, strict=True) if not spaced]
        found = [sentence for sentence, spaced in zip(found, spaced_out, strict=True) if spaced]
    in_words = _families([tuple(map(_masked, sentence.words)) for sentence in found], _thirds, _near)
    signed = [drift_signs.signs(sentence.words) for sentence in wide]
    near = _families(signed, drift_signs.keys, drift_signs.near)
    for family, members in [
        *(([found[i] for i in members], None) for members in in_words),
        *(([wide[i] for i in members], [signed[i] for i in members]) for members in near),
    ]:
        raw = [text[s.start : s.end] for s in family]
        sums = any(map(_SUM.search, raw))
        if members is not None:
            kind = _difference_in_signs(members, sums) if _dense(family) else None
            if kind == "word" and 2 * sum(_CLOSED.search(r.rstrip()) is not None for r in raw) < len(raw):
                kind = "slot"  # lines that end no sentence are a list, in scripts in which one sees it
        else:
            kind = _difference([s.words for s in family], [WORD.findall(r) for r in raw], sums)
        if kind is not None and not cumulative(text, [(s.start, s.end) for s in family]):
            yield _family(kind, family if kind == "counter" else _without_odd(family))
        elif len(set(sentence.words for sentence in family)) > 1:
            settled.update(sentence.start for sentence in family)


def _families(
    told: Sequence[T], keys: Callable[[T], Sequence[Hashable]], near: Callable[[T, T], bool]
) -> list[list[int]]:
    """Indices of sentences near the first of them, where there are enough."""
    families: list[list[int]] = []
    index: defaultdict[Hashable, list[int]] = defaultdict(list)
    known: dict[T, int] = {}
    for i, sentence in enumerate(told):
        if sentence in known:
            families[known[sentence]].append(i)
            continue
        own = keys(sentence)
        at = next((f for key in own for f in index[key] if near(told[families[f][0]], sentence)), None)
        if at is None:
            at = len(families)
            families.append([])
        families[at].append(i)
        known[sentence] = at
        for key in own:
            if at not in index[key] and len(index[key]) < _SHARING:
                index[key].append(at)
    return [family for family in families if len(family) >= FLOOR_COPIES]


def _thirds(masked: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Opening, middle and end of a sentence: two changed words leave at least one of them as it was."""
    third = max(2, len(masked) // 3)
    middle = masked[third : len(masked) - third]
    return ("opens", masked[:third]), ("ends", masked[-third:]), ("middle", middle)


@lru_cache(maxsize=16_384)
def _masked(word: str) -> str:
    return "0" if word in _SPELLED or _NUMERIC.fullmatch(word) else word


def _near(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two sentences differ in at most two words."""
    if a == b:
        return True
    most = min(2, max(1, len(a) // 4))
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) <= most
    longer, shorter = max(len(a), len(b)), min(len(a), len(b))
    opens = next((i for i in range(shorter) if a[i] != b[i]), shorter)
    ends = next((i for i in range(shorter - opens) if a[-1 - i] != b[-1 - i]), shorter - opens)
    return longer - opens - ends <= most + 1


# ---- stretches of one length --------------------------------------------------------------------------------------


def _of_periods(text: str, found: Sequence[Sentence]) -> Iterator[Copies]:
    """The best stretch of prose that nearly repeats itself every so many words."""
    spots = [match.span() for s in found for match in WORD.finditer(text, s.start, s.end)]
    raw = [text[start:end] for start, end in spots]
    plain = [word.casefold() for word in raw]
    told = list(map(_masked, plain))
    best: Copies | None = None
    for period, start, end in _stretches(told):
        rows = [plain[i : i + period] for i in range(start, end - period + 1, period)]
        if len(rows) < FLOOR_COPIES or (best is not None and len(rows) <= best.copies):
            continue
        raws = [raw[i : i + period] for i in range(start, end - period + 1, period)]
        span = text[spots[start][0] : spots[end - 1][1]]
        kind = _difference([tuple(row) for row in rows], raws, _SUM.search(span) is not None)
        if kind is not None:
            spans = tuple((spots[i][0], spots[i + period - 1][1]) for i in range(start, end - period + 1, period))
            best = Copies(kind, len(rows), sum(size(row) for row in rows), spans)
    if best is not None:
        yield best


def _stretches(told: list[str]) -> Iterator[tuple[int, int, int]]:
    """(period, start, end) of stretches in which most words equal the one a period before, commonest periods first."""
    last: dict[tuple[str, ...], int] = {}
    hits: defaultdict[int, list[int]] = defaultdict(list)
    for i, gram in enumerate(zip(told, told[1:], told[2:], strict=False)):
        if gram in last and i - last[gram] in _PERIODS:
            hits[i - last[gram]].append(i)
        last[gram] = i
    for period in sorted(hits, key=lambda p: (-len(hits[p]), p))[:_PERIODS_TRIED]:
        start = before = hits[period][0]
        for i in [*hits[period][1:], len(told) + 2 * period]:
            if i - before <= period:
                before = i
                continue
            begin, end = start - period, min(len(told), before + 3)
            misses = sum(told[j] != told[j - period] for j in range(begin + period, end))
            if misses * period <= 2 * (end - begin):
                yield period, begin, end
            start = before = i


# ---- what differs -------------------------------------------------------------------------------------------------


def _difference(members: Sequence[tuple[str, ...]], raw: Sequence[Sequence[str]], sums: bool) -> Difference | None:
    """How the copies differ; None when they are equal or when their differences are facts."""
    if len(set(members)) < 2 or _inflects(members):
        return None
    length = Counter(map(len, members)).most_common(1)[0][0]
    rows = [(member, cased) for member, cased in zip(members, raw, strict=True) if len(member) == length == len(cased)]
    if 2 * len(rows) < len(members) or len(rows) < FLOOR_COPIES:
        return "slot"
    varying = _varying([[member[i] for member, _ in rows] for i in range(length)], sums=sums)
    if varying is None or not varying.slot:
        return None if varying is None else varying.elsewhere
    names = sum(any(cased[i][:1].isupper() for i in varying.slot) for _, cased in rows)
    ever_new = 2 * len({tuple(member[i] for i in varying.slot) for member, _ in rows}) > len(rows)
    facts = 2 * names > len(rows) or varying.columns > len(varying.slot)
    return "slot" if ever_new and facts else "word"


def _difference_in_signs(members: Sequence[drift_signs.Signs], sums: bool) -> Difference | None:
    """The same in scripts without spaces, which tell no names: a short sentence, and what opens one, may be facts."""
    if len({member.units for member in members}) < 2:
        return None
    rows = drift_signs.rows(members)
    if 4 * len(rows) < 3 * len(members) or len(rows) < FLOOR_COPIES:
        return None
    columns = list(zip(*rows, strict=True))
    varying = _varying(columns, sums=sums, apart=_APART_IN_SIGNS)
    if varying is None or not varying.slot:
        return None if varying is None else varying.elsewhere
    around = [Counter(column).most_common(1)[0][0] for i, column in enumerate(columns) if i not in varying.slot]
    same = drift_signs.weight(around)
    ever_new = 2 * len({tuple(row[i] for i in varying.slot) for row in rows}) > len(rows)
    return "slot" if ever_new and same < (_LONG_BEHIND if varying.slot[0] == 0 else _LONG_AROUND) else "word"


@dataclass(frozen=True, slots=True)
class _Varying:
    """What changes from copy to copy and is no fact."""

    slot: list[int]
    """Columns of the place in which mostly something else stands."""
    columns: int
    """How many columns change."""
    elsewhere: Difference
    """What the copies differ in where there is no slot."""


def _varying(columns: Sequence[Sequence[str]], *, sums: bool, apart: int = 1) -> _Varying | None:
    """Which columns change, or None where that tells facts: several slots, numbers that are no count.

    Slots have at least `apart` columns between them, and are so many and two more wide at most.
    """
    copies = len(columns[0])
    changing = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    numbers = [i for i in changing if all(w and _masked(w) == "0" for w in columns[i]) and not _cut_short(columns[i])]
    high = [i for i in changing if i not in numbers and Counter(columns[i]).most_common(1)[0][1] * 2 < copies]
    slots = sum(b - a > apart for a, b in pairwise([-99, *high]))
    if (numbers and sums) or not all(_counts(columns[i]) for i in numbers):
        return None
    if len(numbers) > _MOST_COUNTERS:
        return None
    if len(numbers) > 1 and columns[numbers[0]][1:] == columns[numbers[-1]][:-1]:
        return None  # each hands its number on to the next: a counting rhyme
    kinds = [len(set(columns[i])) for i in changing]
    if len(kinds) > 1 and prod(kinds) == copies == len(set(zip(*columns, strict=True))):
        return None  # every case once: open and shut, wet and dry
    if slots > 1 or (slots and numbers) or len(high) > apart + 2:
        return None
    return _Varying(high, len(changing), "counter" if numbers else "word")


def _cut_short(column: Sequence[str]) -> bool:
    """Whether a column holds one row of Han numerals, and here and there a part of it: 十九 of which 九 is left."""
    whole, times = Counter(column).most_common(1)[0]
    return len(whole) > 1 and not whole.isdigit() and 2 * times >= len(column) and all(word in whole for word in column)


def _inflects(members: Sequence[tuple[str, ...]]) -> bool:
    """Whether the copies differ only in pronouns, auxiliaries and forms of the same words: a verb is inflected."""
    common = set(members[0]).intersection(*members)
    others = set().union(*members) - common
    stems = Counter(word[:3] for word in {*common, *others})
    return len(others & _PRONOUNS) > 2 and all(
        word in _PRONOUNS or word in _AUXILIARIES or stems[word[:3]] > 1 for word in others
    )


def _counts(column: Sequence[str]) -> bool:
    """Whether the numbers of a column go up or down by one step, most of the time."""
    values = [_SPELLED[word] if word in _SPELLED else _value(word) for word in column]
    steps = Counter(b - a for a, b in pairwise(values))
    step, times = steps.most_common(1)[0]
    return step != 0 and times >= _REGULAR * (len(values) - 1)


def _value(word: str) -> int:
    digits = re.match(r"\d+", word)
    return int(digits[0][:18]) if digits else drift_signs.han(word)
