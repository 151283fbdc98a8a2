"""Training or validation: decided by a question, never by a row, so nothing that was learnt is what is measured.

Every question has a place between 0 and 1, a hash of its group and the seed. Those below the share are validation.
Rows of one question, of every format and kind, so stand on one side, and further questions move no earlier one.
Level 3, standard library only. Tests: tests/builders/test_builders_split.py.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import Literal

Split = Literal["train", "validation"]


def place(group: str, seed: int = 0) -> float:
    """Where in [0, 1) a question stands."""
    digest = hashlib.sha256(f"validation\0{seed}\0{group}".encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def split_of(group: str, seed: int, share: float) -> Split:
    """The side of all rows of a question; `share` of the questions go to validation."""
    return "validation" if place(group, seed) < share else "train"


def share_for(count: int, groups: Iterable[str], seed: int = 0) -> float:
    """The share that puts `count` of these questions (all of them, if there are fewer) into validation.

    Holds `count` numbers in memory, however many questions there are. Questions added later shift the border: a
    number of questions is kept, not who they are.
    """
    lowest: list[float] = []
    known: set[float] = set()
    for group in groups:
        here = place(group, seed)
        if here in known or (len(lowest) > count and here >= -lowest[0]):
            continue
        heapq.heappush(lowest, -here)
        known.add(here)
        if len(lowest) > count + 1:
            known.discard(-heapq.heappop(lowest))
    return -lowest[0] if len(lowest) > count else 1.0


def file_of(stem: str, split: Split) -> str:
    """A data file's stem on a side: formats name files `train...`, and `validation...` holds the same columns."""
    if split == "train":
        return stem
    return split + stem.removeprefix("train") if stem.startswith("train") else f"{split}_{stem}"


def train_stem(stem: str) -> str:
    """The name a format knows a data file's columns by, whichever side it is of."""
    if stem.startswith("validation"):
        rest = stem.removeprefix("validation")
        return "train" + rest if not rest or rest[0] == "_" else stem
    return stem
