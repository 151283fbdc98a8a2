"""ShareGPT and ms-swift rows, and any row at all: a trajectory or one clear error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import SEARCH, record

from trajsynth.codec import to_builtins
from trajsynth.errors import RecordError
from trajsynth.filters.calls import Calls
from trajsynth.readers import as_trajectory, from_row, read_trajectories
from trajsynth.readers.sharegpt import as_call
from trajsynth.types import Trajectory

CALL = '{"name": "search", "arguments": {"q": "x"}}'


def turns(*said: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"conversations": [{"from": who, "value": value} for who, value in said], **more}


def shape(trajectory: Trajectory) -> list[tuple[str, str, list[str]]]:
    return [(m.role, m.content, [c.name for c in m.tool_calls]) for m in trajectory.conversations[0].messages]


def test_a_row_with_calls_and_tools() -> None:
    row = turns(
        ("human", "q"),
        ("function_call", CALL),
        ("observation", "seen"),
        ("gpt", "A"),
        system="S",
        tools=json.dumps([SEARCH]),
    )
    trajectory = from_row(row)
    assert shape(trajectory) == [
        ("system", "S", []),
        ("user", "q", []),
        ("assistant", "", ["search"]),
        ("tool", "seen", []),
        ("assistant", "A", []),
    ]
    assert trajectory.conversations[0].messages[3].answers == (2, 0)
    assert trajectory.run.source == "rows:sharegpt" and Calls().check(trajectory) == []


def test_parallel_calls_behind_a_thought() -> None:
    value = f"<think>\nhm\n</think>\n\n[{CALL}, {CALL}]"
    seen = "one\n</tool_response>\n<tool_response>\ntwo"
    found = shape(from_row(turns(("human", "q"), ("function_call", value), ("observation", seen))))
    assert found[1:] == [
        ("assistant", "<think>\nhm\n</think>", ["search"] * 2),
        ("tool", "one", []),
        ("tool", "two", []),
    ]


def test_ms_swift_calls_join_the_turn_before_them() -> None:
    row = {
        "messages": [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": "hm"},
            {"role": "tool_call", "content": CALL},
            {"role": "tool_call", "content": CALL},
            {"role": "tool_response", "content": "1"},
            {"role": "tool_response", "content": "2"},
        ]
    }
    trajectory = from_row(row)
    assert shape(trajectory)[1] == ("assistant", "hm", ["search", "search"])
    assert [m.answers for m in trajectory.conversations[0].messages[2:]] == [(1, 0), (1, 1)]


def test_a_call_that_is_no_json_is_kept_as_written() -> None:
    trajectory = from_row(turns(("human", "q"), ("function_call", '{"name": "search", "arguments": {"q": \'x\'}}')))
    call = trajectory.conversations[0].messages[1].tool_calls[0]
    assert (call.name, call.arguments) == ("search", "{\"q\": 'x'}")
    assert [f.code for f in Calls().check(trajectory)] == ["call.bad_json"]


def test_our_plain_records_are_not_taken_for_it() -> None:
    assert as_trajectory(to_builtins(record())) == record()


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (
            '{"conversations": [{"from": "human", "value": "q"}, {"from": "ghost", "value": "a"}]}',
            "conversations[1].from",
        ),
        ('{"conversations": [{"from": "human", "value": "q"}, 7]}', "conversations[1]"),
        ('{"conversations": [{"from": "human", "value": 7}]}', "conversations[0].value"),
        ('{"a": 1}', "messages"),
        ("[1]", "object"),
        ("7", "object"),
        ("{", "rows.jsonl:2"),
    ],
)
def test_errors_name_file_line_and_path(tmp_path: Path, line: str, place: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(turns(("human", "q"))) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(RecordError) as caught:
        list(read_trajectories(path))
    assert "rows.jsonl:2" in str(caught.value) and place in str(caught.value) and "\n" not in str(caught.value)


KEYS = st.sampled_from(
    [
        "messages",
        "conversations",
        "from",
        "value",
        "role",
        "content",
        "tools",
        "system",
        "question",
        "output",
        "tool_calls",
    ]
)
WORDS = st.sampled_from(
    ["human", "gpt", "user", "assistant", "tool", "function_call", "observation", CALL, "Action: f[x]", ""]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@given(JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_is_a_trajectory_or_one_error(row: Any) -> None:
    try:
        trajectory = as_trajectory(row, "f:1")
    except RecordError as error:
        assert "f:1" in str(error)
    else:
        assert isinstance(trajectory, Trajectory) and as_trajectory(row, "f:1") == trajectory


@pytest.mark.slow
@given(st.lists(st.fixed_dictionaries({"from": WORDS, "value": WORDS | JSON}), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_turns_are_read_or_refused(said: list[Any]) -> None:
    try:
        trajectory = from_row({"conversations": said}, "f:1")
    except RecordError as error:
        assert str(error).startswith("f:1")
    else:
        messages = trajectory.conversations[0].messages
        assert [m.n for m in messages] == list(range(len(messages)))


@pytest.mark.parametrize("role", [[], {}, 3, None, ["user"]])
def test_a_role_of_another_type_is_one_clear_error(role: object) -> None:
    with pytest.raises(RecordError, match=r"row: messages\[0\]\.role"):
        as_trajectory({"messages": [{"role": role, "content": "x"}]})


def test_smolagents_steps_are_calls_and_results() -> None:
    def part(text: str) -> list[dict[str, str]]:
        return [{"type": "text", "text": text}]

    written = "[{'id': 'c', 'type': 'function', 'function': {'name': 'python_interpreter', 'arguments': 'print(1)'}}]"
    row = {
        "messages": [
            {"role": "user", "content": part("q")},
            {"role": "assistant", "content": part("Thought: first I print.")},
            {"role": "tool-call", "content": part(f"Calling tools:\n{written}")},
            {"role": "tool-response", "content": part("Observation:\n1")},
            {"role": "assistant", "content": part("one")},
        ]
    }
    _, made, seen, told = as_trajectory(row).conversations[0].messages
    assert [(call.name, call.arguments) for call in made.tool_calls] == [("python_interpreter", "print(1)")]
    assert (made.content, seen.content, seen.answers) == ("Thought: first I print.", "Observation:\n1", (1, 0))
    assert told.content == "one"


def test_a_call_in_single_quotes_keeps_its_name() -> None:
    call = as_call("{'name': 'search', 'arguments': {'q': 'Norby'}}")
    assert call == {"name": "search", "arguments": "{'q': 'Norby'}"}
