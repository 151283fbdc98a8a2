"""What a run will roughly cost, for `check` to print before anything is spent.

Level 3. Tests: tests/generate/test_cost.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trajsynth.config import Config, OpenAITeacher, Price, ScriptedTeacher
from trajsynth.generate.jobs import count, distinct
from trajsynth.types import Question

TURNS = 14
"""Turns of a rollout: the mean of 40 tau-bench airline trajectories; research questions take several times as many."""
SYSTEM_TOKENS = 2_000
"""System prompt, tool schemas and question."""
OUTPUT_TOKENS = 500
"""Reasoning, text and calls of a turn: the mean of 41 WebDancer turns is 2,300 characters."""
RESULT_TOKENS = 2_000
"""A tool result: the mean of 21 WebDancer results is 8,200 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Expected size of a run, right to a factor of about three; judges and prompt caches are left out."""

    rollouts: int
    """At most, with adaptive sampling."""
    input: int
    """Tokens sent, all turns together."""
    output: int
    usd: float
    """0 for teachers without a price."""


def estimate(config: Config, questions: int | Sequence[Question]) -> Estimate:
    """Rollouts, tokens and dollars of these questions (or of so many).

    Assumes TURNS turns a rollout (fewer when `rollout.max_turns` is lower), each with one tool result while the config
    has tools, of which the last `keep_results` are sent again; no cached tokens, no rolled-back attempts.
    """
    rollouts = count(questions, config)
    turns = min(TURNS, config.rollout.max_turns)
    input_tokens = sum(_prompt_tokens(config, turn) for turn in range(turns + 1))
    output_tokens = (turns + 1) * OUTPUT_TOKENS
    usd = rollouts * _mean_price(config, input_tokens, output_tokens)
    return Estimate(rollouts=rollouts, input=rollouts * input_tokens, output=rollouts * output_tokens, usd=usd)


def price_of(config: Config, teacher: str) -> Price:
    """The teacher's price; free when it has none."""
    section = config.teachers.get(teacher)
    return section.price if isinstance(section, OpenAITeacher | ScriptedTeacher) else Price()


def _prompt_tokens(config: Config, turn: int) -> int:
    tools = config.tools
    has_tools = bool(tools.mcpServers or tools.functions or tools.corpus or tools.custom)
    results = min(turn, config.rollout.keep_results or turn) if has_tools else 0
    return SYSTEM_TOKENS + turn * OUTPUT_TOKENS + results * RESULT_TOKENS


def _mean_price(config: Config, input_tokens: int, output_tokens: int) -> float:
    """Dollars of one rollout, over the arms by their share."""
    arms = distinct(config.all_arms())
    shares = [1.0 if config.assign == "grid" else arm.weight for arm in arms]
    total = 0.0
    for arm, share in zip(arms, shares, strict=True):
        price = price_of(config, arm.teacher)
        total += share / sum(shares) * (input_tokens * price.input + output_tokens * price.output) / 1e6
    return total
