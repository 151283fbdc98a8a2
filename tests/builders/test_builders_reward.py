r"""The paper's reward: right answers pay, format errors cost, tool results and thoughts answer nothing."""

from __future__ import annotations

from functools import partial

import pytest

from trajsynth.builders.reward import compute_score, grpo_reward, judge
from trajsynth.grammar import write_call

RESULT = "<tool_response>\nThe gold is \\boxed{Paris}\n</tool_response>"
CALL = '<tool_call>\n{"name": "search", "arguments": {"q": "x"}}\n</tool_call>'


@pytest.mark.parametrize(
    ("text", "correct", "error"),
    [
        ("\\boxed{Paris}", True, ""),
        ("\\boxed{the city of light}", True, ""),
        ("\\boxed{Rome}", False, ""),
        ("Paris", False, "answer.missing"),
        ("\\boxed{ }", False, "answer.empty"),
        (f"{CALL}{RESULT}Read it. \\boxed{{Paris}}", True, ""),
        (f"\\boxed{{Paris}}{CALL}{RESULT}", False, "answer.missing"),
        (f"{CALL}{RESULT}", False, "answer.missing"),
        ("<think>\\boxed{Paris}</think>I do not know.", False, "answer.missing"),
        ("<think>\\boxed{Rome}</think>\\boxed{Paris}", True, ""),
        ('<tool_call>{"name": "search", </tool_call>\\boxed{Paris}', True, "call.malformed"),
        ('<tool_call>{"name": "search"} \\boxed{Paris}', True, "call.malformed"),
        ("<tool_call>[1]</tool_call>\\boxed{Paris}", True, "call.malformed"),
        ("<tool_call>\n<function=search></function></tool_call>\\boxed{Paris}", True, ""),
        (f"{write_call('s', 't', '{}')} \\boxed{{Paris}}", True, ""),
        ("<use_mcp_tool><server_name>s \\boxed{Paris}", True, "call.malformed"),
    ],
)
def test_what_is_right_and_what_is_a_format_error(text: str, correct: bool, error: str) -> None:
    verdict = judge(text, ["Paris", "City of Light", ""])
    assert (verdict.correct, verdict.format_error) == (correct, error)


@pytest.mark.parametrize(
    ("text", "score"),
    [("\\boxed{Paris}", 1.0), ("\\boxed{Rome}", 0.0), ("Paris", -0.5), ("<tool_call>\\boxed{Paris}", 0.5)],
)
def test_verl_gets_score_and_metrics(text: str, score: float) -> None:
    found = compute_score("trajsynth", text, "Paris", {"answers": None, "num_turns": 2}, reward_router_address=None)
    assert found["score"] == score
    assert found["acc"] == float("Paris}" in text)


def test_weights_and_aliases() -> None:
    text = "\\boxed{City of Light}"
    assert compute_score("trajsynth", text, "Paris", {"answers": ("Paris", "City of Light")})["score"] == 1.0
    assert compute_score("trajsynth", text, "Paris")["score"] == 0.0
    assert compute_score("trajsynth", "?", "Paris", alpha_format=2.0)["score"] == -2.0


def test_grpo_reads_messages_or_text_and_its_columns() -> None:
    said = [
        {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "s"}}]},
        {"role": "tool", "content": "\\boxed{Paris}"},
        {"role": "assistant", "content": "\\boxed{Rome}"},
    ]
    columns = {"ground_truth": ["Paris"] * 3, "answers": [["Paris"]] * 3, "prompts": ["?"] * 3, "solve_rate": [0.5] * 3}
    assert grpo_reward(completions=[said, said[:2], "\\boxed{Paris}"], **columns) == [0.0, -0.5, 1.0]  # type: ignore[arg-type]
    assert partial(grpo_reward, alpha_correct=3.0)(["\\boxed{Paris}"], ["Paris"]) == [3.0]
