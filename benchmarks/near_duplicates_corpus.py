"""A corpus with planted near duplicates: made-up words in Zipf's proportions, pairs from alike to hardly alike.

Used by near_duplicates.py. Three documents in ten belong to a pair: exchanged words, a cut or an inserted passage, one
more sentence, or all of it under another beginning. The truth is the Jaccard index of the multisets of five words in a
row, counted from the strings themselves.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

SYLLABLES = [a + b for a, b in product("bdfgklmnprstvz", "aeiou")]
VOCABULARY = 30_000
SMALLEST, LARGEST = 2_000, 20_000
"""Bytes of a document."""
PAIRED = 0.3


class Writer:
    """Sentences out of a seeded vocabulary."""

    def __init__(self, seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        sizes = self.dice.integers(1, 5, VOCABULARY)
        self.vocabulary = ["".join(self.dice.choice(SYLLABLES, size)) for size in sizes]
        weights = 1 / np.arange(2, VOCABULARY + 2)
        self.up_to = np.cumsum(weights / weights.sum())

    def spoken(self, count: int) -> list[str]:
        places = np.minimum(np.searchsorted(self.up_to, self.dice.random(count)), VOCABULARY - 1)
        return [self.vocabulary[i] for i in places]

    def document(self) -> list[str]:
        """Words of 2-20 KB, sizes spread evenly over their logarithm."""
        size = np.exp(self.dice.uniform(np.log(SMALLEST), np.log(LARGEST)))
        return self.spoken(int(size / 5.7))

    def edited(self, text: list[str]) -> list[str]:
        """The same with one kind of edit; more or less of it."""
        dice, size = self.dice, len(text)
        kind = dice.integers(4)
        if kind == 0:
            return [
                self.spoken(1)[0] if hit else word
                for word, hit in zip(text, dice.random(size) < dice.uniform(0, 0.06), strict=True)
            ]
        start, length = int(dice.integers(size // 2)), int(size * dice.uniform(0, 0.4))
        if kind == 1:
            return text[:start] + text[start + length :]
        if kind == 2:
            return text[:start] + self.spoken(length) + text[start:]
        return self.spoken(length) + text[length:]

    def layout(self, text: list[str]) -> str:
        """With capitals, stops and paragraphs; places depend on the words, so that a copy has the same."""
        out, fresh = [], True
        for word in text:
            stop = len(word) > 6 and word < "m"
            out.append((word.capitalize() if fresh else word) + (".\n" if stop and word < "c" else "." if stop else ""))
            fresh = stop
        return " ".join(out)


def jaccard(one: str, two: str) -> float:
    """Of the multisets of five words in a row."""
    from trajsynth.filters.words import words

    first, second = (Counter(zip(*(spoken[i:] for i in range(5)), strict=False)) for spoken in (words(one), words(two)))
    return (first & second).total() / max(1, (first | second).total())


def write(path: Path, count: int, seed: int) -> list[tuple[int, int, float]]:
    """Write `count` documents as JSON lines; returns (earlier, later, Jaccard) of the planted pairs."""
    writer = Writer(seed)
    pairs = int(count * PAIRED / 2)
    order = writer.dice.permutation(count).tolist()
    texts: list[str] = [""] * count
    truth = []
    for place in order[2 * pairs :]:
        texts[place] = writer.layout(writer.document())
    for first, second in zip(order[:pairs], order[pairs : 2 * pairs], strict=True):
        document = writer.document()
        texts[first], texts[second] = writer.layout(document), writer.layout(writer.edited(document))
        truth.append((min(first, second), max(first, second), jaccard(texts[first], texts[second])))
    with path.open("w", encoding="utf-8") as file:
        for i, text in enumerate(texts):
            file.write(json.dumps({"id": str(i), "text": text}) + "\n")
    return truth


def rows(path: Path, first: int) -> Iterator[dict[str, Any]]:
    """The first so many documents."""
    import msgspec

    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        for line, _ in zip(file, range(first), strict=False):
            yield decoder.decode(line)
