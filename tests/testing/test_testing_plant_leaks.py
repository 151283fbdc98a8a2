"""Leaks stand where they should, and no two secrets are equal."""

from __future__ import annotations

import re

import pytest

from trajsynth.testing import BENCHMARK, plant
from trajsynth.types import Trajectory


def everything(trajectory: Trajectory) -> str:
    return "\n".join(
        text
        for m in trajectory.conversations[0].messages
        for text in (m.content, m.reasoning, *(c.arguments for c in m.tool_calls))
    )


@pytest.mark.parametrize(("severity", "reads"), [(1, 1), (2, 1), (3, 3)])
def test_pages_of_a_blocked_host(own: Trajectory, severity: int, reads: int) -> None:
    spoiled = plant(own, "leak.host", severity=severity)
    assert spoiled is not None
    assert len(re.findall(r"(?i)(?:huggingface|hf)\.co", everything(spoiled))) == reads


def test_the_gold_answer_in_the_prompt(own: Trajectory) -> None:
    for severity in (1, 2):
        spoiled = plant(own, "leak.answer", severity=severity)
        assert spoiled is not None and "Tolmarsh" in spoiled.question.text
        assert "Tolmarsh" in spoiled.conversations[0].messages[1].content
    spoiled = plant(own, "leak.answer", severity=3)
    assert spoiled is not None and "Tolmarsh" in spoiled.conversations[0].messages[0].content
    assert plant(spoiled, "leak.answer", severity=3) is not None
    asked = plant(own, "leak.answer", severity=2)
    assert asked is not None and plant(asked, "leak.answer") is None  # it stands there already


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_words_of_a_benchmark(own: Trajectory, severity: int) -> None:
    spoiled = plant(own, "leak.benchmark", severity=severity)
    assert spoiled is not None
    added = spoiled.question.text.removeprefix(own.question.text).strip()
    source = [question for question in BENCHMARK if added in question]
    assert len(source) == 1 and len(added.split()) >= 13
    assert (added == source[0]) is (severity == 3)


def test_keys_are_drawn_by_lot(own: Trajectory) -> None:
    for severity in (1, 2, 3):
        made = {everything(s) for seed in range(12) if (s := plant(own, "secret", seed=seed, severity=severity))}
        assert len(made) == 12


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_control_tokens_stand_in_a_tool_result(own: Trajectory, severity: int) -> None:
    spoiled = plant(own, "unsafe.control_tokens", severity=severity)
    assert spoiled is not None
    label = spoiled.run.planted[0]
    assert next(m for m in spoiled.conversations[0].messages if m.n == label.n).role == "tool"
