"""Repeatable chance: draws that depend only on what they are drawn for.

Standard library only. Tests: tests/teachers/scripted/test_scripted_settings.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def draw(*parts: object) -> float:
    """A number in [0, 1), the same for the same parts in every process."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Dice:
    """Named draws of one reply: each name has its own draw, so adding one never shifts the others."""

    __slots__ = ("key",)

    def __init__(self, *key: object) -> None:
        self.key = "\x1f".join(map(str, key))

    def chance(self, name: str) -> float:
        """In [0, 1)."""
        return draw(self.key, name)

    def pick(self, name: str, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.chance(name) * len(options))]

    def number(self, name: str, below: int) -> int:
        """In [0, below)."""
        return int(self.chance(name) * below)

    def shuffled(self, name: str, options: Sequence[T]) -> list[T]:
        """All options in a random order."""
        ranks = sorted(range(len(options)), key=lambda i: draw(self.key, name, i))
        return [options[i] for i in ranks]
