"""Similarity by counting, to compare fast code with."""

from __future__ import annotations

from collections import Counter

from trajsynth.filters.duplicates_shingles import WORDS
from trajsynth.filters.words import words


def multiset(text: str) -> Counter[tuple[str, ...]]:
    """Five words in a row, counted; a shorter text as one."""
    spoken = words(text)
    starts = range(max(1, len(spoken) - WORDS + 1)) if spoken else ()
    return Counter(tuple(spoken[i : i + WORDS]) for i in starts)


def jaccard(one: str, two: str) -> float:
    """The index of two texts by counting."""
    mine, theirs = multiset(one), multiset(two)
    either = (mine | theirs).total()
    return (mine & theirs).total() / either if either else 0.0
