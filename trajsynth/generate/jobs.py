"""What there is to do: every rollout of a run, listed lazily, with ids and assignments that survive restarts.

Level 3. A job is (question, arm, sample). Its id hashes just these three, so raising `samples` or appending questions
keeps every id and assignment there was. Tests: tests/generate/test_jobs.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from trajsynth.codec import encode
from trajsynth.config import Arm, Config
from trajsynth.errors import InputError
from trajsynth.types import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One rollout to be made."""

    id: str
    """16 hex digits: hash of question id, arm name and sample."""
    question: Question
    arm: Arm
    sample: int
    """Counts from 0 per question (per question and arm with `assign: grid`)."""
    seed: int
    """31 bits, from the id and the config's seed."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One of `count` parts of a run that are made by separate processes."""

    index: int
    """From 1."""
    count: int

    @classmethod
    def parse(cls, text: str) -> Slice:
        """`3/8`; raises InputError."""
        index, _, count = text.partition("/")
        if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
            raise InputError(f"--shard {text!r}: expected PART/PARTS such as 3/8, counting from 1")
        return cls(int(index), int(count))

    @property
    def mark(self) -> str:
        """What the names of its files carry: `-s3of8`."""
        return f"-s{self.index}of{self.count}"

    def has(self, job: Job, config: Config) -> bool:
        """Whether the job is its own. Samples that are decided on together (adaptive sampling) stay together."""
        key = job.id if isinstance(config.samples, int) else digest(*group_of(job, config))
        return int(key, 16) % self.count == self.index - 1


def jobs(questions: Iterable[Question], config: Config) -> Iterator[Job]:
    """All rollouts of a run, question by question; raises InputError when a question id comes twice.

    With adaptive sampling these are the most there can be.
    """
    arms = distinct(config.all_arms())
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise InputError(f"question id {question.id!r} occurs twice; ids must be unique within a run")
        seen.add(question.id)
        for arm, sample in _draws(question, arms, config):
            yield make_job(question, arm, sample, config.seed)


def make_job(question: Question, arm: Arm, sample: int, seed: int) -> Job:
    """The job of one question, arm and sample; `seed` is the config's."""
    identity = digest(question.id, arm.name, sample)
    return Job(id=identity, question=question, arm=arm, sample=sample, seed=_number(identity, seed) & 0x7FFF_FFFF)


def group_of(job: Job, config: Config) -> tuple[str, str]:
    """(question id, arm) whose samples count together: the arm is empty unless every arm has samples of its own."""
    return job.question.id, job.arm.name if config.assign == "grid" else ""


def count(questions: int | Sequence[Question], config: Config) -> int:
    """Number of rollouts these questions make, at most; a mere number of questions leaves `kinds` out of account."""
    arms = distinct(config.all_arms())
    if isinstance(questions, int):
        return questions * config.most_samples * (len(arms) if config.assign == "grid" else 1)
    per_kind: dict[str, int] = {}
    rollouts = 0
    for question in questions:
        kind = kind_of(question, config)
        if kind not in per_kind:
            able = sum(weight(arm, kind) > 0 for arm in arms)
            per_kind[kind] = config.most_samples * (able if config.assign == "grid" else min(able, 1))
        rollouts += per_kind[kind]
    return rollouts


def kind_of(question: Question, config: Config) -> str:
    """The question's kind, empty when its meta names none."""
    return str(question.meta.get(config.kind_field, ""))


def weight(arm: Arm, kind: str) -> float:
    """The arm's weight for questions of a kind."""
    return arm.kinds.get(kind, arm.weight)


def distinct(arms: Sequence[Arm]) -> list[Arm]:
    """Arms of one name become one arm of their added weight."""
    weights: dict[str, float] = {}
    first: dict[str, Arm] = {}
    for arm in arms:
        weights[arm.name] = weights.get(arm.name, 0.0) + arm.weight
        first.setdefault(arm.name, arm)
    return [msgspec.structs.replace(first[name], weight=weight) for name, weight in weights.items()]


def digest(*parts: str | int) -> str:
    """Stable 64-bit hash of some values, as 16 hex digits."""
    return blake2b(encode(parts), digest_size=8).hexdigest()


def _number(*parts: str | int) -> int:
    return int(digest(*parts), 16)


def _draws(question: Question, arms: Sequence[Arm], config: Config) -> Iterator[tuple[Arm, int]]:
    kind = kind_of(question, config)
    able = [arm for arm in arms if weight(arm, kind) > 0]
    samples = range(config.most_samples)
    if not able:
        return
    if config.assign == "question":
        arm = _draw(able, kind, config.seed, question.id)
        yield from ((arm, sample) for sample in samples)
    elif config.assign == "sample":
        yield from ((_draw(able, kind, config.seed, question.id, sample), sample) for sample in samples)
    else:
        yield from ((arm, sample) for sample in samples for arm in able)


def _draw(arms: Sequence[Arm], kind: str, *key: str | int) -> Arm:
    """One arm with probability proportional to its weight (weighted rendezvous hashing).

    Each arm bids -ln(u)/weight with its own hash u, the lowest wins; so the order of the arms does not matter, and an
    arm added later takes over only its own share.
    """

    def bid(arm: Arm) -> float:
        share = (_number(*key, arm.name) + 0.5) / 2**64
        return -math.log(share) / weight(arm, kind)

    return min(arms, key=bid)
