"""A MiroFlow trajectory as training rows: each agent its own prompt and tools in SFT, main conversations in DPO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from loopfakes import make_rollout, saying
from teamfakes import Team

from trajsynth.builders import build_dpo, build_sft
from trajsynth.filters import recipe
from trajsynth.paradigms import MiroFlow
from trajsynth.protocols import ChatRequest, Reply
from trajsynth.types import Grade, Trajectory

TEAM = MiroFlow()


async def trajectory(name: str, how: str, answer: str = "Paris") -> Trajectory:
    team = Team(native=how == "function_calling")

    def teacher(request: ChatRequest) -> Reply:
        final = b"boxed" in request.messages[-1]
        return saying(rf"So it is \boxed{{{answer}}}.") if final else team(request)

    rollout = make_rollout(teacher, how=how)
    episode = await TEAM.run(rollout)
    return Trajectory(
        id=name,
        question=rollout.question,
        group="q",
        teacher="teacher",
        paradigm="miroflow",
        invocation=how,
        conversations=episode.conversations,
        answer=episode.answer,
        stop_reason=episode.stop_reason,
        grade=Grade(correct=answer == "Paris", method="exact"),
    )


def rows(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]


@pytest.mark.slow
async def test_every_agent_is_a_row_with_its_own_prompt_and_tools(tmp_path: Path) -> None:
    build_sft([await trajectory("a", "function_calling")], tmp_path)
    main, first, second = rows(tmp_path)
    assert "lead of a small research team" in main["messages"][0]["content"]
    assert all("browsing agent of a research team" in row["messages"][0]["content"] for row in (first, second))
    assert [[tool["function"]["name"] for tool in row["tools"]] for row in (main, first, second)] == [
        ["agents__browsing"],
        ["search"],
        ["search"],
    ]
    assert [row["messages"][1]["content"] for row in (first, second)] == ["A", "B"]


async def test_in_prompt_each_row_describes_its_own_tools(tmp_path: Path) -> None:
    build_sft([await trajectory("a", "mcp")], tmp_path)
    described = ['"task"' in row["messages"][0]["content"] for row in rows(tmp_path)]
    assert described == [True, False, False]


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_pairs_are_of_main_conversations(how: str, tmp_path: Path) -> None:
    build_dpo([await trajectory("a", how), await trajectory("b", how, answer="Rome")], tmp_path)
    (pair,) = rows(tmp_path)
    assert [m["role"] for m in pair["prompt"]] == ["system", "user"], "the plan is trained, so prompts are equal"
    assert "lead of a small research team" in pair["prompt"][0]["content"]


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_calls_are_judged_by_the_tools_of_their_own_conversation(how: str) -> None:
    curation = recipe("none").run([await trajectory("a", how)])
    assert not [f.code for kept in curation.kept for f in kept.findings if f.code.startswith("call.")]
