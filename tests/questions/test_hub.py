"""The Hub: rows as they come, exceptions of `datasets` as one line each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trajsynth.config import DatasetQuestions
from trajsynth.errors import InputError
from trajsynth.questions import load_questions
from trajsynth.questions.hub import explain

CONFIG = DatasetQuestions(hf="me/data", split="trian", config="wrong")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (ConnectionError("Couldn't reach 'me/data' on the Hub"), "the Hub cannot be reached"),
        (FileNotFoundError("Dataset 'me/data' doesn't exist on the Hub or cannot be accessed."), "no such data set"),
        (FileNotFoundError("Dataset 'me/data' is a gated dataset on the Hub."), "access is restricted"),
        (ValueError("Unknown split \"trian\". Should be one of ['train']."), "it has no split 'trian'"),
        (ValueError("Bad split: trian. Available splits: ['train']"), "it has no split 'trian'"),
        (ValueError("BuilderConfig 'wrong' not found. Available: ['a']"), "it has no config 'wrong'"),
        (RuntimeError("Dataset scripts are no longer supported, but found x.py"), "it needs a loading script"),
        (ValueError("something\nelse " + "x" * 500), "it could not be read"),
    ],
)
def test_exceptions_become_advice(error: Exception, advice: str) -> None:
    line = explain(error, CONFIG)
    assert line.startswith(advice)
    assert type(error).__name__ in line
    assert "\n" not in line and len(line) < 500


def test_several_configs_and_none_named() -> None:
    line = explain(ValueError("Config name is missing.\nPlease pick one"), DatasetQuestions(hf="me/data"))
    assert line.startswith("it has several configs; set questions.config")


@pytest.mark.slow
def test_a_data_set_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    pytest.importorskip("datasets")
    folder = tmp_path / "data"
    folder.mkdir()
    lines = [{"id": f"q{n}", "question": f"{n}?", "answer": str(n), "context": {"title": ["T"], "sentences": [["A."]]}}
             for n in range(30)]  # fmt: skip
    (folder / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    whole = list(load_questions(DatasetQuestions(hf=str(folder))))
    assert [question.id for question in whole] == [line["id"] for line in lines]
    assert whole[3].answers == ("3",) and whole[3].documents[0].text == "A."
    streamed = list(load_questions(DatasetQuestions(hf=str(folder), limit=4)))
    assert streamed == whole[:4]
    shuffled = [list(load_questions(DatasetQuestions(hf=str(folder), limit=4, shuffle=seed))) for seed in (1, 1, 2)]
    assert shuffled[0] == shuffled[1] != shuffled[2]
    with pytest.raises(InputError, match="it has no split 'test'"):
        list(load_questions(DatasetQuestions(hf=str(folder), split="test", limit=1)))
    with pytest.raises(InputError, match=r"no such data set|could not be read"):
        list(load_questions(DatasetQuestions(hf=str(tmp_path / "empty"))))
