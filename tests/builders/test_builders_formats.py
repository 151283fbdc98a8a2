"""Each trainer's layout, as its own loader takes it: shapes, masks, refusals. Losses are for the round trip."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trajsynth.builders import BuildReport, Target, build_dpo, build_sft
from trajsynth.builders.content import RESULT_JOIN
from trajsynth.builders.formats import FORMATS, format_named
from trajsynth.builders.rows import Refusal, Row, render
from trajsynth.errors import ConfigError
from trajsynth.types import ToolSpec, Trajectory

Make = Callable[..., Trajectory]


def row_of(trajectory: Trajectory) -> Row:
    row = render(trajectory)
    assert isinstance(row, Row)
    return row


def record(name: str, trajectory: Trajectory) -> dict[str, Any]:
    (laid,) = laid_of(name, trajectory)
    found: dict[str, Any] = laid.record
    return found


def laid_of(name: str, trajectory: Trajectory) -> Any:
    laid = format_named(name).sft(row_of(trajectory))
    assert not isinstance(laid, Refusal), laid
    return laid


def refusal(name: str, trajectory: Trajectory) -> str:
    laid = format_named(name).sft(row_of(trajectory))
    assert isinstance(laid, Refusal)
    return laid.reason


def parallel(make: Make, **fields: Any) -> Trajectory:
    """Two calls in one turn, with text beside them."""
    base = make(**fields)
    conversation = base.conversations[0]
    system, user, asked, result, *rest = conversation.messages
    asked = replace(asked, content="Both at once.", tool_calls=asked.tool_calls * 2)
    second = replace(result, content="page B", answers=(2, 1), n=3)
    rest = [replace(message, n=message.n + 1) for message in rest]
    messages = (system, user, asked, replace(result, n=3), replace(second, n=4), *rest)
    return replace(base, conversations=(replace(conversation, messages=messages),))


def test_llamafactory_alternates_and_keeps_text_beside_calls_as_thought(make: Make) -> None:
    row = record("llamafactory", parallel(make))
    assert [turn["from"] for turn in row["conversations"]] == [
        "human", "function_call", "observation", "gpt", "human", "gpt",
    ]  # fmt: skip
    thought, _, calls = row["conversations"][1]["value"].partition("\n</think>\n\n")
    assert thought == "<think>\nstep 0\n\nBoth at once."
    assert [call["arguments"] for call in json.loads(calls)] == [{"query": "capital"}] * 2
    assert row["conversations"][2]["value"] == f"page 0{RESULT_JOIN}page B"
    assert row["system"] == "Work it out."
    assert json.loads(row["tools"])[0]["function"]["name"] == "corpus__search"


@pytest.mark.parametrize(
    ("masked", "rows"),
    [
        ((8,), [("train", 6)]),
        ((2,), [("train_last_turn", 4), ("train_last_turn", 6), ("train_last_turn", 8)]),
        ((6, 8), [("train", 4)]),
    ],
)
def test_llamafactory_cuts_behind_or_trains_the_last_turn(
    make: Make, masked: tuple[int, ...], rows: list[tuple[str, int]]
) -> None:
    laid = laid_of("llamafactory", make(steps=2, masked=tuple((0, n) for n in masked)))
    kept = [(one.file, len(one.record["conversations"])) for one in laid]
    assert kept == rows


def test_llamafactory_writes_dataset_info(make: Make, tmp_path: Path) -> None:
    report = build_sft([make("a"), make("m", steps=2, masked=((0, 2),))], tmp_path, Target(format="llamafactory"))
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert set(info) == {"train", "train_last_turn"}
    assert info["train"] == {
        "file_name": "train.jsonl",
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
    }
    assert report.extras == ("dataset_info.json",)
    build_sft([make("a")], tmp_path, Target(format="trl"))
    assert not (tmp_path / "dataset_info.json").exists(), "what another build left goes"


@pytest.mark.parametrize("name", ["llamafactory", "swift"])
def test_turns_out_of_order_are_refused(make: Make, name: str) -> None:
    base = make()
    conversation = base.conversations[0]
    without_closing = (*conversation.messages[:4], *conversation.messages[5:])
    assert (
        refusal(name, replace(base, conversations=(replace(conversation, messages=without_closing),))) == "alternation"
    )


@pytest.mark.parametrize("name", ["llamafactory", "swift"])
def test_think_tags_that_inlining_would_confuse_are_refused(make: Make, name: str) -> None:
    base = make()
    conversation = base.conversations[0]
    messages = list(conversation.messages)
    messages[2] = replace(messages[2], reasoning="so </think> he said")
    assert (
        refusal(name, replace(base, conversations=(replace(conversation, messages=tuple(messages)),)))
        == "text.think_tag"
    )


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("tokens", "verl")])
def test_an_empty_system_message_is_no_loss(make: Make, tmp_path: Path, name: str) -> None:
    base = make()
    first, *rest = base.conversations[0].messages
    messages = (replace(first, content=""), *rest)
    silent = replace(base, conversations=(replace(base.conversations[0], messages=messages),))
    report = build_sft([silent], tmp_path, Target(format=name, check=True, reasoning="drop"))
    assert (report.used, report.checked, report.differences) == (1, 1, ())


@pytest.mark.parametrize("name", ["llamafactory", "swift"])
def test_who_inlines_reasoning_anyhow_may_be_asked_to(make: Make, tmp_path: Path, name: str) -> None:
    rollouts = [make("a", steps=2), parallel(make)]
    for asked in ("keep", "inline"):
        report = build_sft(rollouts, tmp_path / asked, Target(format=name, check=True, reasoning=asked))
        assert (report.used, report.differences) == (2, ())
    assert (tmp_path / "keep/train.jsonl").read_bytes() == (tmp_path / "inline/train.jsonl").read_bytes()


def test_swift_has_a_message_a_call_and_loss_only_where_masks_are(make: Make) -> None:
    row = record("swift", parallel(make))
    assert [message["role"] for message in row["messages"]] == [
        "system", "user", "assistant", "tool_call", "tool_call", "tool_response", "tool_response",
        "assistant", "user", "assistant",
    ]  # fmt: skip
    assert row["messages"][2]["content"] == "<think>\nstep 0\n</think>\n\nBoth at once."
    assert not any("loss" in message for message in row["messages"])
    masked = record("swift", make(masked=((0, 2),)))["messages"]
    flags = [message.get("loss") for message in masked if message["role"] in ("assistant", "tool_call")]
    assert flags == [False, False, True, True]


def test_axolotl_flags_turns_and_has_text_for_objects(make: Make, tmp_path: Path) -> None:
    row = record("axolotl", make(masked=((0, 2),)))
    assert [message.get("train") for message in row["messages"]] == [None, None, False, None, True, None, True]
    assert row["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"query": "capital"}'
    assert isinstance(row["tools"], str)
    assert not any("train" in message for message in record("axolotl", make())["messages"])
    build_sft([make("a")], tmp_path, Target(format="axolotl"))
    assert "message_field_training: train" in (tmp_path / "axolotl.yaml").read_text()
    assert "ds_type: json\n" in (tmp_path / "axolotl.yaml").read_text()


def without_reasoning(trajectory: Trajectory) -> Trajectory:
    conversation = trajectory.conversations[0]
    messages = tuple(replace(message, reasoning="") for message in conversation.messages)
    return replace(trajectory, conversations=(replace(conversation, messages=messages),))


def test_openai_has_only_what_the_api_knows(make: Make) -> None:
    row = record("openai", without_reasoning(parallel(make, masked=((0, 2),))))
    assert set(row) == {"messages", "tools", "parallel_tool_calls"}
    assert row["parallel_tool_calls"] is True
    assert [message.get("weight") for message in row["messages"] if message["role"] == "assistant"] == [0, 1, 1]
    assert set(row["messages"][3]) == {"role", "tool_call_id", "content"}
    alone = record("openai", without_reasoning(make()))
    assert "content" not in alone["messages"][2]
    assert alone["parallel_tool_calls"] is False
    assert "tools" not in record("openai", without_reasoning(make(invocation="mcp")))


@pytest.mark.parametrize(("how", "beside"), [("inline", "<think>\nstep 0\n</think>\n\n"), ("drop", None)])
def test_openai_takes_reasoning_inlined_or_left_out_but_never_in_silence(
    make: Make, tmp_path: Path, how: Any, beside: str | None
) -> None:
    assert refusal("openai", make()) == "reasoning.no_place"
    report = build_sft([make()], tmp_path, Target(format="openai", reasoning=how, check=True))
    (row,) = map(json.loads, (tmp_path / "train.jsonl").read_bytes().splitlines())
    assert row["messages"][2].get("content") == beside
    assert report.differences == ()
    assert ("reasoning was left out, as asked" in report.notes) is (how == "drop")


def test_openai_refuses_names_the_api_would(make: Make) -> None:
    base = without_reasoning(make())
    tools = ((ToolSpec(name="corpus.search"),),)
    conversation = replace(base.conversations[0], toolsets=tools)
    assert refusal("openai", replace(base, conversations=(conversation,))) == "tools.name"


@pytest.mark.parametrize("name", ["openai", "llamafactory"])
def test_pairs_of_one_message_a_side(make: Make, tmp_path: Path, name: str) -> None:
    good, bad = without_reasoning(make("g")), without_reasoning(make("b", correct=False, answer="Rome"))
    report = build_dpo([good, bad], tmp_path, Target(format=name, check=True))
    (row,) = map(json.loads, (tmp_path / "train.jsonl").read_bytes().splitlines())
    assert report.differences == ()
    if name == "openai":
        assert row["preferred_output"] == [{"role": "assistant", "content": "\\boxed{Paris}"}]
        assert [message["role"] for message in row["input"]["messages"]][-1] == "user"
    else:
        assert row["chosen"] == {"from": "gpt", "value": "\\boxed{Paris}"}
        assert len(row["conversations"]) % 2 == 1
        assert json.loads((tmp_path / "dataset_info.json").read_text())["train"]["ranking"] is True
    early = replace(bad, conversations=without_reasoning(make("b", steps=2)).conversations)
    refused = build_dpo([good, early], tmp_path, Target(format=name)).refused
    assert refused == {"pair.several_messages": 2}


@pytest.mark.parametrize("name", ["trl", "swift"])
def test_whole_trajectories_stand_on_both_sides(make: Make, tmp_path: Path, name: str) -> None:
    sides = [make("g", steps=2), make("b", correct=False, answer="Rome")]
    report = build_dpo(sides, tmp_path, Target(format=name, check=True))
    assert (report.rows, report.differences) == (1, ())


@pytest.mark.slow
def test_verl_wants_parquet_one_tool_set_a_file_and_no_filled_schemas(make: Make, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    base = make("two")
    two = (ToolSpec(name="a", parameters={"type": "object", "properties": {"x": {"type": "string"}}}),
           ToolSpec(name="b", parameters={"type": "object", "properties": {"y": {"type": "string"}}}))  # fmt: skip
    conversation = replace(base.conversations[0], toolsets=(two,))
    trajectories = [
        make("one"),
        make("prompted", invocation="mcp"),
        replace(base, conversations=(conversation,)),
        make("early", masked=((0, 2),)),
        make("late", masked=((0, 6),)),
    ]
    report = build_sft(trajectories, tmp_path, Target(format="verl", check=True))
    assert report.files == {"train.parquet": 2, "train_2.parquet": 1}
    assert report.refused == {"masked": 1, "tools.null_filled": 1}
    assert report.differences == ()


@pytest.mark.parametrize(
    ("name", "build", "why"),
    [
        ("axolotl", build_dpo, "drop tools"),
        ("verl", build_dpo, "no DPO trainer"),
        ("openai", None, "not written as parquet"),
        ("tokens", build_sft, "needs a tokenizer"),
    ],
)
def test_what_a_trainer_has_no_place_for_is_said_at_once(
    make: Make, tmp_path: Path, name: str, build: Callable[..., BuildReport] | None, why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        if build is None:
            build_sft([make()], tmp_path / "x", Target(format=name, file_type="parquet"))
        else:
            build([make()], tmp_path / "x", name)
    assert not (tmp_path / "x").exists()


def test_every_format_says_what_it_refuses(make: Make) -> None:
    for name, kind in FORMATS.items():
        assert kind.name == name
        assert all(kind.refuses.values())
        assert set(kind.notes) | set(kind.refuses) == {"sft", "dpo", "rl"}
