"""What a run keeps of its config, and which changes make it another run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trajsynth.config import convert
from trajsynth.configsave import describe_difference, identity, load_saved, saved
from trajsynth.errors import RecordError

QWEN = {"kind": "openai", "base_urls": ["http://x/v1"], "model": "a"}
BASE: dict[str, Any] = {
    "name": "n",
    "questions": {"kind": "encyclopedia"},
    "teachers": {"qwen": QWEN, "hasty": {"kind": "scripted"}},
    "tools": {"mcpServers": {"s": {"command": "npx", "args": ["-y", "pkg"]}}, "corpus": {}},
    "arms": [{"teacher": "qwen"}],
    "paradigms": {"mine": {"kind": "custom", "target": "a:B"}},
}


def differences(change: dict[str, Any]) -> list[str]:
    """What resuming BASE's run with a changed config would say."""
    kept = json.loads(json.dumps(saved(convert(BASE))))
    return describe_difference(identity(load_saved(kept, "run.yaml")), identity(convert(BASE | change)))


def test_saved_is_plain_complete_and_reads_back() -> None:
    config = convert(BASE)
    data = json.loads(json.dumps(saved(config)))
    assert load_saved(data, "run.yaml") == config
    assert data["rollout"]["max_turns"] == 200
    assert data["teachers"]["qwen"]["timeout"] == 600.0


def test_a_saved_config_that_cannot_be_read_is_named() -> None:
    with pytest.raises(RecordError, match=r"^out/run\.yaml: the saved config cannot be read: "):
        load_saved({"questions": 3}, "out/run.yaml")


def test_the_search_engines_address_is_saved_without_its_secrets() -> None:
    search = {"kind": "searxng", "url": "https://me:pw@search.example/?token=abc", "price": 1}
    data = json.dumps(saved(convert(BASE | {"tools": {"web": {"search": search}}})))
    assert "search.example" in data and "pw@" not in data and "abc" not in data


def test_the_teacher_of_a_tool_defines_the_run() -> None:
    change: dict[str, Any] = {"tools": BASE["tools"] | {"web": {"extract": "hasty"}}}
    assert "hasty" in identity(convert(BASE | change))["teachers"]
    assert "hasty" not in identity(convert(BASE))["teachers"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"samples": 9},
        {"concurrency": 3},
        {"grade": ["exact", {"judge": "hasty"}]},
        {"curate": ["sft"]},
        {"build": {"sft": {}}},
        {"filters": {"f": {"target": "a:B"}}},
        {"questions": {"kind": "encyclopedia", "limit": 3, "questions": 500}},
        {"rollout": {"max_turns": 3, "max_tool_calls": 4, "wall_clock": 5, "context_tokens": 6}},
        {"teachers": {"qwen": QWEN | {"base_urls": ["http://y/v1"], "price": {"input": 3}, "retries": 1}}},
        {"teachers": {"qwen": QWEN, "unused": {"kind": "scripted"}}},
        {"tools": BASE["tools"] | {"timeout": 3, "corpus": {"serve": "stdio"}}},
        {"tools": BASE["tools"] | {"limits": {"s": {"rpm": 3, "cache": True}}}, "cache": "calls.sqlite"},
        {"teachers": {"qwen": QWEN | {"rpm": 60, "tpm": 9000}}},
        {"tools": BASE["tools"] | {"mcpServers": {"s": {"command": "npx", "args": ["-y", "pkg"], "env": {"A": "b"}}}}},
    ],
)
def test_what_may_change_on_resume(change: dict[str, Any]) -> None:
    assert differences(change) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"teachers": {"qwen": QWEN | {"model": "b"}}}, ["teachers.qwen.model: 'a' -> 'b'"]),
        (
            {"teachers": {"qwen": QWEN | {"params": {"temperature": 1}}}},
            ["teachers.qwen.params.temperature: (absent) -> 1"],
        ),
        ({"seed": 3}, ["seed: 0 -> 3"]),
        ({"assign": "grid"}, ["assign: 'question' -> 'grid'"]),
        ({"arms": [{"teacher": "qwen", "weight": 2}]}, ["arms.0.weight: 1.0 -> 2.0"]),
        ({"questions": {"kind": "encyclopedia", "seed": 1}}, ["questions.seed: 0 -> 1"]),
        ({"rollout": {"keep_results": 3}}, ["rollout.keep_results: 5 -> 3"]),
        ({"tools": BASE["tools"] | {"corpus": {"results": 9}}}, ["tools.corpus.results: 5 -> 9"]),
        (
            {"tools": BASE["tools"] | {"mcpServers": {"s": {"command": "npx", "args": ["-y", "pkg@2"]}}}},
            ["tools.mcpServers.s.args.1: 'pkg' -> 'pkg@2'"],
        ),
        (
            {"tools": BASE["tools"] | {"mcpServers": {"s": {"command": "npx", "disabled": True}}}},
            ["tools.mcpServers.s: {'command': 'npx', 'args': ['-y', 'pkg']} -> (absent)"],
        ),
        ({"paradigms": {"mine": {"kind": "custom", "target": "a:C"}}}, ["paradigms.mine.target: 'a:B' -> 'a:C'"]),
    ],
)
def test_what_makes_another_run_is_said(change: dict[str, Any], said: list[str]) -> None:
    assert differences(change) == said


def test_default_arms_and_the_same_arms_written_out_are_one_run() -> None:
    implied = convert(BASE | {"arms": []})
    written = convert(BASE | {"arms": [{"teacher": "qwen"}, {"teacher": "hasty"}]})
    assert identity(implied) == identity(written)


def test_lists_of_other_lengths_are_shown_whole_and_long_values_cut() -> None:
    assert describe_difference({"a": [1]}, {"a": [1, 2]}) == ["a: [1] -> [1, 2]"]
    [line] = describe_difference({"a": "x" * 500}, {"a": None})
    assert len(line) < 100
    assert describe_difference({"a": {"b": 1}}, {"c": {"b": 1}}) == [
        "a: {'b': 1} -> (absent)",
        "c: (absent) -> {'b': 1}",
    ]
