"""The transcript: its bytes equal what rendering everything anew would give, whatever was hidden in between."""

from __future__ import annotations

import tracemalloc
from typing import Any, Literal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.invocation import invocation
from trajsynth.paradigms.transcript import Transcript
from trajsynth.protocols import TeacherProfile
from trajsynth.types import Message, ToolCall

Step = tuple[str, int, bool]
STEPS = st.lists(st.tuples(st.text(max_size=5), st.integers(0, 3), st.booleans()), max_size=6)


def profile(replay: Literal["never", "tools", "always"]) -> TeacherProfile:
    return TeacherProfile(name="t", model="m", replay_reasoning=replay, reasoning_field="reasoning_content")


def play(steps: list[Step]) -> list[Message]:
    messages = [Message(n=0, role="system", content="sys"), Message(n=1, role="user", content="ask")]
    for text, calls, asks in steps:
        n = len(messages)
        made = tuple(ToolCall(id=f"c{i}", name="s", arguments="{}") for i in range(calls))
        messages.append(Message(n=n, role="assistant", content=text, reasoning=f"why {n}", tool_calls=made))
        messages += [Message(n=n + 1 + i, role="tool", content=f"r{n}.{i}", answers=(n, i)) for i in range(calls)]
        if asks:
            messages.append(Message(n=len(messages), role="user", content="go on"))
    return messages


def wire(transcript: Transcript, hidden: set[int]) -> list[dict[str, Any]]:
    return [orjson.loads(message) for message in transcript.body(hidden)]


@pytest.mark.slow
@settings(max_examples=60)
@given(
    STEPS,
    st.lists(st.sets(st.integers(0, 20)), min_size=1, max_size=4),
    st.sampled_from(["function_calling", "mcp"]),
    st.sampled_from(["never", "tools", "always"]),
)
def test_kept_bytes_equal_fresh_ones(
    steps: list[Step], hides: list[set[int]], how: str, replay: Literal["never", "tools", "always"]
) -> None:
    messages = play(steps)
    results = {m.n for m in messages if m.role == "tool"}
    kept = Transcript(invocation(how), profile(replay))
    for message in messages:
        kept.add(message)
        hidden = hides[message.n % len(hides)] & {n for n in results if n <= message.n}
        fresh = Transcript(invocation(how), profile(replay))
        for earlier in messages[: message.n + 1]:
            fresh.add(earlier)
        assert kept.body(hidden) == fresh.body(hidden)


@pytest.mark.parametrize(("replay", "expected"), [("never", []), ("tools", ["why 5"]), ("always", ["why 2", "why 5"])])
def test_reasoning_is_replayed_as_the_teacher_wants(
    replay: Literal["never", "tools", "always"], expected: list[str]
) -> None:
    transcript = Transcript(invocation("function_calling"), profile(replay))
    for message in play([("a", 1, True), ("b", 1, False)]):
        transcript.add(message)
    assert [m["reasoning_content"] for m in wire(transcript, set()) if "reasoning_content" in m] == expected


def test_a_run_of_results_is_one_user_turn_in_prompt() -> None:
    transcript = Transcript(invocation("mcp"), profile("never"))
    for message in play([("a", 2, True)]):
        transcript.add(message)
    roles = [m["role"] for m in wire(transcript, set())]
    assert roles == ["system", "user", "assistant", "user"]


def test_bytes_kept_take_no_more_memory_than_they_are() -> None:
    transcript = Transcript(invocation("function_calling"), profile("never"))
    for n in range(100):
        transcript.add(Message(n=n, role="tool", content="x" * 1000, answers=(0, n)))
    tracemalloc.start()
    size = sum(map(len, transcript.body()))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < held < 1.5 * size


def test_the_body_is_joined_anew_only_when_something_changed() -> None:
    transcript = Transcript(invocation("function_calling"), profile("never"))
    for message in play([("a", 1, False), ("b", 1, False)]):
        transcript.add(message)
    assert transcript.body({3}) is transcript.body({3})
    assert transcript.body({3}) != transcript.body() != transcript.body({5})
