"""Any request body is read without an error; tools and calls are recognised in both invocations."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.grammar import write_call
from trajsynth.invocation import invocation
from trajsynth.teachers.scripted.reading import view
from trajsynth.teachers.scripted.server import reply
from trajsynth.teachers.scripted.settings import Settings
from trajsynth.types import ToolSpec

CAREFUL = Settings(profile="careful")
SEARCH = ToolSpec(
    name="corpus__search",
    server="corpus",
    tool="search",
    description="Search the pages by words.",
    parameters={"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
)
ODD = ToolSpec(
    name="hr__lookup_employee",
    server="hr",
    tool="lookup_employee",
    description="Tool that looks up people.",
    parameters={
        "type": "object",
        "properties": {"full_name": {"type": "string"}, "year": {"type": "integer"}},
        "required": ["full_name", "year"],
    },
)
TASK = 'Who wrote "The Salt Ladder"?'


def native(*tools: ToolSpec) -> Any:
    return orjson.loads(invocation("function_calling").tools_payload(tools))


def body(*tools: ToolSpec, style: str = "function_calling", **more: Any) -> dict[str, Any]:
    system = {"role": "system", "content": invocation(style).system_prompt("Work carefully.", tools)}
    request: dict[str, Any] = {"messages": [system, {"role": "user", "content": TASK}], "seed": 3, **more}
    if style == "function_calling" and tools:
        request["tools"] = native(*tools)
    return request


def test_prompted_tools_are_the_native_ones() -> None:
    by_prompt, by_field = view(body(SEARCH, ODD, style="mcp")), view(body(SEARCH, ODD))
    assert by_prompt.in_prompt
    assert not by_field.in_prompt
    assert {(t.server, t.tool, t.required) for t in by_prompt.tools} == {
        (t.server, t.tool, t.required) for t in by_field.tools
    }
    assert by_field.tool("search") is not None


def test_a_call_is_native_or_written() -> None:
    message = reply(CAREFUL, body(SEARCH))["choices"][0]["message"]
    assert [call["function"]["name"] for call in message["tool_calls"]][:1] == ["corpus__search"]
    assert "<use_mcp_tool>" not in message["content"]
    written = reply(CAREFUL, body(SEARCH, style="mcp"))["choices"][0]["message"]
    assert "tool_calls" not in written
    assert written["content"].rstrip().endswith("</use_mcp_tool>")


def test_an_unknown_toolset_gets_a_valid_call() -> None:
    call = reply(CAREFUL, body(ODD))["choices"][0]["message"]["tool_calls"][0]["function"]
    arguments = orjson.loads(call["arguments"])
    assert isinstance(arguments["full_name"], str)
    assert isinstance(arguments["year"], int)


def test_without_tools_it_answers() -> None:
    response = reply(CAREFUL, body())
    assert "tool_calls" not in response["choices"][0]["message"]
    assert response["choices"][0]["finish_reason"] == "stop"


def test_several_results_of_one_user_turn_are_taken_apart() -> None:
    calls = "\n\n".join(write_call("corpus", "search", f'{{"query": "{q}"}}') for q in ("a", "b"))
    request = body(SEARCH, style="mcp")
    request["messages"] += [
        {"role": "assistant", "content": calls},
        {"role": "user", "content": "[Result 1 of 2]\nfirst\n\n[Result 2 of 2]\nsecond"},
    ]
    step = view(request).steps[0]
    assert [call.arguments["query"] for call in step.calls] == ["a", "b"]
    assert step.results == ("first", "second")


@pytest.mark.parametrize("style", ["function_calling", "mcp"])
def test_the_summary_is_boxed_and_without_calls(style: str) -> None:
    request = body(SEARCH, style=style, tool_choice="none")
    request["messages"] += [
        {"role": "assistant", "content": "The answer is Orm Vale."},
        {"role": "user", "content": "Give the final answer inside \\boxed{}."},
    ]
    message = reply(CAREFUL, request)["choices"][0]["message"]
    assert "\\boxed{" in message["content"]
    assert "tool_calls" not in message
    assert "<use_mcp_tool>" not in message["content"]


def test_usage_is_plausible() -> None:
    request = body(SEARCH)
    request["messages"] += [{"role": "assistant", "content": "x" * 4000}, {"role": "user", "content": "go on"}]
    usage = reply(CAREFUL, request)["usage"]
    assert usage["prompt_tokens"] > 1000
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 <= usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] <= usage["completion_tokens"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "other"])},
    optional={"content": st.text(max_size=60) | JSON, "tool_calls": JSON | st.lists(JSON), "reasoning_content": JSON},
)


@pytest.mark.slow
@given(messages=st.lists(MESSAGE, max_size=6), tools=JSON | st.just(native(SEARCH)), seed=JSON)
@settings(max_examples=60, deadline=None)
def test_no_body_breaks_it_and_the_same_body_has_the_same_reply(messages: list[Any], tools: Any, seed: Any) -> None:
    request = {"messages": messages, "tools": tools, "seed": seed}
    first = reply(Settings(profile="sloppy"), request)
    assert first == reply(Settings(profile="sloppy"), request)
    assert isinstance(first["choices"][0]["message"]["content"], str)
