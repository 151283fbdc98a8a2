"""What trainers' own loaders were found to change (tests/trainers/ runs them): mended, or refused and counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trajsynth.builders import Target, build_rl, build_sft
from trajsynth.builders.formats import format_named
from trajsynth.builders.rows import Refusal, Row, render
from trajsynth.types import ToolSpec, Trajectory
from trajsynth.verl import whole

Make = Callable[..., Trajectory]


def said(trajectory: Trajectory, n: int, text: str) -> Trajectory:
    """With another text in message `n`."""
    talk = trajectory.conversations[0]
    messages = tuple(replace(m, content=text) if m.n == n else m for m in talk.messages)
    return replace(trajectory, conversations=(replace(talk, messages=messages),))


def offered(trajectory: Trajectory, parameters: dict[str, Any]) -> Trajectory:
    """With other parameters of its only tool."""
    tool = ToolSpec(name="corpus__search", description="Find pages.", parameters=parameters)
    return replace(trajectory, conversations=(replace(trajectory.conversations[0], toolsets=((tool,),)),))


def laid(name: str, trajectory: Trajectory) -> Any:
    row = render(trajectory)
    assert isinstance(row, Row)
    return format_named(name).sft(row)


def reason(name: str, trajectory: Trajectory) -> str:
    found = laid(name, trajectory)
    return found.reason if isinstance(found, Refusal) else ""


def test_swift_ends_behind_the_last_unmasked_turn(make: Make, tmp_path: Path) -> None:
    masked = make(masked=((0, 6),))
    (one,) = laid("swift", masked)
    assert [(m["role"], m.get("loss")) for m in one.record["messages"]][-2:] == [
        ("tool_response", None),
        ("assistant", True),
    ]
    assert one.record["messages"][-1]["content"] == "I know now."
    assert build_sft([masked], tmp_path, Target(format="swift", check=True)).differences == ()


@pytest.mark.parametrize("slot", ["SYSTEM", "QUERY", "RESPONSE", "ROUND0", "ROUND1"])
def test_slots_of_swifts_templates_are_refused_where_it_fills_them(make: Make, slot: str) -> None:
    text = f"a {{{{{slot}}}}} b"
    assert [reason("swift", said(make(), n, text)) for n in (1, 3)] == ["text.slot"] * 2
    assert [reason("swift", said(make(), n, text)) for n in (0, 4)] == [""] * 2
    assert reason("swift", said(make(), 1, f"{{{{{slot.lower()}}}}}")) == ""


def test_swift_would_continue_a_call_that_looks_like_react(make: Make) -> None:
    both = json.dumps({"query": "Action: look\nAction Input: x"})
    assert reason("swift", make(arguments=both)) == "text.slot"
    assert reason("swift", make(arguments=json.dumps({"query": "Action: look"}))) == ""
    assert reason("swift", said(make(), 4, "Action: look\nAction Input: x")) == ""


NULLS: list[tuple[dict[str, Any], str]] = [
    ({"properties": {"a": None}}, "tools.null"),
    ({"properties": {"a": {"title": None}}}, "tools.null"),
    ({"properties": {"default": {"title": None}}}, "tools.null"),
    ({"$defs": {"x-y": {"title": None}}}, "tools.null"),
    ({"anyOf": [{"type": "string"}, {"title": None}]}, "tools.null"),
    ({"enum": None}, "tools.null"),
    ({"properties": {"a": {"default": None, "const": None, "x-note": {"k": None}}}}, ""),
    ({"properties": {"a": {"enum": ["x", None, {"k": None}], "examples": [None]}}}, ""),
    ({"properties": {"a": {"default": {"k": None}}, "b": {"type": ["string", "null"]}}}, ""),
]


@pytest.mark.parametrize(("schema", "wanted"), NULLS)
def test_nulls_that_swift_takes_for_padding_are_refused(make: Make, schema: dict[str, Any], wanted: str) -> None:
    assert reason("swift", offered(make(), {"type": "object"} | schema)) == wanted


@pytest.mark.parametrize(("number", "wanted"), [(0.5, ""), (0.57, "number.inexact"), (2**70, "number.inexact")])
def test_numbers_in_schemas_that_swifts_loader_would_round(make: Make, number: float, wanted: str) -> None:
    schema = {"type": "object", "properties": {"query": {"type": "number", "maximum": number}}}
    assert reason("swift", offered(make(), schema)) == wanted


TAGGED = ["<think>x</think>", "</think>", "<tool_call>{}</tool_call>", "a <tool_call> b"]


@pytest.mark.parametrize("text", TAGGED)
def test_tags_in_arguments_are_escaped_for_llamafactory(make: Make, tmp_path: Path, text: str) -> None:
    trajectory = make(arguments=json.dumps({"query": text, text: 1}))
    (one,) = laid("llamafactory", trajectory)
    call = next(turn["value"] for turn in one.record["conversations"] if turn["from"] == "function_call")
    body = call.split("</think>", 1)[1]
    assert not any(tag in body for tag in ("<think>", "</think>", "<tool_call>", "</tool_call>"))
    assert json.loads(body) == [{"name": "corpus__search", "arguments": {"query": text, text: 1}}]
    assert build_sft([trajectory], tmp_path, Target(format="llamafactory", check=True)).differences == ()


def test_a_slot_of_llamafactorys_user_turns_is_refused(make: Make) -> None:
    assert reason("llamafactory", said(make(), 1, "item {{idx}}")) == "text.slot"
    assert [reason("llamafactory", said(make(), n, "item {{idx}}")) for n in (0, 3, 4)] == [""] * 3


def test_verl_refuses_what_parquet_or_its_config_reader_would_not_take(make: Make, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    huge = {"type": "object", "properties": {"query": {"type": "integer", "maximum": 2**70}}}
    assert reason("verl", offered(make(), huge)) == "tools.null_filled"
    filled = {"type": "object", "properties": {"query": {"type": "string", "description": "as in ${HOME}"}}}
    assert build_rl([offered(make(), filled)], tmp_path, Target(format="verl")).refused == {"tools.schema": 1}


def test_a_tool_in_verl_shows_its_whole_definition() -> None:
    pydantic = pytest.importorskip("pydantic")
    schema = pydantic.create_model("Schema", type=(str, ...), function=(dict[str, str], ...))
    kept = schema(type="function", function={"name": "f"})
    definition = {"type": "function", "function": {"name": "f", "parameters": {"items": {"default": None}}}}
    shown = whole(kept, json.dumps(definition))
    assert isinstance(shown, schema) and shown.function == {"name": "f"}
    assert shown.model_dump(exclude_unset=True, exclude_none=True) == definition
    assert whole(kept, "") is kept
