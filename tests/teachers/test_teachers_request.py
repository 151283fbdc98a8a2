"""The body equals plain serialisation of the same request."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.config import OpenAITeacher
from trajsynth.errors import ConfigError
from trajsynth.protocols import ChatRequest
from trajsynth.teachers.request import LEAST_OUTPUT, RequestBody

URL = ["http://x/v1"]
HELLO = (b'{"role":"user","content":"hi"}',)
TOOLS = b'[{"type":"function","function":{"name":"f"}}]'

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
message = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": text}, optional={"x": text})


def built(request: ChatRequest, context: int = 0, **fields: Any) -> dict[str, Any]:
    body = RequestBody("t", OpenAITeacher(base_urls=URL, **fields), "m", context).build(request)
    decoded: dict[str, Any] = orjson.loads(body)
    return decoded


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    messages=st.lists(message, max_size=5),
    tools=st.lists(st.dictionaries(text, text, max_size=2), max_size=3),
    seed=st.none() | st.integers(0, 2**62),
    choice=st.sampled_from(["", "none", "auto"]),
    params=st.dictionaries(st.sampled_from(["temperature", "top_p"]), st.floats(0, 1)),
    extra=st.dictionaries(st.sampled_from(["a", 'b"', "ü"]), text | st.lists(text)),
    parallel=st.none() | st.booleans(),
)
def test_body_equals_plain_serialisation(
    messages: list[Any], tools: list[Any], seed: int | None, choice: str, params: Any, extra: Any, parallel: bool | None
) -> None:
    plain: dict[str, Any] = {"model": "m", **params, **extra, "messages": messages, "max_tokens": 16384}
    if tools:
        plain["tools"] = tools
        plain |= {} if parallel is None else {"parallel_tool_calls": parallel}
        plain |= {"tool_choice": choice} if choice else {}
    plain |= {} if seed is None else {"seed": seed}
    request = ChatRequest(
        messages=tuple(orjson.dumps(item) for item in messages),
        tools=orjson.dumps(tools) if tools else b"",
        tool_choice=choice,
        seed=seed,
    )
    body = RequestBody(
        "t", OpenAITeacher(base_urls=URL, params=params, extra_body=extra, parallel_tool_calls=parallel), "m"
    ).build(request)
    assert orjson.loads(body) == plain
    assert body.count(b'"messages":') == 1


@pytest.mark.parametrize("field", ["messages", "tools", "stream", "n"])
def test_fields_of_ours_are_refused(field: str) -> None:
    with pytest.raises(ConfigError, match=rf"teachers\.t\.extra_body: '{field}'"):
        built(ChatRequest(messages=HELLO), extra_body={field: 1})


def test_the_users_own_fields_win_and_stand_once() -> None:
    body = built(
        ChatRequest(messages=HELLO, tools=TOOLS, seed=3),
        params={"seed": 7, "max_completion_tokens": 9},
        extra_body={"tool_choice": "required", "parallel_tool_calls": True},
        parallel_tool_calls=False,
        reasoning_effort="low",
    )
    assert body["seed"] == 7
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body
    assert body["tool_choice"] == "required"
    assert body["parallel_tool_calls"] is True
    assert body["reasoning_effort"] == "low"


@pytest.mark.parametrize(("accepted", "expected"), [(True, "none"), (False, None)])
def test_summary_turn_says_no_more_calls_where_that_is_accepted(accepted: bool, expected: str | None) -> None:
    request = ChatRequest(messages=HELLO, tools=TOOLS, tool_choice="none")
    assert built(request, summary_tool_choice=accepted).get("tool_choice") == expected


def test_tool_fields_are_left_out_without_tools() -> None:
    body = built(ChatRequest(messages=HELLO, tool_choice="none"), parallel_tool_calls=True)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()


def test_no_seed_where_the_teacher_takes_none() -> None:
    assert "seed" not in built(ChatRequest(messages=HELLO, seed=1), seed=False)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [(0, 4000), (1000, 4000), (6000, 10_000 - 6300), (9000, LEAST_OUTPUT), (90_000, LEAST_OUTPUT)],
)
def test_output_limit_shrinks_to_what_the_context_leaves(prompt: int, expected: int) -> None:
    request = ChatRequest(messages=HELLO, estimated_tokens=prompt)
    assert built(request, 10_000, max_tokens=4000)["max_tokens"] == expected
    assert built(request, 0, max_tokens=4000)["max_tokens"] == 4000


def test_output_limit_field() -> None:
    body = built(ChatRequest(messages=HELLO), max_tokens_field="max_completion_tokens", max_tokens=5)
    assert body["max_completion_tokens"] == 5
    assert "max_tokens" not in body
