"""Copies and runaways have the promised size and stand between sentences, never inside markup or behind the answer."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

import pytest

from trajsynth.testing import in_prompt, plant
from trajsynth.testing.plant_repeats import BLOCKS
from trajsynth.testing.prose import gap, is_running, units
from trajsynth.types import Message, Trajectory


def spoiled_text(trajectory: Trajectory, spoiled: Trajectory) -> str:
    """What the planted message says beyond the clean one."""
    label = spoiled.run.planted[0]
    old, new = (next(m for m in t.conversations[0].messages if m.n == label.n) for t in (trajectory, spoiled))
    field = "content" if old.content != new.content else "reasoning"
    before, after = getattr(old, field), getattr(new, field)
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    return str(after[start : start + len(after) - len(before)])


@pytest.mark.parametrize(("severity", "copies"), [(1, 3), (2, 5), (3, 12)])
def test_so_many_copies_of_its_own_words(own: Trajectory, severity: int, copies: int) -> None:
    sizes = set()
    told = " ".join(" ".join(f"{m.content} {m.reasoning}".split()) for m in own.conversations[0].messages)
    for seed in range(30):
        spoiled = plant(own, "repeat.loop", seed=seed, severity=severity)
        assert spoiled is not None
        added = " ".join(spoiled_text(own, spoiled).split())
        block = next(added[:end] for end in range(1, len(added)) if added.startswith(" ".join([added[:end]] * copies)))
        assert block in told or is_rotation(block, told)
        sizes.add(len(units(block)))
    assert len(sizes) > 1 and sizes <= set(range(min(BLOCKS) - 1, max(BLOCKS) + 2))


def is_rotation(block: str, told: str) -> bool:
    """Text that begins like the copy may make the inserted part start a few characters later."""
    return any(block[i:].strip() + " " + block[:i].strip() in told for i in range(1, len(block)))


@pytest.mark.parametrize(("severity", "characters"), [(1, 200), (2, 800), (3, 4000)])
def test_a_runaway_is_so_long(own: Trajectory, severity: int, characters: int) -> None:
    for seed in range(20):
        spoiled = plant(own, "repeat.run", seed=seed, severity=severity)
        assert spoiled is not None
        longest = max(re.finditer(r"(.{1,10}?)\1{7,}", spoiled_text(own, spoiled)), key=lambda m: len(m[0]))
        assert characters - 10 <= len(longest[0]) <= characters + 10


def test_the_answer_and_the_calls_stay(own: Trajectory) -> None:
    for seed in range(20):
        for clean in (own, in_prompt(own)):
            spoiled = plant(clean, "repeat.loop", seed=seed)
            assert spoiled is not None
            last = spoiled.conversations[0].messages[-1]
            assert last.content.endswith("\\boxed{Tolmarsh}.")
            old = [call.arguments for m in clean.conversations[0].messages for call in m.tool_calls]
            assert [call.arguments for m in spoiled.conversations[0].messages for call in m.tool_calls] == old


@pytest.mark.parametrize(
    ("content", "places"),
    [
        ("One. Two.", {4, 9}),
        ("", {0}),
        ("no end", {6}),
        ("One. Two \\boxed{3. 4}. Five.", {4}),
        ("一。二。", {2, 4}),
    ],
)
def test_gaps(content: str, places: set[int]) -> None:
    message = Message(n=0, role="assistant", content=content)
    found = {gap(message, Random(seed)) for seed in range(30)}
    assert found <= places


@pytest.mark.parametrize(
    ("text", "running"),
    [
        ("The river rises in the hills and meets the sea.", True),
        ("一条河流经过三座城市", True),
        ("1 2 3 4 5 6 7 8", False),
        ("yes yes yes yes yes yes yes yes", False),
        ('{"title": "The river in the hills"}', False),
        ("see https://a.example for the river in the hills", False),
    ],
)
def test_running_text(text: str, running: bool) -> None:
    assert is_running(text) is running


def test_units_are_words_signs_and_single_characters() -> None:
    assert units("a_b, c... 河流!") == ["a_b", ",", "c", "...", "河", "流", "!"]


def test_nothing_to_repeat_no_place(own: Trajectory) -> None:
    messages = tuple(replace(m, content="1 2 3", reasoning="") for m in own.conversations[0].messages)
    mute = replace(own.conversations[0], messages=messages, toolsets=())
    silent = replace(own, conversations=(mute,), question=replace(own.question, text="1?"))
    assert plant(silent, "repeat.loop") is None
    assert plant(silent, "repeat.run") is not None
