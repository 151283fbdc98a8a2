"""Who is taken into a data set and in what order: caps and shares, by a seeded hash of ids.

Candidates are looked at in the order of `drawn(seed, id)` and taken while nothing they count towards is full, so a
build depends on seed and candidates alone, not on the order of files or the number of workers that wrote them. Length
and number of steps play no part. Memory: some 100 bytes a candidate; trajectories wait in a temporary file. Level 3,
imports config, builders.ledger, rows and spool. Tests: tests/builders/test_builders_mixture.py.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from trajsynth.builders.ledger import Ledger
from trajsynth.builders.rows import Refusal
from trajsynth.config import Mixture
from trajsynth.errors import ConfigError
from trajsynth.spool import Spool, drawn
from trajsynth.types import Trajectory


@dataclass(frozen=True, slots=True)
class Arm:
    """Who made a candidate, and how."""

    teacher: str
    paradigm: str
    invocation: str

    @classmethod
    def of(cls, trajectory: Trajectory) -> Arm:
        return cls(trajectory.teacher, trajectory.paradigm, trajectory.invocation)

    def named(self, dimension: str) -> str:
        """Its name in one dimension of a mixture."""
        if dimension == "arm":
            return f"{self.teacher}/{self.paradigm}/{self.invocation}"
        return str(getattr(self, dimension))


class Pile:
    """Candidates, a few numbers each."""

    def __init__(self) -> None:
        self._keys, self._places, self._questions, self._arms = array("Q"), array("Q"), array("Q"), array("L")
        self._numbers: dict[Arm, int] = {}
        self._names: list[Arm] = []

    def add(self, key: int, place: int, question: int, arm: Arm) -> None:
        """`key` says where it stands, `place` where its record is, `question` (a hash) what it answers."""
        number = self._numbers.setdefault(arm, len(self._names))
        if number == len(self._names):
            self._names.append(arm)
        self._keys.append(key)
        self._places.append(place)
        self._questions.append(question)
        self._arms.append(number)

    def __len__(self) -> int:
        return len(self._keys)

    def order(self) -> list[int]:
        """Candidates, first come first."""
        return sorted(range(len(self._keys)), key=self._keys.__getitem__)

    def place(self, candidate: int) -> int:
        return self._places[candidate]

    def question(self, candidate: int) -> int:
        return self._questions[candidate]

    def arm(self, candidate: int) -> Arm:
        return self._names[self._arms[candidate]]

    def names(self, dimension: str) -> list[str]:
        """Every name of a dimension that is there."""
        return sorted({arm.named(dimension) for arm in self._names})


class Quota:
    """What there is still room for. Raises ConfigError for shares that cannot be had."""

    def __init__(self, mixture: Mixture, pile: Pile) -> None:
        self._pile = pile
        self._caps = {
            name: cap
            for name, cap in (
                ("teacher", mixture.per_teacher),
                ("paradigm", mixture.per_paradigm),
                ("invocation", mixture.per_invocation),
            )
            if cap is not None
        }
        self._per_question = mixture.per_question
        self._total: int | None = None
        self._shared = ""
        self._parts: dict[str, int] = {}
        self._reset()
        if mixture.shares:
            self._shared, wanted = _one_dimension(mixture)
            self._parts = dict.fromkeys(wanted, len(pile))
            self._parts = self._room(wanted, mixture.total)
            self._reset()
        self._total = mixture.total

    def _reset(self) -> None:
        self._taken = 0
        self._by_question: Counter[int] = Counter()
        self._by_name: Counter[tuple[str, str]] = Counter()

    def full(self, candidate: int) -> str:
        """The cap that leaves no room for a candidate, empty when there is room."""
        arm = self._pile.arm(candidate)
        if self._parts and self._by_name[self._shared, name := arm.named(self._shared)] >= self._parts.get(name, 0):
            return "mixture.shares"
        if self._total is not None and self._taken >= self._total:
            return "mixture.total"
        if self._per_question and self._by_question[self._pile.question(candidate)] >= self._per_question:
            return "mixture.per_question"
        for dimension, cap in self._caps.items():
            name = arm.named(dimension)
            most = cap.get(name) if isinstance(cap, dict) else cap
            if most is not None and self._by_name[dimension, name] >= most:
                return f"mixture.per_{dimension}"
        return ""

    def take(self, candidate: int) -> None:
        """Count a candidate that is in."""
        arm = self._pile.arm(candidate)
        self._taken += 1
        if self._per_question:
            self._by_question[self._pile.question(candidate)] += 1
        for dimension in {*self._caps, self._shared} - {""}:
            self._by_name[dimension, arm.named(dimension)] += 1

    def _room(self, wanted: Mapping[str, float], total: int | None) -> dict[str, int]:
        """How many of each name make the shares, as many as the other caps leave."""
        for candidate in self._pile.order():
            if not self.full(candidate):
                self.take(candidate)
        there = {name: self._by_name[self._shared, name] for name in wanted}
        missing = next((name for name, count in there.items() if not count), None)
        if missing is not None:
            names = ", ".join(self._pile.names(self._shared)) or "nothing"
            raise ConfigError(
                f"mixture.shares.{self._shared}: nothing by {missing!r} can be used, so its share cannot be had; "
                f"there are: {names}"
            )
        whole = sum(wanted.values())
        size = min(count * whole / wanted[name] for name, count in there.items())
        size = min(size, total) if total is not None else size
        return {name: int(size * share / whole + 1e-9) for name, share in wanted.items()}

    def strangers(self) -> list[str]:
        """Notes about names with a cap that nothing was made by."""
        return [
            f"mixture.per_{dimension} names {name!r}, and nothing here is by it"
            for dimension, cap in self._caps.items()
            if isinstance(cap, dict)
            for name in cap
            if name not in self._pile.names(dimension)
        ]


def _one_dimension(mixture: Mixture) -> tuple[str, Mapping[str, float]]:
    if len(mixture.shares) > 1:
        names = " and ".join(mixture.shares)
        raise ConfigError(f"mixture.shares: {names} at once; take one of them, or `arm` for all together")
    return next((dimension, wanted) for dimension, wanted in mixture.shares.items())


def mixed(
    trajectories: Iterable[Trajectory],
    mixture: Mixture | None,
    seed: int,
    book: Ledger,
    ineligible: Callable[[Trajectory], Refusal | None],
) -> Iterator[Trajectory]:
    """The trajectories that may be used, in drawn order while there is room; all, as they come, without a mixture.

    What is left out is counted in `book`. A trajectory takes up room when `book.used` has grown once the next one is
    asked for, so one that a format refuses makes place for another.
    """
    if mixture is None:
        for trajectory in trajectories:
            if _counted(trajectory, book, ineligible):
                yield trajectory
        return
    pile = Pile()
    with Spool(book.folder) as spool:
        for trajectory in trajectories:
            if _counted(trajectory, book, ineligible):
                key, place = drawn(seed, trajectory.id), spool.put(trajectory)
                pile.add(key, place, drawn(0, trajectory.group), Arm.of(trajectory))
        quota = Quota(mixture, pile)
        book.notes += quota.strangers()
        for candidate in pile.order():
            reason = quota.full(candidate)
            if reason:
                book.refuse(Refusal(reason=reason))
                continue
            before = book.used
            yield spool.get(pile.place(candidate), Trajectory)
            if book.used > before:
                quota.take(candidate)


def _counted(trajectory: Trajectory, book: Ledger, ineligible: Callable[[Trajectory], Refusal | None]) -> bool:
    book.trajectories += 1
    refusal = ineligible(trajectory)
    if refusal is not None:
        book.refuse(refusal)
    return refusal is None
