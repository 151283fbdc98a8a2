"""Whatever an endpoint sends becomes a valid Reply or a Fault."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from fake_endpoint import completion
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.codec import encode
from trajsynth.config import Price
from trajsynth.errors import ContextOverflow, TeacherUnavailable
from trajsynth.protocols import Reply
from trajsynth.teachers.faults import Fault
from trajsynth.teachers.reply import DETAILS_FIELD, THINK_FIELD, read_reply


def read(data: object, price: Price | None = None, sent: int = 400) -> Reply:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return read_reply(body, price=price or Price(), latency=0.5, sent=sent)


def fault(data: object) -> Fault:
    with pytest.raises(Fault) as caught:
        read(data)
    return caught.value


def test_a_plain_reply() -> None:
    reply = read(completion("hello"))
    assert (reply.content, reply.finish_reason, reply.model, reply.latency) == ("hello", "stop", "fake", 0.5)
    assert (reply.usage.calls, reply.usage.input, reply.usage.output) == (1, 100, 10)
    assert reply.extra == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><html>busy</html>", "HTML page"),
        (b"", "empty"),
        (b'{"choices": [{"mes', "broken JSON"),
        (b"data: {}\n\n", "event stream"),
        (b'{"model": "\xff"}', "not valid UTF-8"),
        (b"[1]", "not a JSON object (list)"),
        (b'"text"', "not a JSON object (str)"),
        (b"[" * 100_000, "broken JSON"),
        ({}, "choices are missing (null)"),
        ({"choices": None}, "choices are missing (null)"),
        ({"choices": []}, "choices are missing (an empty list)"),
        ({"choices": [None]}, "the choice is not an object (null)"),
        ({"choices": [{"message": None}]}, "the choice has no message (null)"),
        ({"choices": [{"message": {"content": 5}}]}, "the content is neither text nor parts (int)"),
        ({"choices": [{"finish_reason": "error", "message": {"content": "x"}}]}, "ended in an error"),
        ({"error": {"message": "overloaded"}}, "overloaded"),
        ({"choices": [{"error": {"message": "upstream died", "code": 502}, "message": {"content": ""}}]}, "upstream"),
    ],
)
def test_what_is_no_completion_is_tried_again(body: object, words: str) -> None:
    found = fault(body)
    assert words in str(found)
    assert found.then == "again"


def test_errors_with_status_200_keep_their_meaning() -> None:
    assert fault({"error": {"code": 429, "message": "slow"}}).then == "slower"
    assert isinstance(fault({"error": {"code": "401", "message": "key"}}).error, TeacherUnavailable)
    assert isinstance(fault({"error": {"message": "maximum context length is 5"}}).error, ContextOverflow)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [('{"a": 1}', '{"a": 1}'), ({"a": [1]}, '{"a":[1]}'), (None, ""), (5, "5"), ([1], "[1]"), ("{bad", "{bad")],
)
def test_arguments_become_text(arguments: object, expected: str) -> None:
    reply = read(completion(None, tool_calls=[{"id": "a", "function": {"name": "f", "arguments": arguments}}]))
    assert reply.tool_calls[0].arguments == expected
    assert reply.content == ""


def test_numbers_beyond_64_bits_survive_in_dict_arguments() -> None:
    body = json.dumps(completion("\ud800", tool_calls=[{"function": {"name": "f", "arguments": {"a": 2**70}}}]))
    reply = read(body.encode())
    assert json.loads(reply.tool_calls[0].arguments) == {"a": 2**70}
    assert reply.content == "\ufffd"


def test_missing_and_repeated_ids_become_unique() -> None:
    function = {"name": "f", "arguments": "{}"}
    raw = [{"function": function}, {"id": "x", "function": function}, {"id": "x", "function": function}, {"id": 7}]
    calls = read(completion("", tool_calls=raw)).tool_calls
    assert [call.id for call in calls] == ["call_0", "x", "x_2", "7"]
    assert calls[3].name == ""


@pytest.mark.parametrize(
    "message",
    [
        {"tool_calls": {"id": "a", "function": {"name": "f", "arguments": "{}"}}},
        {"tool_calls": [{"id": "a", "name": "f", "arguments": {}}]},
        {"function_call": {"name": "f", "arguments": "{}"}},
    ],
)
def test_odd_shapes_of_calls(message: dict[str, Any]) -> None:
    (call,) = read(completion("", **message)).tool_calls
    assert (call.name, call.arguments) == ("f", "{}")


@pytest.mark.parametrize("calls", [[{"function": None}], [None], ["f"]])
def test_a_call_without_a_function_stays_a_call(calls: list[Any]) -> None:
    (call,) = read(completion("", tool_calls=calls)).tool_calls
    assert (call.id, call.name, call.arguments) == ("call_0", "", "")


def test_content_in_parts_and_refusals() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    reply = read({"choices": [{"message": {"content": parts}}]})
    assert (reply.content, reply.reasoning) == ("ab", "hm")
    assert read(completion(None, refusal="I cannot")).content == "I cannot"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_under_its_name(field: str) -> None:
    reply = read(completion("x", **{field: "because"}))
    assert (reply.reasoning, reply.reasoning_field, reply.extra) == ("because", field, {})


def test_the_same_reasoning_under_two_names_is_kept_once() -> None:
    reply = read(completion("x", reasoning="r", reasoning_content="r", reasoning_details=[{"text": "r", "sig": "s"}]))
    assert (reply.reasoning, reply.reasoning_field) == ("r", "reasoning_content")
    assert reply.extra == {"reasoning_details": [{"text": "r", "sig": "s"}]}


def test_reasoning_that_comes_as_details_only() -> None:
    details = [{"type": "reasoning.summary", "summary": "so"}, {"type": "reasoning.encrypted", "data": "zz"}]
    reply = read(completion("x", reasoning_details=details))
    assert (reply.reasoning, reply.reasoning_field, reply.extra) == ("so", DETAILS_FIELD, {DETAILS_FIELD: details})


@pytest.mark.parametrize(
    ("content", "reasoning", "rest"),
    [
        ("<think>\nhm\n</think>\n\nyes", "hm", "yes"),
        ("hm\n</think>\nyes", "hm", "yes"),
        ("<think>cut off", "cut off", ""),
        ("<think></think>yes", "", "yes"),
    ],
)
def test_thinking_in_the_content_is_split_off(content: str, reasoning: str, rest: str) -> None:
    reply = read(completion(content))
    assert (reply.reasoning, reply.content, reply.reasoning_field) == (reasoning, rest, THINK_FIELD)


@pytest.mark.parametrize("content", ["a tag <think> in </think> prose", "no tag", ""])
def test_other_content_is_left_alone(content: str) -> None:
    reply = read(completion(content))
    assert (reply.content, reply.reasoning, reply.reasoning_field) == (content, "", "")


def test_thinking_stays_in_the_content_when_a_reasoning_field_was_sent() -> None:
    assert read(completion("<think>a</think>b", reasoning="r")).content == "<think>a</think>b"


def test_unknown_fields_are_kept_and_empty_ones_dropped() -> None:
    reply = read(completion("x", thought_signature="zz", audio=None, annotations=[], phase=0))
    assert reply.extra == {"thought_signature": "zz", "phase": 0}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, (100, 0, 1, 0)),
        ({"prompt_tokens": 0, "completion_tokens": None}, (100, 0, 1, 0)),
        ({"prompt_tokens": "7", "completion_tokens": True}, (100, 0, 1, 0)),
        ({"prompt_tokens": 50.0, "completion_tokens": 9, "prompt_tokens_details": None}, (50, 0, 9, 0)),
        (
            {
                "prompt_tokens": 50,
                "completion_tokens": 9,
                "prompt_tokens_details": {"cached_tokens": 40},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            (50, 40, 9, 3),
        ),
        ({"prompt_tokens": 50, "completion_tokens": 9, "prompt_cache_hit_tokens": 60}, (50, 50, 9, 0)),
    ],
)
def test_usage_as_reported_or_estimated(usage: Any, expected: tuple[int, ...]) -> None:
    found = read({**completion("fine"), "usage": usage}, sent=400).usage
    assert (found.input, found.cached, found.output, found.reasoning) == expected


def test_cost_counts_cached_input_at_its_own_price() -> None:
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 2_000_000, "prompt_cache_hit_tokens": 400_000}
    data = {**completion("x"), "usage": usage}
    assert read(data, Price(input=1.0, cached=0.1, output=2.0)).usage.usd == pytest.approx(0.6 + 0.04 + 4.0)
    assert read(data, Price(input=1.0, output=2.0)).usage.usd == pytest.approx(5.0)
    billed = {**completion("x"), "usage": {**usage, "cost": 0.25}}
    assert read(billed).usage.usd == 0.25
    assert read(billed, Price(output=1.0)).usage.usd == pytest.approx(2.0)


def test_planted_labels_are_read_from_the_top_level() -> None:
    assert read({**completion("x"), "trajsynth_planted": ["repeat.loop", 5]}).planted == ("repeat.loop",)
    assert "trajsynth_planted" not in read({**completion("x"), "trajsynth_planted": ["a"]}).extra


def test_nan_and_surrogates_do_not_spoil_a_reply() -> None:
    body = b'{"choices":[{"logprobs":NaN,"message":{"content":"a\\ud83d","x":"\\udc00"}}]}'
    reply = read(body)
    assert reply.content == "a\ufffd"
    assert reply.extra == {"x": "\ufffd"}


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["content", "tool_calls", "function_call", "reasoning", "reasoning_details", "refusal", "odd"]


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_value), json_value, json_value)
def test_any_message_gives_a_storable_reply_or_a_fault(message: Any, usage: Any, finish: Any) -> None:
    try:
        reply = read({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})
    except Fault as found:
        assert str(found)
    else:
        assert orjson.loads(encode(reply))["content"] == reply.content


@settings(max_examples=60, deadline=None)
@given(json_value)
def test_any_json_gives_a_reply_or_a_fault(data: Any) -> None:
    try:
        assert isinstance(read(data), Reply)
    except Fault as found:
        assert "\n" not in str(found)
