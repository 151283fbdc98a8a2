"""Spoiled calls are what their code says, by rules of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from trajsynth.grammar import read_calls
from trajsynth.testing import SEVERITIES, in_prompt, plant
from trajsynth.types import Message, ToolCall, ToolSpec, Trajectory

SEEDS = range(12)


def planted(clean: Trajectory, code: str) -> Iterator[Message]:
    """The planted messages of every severity and several seeds."""
    for severity in SEVERITIES:
        for seed in SEEDS:
            spoiled = plant(clean, code, seed=seed, severity=severity)
            assert spoiled is not None
            label = spoiled.run.planted[0]
            yield next(m for m in spoiled.conversations[label.conversation].messages if m.n == label.n)


def calls(clean: Trajectory, code: str) -> Iterator[ToolCall]:
    for message in planted(clean, code):
        (call,) = message.tool_calls
        yield call


def names(trajectory: Trajectory) -> set[str]:
    specs = [spec for tools in trajectory.conversations[0].toolsets for spec in tools]
    return {spec.name for spec in specs} | {spec.tool for spec in specs}


def test_unknown_tools_are_in_no_list(clean: Trajectory) -> None:
    found = {call.name for call in calls(clean, "call.unknown_tool")}
    assert found.isdisjoint(names(clean)) and len(found) > 5


def test_bad_json_is_no_json(clean: Trajectory) -> None:
    texts = {call.arguments for call in calls(clean, "call.bad_json")}
    assert len(texts) > 8
    for text in texts:
        with pytest.raises(ValueError):
            json.loads(text, parse_constant=refuse)


def refuse(name: str) -> Any:
    raise ValueError(name)


def test_not_objects_are_json_but_no_object(clean: Trajectory) -> None:
    values = [json.loads(call.arguments) for call in calls(clean, "call.not_object")]
    assert {type(value) for value in values} >= {str, list}
    assert not any(isinstance(value, dict) for value in values)


def test_arguments_outside_the_schema(clean: Trajectory) -> None:
    for call in calls(clean, "call.schema"):
        arguments = json.loads(call.arguments)
        required = "query" if call.name.endswith("search") else "title"
        fits = isinstance(arguments.get(required), str)
        whole = isinstance(arguments.get("limit", 0), int)
        assert not (fits and whole)


def test_no_recorded_tools_no_unknown_tool(own: Trajectory) -> None:
    toolless = replace(own, conversations=(replace(own.conversations[0], toolsets=()),))
    assert plant(toolless, "call.unknown_tool") is None
    assert plant(toolless, "call.schema") is None
    assert plant(toolless, "call.bad_json") is not None


def test_a_schema_that_asks_for_nothing_cannot_be_broken(own: Trajectory) -> None:
    free = tuple(replace(spec, parameters={}) for spec in own.conversations[0].toolsets[0])
    loose = replace(own, conversations=(replace(own.conversations[0], toolsets=(free,)),))
    assert [plant(loose, "call.schema", severity=severity) for severity in SEVERITIES] == [None, None, None]


# ---- markup ------------------------------------------------------------------------------------------------------


def test_malformed_in_the_prompt_is_no_complete_call(own: Trajectory) -> None:
    for message in planted(in_prompt(own), "call.malformed"):
        reading = read_calls(message.content)
        assert message.tool_calls == () and reading.calls == () and reading.malformed


def test_malformed_native_calls_open_some_markup(own: Trajectory) -> None:
    texts = {message.content.partition("\n\n")[2][:6] for message in planted(own, "call.malformed")}
    assert len(texts) > 6


def test_misplaced_calls_stand_in_the_thoughts(clean: Trajectory) -> None:
    for message in planted(clean, "call.misplaced"):
        thought = message.reasoning + message.content.partition("</think>")[0] * ("<think>" in message.content)
        assert "<use_mcp_tool>" in thought or "<tool_call>" in thought


@pytest.mark.parametrize("code", ["call.malformed", "call.misplaced"])
def test_the_agent_is_told_and_goes_on(own: Trajectory, code: str) -> None:
    spoiled = plant(own, code, severity=2)
    assert spoiled is not None
    messages, n = spoiled.conversations[0].messages, spoiled.run.planted[0].n
    assert n is not None
    assert [m.role for m in messages[n : n + 3]] == ["assistant", "user", "assistant"]
    assert messages[n + 2].tool_calls


# ---- tool schemas ------------------------------------------------------------------------------------------------


def test_one_schema_is_spoiled_and_nothing_else(own: Trajectory) -> None:
    for severity in SEVERITIES:
        for seed in SEEDS:
            spoiled = plant(own, "schema.unusable", seed=seed, severity=severity)
            assert spoiled is not None
            assert spoiled.conversations[0].messages == own.conversations[0].messages
            pairs = zip(own.conversations[0].toolsets[0], spoiled.conversations[0].toolsets[0], strict=True)
            assert sum(old.parameters != new.parameters for old, new in pairs) == 1


def test_a_tool_without_schema_is_no_place(own: Trajectory) -> None:
    bare = replace(own.conversations[0], toolsets=((ToolSpec(name="a"),),))
    assert plant(replace(own, conversations=(bare,)), "schema.unusable") is None
