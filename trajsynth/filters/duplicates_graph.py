"""Who is connected with whom by pairs that are alike, and who stays of each cluster. Knows no texts.

Level 2, standard library only. Exact twins are one node, spoken for by the first of them. Clusters are the connected
components of the pairs told to `join`; what the recipe drops anyway connects nobody else. Whoever compares texts, in
this process (duplicates_clusters.py) or on a cluster (duplicates_spread.py), decides by this one.
Tests: tests/filters/test_filters_duplicates_clusters.py.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Worth: TypeAlias = tuple[bool, tuple[int, ...], int]
"""Dropped anyway, rank (smaller stays), place in the input: sorts the worthiest first."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One that goes, by its place in the input."""

    index: int
    partner: int
    """The worthiest that it is like; often `kept`."""
    similarity: float
    exact: bool
    kept: int
    """Who stays of its cluster."""


@dataclass(frozen=True, slots=True)
class Query:
    """First twins of a cluster that go; asked is which of the others each is like."""

    asking: list[int]
    ordered: list[int]
    """The whole cluster, the worthiest first."""


class Forest:
    """Union-find; the root of a tree is its smallest member. Eight bytes an item."""

    def __init__(self, count: int) -> None:
        self._up = array("q", range(count))

    def root(self, i: int) -> int:
        up = self._up
        while up[i] != i:
            up[i] = up[up[i]]
            i = up[i]
        return i

    def join(self, i: int, j: int) -> None:
        i, j = sorted((self.root(i), self.root(j)))
        self._up[j] = i


class Graph:
    """Nodes are first twins; `twins` are the sets of two and more items that say and do the very same, ascending."""

    def __init__(self, count: int, worth: Callable[[int], Worth], twins: Iterable[Sequence[int]]) -> None:
        self.count, self._worth = count, worth
        self.twins = list(twins)
        self._all, self._living = Forest(count), Forest(count)
        self._best = {same[0]: min(same, key=worth) for same in self.twins}

    def best(self, first: int) -> int:
        """The worthiest of the twins."""
        return self._best.get(first, first)

    def gone(self, first: int) -> bool:
        """Whether all of the twins are dropped anyway."""
        return self._worth(self.best(first))[0]

    def join(self, one: int, two: int) -> None:
        """These first twins are alike."""
        self._all.join(one, two)
        if not self.gone(one) and not self.gone(two):
            self._living.join(one, two)

    def connected(self, one: int, two: int) -> bool:
        """Whether joining them would change nothing."""
        forest = self._all if self.gone(one) or self.gone(two) else self._living
        return forest.root(one) == forest.root(two)

    def settled(self, run: Sequence[int]) -> bool:
        """Whether joining any of the run would change nothing."""
        living = {self._living.root(i) for i in run if not self.gone(i)}
        return len(living) < 2 and len({self._all.root(i) for i in run}) == 1

    def exact(self) -> Iterator[Duplicate]:
        """Twins of a worthier one."""
        stays = self._stays()
        for same in self.twins:
            best = self.best(same[0])
            for i in same:
                if i != best:
                    yield Duplicate(i, best, 1.0, exact=True, kept=stays(same[0]))

    def queries(self) -> Iterator[Query]:
        """What must be known to name a partner for each near duplicate."""
        for gone, forest in ((False, self._living), (True, self._all)):
            for cluster in self._clusters(forest):
                ordered = sorted(cluster, key=lambda first: self._worth(self.best(first)))
                asking = [first for first in ordered[1:] if self.gone(first) == gone]
                if asking:
                    yield Query(asking, ordered)

    def near(self, partners: Iterable[tuple[int, int, float]]) -> Iterator[Duplicate]:
        """Near duplicates from (first that asked, first it is like, similarity)."""
        stays = self._stays()
        for first, partner, similarity in partners:
            yield Duplicate(self.best(first), self.best(partner), similarity, exact=False, kept=stays(first))

    def _clusters(self, forest: Forest) -> Iterable[list[int]]:
        found: dict[int, list[int]] = {}
        for i in range(self.count):
            root = forest.root(i)
            if root != i:
                found.setdefault(root, [root]).append(i)
        return found.values()

    def _stays(self) -> Callable[[int], int]:
        """First twin -> the worthiest of its cluster."""
        worthiest: dict[tuple[bool, int], int] = {}

        def key(first: int) -> tuple[bool, int]:
            gone = self.gone(first)
            return gone, (self._all if gone else self._living).root(first)

        for gone, forest in ((False, self._living), (True, self._all)):
            for cluster in self._clusters(forest):
                chosen = min((self.best(first) for first in cluster), key=self._worth)
                worthiest[gone, forest.root(cluster[0])] = chosen
        return lambda first: worthiest.get(key(first), self.best(first))
