"""Who is like whom, and who stays: verified pairs, clusters of them, one to stay in each.

Level 2, numpy inside the functions. Sketches only propose: every pair that counts was compared shingle by shingle.
Clusters are the connected components of the pairs that are alike; what the recipe drops anyway connects nobody else.
Tests: tests/filters/test_filters_duplicates_clusters.py.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trajsynth.filters.duplicates_shingles import similarity
from trajsynth.filters.duplicates_sketch import Backend, candidates

if TYPE_CHECKING:
    from trajsynth.filters.duplicates_shingles import Shingles

PAIRWISE: Final = 1000
"""Up to so many are compared each with each (about 2 µs a pair of 2,000 shingles); more go through a sketch first."""
_SHORT: Final = 16
"""Candidates in a run that are compared pair by pair."""
_BLOCK: Final = 2_000_000
"""Shingles counted at once: about 50 MB."""
_CACHED: Final = 256


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


@dataclass(slots=True)
class Pool:
    """What is known of each item; the shingles are read when needed."""

    load: Callable[[int], Shingles]
    ranks: list[tuple[int, ...]] = field(default_factory=list)
    """Smaller stays; the place in the input decides between equals."""
    dropped: bytearray = field(default_factory=bytearray)
    exact: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    """Scope and exact digest -> those that say and do the very same."""
    scopes: dict[str, array[int]] = field(default_factory=dict)
    """Who is compared with whom: the first of all twins."""
    groups: dict[str, array[int]] = field(default_factory=dict)
    """The same by group; a number may come twice."""

    def add(self, scope: str, group: str, exact: str, rank: tuple[int, ...], *, dropped: bool) -> None:
        """The next item; one without words (`exact` empty) is like nobody."""
        index = len(self.ranks)
        self.ranks.append(rank)
        self.dropped.append(dropped)
        if exact:
            twins = self.exact.setdefault((scope, exact), array("q"))
            twins.append(index)
            if len(twins) == 1:
                self.scopes.setdefault(scope, array("q")).append(index)
            if scope != group:
                self.groups.setdefault(group, array("q")).append(twins[0])

    def worth(self, index: int) -> tuple[bool, tuple[int, ...], int]:
        """Sorts the worthiest first."""
        return (bool(self.dropped[index]), self.ranks[index], index)


@dataclass(frozen=True, slots=True)
class Search:
    """How near duplicates are looked for."""

    threshold: float
    backend: Backend = "numpy"
    folder: Path | None = None
    pairwise: int = PAIRWISE


class Forest:
    """Union-find; the root of a tree is its smallest member."""

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


def duplicates(pool: Pool, search: Search) -> list[Duplicate]:
    """All that go, in input order; the answer depends on the items alone, and between equals on their order."""
    finder = _Finder(pool, search)
    for members in pool.scopes.values():
        finder.connect(members)
    for members in pool.groups.values():
        finder.connect(sorted(set(members)))
    return sorted((*finder.exact(), *finder.near()), key=lambda duplicate: duplicate.index)


class _Finder:
    """One search under way. Exact twins are one item, spoken for by the first of them."""

    def __init__(self, pool: Pool, search: Search) -> None:
        self.pool, self.search = pool, search
        self.load = lru_cache(maxsize=_CACHED)(pool.load)
        count = len(pool.ranks)
        self.all, self.living = Forest(count), Forest(count)
        self.best = {twins[0]: min(twins, key=pool.worth) for twins in pool.exact.values()}
        """First twin -> the worthiest."""

    def connect(self, members: Sequence[int]) -> None:
        """Join those that are alike."""
        if len(members) < 2:
            return
        if len(members) <= self.search.pairwise:
            for one, two in alike(members, self.load, self.search.threshold):
                self._join(one, two)
            return
        items = ((i, self.pool.load(i)) for i in members)
        failed: set[tuple[int, int]] = set()
        for run in candidates(items, self.search.threshold, self.search.backend, self.search.folder):
            self._try(run, failed)

    def _try(self, run: list[int], failed: set[tuple[int, int]]) -> None:
        """Connect a run of candidates: in a short one each pair is compared once in all bands, in a long one each
        with the first, which settles copies of one text, and only then each with each.
        """
        short = len(run) <= _SHORT
        for place, one in enumerate(run[:-1] if short else run[:1]):
            if self._settled(run):
                return
            for two in run[place + 1 :]:
                if self._connected(one, two) or (one, two) in failed:
                    continue
                if self._like(one, two) >= self.search.threshold:
                    self._join(one, two)
                elif short:
                    failed.add((one, two))
        if not short and not self._settled(run):
            for one, two in alike(run, self.load, self.search.threshold):
                self._join(one, two)

    def _like(self, one: int, two: int) -> float:
        mine, theirs = self.load(one), self.load(two)
        sizes = sorted((len(mine), len(theirs)))
        return similarity(mine, theirs) if sizes[0] / sizes[1] >= self.search.threshold else 0.0

    def _gone(self, first: int) -> bool:
        return bool(self.pool.dropped[self.best[first]])

    def _settled(self, run: list[int]) -> bool:
        living = {self.living.root(i) for i in run if not self._gone(i)}
        return len(living) < 2 and len({self.all.root(i) for i in run}) == 1

    def _connected(self, one: int, two: int) -> bool:
        forest = self.all if self._gone(one) or self._gone(two) else self.living
        return forest.root(one) == forest.root(two)

    def _join(self, one: int, two: int) -> None:
        self.all.join(one, two)
        if not self._gone(one) and not self._gone(two):
            self.living.join(one, two)

    def exact(self) -> Iterator[Duplicate]:
        """Twins of a worthier one."""
        stays = self._stays()
        for twins in self.pool.exact.values():
            best = self.best[twins[0]]
            for i in twins:
                if i != best:
                    yield Duplicate(i, best, 1.0, exact=True, kept=stays(twins[0]))

    def near(self) -> Iterator[Duplicate]:
        """Those that are like another and not the worthiest of their cluster."""
        stays = self._stays()
        for gone, forest in ((False, self.living), (True, self.all)):
            for cluster in self._clusters(forest):
                ordered = sorted(cluster, key=lambda first: self.pool.worth(self.best[first]))
                for first in ordered[1:]:
                    if self._gone(first) == gone:
                        yield self._near(first, ordered, stays(first))

    def _near(self, first: int, ordered: list[int], kept: int) -> Duplicate:
        others = ((other, self._like(first, other)) for other in ordered if other != first)
        partner, like = next((other, like) for other, like in others if like >= self.search.threshold)
        return Duplicate(self.best[first], self.best[partner], like, exact=False, kept=kept)

    def _clusters(self, forest: Forest) -> Iterable[list[int]]:
        found: dict[int, list[int]] = {}
        for first in self.best:
            root = forest.root(first)
            if root != first:
                found.setdefault(root, [root]).append(first)
        return found.values()

    def _stays(self) -> Callable[[int], int]:
        """First twin -> the worthiest of its cluster."""
        worthiest: dict[tuple[bool, int], int] = {}

        def key(first: int) -> tuple[bool, int]:
            gone = self._gone(first)
            return gone, (self.all if gone else self.living).root(first)

        for gone, forest in ((False, self.living), (True, self.all)):
            for cluster in self._clusters(forest):
                chosen = min((self.best[first] for first in cluster), key=self.pool.worth)
                worthiest[gone, forest.root(cluster[0])] = chosen
        return lambda first: worthiest.get(key(first), self.best[first])


def alike(
    members: Sequence[int], load: Callable[[int], Shingles], threshold: float, most: int = _BLOCK
) -> Iterator[tuple[int, int]]:
    """Every pair of members whose similarity reaches the threshold, found by counting shared shingles.

    Memory: that of two blocks of `most` shingles (or of two members).
    """
    blocks: list[list[int]] = [[]]
    size = 0
    for i in members:
        size += len(load(i))
        if size > most and blocks[-1]:
            blocks.append([])
            size = len(load(i))
        blocks[-1].append(i)
    for place, block in enumerate(blocks):
        yield from _counted(block, [], load, threshold)
        for other in blocks[place + 1 :]:
            yield from _counted(block, other, load, threshold)


def _counted(
    block: list[int], other: list[int], load: Callable[[int], Shingles], threshold: float
) -> Iterator[tuple[int, int]]:
    """Pairs of a member of the block and one of the other; within the block when the other is empty."""
    import numpy as np

    members = block + other
    arrays = [load(i) for i in members]
    sizes = np.array([len(shingles) for shingles in arrays])
    ends = np.cumsum(sizes)
    starts = ends - sizes
    vocabulary, flat = np.unique(np.concatenate(arrays), return_inverse=True)
    marked = np.zeros(len(vocabulary), bool)
    for k in range(len(block) if other else len(block) - 1):
        first = len(block) if other else k + 1
        mine = flat[starts[k] : ends[k]]
        marked[mine] = True
        shared = np.add.reduceat(marked[flat[starts[first] :]], starts[first:] - starts[first], dtype=np.int64)
        marked[mine] = False
        near = shared / (sizes[k] + sizes[first:] - shared) >= threshold
        yield from ((members[k], members[first + int(j)]) for j in np.flatnonzero(near))
