"""Foreign rows become questions: layouts of pages, forms of answers, columns with dots, leftovers as meta."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.codec import encode
from trajsynth.config import Columns
from trajsynth.errors import RecordError
from trajsynth.questions.rows import stable_id, to_question
from trajsynth.types import Document

PAGES = (Document(title="Alpha", text="One. Two."), Document(title="Beta", text="Three."))
DEFAULT = Columns()


@pytest.mark.parametrize(
    "context",
    [
        {"title": ["Alpha", "Beta"], "sentences": [["One.", " Two."], ["Three."]]},
        {"title": ["Alpha", "Beta"], "text": ["One. Two.", "Three."]},
        [{"title": "Alpha", "text": "One. Two."}, {"title": "Beta", "text": "Three."}],
        [{"title": "Alpha", "paragraph_text": "One. Two.", "idx": 0}, {"title": "Beta", "paragraph_text": "Three."}],
        [["Alpha", ["One.", " Two."]], ["Beta", ["Three."]]],
        {"Alpha": "One. Two.", "Beta": "Three."},
        {"Alpha": ["One.", "Two."], "Beta": ["Three."]},
        [{"title": "Alpha", "text": "One. Two."}, {"title": "Beta", "text": "Three."}, {"title": "Gone", "text": " "}],
        [{"title": "Alpha", "text": "One. Two."}] * 2 + [{"title": "Beta", "text": "Three."}],
    ],
)
def test_layouts_of_pages(context: Any) -> None:
    assert to_question({"question": "q?", "context": context}, DEFAULT, "f:1").documents == PAGES


@pytest.mark.parametrize("column", ["context", "paragraphs", "documents"])
def test_pages_are_found_under_usual_names(column: str) -> None:
    row = {"question": "q?", column: [{"title": "Beta", "paragraph_text": "Three."}]}
    question = to_question(row, DEFAULT, "f:1")
    assert question.documents == PAGES[1:]
    assert question.meta == {}


def test_a_plain_context_gets_a_title() -> None:
    (document,) = to_question({"question": "q?", "context": "word " * 40}, DEFAULT, "f:1").documents
    assert document.title.startswith("word word") and len(document.title) <= 62
    assert document.text == ("word " * 40).strip()


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (5, "column 'context': a number holds no pages"),
        ({"title": ["Alpha"], "sentences": [["x"], ["y"]]}, "1 titles for 2 texts"),
        ([{"title": "Alpha"}], "a page has no text among its keys title"),
        ([7], "a page is a number"),
        ({"Alpha": 3}, "the text of 'Alpha' is a number"),
    ],
)
def test_pages_of_no_layout(context: Any, said: str) -> None:
    with pytest.raises(RecordError, match=r"^f:1: ") as caught:
        to_question({"question": "q?", "context": context}, DEFAULT, "f:1")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("row", "answers"),
    [
        ({}, ()),
        ({"answer": None}, ()),
        ({"answer": " Paris "}, ("Paris",)),
        ({"answer": ["Paris", "paris", "Paris"]}, ("Paris", "paris")),
        ({"answer": 42}, ("42",)),
        ({"answer": 3.0}, ("3",)),
        ({"answer": 3.25}, ("3.25",)),
        ({"answer": True}, ("yes",)),
        ({"answer": ["a", 2, ""], "aliases": ["b", "a"]}, ("a", "2", "b")),
        ({"answer": "a", "aliases": "b"}, ("a", "b")),
        ({"answer": "\ud800x"}, ("�x",)),
        ({"answer": float("nan")}, None),
        ({"answer": {"text": "x"}}, None),
        ({"answer": [["x"]]}, None),
    ],
)
def test_forms_of_answers(row: dict[str, Any], answers: tuple[str, ...] | None) -> None:
    row = {"question": "q?", **row}
    if answers is None:
        with pytest.raises(RecordError, match=r"^f:1: column 'answer': "):
            to_question(row, DEFAULT, "f:1")
    else:
        assert to_question(row, DEFAULT, "f:1").answers == answers


def test_columns_with_dots() -> None:
    row = {"data": {"q": "who?", "a": {"text": ["x"]}}, "data.q": "the key as written wins"}
    columns = Columns(question="data.q", answer="data.a.text", id="data.none")
    question = to_question(row, columns, "f:1")
    assert question.text == "the key as written wins"
    assert question.answers == ("x",)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (Columns(question="questoin"), "unknown column 'questoin'; did you mean 'question'?"),
        (Columns(answer="anwser"), "unknown column 'anwser'; did you mean 'answers'?"),
        (Columns(), "unknown column 'answer'; did you mean 'answers'?"),
        (Columns(answer="answers.text", aliases="alias"), "unknown column 'alias'"),
        (Columns(answer="answers.text", documents="pages"), "unknown column 'pages'"),
        (Columns(answer="answers.txt"), "unknown column 'answers.txt'; did you mean 'answers.text'?"),
    ],
)
def test_wrong_columns_are_named(columns: Columns, said: str) -> None:
    row = {"question": "q?", "answers": {"text": "x"}, "level": "easy"}
    with pytest.raises(RecordError, match=r"^f:9: ") as caught:
        to_question(row, columns, "f:9")
    assert said in str(caught.value)
    assert "set questions.columns." in str(caught.value)


@pytest.mark.parametrize("text", ["", "  ", None, 5, ["q"]])
def test_a_question_without_text(text: Any) -> None:
    with pytest.raises(RecordError, match=r"^f:3: column 'question' holds no question: it is "):
        to_question({"question": text}, DEFAULT, "f:3")


def test_meta_keeps_small_scalars_only() -> None:
    row = {
        "question": "q?",
        "answer": "Paris",
        "type": "bridge",
        "level": 2,
        "flag": True,
        "empty": "",
        "nothing": None,
        "gold": "paris ",
        "long": "x" * 201,
        "just": "x" * 200,
        "list": [1],
        "supporting_facts": "Alpha",
        "bad": float("inf"),
    }
    assert to_question(row, DEFAULT, "f:1").meta == {"type": "bridge", "level": 2, "flag": True, "just": "x" * 200}


def test_ids() -> None:
    assert to_question({"question": "q?", "id": 7}, DEFAULT, "f:1").id == "7"
    made = to_question({"question": "q?", "answer": "a"}, DEFAULT, "f:1").id
    assert (
        made
        == to_question({"question": " q? ", "answer": ["a"], "id": ""}, DEFAULT, "f:2").id
        == stable_id("q?", ["a"])
    )
    assert made != to_question({"question": "q?", "answer": "b"}, DEFAULT, "f:1").id
    assert stable_id("q?", ("a",)) == "b25e5974e35e4c36", "ids must not change between releases: runs resume by them"


def test_lone_surrogates_are_scrubbed() -> None:
    row = json.loads('{"question": "a\\ud800?", "context": {"T\\udc00": "x\\ud83d"}, "note": "\\ud800"}')
    question = to_question(row, DEFAULT, "f:1")
    assert (question.text, question.documents[0].title, question.meta["note"]) == ("a�?", "T�", "�")
    assert json.loads(encode(question))["text"] == "a�?"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("title"), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "question", "answer", "aliases", "context", "x"]), json_values))
def test_any_row_is_a_question_or_a_clear_error(row: dict[str, Any]) -> None:
    try:
        question = to_question(row, DEFAULT, "f:1")
    except RecordError as error:
        assert str(error).startswith("f:1: ") and "\n" not in str(error)
    else:
        assert question.text and question.id
        encode(question)
