"""Bad input: one line on stderr, exit code 2, and the folder as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from climain import trajsynth

CONFIG = """
questions: {path: questions.jsonl}
teachers: {a: {kind: scripted}}
"""
DEAD_SERVER = "{dead: {command: python3, args: [-c, 'import sys; sys.exit(\"no licence\")']}}"
REFUSING = "{a: {base_urls: ['http://127.0.0.1:9/v1'], model: m}}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config, good questions and some bad files; the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text(CONFIG)
    (tmp_path / "questions.jsonl").write_text('{"question": "Who?", "answer": "x"}\n')
    (tmp_path / "no_text.jsonl").write_text('{"question": "Who?", "answer": "x"}\n{"question": " ", "answer": "y"}\n')
    (tmp_path / "broken.jsonl").write_text('{"question": "Who?"}\n{"question": "Wh\n{"question": "What?"}\n')
    (tmp_path / "rows.jsonl").write_text('{"messages": []}\n{"messages": 3}\n')
    (tmp_path / "list.yaml").write_text("a: [1\nb: 2\n")
    (tmp_path / "strangers").mkdir()
    (tmp_path / "strangers" / "diary.txt").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["generate", "nothere.yaml"], "no config file 'nothere.yaml'"),
        (["generate", "quikstart"], "did you mean 'quickstart'"),
        (["generate", "list.yaml"], "list.yaml:2:"),
        (["generate", "run.yaml", "--set", "samples=many"], "samples: expected int | a mapping, got str 'many'"),
        (["generate", "run.yaml", "--set", "sampels=3"], "did you mean 'samples'"),
        (["generate", "run.yaml", "--set", "teachers.a.profle=hasty"], "teachers.a: unknown key 'profle'"),
        (["run", "run.yaml", "--set", "curate=[stf]"], "unknown recipe 'stf'; did you mean 'sft'"),
        (["run", "run.yaml", "--set", "arms=[{teacher: b}]"], "unknown teacher 'b'"),
        (["run", "run.yaml", "--set", "arms=[{teacher: a, paradigm: raect}]"], "did you mean 'react'"),
        (["generate", "run.yaml", "--set", "questions.path=none.jsonl"], "none.jsonl"),
        (["generate", "run.yaml", "--set", "questions.path=no_text.jsonl"], "no_text.jsonl:2"),
        (["generate", "run.yaml", "--set", "questions.path=broken.jsonl"], "broken.jsonl:2"),
        (["generate", "run.yaml", "--set", f"teachers={REFUSING}"], "nobody answers"),
        (["generate", "run.yaml", "--set", f"tools.mcpServers={DEAD_SERVER}"], "'dead' died at start: no licence"),
        (["generate", "run.yaml", "-o", "strangers"], "holds no run"),
        (["generate", "run.yaml", "-o", "run.yaml"], "is a file"),
        (["filter", "nothere.jsonl"], "no such file"),
        (["filter", "rows.jsonl", "-o", "out/deep"], "rows.jsonl:2: messages"),
        (["filter", "rows.jsonl", "--recipe", "stf"], "did you mean 'sft'"),
        (["build", "sft", "rows.jsonl", "-o", "out"], "rows.jsonl:2: messages"),
        (["build", "sft", "rows.jsonl", "--format", "trll"], "trll"),
        (["build", "sft", "rows.jsonl", "--mix", "per_question=x"], "--mix: per_question: expected int | null, got"),
        (["build", "sft", "rows.jsonl", "--mix", "per_qestion=1"], "unknown key 'per_qestion'; did you mean 'per_"),
        (["build", "sft", "rows.jsonl", "--mix", "shares.techer={a: 1}"], "shares.techer: unknown value 'techer'; did"),
        (["build", "sft", "rows.jsonl", "--mix", "total=["], "--mix 'total=['"),
        (["build", "sft", "rows.jsonl", "--validation", "1.5"], "build: validation: expected float <= 1.0, got 1.5"),
        (["build", "dpo", "rows.jsonl", "--format", "tokens"], "format 'tokens' has no dpo: preference trainers"),
        (["build", "sft", "rows.jsonl", "--format", "tokens"], "format 'tokens' needs a tokenizer"),
        (["stats", "strangers"], "holds no run"),
        (["grade", "strangers"], "holds no run"),
        (["init", "run.yaml"], "exists"),
        (["init", "new.yaml", "--from", "quikstart"], "did you mean 'quickstart'"),
    ],
)
def test_one_line_exit_2_nothing_written(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    before = sorted(folder.rglob("*"))
    assert trajsynth(*arguments) == 2
    output = capsys.readouterr()
    assert said in output.err
    assert output.err.startswith("trajsynth: ")
    assert output.err.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


def test_an_unknown_option_is_clicks_to_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert trajsynth("generate", "run.yaml", "--limt", "3") == 2
    assert "--limit" in capsys.readouterr().err


@pytest.mark.slow
def test_a_folder_of_another_config_says_what_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trajsynth("generate", "run.yaml", "--quiet") == 0
    record = (folder / "outputs/run/trajectories-00000.jsonl").read_bytes()
    capsys.readouterr()
    assert trajsynth("generate", "run.yaml", "--set", "seed=9") == 2
    said = capsys.readouterr().err
    assert "seed: 0 -> 9" in said
    assert "-o" in said
    assert (folder / "outputs/run/trajectories-00000.jsonl").read_bytes() == record
    assert json.loads(record)["question"]["text"] == "Who?"


@pytest.mark.parametrize(("output", "said"), [("list.yaml", "exists"), ("list.yaml/sets", "ot a directory")])
def test_an_output_folder_that_cannot_be_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], output: str, said: str
) -> None:
    (folder / "kept.jsonl").write_text("")
    before = (folder / "list.yaml").read_bytes()
    assert trajsynth("build", "dpo", "kept.jsonl", "-o", output) == 2
    told = capsys.readouterr().err
    assert said in told and "list.yaml" in told and len(told.splitlines()) == 1
    assert (folder / "list.yaml").read_bytes() == before
