"""Questions in free wording: what they ask for, and two hops over paragraphs, better with tools than without."""

from __future__ import annotations

from pathlib import Path

import pytest
from scriptedworld import play

from trajsynth.answers import normalise
from trajsynth.config import DatasetQuestions
from trajsynth.questions.sources import load_questions
from trajsynth.teachers.scripted.open_question import take_apart
from trajsynth.teachers.scripted.settings import Settings
from trajsynth.tools.corpus import build_documents
from trajsynth.types import Document, Question

REAL = Path(__file__).resolve().parents[3] / "../shared/data/questions/multihop_hotpot_layout.jsonl"
PAGES = {
    "Harbour Lights": "Harbour Lights is a 1961 drama film directed by Anna Wessel. It was shot in Bremen.",
    "Anna Wessel": "Anna Wessel (4 May 1921 - 9 June 1990) was a Danish film director. She lived in Aarhus.",
    "The Quiet Mill": "The Quiet Mill is a band from Leeds formed in 1994.",
    "Stone Orchard": "Stone Orchard is a rock band formed in 1988 in Cork.",
    "Karl Brandt (skier)": "Karl Brandt (born 1930) is a German skier who won a medal in Oslo.",
}
SOLVED = (
    ("Which band formed first, The Quiet Mill or Stone Orchard?", "Stone Orchard"),
    ("When did the director of film Harbour Lights die?", "9 June 1990"),
    ("Which band formed later, The Quiet Mill or Stone Orchard?", "The Quiet Mill"),
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Who directed Harbour Lights?", "person"),
        ("When was the director of film Harbour Lights born?", "date"),
        ("What year was the mill built?", "year"),
        ("How many students are there in Bremen?", "number"),
        ("Which film came out first, Harbour Lights or The Quiet Mill?", "choice"),
        ("Are Bremen and Cork in the same country?", "yesno"),
        ("In which country is Cork?", "place"),
        ("What is the genre of Harbour Lights?", "thing"),
    ],
)
def test_the_kind_of_answer(text: str, kind: str) -> None:
    assert take_apart(text).kind == kind


def test_names_are_found() -> None:
    names = take_apart('Did Anna Wessel, who made "the mill", direct Harbour Lights?').names
    assert {"the mill", "Anna Wessel", "Harbour Lights"} <= set(names)


@pytest.mark.parametrize("style", ["function_calling", "mcp"])
def test_two_hops(style: str, tmp_path: Path) -> None:
    build_documents(tmp_path / "d.sqlite", (Document(title=title, text=text) for title, text in PAGES.items()))
    questions = [Question(id=text, text=text, answers=(answer,)) for text, answer in SOLVED]
    chosen = Settings(profile="careful")
    runs = [play(chosen, questions, tmp_path / "d.sqlite", style=style, seed=seed) for seed in range(5)]
    for i, (text, answer) in enumerate(SOLVED):
        assert sum(run[i].answer == answer for run in runs) >= 3, text


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the shared multi-hop questions are not here")
def test_tools_help_on_real_questions(tmp_path: Path) -> None:
    questions = list(load_questions(DatasetQuestions(path=str(REAL))))
    build_documents(tmp_path / "d.sqlite", (page for question in questions for page in question.documents))

    def right(documents: Path | None) -> int:
        episodes = play(Settings(profile="careful"), questions, documents, seed=2)
        pairs = zip(questions, episodes, strict=True)
        return sum(normalise(e.answer or "") in {normalise(a) for a in q.answers} for q, e in pairs)

    with_tools, without = right(tmp_path / "d.sqlite"), right(None)
    assert without <= 0.12 * len(questions)
    assert with_tools >= 0.2 * len(questions)
    assert with_tools > 1.5 * without
