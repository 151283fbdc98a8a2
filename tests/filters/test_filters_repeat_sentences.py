"""Interleaved and drifting sentences are found at their limits; lists, facts, refrains, quotations are left alone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import asks, codes, row, says, sees

from trajsynth.filters import RepeatDrift, RepeatInterleaved, RepeatLoop, RepeatRun

AGAIN = "Let me open the page of the bridge once more."
FILL = [
    "It was built of stone.",
    "The toll came later.",
    "A flood took the old one.",
    "Nobody kept the plans.",
    "The council paid.",
    "His sister wrote it down.",
    "Two boats were lost.",
    "The gate is iron.",
    "A school stands there.",
]


def between(said: str, copies: int, joint: str = " ") -> str:
    return joint.join(f"{said}{joint}{FILL[i % len(FILL)]} x{i}x." for i in range(copies))


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        (between(AGAIN, 3), False),
        (between(AGAIN, 4), True),
        (between(AGAIN, 4, "\n\n"), True),
        (between("Let me open the page.", 6), False),  # five words
        (between("Let me open the page again.", 4), True),  # six
        (between(f"- {AGAIN}", 7, "\n"), False),
        (between(f"- {AGAIN}", 8, "\n"), True),
        (" ".join([AGAIN] * 6), False),  # back to back: repeat.loop
        ("```\n" + between(AGAIN, 9, "\n") + "\n```", False),
        (between("我需要再查一下这座桥。", 4), True),
        (between("もう一度このページを開きます。", 4), True),
        (" ".join(f"ฉันต้องตรวจสอบปีที่ก่อตั้งอีกครั้ง {t}" for t in ("สะพานใหม่", "เมืองเก่า", "บ้านริมน้ำ", "หอนาฬิกา")), True),
    ],
)
def test_interleaved(text: str, flagged: bool) -> None:
    assert codes(RepeatInterleaved().check(says(text))) == ["repeat.interleaved"] * flagged


def test_a_refrain_and_a_quotation_are_left_alone() -> None:
    song = "\n\n".join(f"{FILL[i][:-1]},\n{FILL[i + 1][:-1]},\nand the river runs on to the sea" for i in range(6))
    assert RepeatInterleaved().keep(says(song))
    seen = between(AGAIN, 5)
    quoting = {"role": "assistant", "content": f"It says: {seen}"}
    assert RepeatInterleaved().keep(row(asks(), sees(seen), quoting))
    assert not RepeatInterleaved().keep(row(asks(), sees("nothing"), quoting))


def count(form: str, copies: int, joint: str = " ") -> str:
    return joint.join(form.format(i + 1) for i in range(copies))


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        (count("Attempt {}: I will search for the bridge again.", 3), False),
        (count("Attempt {}: I will search for the bridge again.", 4), True),
        (count("Attempt {}: I will now search for the bridge again.", 4, "\n"), True),
        (count("I will search for the bridge again (try {}).", 4), True),
        (count("{}. I will search for the bridge of the town again.", 4, "\n"), True),  # items that say the same
        ("\n".join(f"{i}. Open result {i} and write its year down" for i in range(1, 30)), False),
        ("\n".join(f"| {i} | the bridge of the town is open |" for i in range(30)), False),
        (" ".join(f"The bridge number {i} was opened in the year {1700 + i * i}." for i in range(9)), False),
        (" ".join(f"For k = {i} the equation has no solution in whole numbers." for i in range(9)), False),
        (
            " ".join(
                f"I will search for the {w} of the town once more." for w in ("bridge", "mill", "school", "bridge")
            ),
            True,
        ),
        (
            " ".join(f"In {w} there is an old bridge over the river." for w in ("Norby", "Lomar", "Mirow", "Orsel")),
            False,
        ),
        (
            " ".join(f"The {a} of {b} was built by hand then." for a, b in zip("abcdefgh", "stuvwxyz", strict=True)),
            False,
        ),
        (count("page {} let me look at the list of bridges again and then", 6), True),
        (count("我需要再查一下第{}个页面里的年份。", 5, ""), True),
    ],
)
def test_drift(text: str, flagged: bool) -> None:
    assert codes(RepeatDrift().check(says(text))) == ["repeat.drift"] * flagged


def test_thresholds_are_arguments() -> None:
    assert RepeatInterleaved(copies=5).keep(says(between(AGAIN, 4)))
    assert RepeatDrift(copies=6).keep(says(count("Attempt {}: I will search for the bridge again.", 5)))
    (finding,) = RepeatDrift().check(says(count("Attempt {}: I will search for the bridge again.", 5)))
    assert finding.value == 5.0 and "a counter" in finding.detail and finding.span is not None


@given(st.integers(4, 9), st.permutations(FILL), st.sampled_from([" ", "\n", "\n\n"]))
@settings(max_examples=60, deadline=None)
def test_every_interleaved_sentence_is_found(copies: int, fill: list[str], joint: str) -> None:
    text = joint.join(f"{AGAIN}{joint}{fill[i % len(fill)]}" for i in range(copies))
    assert RepeatInterleaved().check(says(text)) or RepeatLoop().check(says(text))


KINDS: list[Any] = [RepeatLoop(), RepeatRun(), RepeatInterleaved(), RepeatDrift()]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        between(AGAIN, 1_500),
        count("Attempt {}: I will search for the bridge again.", 2_000),
        "ab " * 33_000,
        "我" * 33_000,
        "".join(map(chr, range(0x4E00, 0x9FA5))) * 3,
        "a.\n" * 33_000,
        '{"a": [' * 14_000,
        "|" * 100_000,
        "e\u0301" * 50_000,
        "(((((" * 20_000,
    ],
    ids=["interleaved", "drift", "ab", "one Han", "all Han", "newlines", "JSON", "bars", "accents", "brackets"],
)
def test_time_is_linear(text: str) -> None:
    """Five times the text costs about five times the time."""

    def once(given: str) -> float:
        start = time.process_time()
        for kind in KINDS:
            kind.check(says(given))
        return time.process_time() - start

    def seconds(given: str) -> float:
        return min(once(given) for _ in range(3))  # whatever else the machine does only makes it longer

    assert seconds(text * 5) < 12 * seconds(text) + 0.3


@pytest.mark.slow
def test_a_turn_of_five_megabytes() -> None:
    text = between(AGAIN, 60_000)
    assert len(text) > 4_500_000
    assert [c for kind in KINDS for c in codes(kind.check(says(text)))] == ["repeat.interleaved"]
