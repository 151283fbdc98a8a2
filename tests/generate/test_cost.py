"""The estimate: counts rollouts exactly and prices them by the documented assumptions."""

from __future__ import annotations

from typing import Any

import pytest
from generatefakes import make_config

from trajsynth.generate.cost import MIROFLOW, OUTPUT_TOKENS, RESULT_TOKENS, SYSTEM_TOKENS, estimate

PRICED = {
    "a": {"kind": "scripted", "price": {"input": 1.0, "output": 10.0}},
    "b": {"kind": "custom", "target": "x:Y"},
}


def test_one_turn_without_tools_is_the_turn_and_its_summary() -> None:
    guess = estimate(make_config(rollout={"max_turns": 1}), 10)
    assert guess.rollouts == 10
    assert guess.input == 10 * (2 * SYSTEM_TOKENS + OUTPUT_TOKENS)
    assert guess.output == 10 * 2 * OUTPUT_TOKENS
    assert guess.usd == 0


def test_results_count_up_to_the_number_kept() -> None:
    def sent(keep: int, **tools: Any) -> int:
        return estimate(make_config(tools=tools, rollout={"max_turns": 4, "keep_results": keep}), 1).input

    assert sent(2, corpus={}) - sent(2) == (0 + 1 + 2 + 2 + 2) * RESULT_TOKENS
    assert sent(0, corpus={}) - sent(0) == (0 + 1 + 2 + 3 + 4) * RESULT_TOKENS


def test_a_team_takes_several_times_the_turns_of_one_agent() -> None:
    one = estimate(make_config(arms=[{"teacher": "a"}]), 4)
    team = estimate(make_config(arms=[{"teacher": "a", "paradigm": "miroflow"}]), 4)
    both = estimate(make_config(arms=[{"teacher": "a"}, {"teacher": "a", "paradigm": "miroflow"}], assign="grid"), 4)
    assert (team.input, team.output) == (MIROFLOW * one.input, MIROFLOW * one.output)
    assert both.input == one.input + team.input


def test_every_kind_of_tool_counts_and_so_does_its_price() -> None:
    none = estimate(make_config(rollout={"max_turns": 4}), 2)
    for tools in ({"sandbox": {}}, {"files": {"path": "."}}, {"web": {}}, {"corpus": {}}):
        assert estimate(make_config(tools=tools, rollout={"max_turns": 4}), 2).input > none.input
    paid = make_config(tools={"corpus": {}, "limits": {"corpus": {"price": 0.5}}}, rollout={"max_turns": 4})
    assert estimate(paid, 2).usd == pytest.approx(2 * 4 * 0.5)


@pytest.mark.parametrize(("assign", "share"), [("question", 0.75), ("grid", 0.5)])
def test_dollars_follow_the_arms_shares(assign: str, share: float) -> None:
    arms = [{"teacher": "a", "weight": 3}, {"teacher": "b"}]
    guess = estimate(make_config(teachers=PRICED, arms=arms, assign=assign, samples=2), 5)
    assert guess.rollouts == (20 if assign == "grid" else 10)
    assert guess.usd == pytest.approx(share * (guess.input * 1.0 + guess.output * 10.0) / 1e6)
