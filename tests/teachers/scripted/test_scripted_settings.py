"""Settings travel in a URL segment; faults strike at the rates asked for, the same way every time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.errors import ConfigError
from trajsynth.teachers.scripted import faults
from trajsynth.teachers.scripted.dice import Dice, draw
from trajsynth.teachers.scripted.reading import View
from trajsynth.teachers.scripted.settings import ALL_FAULTS, PROFILES, Settings

NO_FAULTS = {code: 0.0 for profile in PROFILES.values() for code in profile.faults}


def asked(text: str, seed: int) -> View:
    return View(first=text, question=text, steps=(), tools=(), in_prompt=False, summary=False, seed=seed)


@given(
    profile=st.sampled_from(sorted(PROFILES)),
    rates=st.dictionaries(st.sampled_from(ALL_FAULTS), st.floats(0, 0.02), max_size=5),
    latency=st.floats(0, 10),
    context=st.integers(0, 10**6),
    name=st.sampled_from(["", "qwen-1", "a.b_c"]),
)
@settings(max_examples=40, deadline=None)
def test_a_segment_reads_back(profile: str, rates: dict[str, float], latency: float, context: int, name: str) -> None:
    given_settings = Settings(profile=profile, faults=rates, latency=latency, context_tokens=context, name=name)
    assert Settings.parse(given_settings.segment()) == given_settings


@pytest.mark.parametrize(
    ("segment", "word"),
    [
        ("carefull", "did you mean 'careful'"),
        ("careful~call.bad_jsn=0.1", "did you mean 'call.bad_json'"),
        ("careful~refusal=lots", "could not convert"),
        ("careful~refusal=1.5", "not between 0 and 1"),
        ("careful~refusal=0.6~truncated=0.6", "keep the sum at 1"),
    ],
)
def test_wrong_settings_say_what_is_wrong(segment: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        Settings.parse(segment)


def test_shares_may_add_up_to_one_exactly() -> None:
    Settings(profile="careful", faults={"refusal": 0.5, "truncated": 0.5})


def test_rates_are_met() -> None:
    chosen = Settings(profile="careful", faults={"refusal": 0.1, "call.schema": 0.2, "duplicate.exact": 0.3})
    struck = Counter(faults.strike(asked(f"question {n // 4}", n), chosen) for n in range(8000))
    for code, share in chosen.faults.items():
        assert struck[code] / 8000 == pytest.approx(share, abs=0.025)


def test_duplicates_strike_whole_questions() -> None:
    chosen = Settings(profile="careful", faults={"duplicate.near": 0.5})
    for n in range(40):
        assert len({faults.strike(asked(f"question {n}", seed), chosen) for seed in range(6)}) == 1


def test_the_next_seed_is_mostly_clean() -> None:
    chosen = Settings(profile="careful", faults={"call.bad_json": 0.05})
    struck = [n for n in range(4000) if faults.strike(asked("q", n), chosen)]
    again = [n for n in struck if faults.strike(asked("q", n + 1_000_003), chosen)]
    assert len(struck) > 100
    assert len(again) < len(struck) / 4


def test_draws_are_fixed_numbers() -> None:
    assert draw("a", 1) == pytest.approx(0.5058861624664539)  # another value would change every run made before
    assert Dice("x").shuffled("n", range(50)) == Dice("x").shuffled("n", range(50))
    assert sorted(Dice("x").shuffled("n", range(50))) == list(range(50))
    assert Dice("x").shuffled("n", range(50)) != Dice("y").shuffled("n", range(50))


def test_any_teacher_name_stands_in_a_path() -> None:
    segment = Settings(name="my teacher~1/é").segment()
    assert segment == "careful~as=my_teacher_1__"
    assert Settings.parse(segment).name == "my_teacher_1__"
