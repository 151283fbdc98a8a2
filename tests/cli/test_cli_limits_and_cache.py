"""`tools.limits` and `cache` through the command line: what is paid, what is served, what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from climain import trajsynth

SMALL = ["--set", "questions.questions=2", "--set", "questions.pages=60", "--set", "grade=[exact]", "--quiet"]
PRICED = ["--set", "tools.limits={corpus: {price: 0.25, concurrency: 4, cache: read_only}}"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def records(folder: str) -> dict[str, Any]:
    lines = (Path(folder) / "trajectories-00000.jsonl").read_text().splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


def results(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Of calls that reached the corpus."""
    found = []
    for conversation in record["conversations"]:
        messages = {message["n"]: message for message in conversation["messages"]}
        for message in messages.values():
            if message["role"] == "tool" and message["outcome"] not in ("invalid_call", "blocked"):
                n, index = message["answers"]
                found += [message] if messages[n]["tool_calls"][index]["server"] == "corpus" else []
    return found


def replies(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [m for c in record["conversations"] for m in c["messages"] if m["role"] == "assistant"]


def texts(record: dict[str, Any]) -> list[str]:
    return [message["content"] for c in record["conversations"] for message in c["messages"]]


@pytest.mark.slow
def test_prices_of_tools_stand_in_usage_and_closing_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert trajsynth("generate", "quickstart", *SMALL, *PRICED) == 0
    assert trajsynth("stats", "outputs/quickstart") == 0
    said = capsys.readouterr().out
    made = records("outputs/quickstart")
    paid = sum(record["usage"]["tools_usd"] for record in made.values())
    executed = [message for record in made.values() for message in results(record) if not message["cached"]]
    served = [message for record in made.values() for message in results(record) if message["cached"]]
    assert len(executed) > 10
    assert len(served) > 10  # six arms look the same things up
    assert paid == 0.25 * len(executed)
    assert all(record["usage"]["usd"] >= record["usage"]["tools_usd"] for record in made.values())
    assert f"${paid:,.2f} of it for tool calls" in said


@pytest.mark.slow
def test_a_run_made_again_from_the_cache_pays_only_for_what_is_new() -> None:
    cache = ["--set", "cache=calls.sqlite", "--set", "teachers.careful={kind: scripted, price: {input: 1, output: 5}}"]
    assert trajsynth("generate", "quickstart", *SMALL, *cache, "-o", "first") == 0
    assert trajsynth("generate", "quickstart", *SMALL, *cache, "-o", "second") == 0
    cut = ["--set", "rollout.max_turns=2"]
    assert trajsynth("generate", "quickstart", *SMALL, *cache, *cut, "-o", "third") == 0
    first, second, third = (records(folder) for folder in ("first", "second", "third"))
    assert first.keys() == second.keys() == third.keys()
    assert sum(record["usage"]["usd"] for record in first.values()) > 0
    for identity, record in second.items():
        assert record["usage"]["usd"] == 0
        assert texts(record) == texts(first[identity])
        kept = [reply for reply in replies(record) if reply["turn"]["finish_reason"] != "length"]
        assert all(message["cached"] for message in kept + results(record))
    for record in third.values():  # the first turns are served; only summaries that came early are new
        if len(record["conversations"]) == 1:
            assert all(reply["cached"] for reply in replies(record)[:-1])
    assert any(record["stop_reason"] == "max_turns" for record in third.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("tools.limits={corpsu: {rpm: 5}}", "tools.limits.corpsu: unknown server 'corpsu'; did you mean 'corpus'?"),
        ("tools.limits={corpus: {rpm: 0}}", "tools.limits.corpus.rpm"),
        ("tools.limits={corpus: {cache: sometimes}}", "tools.limits.corpus.cache"),
        ("cache=.", "cache: '.' cannot be used"),
    ],
)
def test_what_cannot_work_is_said(setting: str, words: str, capsys: pytest.CaptureFixture[str], here: Path) -> None:
    assert trajsynth("generate", "quickstart", *SMALL, "--set", setting) == 2
    assert words in capsys.readouterr().err
    assert not (here / "outputs/quickstart").exists()
