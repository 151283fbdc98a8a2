"""A response said again is found; polling, pagination, retries, phrases and the summary turn are left alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from rowfakes import asks, codes, record, row, sees

from trajsynth.filters import RepeatCrossTurn
from trajsynth.types import Message, Trajectory

LONG = " ".join(f"word{i}" for i in range(40))


def answer(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def acting(text: str, arguments: str = '{"q": "x"}') -> dict[str, Any]:
    return {**asks(arguments=arguments), "content": text}


@pytest.mark.parametrize(
    ("messages", "flagged"),
    [
        ([answer(LONG), user("No."), answer(LONG)], True),
        ([answer(LONG), user("No."), answer(LONG.replace("word39", "other"))], True),
        ([answer(LONG), user("No."), answer(LONG.replace("word20", "other"))], False),  # 35 of 41 shingles
        ([answer("Is there anything else?"), user("No."), answer("Is there anything else?")], False),
        ([answer(" ".join(LONG.split()[:19])), user("?"), answer(" ".join(LONG.split()[:19]))], False),
        ([answer(" ".join(LONG.split()[:20])), user("?"), answer(" ".join(LONG.split()[:20]))], True),
        ([acting(LONG), sees("a"), acting(LONG), sees("a")], True),
        ([acting(LONG), sees("10 %"), acting(LONG), sees("20 %")], False),
        ([acting(LONG, '{"q": "x", "p": 1}'), sees("a"), acting(LONG, '{"q": "x", "p": 2}'), sees("a")], False),
        ([acting(LONG), sees("Error: request timed out"), acting(LONG), sees("Error: request timed out")], False),
        ([answer("", reasoning_content=LONG), user("?"), answer("", reasoning_content=LONG)], True),
        ([answer(LONG), user("State it in \\boxed{}."), answer(LONG)], False),
    ],
)
def test_responses(messages: list[dict[str, Any]], flagged: bool) -> None:
    assert codes(RepeatCrossTurn().check(row(*messages))) == ["repeat.cross_turn"] * flagged


def test_the_summary_of_our_runs_may_say_it_again() -> None:
    ours = record(("x", "seen", "ok"), final=LONG)
    assert RepeatCrossTurn().keep(with_more(ours, "user", "assistant"))
    assert not RepeatCrossTurn().keep(with_more(ours, "user", "assistant", "user", "assistant"))


def with_more(trajectory: Trajectory, *roles: Any) -> Trajectory:
    main = trajectory.conversations[0]
    n = len(main.messages)
    more = tuple(Message(n=n + i, role=role, content=LONG) for i, role in enumerate(roles))
    return dataclasses.replace(trajectory, conversations=(dataclasses.replace(main, messages=(*main.messages, *more)),))


def test_the_earlier_one_is_named() -> None:
    (finding,) = RepeatCrossTurn().check(row(answer(LONG), user("No."), answer(LONG)))
    assert (finding.message, finding.value) == (3, 1.0) and "like message 1" in finding.detail
    assert RepeatCrossTurn(similarity=0.99).keep(row(answer(LONG), user("?"), answer(LONG.replace("word39", "other"))))
