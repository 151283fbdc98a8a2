"""Questions of named sets are found by runs of words and whole; what cannot be read is one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import codes

from trajsynth.errors import ConfigError
from trajsynth.filters import LeakBenchmark, recipe

LONG = "in which of the towns on the northern coast did the county open a bridge"  # 15 words


def asks(text: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "x"}]}


@pytest.fixture
def known(tmp_path: Path) -> str:
    path = tmp_path / "set.jsonl"
    rows = [{"question": LONG}, {"problem": "Who built the harbour?"}, {"text": "Why?"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        (LONG, True),
        (f"Please: {LONG.upper()}!", True),
        (" ".join(LONG.split()[:13]), True),
        (" ".join(LONG.split()[:12]), False),
        ("who built  the harbour", True),
        ("Who built the harbour of Norby?", False),
        ("why", False),  # too short to mean anything
    ],
)
def test_overlap(known: str, text: str, flagged: bool) -> None:
    assert codes(LeakBenchmark(questions=(known,)).check(asks(text))) == ["leak.benchmark"] * flagged


def test_without_sets_nothing_is_found() -> None:
    assert LeakBenchmark().keep(asks(LONG))


def test_runs_are_a_threshold(known: str) -> None:
    partly = asks(" ".join(LONG.split()[:14]))
    assert not LeakBenchmark(questions=(known,), runs=2).keep(partly)
    assert LeakBenchmark(questions=(known,), runs=3).keep(partly)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.jsonl", "{", "cannot read"),
        ("a.jsonl", '{"id": 1}', "none of the fields"),
        ("a.json", "[3]", "none of"),
        ("a.jsonl", "\n", "holds no question"),
        ("a.txt", "", "holds no question"),
    ],
)
def test_unreadable_sets_are_one_clear_line(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        LeakBenchmark(questions=(str(path),)).check(asks(LONG))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "row",
    [{"Question": LONG, "Level": 2}, {"problem_statement": LONG}, {"prompt": [{"role": "user", "content": LONG}]}],
)
def test_fields_that_benchmarks_have(tmp_path: Path, row: dict[str, object]) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    assert not LeakBenchmark(questions=(str(path),)).keep(asks(LONG))


def test_recipes_name_sets(tmp_path: Path, known: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"filters:\n- {{filter: leak.benchmark, questions: [{known}], action: drop}}\n", encoding="utf-8")
    assert recipe(path).run([asks(LONG)]).report.dropped == {"leak.benchmark": 1}
    path.write_text("filters:\n- {filter: leak.benchmark, questions: [gone.jsonl]}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no file 'gone\.jsonl'"):
        recipe(path)
    path.write_text("filters:\n- {filter: leak.benchmark, questions: 3}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="Expected `list of str`"):
        recipe(path)


@given(st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_set_finds_its_own_questions(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("sets") / "set.json"
    path.write_text(json.dumps([text]), encoding="utf-8")
    judge = LeakBenchmark(questions=(str(path),), short=1)
    assert judge.keep(asks(text)) is not any(sign.isalnum() and sign != "_" for sign in text) or not judge.keep(
        asks(text)
    )
