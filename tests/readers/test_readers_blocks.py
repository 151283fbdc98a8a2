"""Typed content blocks, items between messages, messages named by type: the same chat comes out of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.errors import RecordError
from trajsynth.readers import as_trajectory
from trajsynth.types import Trajectory

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
ASKED = {"role": "user", "content": "How warm is it in Norby?"}
TOLD = {"role": "assistant", "content": "20 degrees."}
ARGUMENTS = {"city": "Norby"}

OPENAI: list[dict[str, Any]] = [
    ASKED,
    {
        "role": "assistant",
        "content": "",
        "reasoning_content": "I must look.",
        "tool_calls": [{"id": "c", "function": {"name": "weather", "arguments": json.dumps(ARGUMENTS)}}],
    },
    {"role": "tool", "tool_call_id": "c", "content": "20"},
    TOLD,
]
ANTHROPIC = [
    ASKED,
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "I must look.", "signature": "s"},
            {"type": "tool_use", "id": "c", "name": "weather", "input": ARGUMENTS},
        ],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "20"}]}],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "20 degrees."}]},
]
RESPONSES = [
    ASKED,
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "I must look."}]},
    {"type": "function_call", "call_id": "c", "name": "weather", "arguments": json.dumps(ARGUMENTS)},
    {"type": "function_call_output", "call_id": "c", "output": "20"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "20 degrees."}]},
]
AI_SDK = [
    ASKED,
    {
        "role": "assistant",
        "content": [
            {"type": "reasoning", "text": "I must look."},
            {"type": "tool-call", "toolCallId": "c", "toolName": "weather", "input": ARGUMENTS},
        ],
    },
    {
        "role": "tool",
        "content": [{"type": "tool-result", "toolCallId": "c", "output": {"type": "text", "value": "20"}}],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "20 degrees."}]},
]
LANGCHAIN = [
    {"type": "human", "data": {"content": ASKED["content"]}},
    {
        "type": "ai",
        "data": {
            "content": "",
            "reasoning_content": "I must look.",
            "tool_calls": [{"id": "c", "name": "weather", "args": ARGUMENTS, "type": "tool_call"}],
        },
    },
    {"type": "tool", "data": {"content": "20", "tool_call_id": "c"}},
    {"type": "ai", "data": {"content": "20 degrees."}},
]
LAYOUTS = {"anthropic": ANTHROPIC, "responses": RESPONSES, "ai sdk": AI_SDK, "langchain": LANGCHAIN}


def seen(trajectory: Trajectory) -> list[tuple[Any, ...]]:
    """What a filter sees of the messages."""
    return [
        (m.role, m.content, m.reasoning, [(c.id, c.name, json.loads(c.arguments)) for c in m.tool_calls], m.answers)
        for m in trajectory.conversations[0].messages
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_chat_comes_out_of_each(layout: str) -> None:
    read = as_trajectory({"messages": LAYOUTS[layout], "tools": TOOLS})
    assert seen(read) == seen(as_trajectory({"messages": OPENAI, "tools": TOOLS}))


def test_results_of_one_turn_go_to_their_calls_and_failures_are_typed() -> None:
    calls = [{"type": "tool_use", "id": i, "name": "weather", "input": {"city": i}} for i in ("a", "b")]
    results = [
        {"type": "tool_result", "tool_use_id": "b", "is_error": True, "content": "no such place"},
        {"type": "tool_result", "tool_use_id": "a", "content": "5"},
        {"type": "text", "text": "Go on."},
    ]
    system = [{"type": "text", "text": "Be brief."}]
    turns = [ASKED, {"role": "assistant", "content": calls}, {"role": "user", "content": results}, TOLD]
    read = as_trajectory({"system": system, "messages": turns, "tools": TOOLS}).conversations[0].messages
    assert [m.role for m in read] == ["system", "user", "assistant", "tool", "tool", "user", "assistant"]
    assert [(m.answers, m.outcome, m.content) for m in read if m.role == "tool"] == [
        ((2, 1), "tool_error", "no such place"),
        ((2, 0), "ok", "5"),
    ]
    assert (read[0].content, read[5].content) == ("Be brief.", "Go on.")


def test_items_of_one_turn_are_one_message_and_the_next_turn_another() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c", "output": "20"}
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    items = [
        ASKED,
        thought,
        call,
        {**call, "call_id": "d"},
        output,
        {**output, "call_id": "d"},
        call,
        output,
        thought,
        TOLD,
    ]
    read = as_trajectory({"input": items, "tools": TOOLS}).conversations[0].messages
    assert [(m.role, len(m.tool_calls), m.reasoning) for m in read if m.role == "assistant"] == [
        ("assistant", 2, "Hm."),
        ("assistant", 1, ""),
        ("assistant", 0, "Hm."),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": json.dumps(OPENAI)},
        {"conversation": OPENAI},
        {"trajectory": OPENAI},
        {"prompt": OPENAI[:1], "completion": OPENAI[1:]},
        {"conversations": json.dumps(OPENAI)},
        {"messages": [*OPENAI[:1], {**OPENAI[1], "tool_calls": json.dumps(OPENAI[1]["tool_calls"])}, *OPENAI[2:]]},
    ],
)
def test_other_names_and_json_text(row: dict[str, Any]) -> None:
    assert seen(as_trajectory({**row, "tools": json.dumps(TOOLS)})) == seen(as_trajectory({"messages": OPENAI}))


def test_a_question_with_its_calls() -> None:
    row = {"query": "Norby?", "answers": json.dumps([{"name": "weather", "arguments": ARGUMENTS}]), "tools": TOOLS}
    assert seen(as_trajectory(row))[1][3] == [("", "weather", ARGUMENTS)]


def test_a_preference_pair_is_said_to_be_one() -> None:
    with pytest.raises(RecordError, match="row 3: a preference pair"):
        as_trajectory({"prompt": [ASKED], "chosen": [TOLD], "rejected": [TOLD]}, "row 3")


@pytest.mark.slow
@given(
    st.lists(
        st.recursive(
            st.none() | st.text(max_size=5) | st.sampled_from(["tool_use", "tool_result", "thinking", "ai"]),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["type", "role", "content", "input", "data", "id", "summary"]), inner)
            ),
            max_leaves=6,
        ),
        max_size=3,
    )
)
@settings(max_examples=150, deadline=None)
def test_anything_is_read_or_refused(messages: list[Any]) -> None:
    try:
        as_trajectory({"messages": messages})
    except RecordError as error:
        assert str(error).startswith("row: ")


def test_calls_of_built_in_tools_are_calls_and_hold_their_results() -> None:
    row = {
        "tools": [{"type": "web_search_preview"}, {"type": "mcp", "server_label": "s"}],
        "messages": [
            {"role": "user", "content": "q"},
            {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search", "query": "x"}},
            {"type": "mcp_call", "id": "m", "name": "look", "arguments": "{}", "output": "seen"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        ],
    }
    trajectory = as_trajectory(row)
    asked, seen, _ = trajectory.conversations[0].messages[1:]
    assert [(call.name, json.loads(call.arguments)) for call in asked.tool_calls] == [
        ("web_search", {"type": "search", "query": "x"}),
        ("look", {}),
    ]
    assert (seen.content, seen.answers) == ("seen", (1, 1))
    assert [spec.name for spec in trajectory.conversations[0].toolsets[0]] == ["web_search", "mcp"]


def test_langchain_dumps_keep_invalid_calls_and_failures() -> None:
    def dumped(name: str, **kwargs: Any) -> dict[str, Any]:
        return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name], "kwargs": kwargs}

    broken = {"name": "search", "args": '{"q": ', "id": "c", "type": "invalid_tool_call"}
    row = {
        "messages": [
            dumped("HumanMessage", content="q", type="human"),
            dumped("AIMessageChunk", content="", tool_calls=[], invalid_tool_calls=[broken]),
            dumped("ToolMessage", content="no", tool_call_id="c", status="error", type="tool"),
            dumped("AIMessage", content="a", response_metadata={"stop_reason": "max_tokens"}),
        ]
    }
    asked, made, failed, told = as_trajectory(row).conversations[0].messages
    assert [m.role for m in (asked, made, failed, told)] == ["user", "assistant", "tool", "assistant"]
    assert [(call.name, call.arguments) for call in made.tool_calls] == [("search", '{"q": ')]
    assert (failed.outcome, failed.answers) == ("tool_error", (1, 0))
    assert told.turn is not None and told.turn.finish_reason == "length"


@pytest.mark.parametrize(
    ("field", "value", "finish"),
    [
        ("stop_reason", "max_tokens", "length"),
        ("finish_reason", "MAX_TOKENS", "length"),
        ("stop_reason", "end_turn", ""),
    ],
)
def test_every_way_to_say_that_a_reply_was_cut(field: str, value: str, finish: str) -> None:
    row = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "It was", field: value}]}
    turn = as_trajectory(row).conversations[0].messages[1].turn
    assert turn is not None and turn.finish_reason == finish


def test_an_item_of_unknown_type_is_named() -> None:
    with pytest.raises(RecordError, match=r"messages\[0\]: no `role`, and items of type 'weather' are not known"):
        as_trajectory({"messages": [{"type": "weather", "x": 1}]})
