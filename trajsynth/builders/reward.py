r"""The paper's reward for reinforcement learning: `alpha_correct * correct - alpha_format * format error`.

`compute_score` is what verl calls (`reward.custom_reward_function`), `grpo_reward` what TRL's GRPOTrainer calls; both
read the columns that `build_rl` writes. The answer is the last `\boxed{}` of the last message, thinking left out, and
is compared as exact grading does. The paper (MiroThinker) gives the form and no weights: 1.0 and 0.5 are ours, and
parameters.
Level 3, imports answers and grammar. Tests: tests/builders/test_builders_reward.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trajsynth.answers import boxed, match
from trajsynth.grammar import read_calls

ALPHA_CORRECT = 1.0
ALPHA_FORMAT = 0.5

_RESULT = re.compile(r"<tool_response>.*?</tool_response>", re.DOTALL)
_CALL = re.compile(r"<tool_call>(.*?)(</tool_call>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the reward is made of."""

    correct: bool
    format_error: str
    """`answer.missing`, `answer.empty`, `call.malformed`, or empty."""

    def reward(self, alpha_correct: float = ALPHA_CORRECT, alpha_format: float = ALPHA_FORMAT) -> float:
        """`alpha_correct` when right, less `alpha_format` for a format error."""
        return alpha_correct * self.correct - alpha_format * bool(self.format_error)


def judge(text: str, answers: Iterable[str]) -> Verdict:
    """`text` is all that follows the prompt, tool results in `<tool_response>` too; `answers`: the accepted forms."""
    said = _RESULT.split(text)
    answer = boxed(said[-1].rpartition("</think>")[2])
    correct = bool(answer) and any(match(answer or "", gold) for gold in answers if gold.strip())
    if _malformed("\n".join(said)):
        return Verdict(correct=correct, format_error="call.malformed")
    missing = "answer.missing" if answer is None else "" if answer else "answer.empty"
    return Verdict(correct=correct, format_error=missing)


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any] | None = None,
    *,
    alpha_correct: float = ALPHA_CORRECT,
    alpha_format: float = ALPHA_FORMAT,
    **_: Any,
) -> dict[str, float]:
    """verl's reward: `score`, with `acc` and `format_error` (0 or 1) for its metrics.

    `extra_info["answers"]` are the accepted forms; without them only `ground_truth` counts. The weights can be set with
    `reward.custom_reward_function.reward_kwargs`.
    """
    accepted = (extra_info or {}).get("answers")
    verdict = judge(solution_str, [ground_truth] if accepted is None else [ground_truth, *map(str, accepted)])
    return {
        "score": verdict.reward(alpha_correct, alpha_format),
        "acc": float(verdict.correct),
        "format_error": float(bool(verdict.format_error)),
    }


def grpo_reward(
    completions: Sequence[Any],
    ground_truth: Sequence[str],
    answers: Sequence[Sequence[str]] | None = None,
    *,
    alpha_correct: float = ALPHA_CORRECT,
    alpha_format: float = ALPHA_FORMAT,
    **_: Any,
) -> list[float]:
    """TRL's reward, one value a completion (text, or its messages). Set weights with `functools.partial`."""
    accepted = [[gold] for gold in ground_truth] if answers is None else answers
    return [
        judge(_text(completion), forms).reward(alpha_correct, alpha_format)
        for completion, forms in zip(completions, accepted, strict=True)
    ]


def _text(completion: Any) -> str:
    """What the assistant said, tool results marked as such."""
    if isinstance(completion, str):
        return completion
    return "\n".join(
        f"<tool_response>{message.get('content')}</tool_response>"
        if message["role"] == "tool"
        else str(message.get("content") or "")
        for message in completion
    )


def _malformed(text: str) -> bool:
    """Whether a call was written that cannot be read: ChatML's or the in-prompt grammar's."""
    return any(not (end and _readable(body)) for body, end in _CALL.findall(text)) or bool(read_calls(text).malformed)


def _readable(body: str) -> bool:
    try:
        call = json.loads(body)
    except ValueError:
        return body.lstrip().startswith("<function=")  # Qwen3.5 and Qwen3-Coder write calls as XML
    return isinstance(call, dict) and isinstance(call.get("name"), str)
