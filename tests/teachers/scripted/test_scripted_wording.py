"""The stock of phrases: no wording twice, no accidental refusal, and refusals that are refusals."""

from __future__ import annotations

import re

import pytest

from trajsynth.signals import is_refusal
from trajsynth.teachers.scripted import phrases
from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.solving import Evidence
from trajsynth.teachers.scripted.wording import Voice

POOLS = {name: pool for name, pool in vars(phrases).items() if name.isupper() and isinstance(pool, tuple)}


@pytest.mark.parametrize("name", sorted(POOLS))
def test_a_pool_says_nothing_twice_and_starts_differently(name: str) -> None:
    pool = POOLS[name]
    assert len(set(pool)) == len(pool)
    assert all(is_refusal(text) == (name == "REFUSALS") for text in pool)


def test_pools_are_told_apart_by_their_first_wording() -> None:
    firsts = [pool[0] for pool in POOLS.values()]
    assert len(set(firsts)) == len(firsts)


def test_every_blank_is_filled() -> None:
    for seed in range(30):
        voice = Voice(Dice(seed), seed % 5)
        evidence = (Evidence("Karsk", "Karsk lies in [[Voria]]."),)
        said = [
            voice.plan(("the author", "the city")),
            voice.notes(evidence),
            voice.first_reasoning("Karsk"),
            voice.later_reasoning("the author", ("the author of X is Y",)),
            voice.next("the city", new=False),
            voice.done("Y", ("the author of X is Y",), sure=bool(seed % 2)),
            voice.summary(evidence, (), sure=True),
            voice.boxed("Y"),
        ]
        assert not re.search(r"<\w+>", "\n".join(said))
