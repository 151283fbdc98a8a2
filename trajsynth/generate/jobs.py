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


def jobs(questions: Iterable[Question], config: Config) -> Iterator[Job]:
    """All rollouts of a run, question by question; raises InputError when a question id comes twice."""
    arms = distinct(config.all_arms())
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise InputError(f"question id {question.id!r} occurs twice; ids must be unique within a run")
        seen.add(question.id)
        for arm, sample in _draws(question.id, arms, config):
            yield make_job(question, arm, sample, config.seed)


def make_job(question: Question, arm: Arm, sample: int, seed: int) -> Job:
    """The job of one question, arm and sample; `seed` is the config's."""
    identity = digest(question.id, arm.name, sample)
    return Job(id=identity, question=question, arm=arm, sample=sample, seed=_number(identity, seed) & 0x7FFF_FFFF)


def count(n_questions: int, config: Config) -> int:
    """Number of rollouts that `n_questions` questions make."""
    arms = len(distinct(config.all_arms())) if config.assign == "grid" else 1
    return n_questions * config.samples * arms


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


def _draws(question: str, arms: Sequence[Arm], config: Config) -> Iterator[tuple[Arm, int]]:
    if config.assign == "question":
        arm = _draw(arms, config.seed, question)
        yield from ((arm, sample) for sample in range(config.samples))
    elif config.assign == "sample":
        yield from ((_draw(arms, config.seed, question, sample), sample) for sample in range(config.samples))
    else:
        yield from ((arm, sample) for sample in range(config.samples) for arm in arms)


def _draw(arms: Sequence[Arm], *key: str | int) -> Arm:
    """One arm with probability proportional to its weight (weighted rendezvous hashing).

    Each arm bids -ln(u)/weight with its own hash u, the lowest wins; so the order of the arms does not matter, and an
    arm added later takes over only its own share.
    """

    def bid(arm: Arm) -> float:
        share = (_number(*key, arm.name) + 0.5) / 2**64
        return -math.log(share) / arm.weight

    return min(arms, key=bid)
