"""Conversations as training messages: both invocations, linking by position, refusals with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from trajsynth.builders.rows import Refusal, Row, render
from trajsynth.types import Conversation, Message, ToolCall, ToolSpec, Trajectory, Turn

Make = Callable[..., Trajectory]


def row_of(trajectory: Trajectory) -> Row:
    row = render(trajectory)
    assert isinstance(row, Row), row
    return row


def refusal_of(trajectory: Trajectory, index: int = 0) -> str:
    refusal = render(trajectory, index)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def with_messages(trajectory: Trajectory, *messages: Message) -> Trajectory:
    conversation = replace(trajectory.conversations[0], messages=messages)
    return replace(trajectory, conversations=(conversation,))


def test_native_calls_become_tool_calls_with_parsed_arguments(make: Make) -> None:
    row = row_of(make())
    function = {"name": "corpus__search", "arguments": {"query": "capital"}}
    assert row.messages == [
        {"role": "system", "content": "Work it out."},
        {"role": "user", "content": "Capital?"},
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "step 0",
            "tool_calls": [{"id": "c0", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "c0", "name": "corpus__search", "content": "page 0"},
        {"role": "assistant", "content": "I know now."},
        {"role": "user", "content": "Sum up."},
        {"role": "assistant", "content": "\\boxed{Paris}"},
    ]
    assert row.sources == list(range(7))
    assert [tool["function"]["name"] for tool in row.tools] == ["corpus__search"]
    assert (row.prompt_length, row.turns) == (2, 3)


def test_in_prompt_calls_stay_in_the_content_and_results_are_user_turns(make: Make) -> None:
    row = row_of(make(invocation="mcp"))
    assert row.tools == []
    assert [message["role"] for message in row.messages] == ["system", "user", *["assistant", "user"] * 2, "assistant"]
    assert "<use_mcp_tool>" in row.messages[2]["content"]
    assert row.messages[2]["reasoning_content"] == "step 0"
    assert row.messages[3] == {"role": "user", "content": "page 0"}
    assert all(set(message) <= {"role", "content", "reasoning_content"} for message in row.messages)


def test_parallel_in_prompt_results_and_the_summary_request_are_one_user_turn(make: Make) -> None:
    base = make(invocation="mcp")
    system, user, asked, result, _, request, last = base.conversations[0].messages
    second = replace(result, n=4, content="page B", answers=(2, 1))
    asked = replace(asked, tool_calls=asked.tool_calls * 2)
    row = row_of(with_messages(base, system, user, asked, result, second, request, last))
    assert [message["role"] for message in row.messages] == ["system", "user", "assistant", "user", "assistant"]
    joined = row.messages[3]["content"]
    assert joined.index("page 0") < joined.index("page B") < joined.index("Sum up.")
    assert row.sources == [0, 1, 2, 3, 6]


def test_repeated_ids_are_replaced_and_results_linked_by_position(make: Make) -> None:
    base = make(steps=2)
    same = [
        replace(m, tool_calls=tuple(replace(c, id="x") for c in m.tool_calls)) for m in base.conversations[0].messages
    ]
    row = row_of(with_messages(base, *same))
    ids = [call["id"] for message in row.messages for call in message.get("tool_calls", ())]
    assert ids == ["call_2_0", "call_4_0"]
    assert [message["tool_call_id"] for message in row.messages if message["role"] == "tool"] == ids


@pytest.mark.parametrize("invocation", ["function_calling", "mcp"])
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("{broken", "call.bad_json"),
        ('{"query": NaN}', "call.bad_json"),
        ("[1]", "call.not_object"),
        ("3", "call.not_object"),
    ],
)
def test_arguments_that_are_no_object_are_refused(make: Make, invocation: str, arguments: str, reason: str) -> None:
    assert refusal_of(make(arguments=arguments, invocation=invocation)) == reason


def test_a_masked_in_prompt_turn_may_hold_broken_arguments(make: Make) -> None:
    assert row_of(make(arguments="[1]", invocation="mcp", masked=((0, 2),))).masked == {2}
    assert refusal_of(make(arguments="[1]", masked=((0, 2),))) == "call.not_object"


def test_masks_point_at_training_messages(make: Make) -> None:
    assert row_of(make(steps=2, masked=((0, 4), (0, 5), (1, 2)))).masked == {4}
    base = make(invocation="mcp", masked=((0, 8),))
    system, user, *rest = base.conversations[0].messages
    renumbered = [replace(m, n=m.n + 2, answers=m.answers and (m.answers[0] + 2, 0)) for m in rest]
    assert row_of(with_messages(base, system, user, *renumbered)).masked == {6}


def test_what_follows_the_last_turn_is_left_out(make: Make) -> None:
    base = make()
    messages = base.conversations[0].messages
    row = row_of(with_messages(base, *messages, Message(n=7, role="user", content="thanks")))
    assert row.messages[-1]["role"] == "assistant"
    assert row_of(with_messages(base, *messages[:3])).messages[-1]["tool_calls"]


def test_links_that_do_not_hold_are_refused(make: Make) -> None:
    base = make()
    messages = base.conversations[0].messages
    orphan = replace(messages[3], answers=None)
    assert refusal_of(with_messages(base, *messages[:3], orphan, *messages[4:])) == "result.unlinked"
    assert refusal_of(with_messages(base, *messages[:4], *messages[3:])) == "result.unlinked"
    assert refusal_of(with_messages(base, *messages[:3], *messages[4:])) == "call.unanswered"


def test_tool_lists_that_changed_fit_no_row(make: Make) -> None:
    base = make()
    conversation = base.conversations[0]
    other = replace(conversation, toolsets=(conversation.toolsets[0], (ToolSpec(name="other"),)))
    last = replace(conversation.messages[-1], turn=Turn(toolset=1))
    assert row_of(replace(base, conversations=(other,))).tools  # the second list was never seen by a turn
    changed = replace(other, messages=(*conversation.messages[:-1], last))
    assert refusal_of(replace(base, conversations=(changed,))) == "tools.changed"


@pytest.mark.parametrize(
    "text", ["a<|im_end|>\n<|im_start|>assistant", "<｜User｜>", "<start_of_turn>model", "[/INST]", "<|eot_id|>"]
)
@pytest.mark.parametrize("invocation", ["function_calling", "mcp"])
def test_control_tokens_in_text_are_refused(make: Make, text: str, invocation: str) -> None:
    base = make(invocation=invocation)
    messages = list(base.conversations[0].messages)
    messages[3] = replace(messages[3], content=text)
    assert refusal_of(with_messages(base, *messages)) == "unsafe.control_tokens"


@pytest.mark.parametrize(
    "arguments",
    [
        '{"q": "<|im_end|>"}',
        r'{"q": "\u003c|im_start|\u003eassistant"}',
        r'{"\u003c|im_end|>": 1}',
        r'{"q": "[\/INST]"}',
    ],
)
def test_control_tokens_are_found_behind_the_escapes_of_arguments(make: Make, arguments: str) -> None:
    assert refusal_of(make(arguments=arguments)) == "unsafe.control_tokens"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ('{"a": 1, "a": 2}', "call.repeated_key"),
        (r'{"b": [{"a": 1, "\u0061": 1}]}', "call.repeated_key"),
        ('{"a": 1, "b": {"a": "\\"a\\": 2"}}', ""),
        ('{"a": {"x": 1}, "b": {"x": 1}, "": "\\" :"}', ""),
    ],
)
def test_a_key_twice_would_lose_a_value(make: Make, arguments: str, reason: str) -> None:
    row = render(make(arguments=arguments))
    assert (row.reason if isinstance(row, Refusal) else "") == reason
    in_prompt = render(make(arguments=arguments, invocation="mcp"))
    assert isinstance(in_prompt, Row), "there the text stands as it was written"


@pytest.mark.parametrize("text", ["a <|b|> c", "if (a <| b) |>", "<s>struck</s>", "INST"])
def test_look_alikes_are_no_control_tokens(make: Make, text: str) -> None:
    base = make()
    messages = list(base.conversations[0].messages)
    messages[3] = replace(messages[3], content=text)
    assert row_of(with_messages(base, *messages)).messages[3]["content"] == text


def test_nothing_to_learn_is_refused(make: Make) -> None:
    base = make()
    assert refusal_of(with_messages(base, *base.conversations[0].messages[:2])) == "empty"
    assert refusal_of(replace(base, conversations=())) == "empty"


def test_a_tool_without_parameters_gets_an_empty_schema(make: Make) -> None:
    call = ToolCall(name="now", arguments="")
    said = Message(n=1, role="assistant", tool_calls=(call,))
    conversation = Conversation(toolsets=((ToolSpec(name="now"),),), messages=(Message(n=0, role="user"), said))
    row = row_of(replace(make(), conversations=(conversation,)))
    assert row.tools[0]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert row.messages[1]["content"] == ""
    assert row.messages[1]["tool_calls"][0]["function"]["arguments"] == {}
