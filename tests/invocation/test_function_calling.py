"""trajsynth.invocation.function_calling: native calls read and rendered."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from trajsynth.errors import ConfigError
from trajsynth.grammar import write_call
from trajsynth.invocation import FunctionCalling, invocation
from trajsynth.protocols import HIDDEN_RESULT, Reply, TeacherProfile
from trajsynth.types import Message, ToolCall, ToolSpec, Turn

PROFILE = TeacherProfile(name="t", model="m")
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
TOOLS = (ToolSpec(name="web__search", description="Find.", parameters=SCHEMA, server="web", tool="search"),
         ToolSpec(name="ping", parameters=None))  # fmt: skip
CALL = ToolCall(id="x", name="web__search", arguments='{"q": "a"}')


def render(message: Message, *more: Message, profile: TeacherProfile = PROFILE, replay: bool = False) -> list[Any]:
    return FunctionCalling().render((message, *more), {9}, profile, replay_reasoning=replay)


def test_the_factory_knows_both_and_suggests() -> None:
    assert [invocation(name).name for name in ("function_calling", "mcp")] == ["function_calling", "mcp"]
    with pytest.raises(ConfigError, match="unknown invocation 'mpc'; did you mean 'mcp'"):
        invocation("mpc")


def test_tools_travel_beside_the_prompt() -> None:
    native = FunctionCalling()
    assert native.system_prompt("Do it.", TOOLS) == "Do it."
    payload = native.tools_payload(TOOLS)
    assert json.loads(payload) == [
        {"type": "function", "function": {"name": "web__search", "description": "Find.", "parameters": SCHEMA}},
        {"type": "function", "function": {"name": "ping", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert native.tools_payload(TOOLS) is payload
    assert native.tools_payload(()) == b""


def test_many_toolsets_never_get_each_others_payload() -> None:
    native = FunctionCalling()
    for i in range(200):
        assert f'"t{i}"'.encode() in native.tools_payload((ToolSpec(name=f"t{i}"),))


def test_native_calls_are_located() -> None:
    calls = FunctionCalling().read(Reply(tool_calls=(CALL, ToolCall(name="nope"))), TOOLS).calls
    assert [(c.server, c.tool, c.id) for c in calls] == [("web", "search", "x"), ("", "", "")]


@pytest.mark.parametrize(
    ("content", "reasoning", "problem"),
    [
        ("The answer is 3.", "Let me think.", ""),
        ("Use `<tool_call>` tags, she said.", "", ""),
        (write_call("web", "search", "{}"), "", "call.malformed"),
        ("<use_mcp_tool><server_name>web", "", "call.malformed"),
        ('<tool_call>\n{"name": "search", "arguments": {}}\n</tool_call>', "", "call.malformed"),
        ("<function=search>{}</function>", "", "call.malformed"),
        ("<|tool_calls_section_begin|><|tool_call_begin|>", "", "call.malformed"),
        ("<｜tool▁calls▁begin｜>", "", "call.malformed"),
        ('[TOOL_CALLS] [{"name": "search"}]', "", "call.malformed"),
        ('<invoke name="search">', "", "call.malformed"),
        ("", '<tool_call>{"name": "search"}</tool_call>', "call.misplaced"),
        ("done", write_call("web", "search", "{}"), "call.misplaced"),
        (f"<think>{write_call('web', 'search', '{}')}</think>done", "", "call.misplaced"),
        ('<think><tool_call>{"name": "search"}</tool_call></think>done', "", "call.misplaced"),
    ],
)
def test_written_calls_are_a_problem_and_no_calls(content: str, reasoning: str, problem: str) -> None:
    reading = FunctionCalling().read(Reply(content=content, reasoning=reasoning), TOOLS)
    assert (reading.calls, reading.problem) == ((), problem)
    assert bool(reading.detail) == bool(problem)


def test_markup_beside_a_native_call_is_no_problem() -> None:
    reading = FunctionCalling().read(Reply(reasoning=write_call("a", "b", "{}"), tool_calls=(CALL,)), TOOLS)
    assert (len(reading.calls), reading.problem) == (1, "")


def test_plain_messages() -> None:
    assert render(Message(n=0, role="system", content="s")) == [{"role": "system", "content": "s"}]
    assert render(Message(n=1, role="user", content="u")) == [{"role": "user", "content": "u"}]
    assert render(Message(n=2, role="assistant")) == [{"role": "assistant", "content": ""}]


@pytest.mark.parametrize("ids", [("a", "b"), ("a", "a"), ("", "")])
def test_calls_and_results_are_linked_by_position(ids: tuple[str, str]) -> None:
    calls = tuple(ToolCall(id=i, name="ping", arguments="") for i in ids)
    (wire,) = render(Message(n=2, role="assistant", tool_calls=calls))
    results = [Message(n=3 + i, role="tool", content=f"r{i}", answers=(2, i)) for i in range(2)]
    answers = render(*results, Message(n=5, role="user", content="go on"))
    assert [a["role"] for a in answers] == ["tool", "tool", "user"]
    sent = [call["id"] for call in wire["tool_calls"]]
    assert sent == [a["tool_call_id"] for a in answers[:2]]
    assert len(set(sent)) == 2
    assert all(len(i) == 9 and i.isalnum() for i in sent)
    assert wire["content"] == ""


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ('{"q": "a"}', '{"q": "a"}'),
        ("", "{}"),
        ('{"q": ', '{"invalid_arguments":"{\\"q\\": "}'),
        ("[1]", '{"invalid_arguments":"[1]"}'),
    ],
)
def test_arguments_on_the_wire_are_always_an_object(raw: str, sent: str) -> None:
    (wire,) = render(Message(n=2, role="assistant", tool_calls=(ToolCall(name="a b!", arguments=raw),)))
    assert wire["tool_calls"][0]["function"] == {"name": "a_b_", "arguments": sent}


def test_hidden_results_show_the_placeholder() -> None:
    shown, hidden = render(
        Message(n=8, role="tool", content="long", answers=(7, 0)),
        Message(n=9, role="tool", content="long", answers=(7, 1)),
    )
    assert (shown["content"], hidden["content"]) == ("long", HIDDEN_RESULT)


@pytest.mark.parametrize(
    ("field", "received", "key"),
    [("", "", "reasoning_content"), ("", "reasoning", "reasoning"), ("thinking", "reasoning", "thinking")],
)
def test_reasoning_is_replayed_under_its_name(field: str, received: str, key: str) -> None:
    message = Message(n=2, role="assistant", content="c", reasoning="r", turn=Turn(reasoning_field=received))
    profile = TeacherProfile(name="t", model="m", reasoning_field=field)
    assert render(message, profile=profile, replay=True) == [{"role": "assistant", "content": "c", key: "r"}]
    assert render(message, profile=profile, replay=False) == [{"role": "assistant", "content": "c"}]


def test_reasoning_inline() -> None:
    profile = TeacherProfile(name="t", model="m", reasoning_field="<think>")
    (wire,) = render(Message(n=2, role="assistant", content="c", reasoning="r"), profile=profile, replay=True)
    assert wire == {"role": "assistant", "content": "<think>\nr\n</think>\n\nc"}


def test_unknown_fields_go_back_verbatim_but_never_replace_ours() -> None:
    extra = {"signature": [{"s": 1}], "content": "x", "role": "user", "tool_calls": []}
    (wire,) = render(Message(n=2, role="assistant", content="c", extra=extra))
    assert wire == {"role": "assistant", "content": "c", "signature": [{"s": 1}]}
    assert orjson.dumps(wire)


def test_reasoning_details_are_replayed_as_received_or_not_at_all() -> None:
    details = [{"type": "reasoning.text", "text": "r", "signature": "s"}]
    turn = Turn(reasoning_field="reasoning_details")
    message = Message(n=2, role="assistant", reasoning="r", extra={"reasoning_details": details}, turn=turn)
    assert render(message, replay=True) == [{"role": "assistant", "content": "", "reasoning_details": details}]
    assert render(message, replay=False) == [{"role": "assistant", "content": ""}]
