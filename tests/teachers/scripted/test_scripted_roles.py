"""Scripted teachers in a team: plan, tasks, reports; right about as often as alone, labels only where faults are."""

from __future__ import annotations

from pathlib import Path

import pytest
from scriptedworld import play, trajectory

from trajsynth import filters
from trajsynth.config import EncyclopediaQuestions
from trajsynth.paradigms import MiroFlow
from trajsynth.protocols import Episode
from trajsynth.questions.encyclopedia import generate
from trajsynth.teachers.scripted.faults import FITTING, strike
from trajsynth.teachers.scripted.reading import Part, view
from trajsynth.teachers.scripted.settings import PROFILES, Settings
from trajsynth.tools.corpus import build_documents
from trajsynth.types import Question

CLEAN = {code: 0.0 for profile in PROFILES.values() for code in profile.faults}
TEAM = MiroFlow()
SYSTEM = "You are the browsing agent of a research team."
DELEGATE = {
    "type": "function",
    "function": {
        "name": "agents__browsing",
        "description": "Give one task to the browsing agent.",
        "parameters": {"type": "object", "properties": {"task": {"type": "string"}}, "required": ["task"]},
    },
}


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return list(generate(EncyclopediaQuestions(pages=90, questions=24, seed=5)).questions())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("team") / "documents.sqlite"
    build_documents(path, generate(EncyclopediaQuestions(pages=90, questions=24, seed=5)).documents())
    return path


def team(settings: Settings, questions: list[Question], library: Path, style: str, seed: int) -> list[Episode]:
    return play(settings, questions, library, style=style, seed=seed, rollback=4, paradigm=TEAM)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["function_calling", "mcp"])
def test_a_team_is_right_about_as_often_as_one_alone(style: str, questions: list[Question], library: Path) -> None:
    careful = Settings(profile="careful", faults=CLEAN)
    episodes = team(careful, questions, library, style, 1)
    right = sum(e.answer in q.answers for q, e in zip(questions, episodes, strict=True))
    assert right / len(questions) >= 0.8
    assert all(len(e.conversations) > 1 for e in episodes), "the lead always delegates"
    members = [c for e in episodes for c in e.conversations[1:]]
    assert {c.stop_reason for c in members} == {"answered"}
    assert any(len(m.tool_calls) == 2 for e in episodes for m in e.conversations[0].messages), "side by side"
    for episode in episodes:
        plan = episode.conversations[0].messages[2]
        assert not plan.tool_calls and "use_mcp_tool" not in plan.content
    made = [trajectory(q, e, q.id, style) for q, e in zip(questions, episodes, strict=True)]
    found = {f.code for kept in filters.recipe("none").run(made).kept for f in kept.findings}
    assert not found & {code for code in found if code.startswith(("repeat", "call", "truncated", "error", "loop"))}
    assert not any(e.planted for e in episodes)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["call.bad_json", "repeat.loop", "truncated"])
def test_labels_point_at_the_agent_that_was_struck(code: str, questions: list[Question], library: Path) -> None:
    struck = Settings(profile="careful", faults=CLEAN | {code: 0.9})
    planted = 0
    for question, episode in zip(questions[:6], play(struck, questions[:6], library, paradigm=TEAM), strict=True):
        assert {label.code for label in episode.planted} <= {code, "answer.missing"}
        found = filters.recipe("none").run([trajectory(question, episode, "t", "function_calling")])
        places = {(f.code, f.conversation) for f in found.kept[0].findings}
        for label in episode.planted:
            planted += 1
            assert (label.code, label.conversation) in places
    assert planted


@pytest.mark.parametrize(
    ("messages", "tools", "part"),
    [
        ([("system", "You solve questions."), ("user", "Who?")], [], "alone"),
        ([("system", "Your first message is the plan and nothing else."), ("user", "Who?")], [DELEGATE], "planner"),
        ([("system", "Your first message is the plan."), ("user", "Who?"), ("assistant", "1.")], [DELEGATE], "lead"),
        ([("system", "Lead."), ("user", "Who?")], [DELEGATE], "lead"),
        ([("system", SYSTEM), ("user", "Read “X”.")], [], "agent"),
    ],
)
def test_the_part_is_read_from_the_prompt(messages: list[tuple[str, str]], tools: list[object], part: Part) -> None:
    body = {"messages": [{"role": role, "content": text} for role, text in messages], "tools": tools}
    assert view(body).part == part


@pytest.mark.parametrize("part", sorted(FITTING))
def test_only_fitting_faults_strike(part: Part) -> None:
    from dataclasses import replace

    seen = view({"messages": [{"role": "user", "content": "Who?"}]})
    settings = Settings(profile="sloppy")
    codes = {strike(replace(seen, part=part, seed=seed), settings) for seed in range(400)} - {""}
    assert codes <= set(FITTING[part])
    assert bool(codes) is (part != "planner")
