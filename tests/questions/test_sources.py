"""Sources: local files with their faults named by line, duplicates, limit and shuffle, encyclopedia and own classes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trajsynth.config import CustomQuestions, DatasetQuestions, EncyclopediaQuestions
from trajsynth.errors import InputError, RecordError
from trajsynth.questions import all_documents, load_questions, open_questions
from trajsynth.types import Document, Question

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/questions/multihop_hotpot_layout.jsonl"


class Mine:
    """A source of one's own."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[Question]:
        return (Question(id=str(number), text=f"q{number}?") for number in range(self.count))


class Wrong(Mine):
    """Gives something else."""

    def __iter__(self) -> Iterator[Any]:
        return iter(["a question?"])


def rows(*texts: str) -> str:
    return "".join(json.dumps({"id": text, "question": f"{text}?", "answer": text}) + "\n" for text in texts)


def write(path: Path, text: str | bytes) -> DatasetQuestions:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return DatasetQuestions(path=str(path))


def ids(config: DatasetQuestions) -> list[str]:
    return [question.id for question in load_questions(config)]


@pytest.mark.parametrize(
    "text",
    [
        rows("a", "b"),
        rows("a", "b").rstrip("\n"),
        "\n" + rows("a") + "\n  \n" + rows("b"),
        "\ufeff" + rows("a", "b"),
        rows("a", "b").replace("\n", "\r\n"),
        json.dumps([{"id": "a", "question": "a?"}, {"id": "b", "question": "b?"}]),
        json.dumps([{"id": "a", "question": "a?"}, {"id": "b", "question": "b?"}], indent=2),
        json.dumps({"version": 1, "data": [{"id": "a", "question": "a?"}, {"id": "b", "question": "b?"}]}, indent=1),
    ],
)
def test_layouts_of_files(tmp_path: Path, text: str) -> None:
    assert ids(write(tmp_path / "q.jsonl", text)) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (rows("a") + '{"question": \n' + rows("b"), "q.jsonl:2: not JSON: "),
        ('{"question": \n' + rows("b"), "q.jsonl:1: not JSON: "),
        (rows("a") + '{"question": "b?"', "q.jsonl:2: not JSON: "),
        (rows("a") + "[1]\n", "q.jsonl:2: a list instead of an object"),
        (rows("a") + '{"question": " "}\n', "q.jsonl:2: column 'question' holds no question: it is empty"),
        (rows("a") + '{"query": "b?"}\n', "q.jsonl:2: unknown column 'question'"),
        (rows("a").encode() + b'{"question": "\xff?"}\n', "q.jsonl:2: not UTF-8 text"),
        ("[" + "[" * 100_000, "q.jsonl: not usable JSON: RecursionError"),
        ('[{"question": "a?"}, 3]', "q.jsonl row 2: a int instead of an object"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(RecordError) as caught:
        ids(write(tmp_path / "q.jsonl", text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"), [("", "the file is empty"), (" \n\n", "the file is empty"), ("[]", "the list is empty")]
)
def test_an_empty_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ids(write(tmp_path / "q.jsonl", text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "none.jsonl", "there is no such file"),
        (tmp_path, "this is a folder"),
        (tmp_path / "x.parquet", ".parquet files are not read"),
    ):
        with pytest.raises(InputError, match=re.escape(said)):
            ids(DatasetQuestions(path=str(path)))
    with pytest.raises(InputError, match="neither path nor hf"):
        ids(DatasetQuestions())


def test_identical_duplicates_are_skipped_and_counted(tmp_path: Path) -> None:
    source = open_questions(write(tmp_path / "q.jsonl", rows("a", "b", "a", "a")))
    assert [question.id for question in source] == ["a", "b"]
    assert source.skipped == 2
    assert [question.id for question in source] == ["a", "b"], "a source may be walked again"
    assert source.skipped == 2


@pytest.mark.parametrize("other", [{"question": "x?", "answer": "a"}, {"question": "a?", "answer": "x"}])
def test_an_id_used_twice(tmp_path: Path, other: dict[str, str]) -> None:
    config = write(tmp_path / "q.jsonl", rows("a", "b") + json.dumps({"id": "a", **other}) + "\n")
    with pytest.raises(RecordError, match=r"q\.jsonl:3: id 'a' is taken by another question at .*q\.jsonl:1"):
        ids(config)


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (1, 1), (4, 4), (5, 5), (6, 5), (None, 5)])
def test_limit_counts_questions_not_rows(tmp_path: Path, limit: int | None, expected: int) -> None:
    path = write(tmp_path / "q.jsonl", rows("a", "a", "b", "c", "d", "e")).path
    assert len(ids(DatasetQuestions(path=path, limit=limit))) == expected


def test_what_stands_behind_the_limit_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", rows("a", "b") + "{broken\n").path
    assert ids(DatasetQuestions(path=path, limit=2)) == ["a", "b"]


def test_shuffle(tmp_path: Path) -> None:
    names = [f"q{number}" for number in range(40)]
    path = write(tmp_path / "q.jsonl", rows(*names)).path
    first = ids(DatasetQuestions(path=path, shuffle=1))
    assert first == ids(DatasetQuestions(path=path, shuffle=1))
    assert sorted(first) == sorted(names) and first != names
    assert first != ids(DatasetQuestions(path=path, shuffle=2))
    assert ids(DatasetQuestions(path=path, shuffle=1, limit=7)) == first[:7]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared question file lies beside the checkout, not in it")
def test_real_questions_load_unchanged() -> None:
    source = open_questions(DatasetQuestions(path=str(SHARED)))
    questions = list(source)
    lines = [json.loads(line) for line in SHARED.read_text().splitlines()]
    assert (len(questions), source.skipped) == (89, 0)
    for question, line in zip(questions, lines, strict=True):
        assert (question.id, question.text, question.answers[0]) == (line["id"], line["question"], line["answer"])
        assert {document.title for document in question.documents} == set(line["context"]["title"])
        for sentences in line["context"]["sentences"]:
            assert any(all(part.strip() in document.text for part in sentences) for document in question.documents)
        assert set(question.meta) <= {"type", "level"}


def test_the_encyclopedia_as_a_source() -> None:
    source = open_questions(EncyclopediaQuestions(pages=40, questions=6))
    questions: list[Question] = []
    documents = list(all_documents(source, questions))
    assert (len(documents), len(questions)) == (40, 6)
    assert questions == list(load_questions(EncyclopediaQuestions(pages=40, questions=6)))


def test_all_documents_takes_pages_off_questions(tmp_path: Path) -> None:
    row = {"id": "a", "question": "a?", "context": {"T": "text"}}
    questions: list[Question] = []
    source = open_questions(write(tmp_path / "q.jsonl", json.dumps(row) + "\n"))
    assert list(all_documents(source, questions)) == [Document(title="T", text="text")]
    assert [(question.id, question.documents) for question in questions] == [("a", ())]


def test_a_class_of_ones_own() -> None:
    here = f"{__name__}:Mine"
    assert [q.id for q in load_questions(CustomQuestions(target=here, args={"count": 3}))] == ["0", "1", "2"]
    assert [q.id for q in load_questions(CustomQuestions(target=here, args={"count": 3}, limit=2))] == ["0", "1"]
    with pytest.raises(InputError, match=r"item 0 is a str, not a trajsynth\.types\.Question"):
        list(load_questions(CustomQuestions(target=f"{__name__}:Wrong", args={"count": 1})))
    with pytest.raises(InputError, match="must iterate over"):
        open_questions(CustomQuestions(target="builtins:object"))
