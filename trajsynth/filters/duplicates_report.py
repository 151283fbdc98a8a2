"""What a report says of clusters of duplicates: how many, how large, the largest with their members.

Level 2, imports types only. Memory does not grow with the clusters told of. Tests:
tests/filters/test_filters_duplicates_report.py.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from trajsynth.types import Finding

LARGEST: Final = 10
"""Clusters told of one by one, and members of each."""
_SIZES: Final = (2, 3, 4, 5, 10, 20, 50, 100, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One that is like another."""

    id: str
    like: str
    """The worthiest of the cluster that it is like."""
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A cluster told of."""

    kept: str
    """Who stays for the cluster (another code may still drop it)."""
    size: int
    """Members, the one that stays included."""
    members: tuple[Member, ...]
    """The most alike first, `LARGEST` at most."""

    @property
    def order(self) -> tuple[int, str]:
        """Largest first."""
        return -self.size, self.kept


@dataclass(slots=True, kw_only=True)
class Clusters:
    """All clusters of a set, counted."""

    count: int = 0
    members: int = 0
    """Trajectories in clusters, those that stay included."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Size (`2`, `5-9`, `1000+`) -> clusters, smallest first."""
    largest: list[Told] = field(default_factory=list)

    def add(self, kept: str, members: Sequence[Member]) -> None:
        """One cluster: who stays, and all who go."""
        size = len(members) + 1
        self.count += 1
        self.members += size
        label = _label(size)
        self.sizes[label] = self.sizes.get(label, 0) + 1
        if self.sizes[label] == 1:
            self.sizes = dict(sorted(self.sizes.items(), key=lambda item: int(item[0].rstrip("+").split("-")[0])))
        if len(self.largest) == LARGEST and (-size, kept) > self.largest[-1].order:
            return
        ordered = sorted(members, key=lambda member: (-member.similarity, member.id))[:LARGEST]
        insort(self.largest, Told(kept=kept, size=size, members=tuple(ordered)), key=lambda told: told.order)
        del self.largest[LARGEST:]


def clustered(found: Mapping[str, Iterable[Finding]]) -> dict[str, list[Member]]:
    """Who stays -> who goes, from a duplicates filter's findings by id."""
    clusters: dict[str, list[Member]] = {}
    for identity, findings in found.items():
        for finding in findings:
            like, similarity, kept = _read(finding)
            if like:
                member = Member(id=identity, like=like, similarity=similarity)
                clusters.setdefault(kept, []).append(member)
    return clusters


def detail_of(like: str, similarity: float, kept: str) -> str:
    """How the finding about a member puts it; `clustered` reads it again."""
    return f"like {like}: similarity {similarity:.3f}" + ("" if kept == like else f"; {kept} stays")


def _read(finding: Finding) -> tuple[str, float, str]:
    """(like, similarity, kept) of a finding whose value is the partner; three times nothing for any other."""
    like = finding.value
    begins = f"like {like}: similarity "
    if not isinstance(like, str) or not finding.detail.startswith(begins):
        return "", 0.0, ""
    number, _, stays = finding.detail.removeprefix(begins).partition("; ")
    return like, float(number), stays.removesuffix(" stays") or like


def _label(size: int) -> str:
    start = _SIZES[bisect_right(_SIZES, size) - 1]
    after = next((s for s in _SIZES if s > start), None)
    return f"{start}+" if after is None else str(start) if after == start + 1 else f"{start}-{after - 1}"
