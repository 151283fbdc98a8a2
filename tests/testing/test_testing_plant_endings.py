"""Endings: what is lost, and what the record then says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trajsynth.answers import boxed
from trajsynth.testing import SEVERITIES, plant
from trajsynth.testing.wording import INFRA_MESSAGES
from trajsynth.types import Trajectory


@pytest.mark.parametrize("severity", SEVERITIES)
def test_no_answer(own: Trajectory, severity: int) -> None:
    spoiled = plant(own, "answer.missing", severity=severity)
    assert spoiled is not None
    main = spoiled.conversations[0]
    assert spoiled.answer is None and main.answer is None and main.stop_reason == spoiled.stop_reason != "answered"
    assert all(boxed(m.content) is None for m in main.messages)
    assert (main.messages[-1].role == "assistant") is (severity == 1)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_an_empty_answer(own: Trajectory, severity: int) -> None:
    spoiled = plant(own, "answer.empty", severity=severity)
    assert spoiled is not None and spoiled.answer == "" and spoiled.stop_reason == "no_answer"
    said = boxed(spoiled.conversations[0].messages[-1].content)
    assert said is not None and not said.strip()


@pytest.mark.parametrize(("severity", "share"), [(1, 0.9), (2, 0.5), (3, 0.1)])
def test_a_reply_cut_short(own: Trajectory, severity: int, share: float) -> None:
    spoiled = plant(own, "truncated", severity=severity)
    assert spoiled is not None
    whole, short = (t.conversations[0].messages[-1] for t in (own, spoiled))
    assert whole.content.startswith(short.content)
    assert abs(len(short.content) - share * len(whole.content)) <= 2
    assert short.turn is not None and short.turn.finish_reason == "length"
    assert spoiled.answer is None and spoiled.correct is False  # the box stood at the end


def test_a_cut_behind_the_answer_leaves_the_verdict(own: Trajectory) -> None:
    last = own.conversations[0].messages[-1]
    longer = replace(last, content=last.content + " And so on it goes." * 9)
    talkative = replace(own.conversations[0], messages=(*own.conversations[0].messages[:-1], longer))
    spoiled = plant(replace(own, conversations=(talkative,)), "truncated", severity=1)
    assert spoiled is not None and spoiled.answer == "Tolmarsh" and spoiled.correct is True


def test_an_ungraded_refusal_stays_ungraded(own: Trajectory) -> None:
    refused = plant(replace(own, grade=None), "refusal")
    assert refused is not None and refused.grade is None and refused.answer is None
    refused = plant(own, "refusal")
    assert refused is not None and refused.correct is False


@pytest.mark.parametrize("code", INFRA_MESSAGES)
def test_a_failure_is_typed_and_no_text(clean: Trajectory, code: str) -> None:
    spoiled = plant(clean, code)
    assert spoiled is not None and spoiled.failure is not None
    assert f"infra.{spoiled.failure.kind}" == code
    assert spoiled.conversations[0].failure == spoiled.failure
    assert spoiled.stop_reason == "failed" and spoiled.answer is None and spoiled.grade is None
    assert not any(spoiled.failure.message in m.content for c in spoiled.conversations for m in c.messages)
    assert len(spoiled.conversations[0].messages) < len(clean.conversations[0].messages)


@pytest.mark.parametrize("code", ["answer.missing", "answer.empty", "truncated", "refusal"])
def test_what_ends_on_a_call_has_no_ending_to_spoil(own: Trajectory, code: str) -> None:
    unfinished = replace(own.conversations[0], messages=own.conversations[0].messages[:3])
    assert plant(replace(own, conversations=(unfinished,)), code) is None
