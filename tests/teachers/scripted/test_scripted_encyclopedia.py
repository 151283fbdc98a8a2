"""The policy solves generated questions, says something else each time, and without planted faults nothing is wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from scriptedworld import play, trajectory, written

from trajsynth import filters
from trajsynth.config import EncyclopediaQuestions
from trajsynth.protocols import Episode
from trajsynth.questions.encyclopedia import generate
from trajsynth.teachers.scripted.settings import PROFILES, Settings
from trajsynth.tools.corpus import build_documents
from trajsynth.types import Question

CLEAN = {code: 0.0 for profile in PROFILES.values() for code in profile.faults}
STYLES = ("function_calling", "mcp")
WRONG_ONLY = {"grade.wrong", "ended.early", "duplicate.question", "multi_call", "plan.missing"}
"""Not defects of form: unskilled profiles answer wrong and do not plan; two calls in a turn are allowed."""


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return list(generate(EncyclopediaQuestions(pages=90, questions=30, seed=5)).questions())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "documents.sqlite"
    build_documents(path, generate(EncyclopediaQuestions(pages=90, questions=30, seed=5)).documents())
    return path


def right(questions: Sequence[Question], episodes: Sequence[Episode]) -> float:
    return sum(e.answer in q.answers for q, e in zip(questions, episodes, strict=True)) / len(questions)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_careful_solves_the_questions(style: str, questions: list[Question], library: Path) -> None:
    episodes = play(Settings(profile="careful"), questions, library, style=style, seed=1)
    assert right(questions, episodes) >= 0.85


@pytest.mark.slow
def test_profiles_differ_in_skill_and_tools_matter(questions: list[Question], library: Path) -> None:
    shares = {
        profile: right(questions, play(Settings(profile=profile, faults=CLEAN), questions, library, seed=3))
        for profile in PROFILES
    }
    assert shares["careful"] > shares["hasty"] > 0.3
    assert shares["careful"] > shares["sloppy"] > 0.2
    assert right(questions, play(Settings(profile="careful"), questions, None)) <= 0.2


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_without_faults_no_filter_finds_any(profile: str, style: str, questions: list[Question], library: Path) -> None:
    chosen = Settings(profile=profile, faults=CLEAN)
    some = questions[:8]
    made = [
        trajectory(question, episode, f"{question.id}/{seed}", style)
        for seed in (11, 12)
        for question, episode in zip(some, play(chosen, some, library, style=style, seed=seed), strict=True)
    ]
    curation = filters.recipe("none").run(made)
    found = {finding.code for kept in curation.kept for finding in kept.findings} - WRONG_ONLY
    assert not found
    assert not any(t.run.planted for t in made)


@pytest.mark.parametrize("profile", ["careful", "hasty"])
def test_samples_of_a_question_are_told_in_other_words(profile: str, questions: list[Question], library: Path) -> None:
    chosen = Settings(profile=profile, faults=CLEAN)
    told = [[shingles(written(e)) for e in play(chosen, questions[:6], library, seed=seed)] for seed in (1, 2, 3)]
    for samples in zip(*told, strict=True):
        for one, two in itertools.combinations(samples, 2):
            assert len(one & two) / len(one | two) < 0.45


def test_a_teacher_is_right_on_some_samples_and_wrong_on_others(questions: list[Question], library: Path) -> None:
    chosen = Settings(profile="hasty", faults=CLEAN)
    runs = [play(chosen, questions[:10], library, seed=seed) for seed in range(4)]
    marks = [[e.answer in q.answers for q, e in zip(questions[:10], run, strict=True)] for run in runs]
    mixed = sum(len(set(of_question)) == 2 for of_question in zip(*marks, strict=True))
    assert mixed >= 4


def test_the_first_turn_of_careful_has_a_numbered_plan(questions: list[Question], library: Path) -> None:
    for episode in play(Settings(profile="careful"), questions[:8], library, seed=9):
        first = next(m for m in episode.conversations[0].messages if m.role == "assistant")
        assert re.search(r"(?m)^\W*(?:Step )?1\W", first.content)
        assert re.search(r"(?m)^\W*(?:Step )?2\W", first.content)
        assert first.reasoning


def test_parallel_calls_happen(questions: list[Question], library: Path) -> None:
    episodes = play(Settings(profile="careful"), questions[:15], library, seed=4)
    assert any(len(m.tool_calls) == 2 for e in episodes for m in e.conversations[0].messages)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}
