"""Interleaved, drifting and repeated responses have the promised number of copies, in four languages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from plantsamples import FORMS

from trajsynth.testing import VARIANTS, plant
from trajsynth.testing.place import Place
from trajsynth.testing.prose import units
from trajsynth.testing.stock import NOUNS, STUCK, language, sentences
from trajsynth.types import Trajectory

OWN = FORMS["own"]


def said(spoiled: Trajectory) -> str:
    label = spoiled.run.planted[0]
    message = next(m for m in spoiled.conversations[label.conversation].messages if m.n == label.n)
    return f"{message.content}\n{message.reasoning}"


@pytest.mark.parametrize(("severity", "copies"), [(1, 4), (2, 6), (3, 12)])
def test_one_sentence_between_others(severity: int, copies: int) -> None:
    for seed in range(10):
        spoiled = plant(OWN, "repeat.interleaved", seed=seed, severity=severity)
        assert spoiled is not None
        told = [part.strip() for part in re.split(r"[.\n]", said(spoiled)) if part.strip()]
        most, times = Counter(told).most_common(1)[0]
        assert times in (copies, copies + 1)  # one more where it is the turn's own
        assert len(units(most)) >= 6
        assert most not in STUCK["en"] or all(a != b for a, b in pairwise(told) if a == most)


@pytest.mark.parametrize(("severity", "copies"), [(1, 4), (2, 8), (3, 20)])
@pytest.mark.parametrize("variant", VARIANTS["repeat.drift"])
def test_copies_that_differ_in_one_place(variant: str, severity: int, copies: int) -> None:
    for seed in range(10):
        spoiled = plant(OWN, "repeat.drift", seed=seed, severity=severity, variant=variant)
        assert spoiled is not None
        told = [part.split() for part in re.split(r"\n|(?<=\w\.) |(?<=\)\.) |(?<=\.) (?=\[)", said(spoiled)) if part]
        base = max(told, key=lambda words: sum(alike(words, other) for other in told))
        assert sum(alike(base, other) for other in told) >= copies


def alike(a: list[str], b: list[str]) -> bool:
    """As long, and at most two words differ (each copy has one of its own)."""
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) <= 2


@pytest.mark.parametrize("variant", VARIANTS["repeat.cross_turn"])
def test_a_response_once_more(clean: Trajectory, variant: str) -> None:
    for severity in (1, 2, 3):
        spoiled = plant(clean, "repeat.cross_turn", severity=severity, variant=variant)
        assert spoiled is not None
        new, old = (sum(m.role == "assistant" for c in t.conversations for m in c.messages) for t in (spoiled, clean))
        assert new - old == severity


def test_a_near_response_keeps_its_answer() -> None:
    for seed in range(10):
        spoiled = plant(OWN, "repeat.cross_turn", seed=seed, variant="near")
        assert spoiled is not None
        boxes = {box for m in spoiled.conversations[0].messages for box in re.findall(r"boxed\{(.*?)\}", m.content)}
        assert boxes == {"Tolmarsh"}


def test_what_nobody_saw_is_not_said_again() -> None:
    messages = tuple(m for m in OWN.conversations[0].messages if m.role != "tool")[:3]
    blind = replace(OWN, conversations=(replace(OWN.conversations[0], messages=messages),), masked=())
    assert messages[-1].tool_calls and plant(blind, "repeat.cross_turn") is None


@pytest.mark.parametrize("lang", ["zh", "ja", "th"])
@pytest.mark.parametrize("code", ["repeat.interleaved", "repeat.drift"])
def test_text_is_in_the_language_of_the_trajectory(lang: str, code: str) -> None:
    foreign = in_language(lang)
    assert language(Place(foreign, 0, Random(0), 1)) == lang
    spoiled = plant(foreign, code, seed=3)
    assert spoiled is not None
    assert len(re.findall("[a-zA-Z]", said(spoiled))) <= len(re.findall("[a-zA-Z]", SAID_ALREADY))


SAID_ALREADY = "".join(m.content + m.reasoning for m in OWN.conversations[0].messages)


def in_language(lang: str) -> Trajectory:
    """The sample, its own words exchanged."""
    text = "".join(sentences(Random(1), lang, 9)) + STUCK[lang][0]
    messages = tuple(
        replace(m, content=text, reasoning="") if m.role == "assistant" else m for m in OWN.conversations[0].messages
    )
    return replace(OWN, conversations=(replace(OWN.conversations[0], messages=messages),))


@pytest.mark.parametrize("lang", sorted(STUCK))
def test_stock_is_varied(lang: str) -> None:
    made = sentences(Random(0), lang, 36)
    assert len(set(made)) == 36
    assert len(set(NOUNS[lang])) == len(NOUNS[lang]) and len(set(STUCK[lang])) == len(STUCK[lang])
    assert all(len(units(text)) >= 6 for text in STUCK[lang])
