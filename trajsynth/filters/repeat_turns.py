"""A response that says what an earlier one of the same conversation said (`repeat.cross_turn`).

Level 2. Acting again is not repeating oneself when something else is asked for or something new comes back: the calls
and their observations must be equal too. Tests: tests/filters/test_filters_repeat_turns.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, Final
from zlib import crc32

from trajsynth.filters.base import Filter
from trajsynth.filters.grams import MOST_CHARS, Joined, again, grams, tokens
from trajsynth.filters.quantities import Quantity, highest
from trajsynth.filters.view import Exchange, beside_calls, excerpt, exchanges, imported
from trajsynth.filters.words import words
from trajsynth.protocols import Measures
from trajsynth.signals import after_thinking
from trajsynth.types import Conversation, Finding, Message, Trajectory

_SHINGLE: Final = 3
_FLOOR_WORDS: Final = 8
_FLOOR: Final = 0.7
"""Lowest similarity that is stored."""
_BOXED: Final = "\\boxed"


@dataclass(frozen=True)
class RepeatCrossTurn(Filter):
    """A response equal or nearly equal to an earlier one: Jaccard index of three-word shingles.

    Compared are content, call markup apart, and reasoning. Of turns that call tools the calls and what came back must
    be equal as well, so polling with new observations, pagination and a retry after a passing fault are left alone; so
    is the summary turn that states the answer once more. Short phrases ("Is there anything else?") are below `words`.
    """

    name: ClassVar = "repeat.cross_turn"
    codes: ClassVar = ("repeat.cross_turn",)
    thresholds: ClassVar = {"repeat.cross_turn": "similarity"}
    measured_from: ClassVar = {"repeat.cross_turn": _FLOOR}
    quantities: ClassVar = (
        Quantity("repeat.cross_turn", "similarity", "similarity to an earlier turn", scale="share"),
    )

    similarity: float = 0.9
    """Lowest similarity, 0 to 1."""
    words: int = 20
    """Fewest words of the response; characters in scripts without spaces."""

    def measure(self, trajectory: Trajectory) -> Measures:
        ours = not imported(trajectory)
        pairs = [
            {"c": c, **pair}
            for c, conversation in enumerate(trajectory.conversations)
            for pair in _pairs(conversation, ours=ours)
        ]
        return {"pairs": pairs}

    def judge(self, measures: Measures) -> list[Finding]:
        return [
            self.finding(
                self.name,
                pair,
                detail=f"like message {pair['like']}: similarity {pair['similarity']:.2f}: {pair['text']!r}",
                value=pair["similarity"],
            )
            for pair in measures["pairs"]
            if pair["similarity"] >= self.similarity and pair["words"] >= self.words
        ]

    def levels(self, measures: Measures) -> dict[str, float]:
        return highest(("similarity", pair["similarity"]) for pair in measures["pairs"] if pair["words"] >= self.words)


def _pairs(conversation: Conversation, *, ours: bool) -> Iterator[dict[str, Any]]:
    """Each response with the most similar earlier one, where one is similar at all."""
    spoken = [m for m in conversation.messages if m.role == "assistant"]
    alike = _alike(conversation, spoken)
    if not alike:
        return
    calls: defaultdict[int, list[Exchange]] = defaultdict(list)
    for exchange in exchanges(conversation):
        calls[exchange.n].append(exchange)
    seen: list[tuple[int, frozenset[int], tuple[object, ...]]] = []
    index: defaultdict[int, list[int]] = defaultdict(list)
    for position in alike:
        message = spoken[position]
        told = words(_told(message))
        done = calls.get(message.n, [])
        if len(told) < _FLOOR_WORDS or any(e.transient or e.poll or e.result is None for e in done):
            continue
        key = tuple(e.key for e in done)
        mine = _shingles(told)
        prefix = sorted(mine)[: len(mine) - int(_FLOOR * len(mine)) + 1]
        skipped = spoken[position - 1].n if position and _summary(conversation, spoken, position, ours=ours) else None
        best = max(
            (
                (len(mine & theirs) / len(mine | theirs), -n)
                for i in sorted({i for shingle in prefix for i in index.get(shingle, ())})
                for n, theirs, other in (seen[i],)
                if other == key and n != skipped and _FLOOR * len(mine) <= len(theirs) <= len(mine) / _FLOOR
            ),
            default=(0.0, 0),
        )
        if best[0] >= _FLOOR:
            sizes = {"similarity": round(best[0], 4), "like": -best[1], "words": len(told)}
            yield {"n": message.n, **sizes, "text": excerpt(after_thinking(message.content) or message.reasoning)}
            if best[0] == 1.0:
                continue  # its twin stands for it
        for shingle in prefix:
            index[shingle].append(len(seen))
        seen.append((message.n, mine, key))


def _told(message: Message) -> str:
    return f"{message.reasoning}\n{beside_calls(message)}"


def _alike(conversation: Conversation, spoken: Sequence[Message]) -> list[int]:
    """Positions of turns that may be similar to one another, in order; few or none, so only they are compared.

    Similar turns saw the same, and most of the later one's shingles stand in an earlier one.
    """
    seen: defaultdict[int, list[object]] = defaultdict(list)
    for message in conversation.messages:
        if message.answers is not None:
            text = message.content.strip()
            seen[message.answers[0]].append((message.answers[1], message.outcome, len(text), text[:80]))
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for position, message in enumerate(spoken):
        if len(message.content) + len(message.reasoning) > 2 * _FLOOR_WORDS - 2:
            groups[len(message.tool_calls), *seen.get(message.n, ())].append(position)
    several = [group for group in groups.values() if len(group) > 1]
    if not several:
        return []
    texts = [_told(spoken[position]) for group in several for position in group]
    again = _said_before(texts, [i for i, group in enumerate(several) for _ in group])
    starts = list(accumulate(map(len, several), initial=0))
    return sorted(
        position
        for start, group in zip(starts, several, strict=False)
        if any(again[start : start + len(group)])
        for position in group
    )


def _said_before(texts: Sequence[str], groups: Sequence[int]) -> list[bool]:
    """Which texts share with earlier ones of their group at least the part of their shingles that is stored."""
    if sum(map(len, texts)) > MOST_CHARS // 2:
        return [True] * len(texts)
    import numpy as np

    threes = grams(tokens(Joined.of(texts)).words, _SHINGLE)
    found = again(threes, np.asarray(groups))
    first = np.arange(len(found.texts))
    first[1:][found.same] = 0  # each place of a number points to where that number begins
    np.maximum.accumulate(first, out=first)
    new = np.ones(len(first), np.bool_)
    new[1:] = ~found.same | (found.texts[1:] != found.texts[:-1])
    known = new & (found.texts[first] < found.texts)
    shared = np.bincount(found.texts[known], minlength=len(texts))
    number = np.diff(threes.firsts, append=len(threes.numbers)) - np.bincount(found.texts[~new], minlength=len(texts))
    least = _FLOOR * (number - _SHINGLE + 1) - 1e-6  # the last ones reach into the next text
    return [bool(some) for some in (shared > 0) & (shared >= least)]


def _summary(conversation: Conversation, spoken: list[Message], position: int, *, ours: bool) -> bool:
    """Whether this is the closing turn that was asked to state the answer which the turn before gave already."""
    if position != len(spoken) - 1 or spoken[position - 1].tool_calls:
        return False
    between = [m for m in conversation.messages if spoken[position - 1].n < m.n < spoken[position].n]
    asked = any(m.role == "user" and _BOXED in m.content for m in between)
    return bool(between) and (ours or asked or _BOXED in spoken[position].content)


def _shingles(told: list[str]) -> frozenset[int]:
    return frozenset(crc32("\x1f".join(told[i : i + _SHINGLE]).encode()) for i in range(len(told) - _SHINGLE + 1))
