"""Small trajectories to count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trajsynth.types import Conversation, Grade, Message, Outcome, Question, ToolCall, ToolSpec, Trajectory, Turn, Usage


def make_trajectory(
    id_: str,
    *,
    correct: bool | None = True,
    outcomes: tuple[Outcome, ...] = ("ok",),
    finish_reason: str = "stop",
    **fields: Any,
) -> Trajectory:
    """One reply that calls `search` once per outcome, the results, and a last reply."""
    calls = tuple(ToolCall(name="search") for _ in outcomes)
    messages = [Message(n=0, role="user"), Message(n=1, role="assistant", tool_calls=calls, turn=Turn())]
    for i, outcome in enumerate(outcomes):
        messages.append(Message(n=2 + i, role="tool", answers=(1, i), outcome=outcome))
    messages.append(Message(n=len(messages), role="assistant", turn=Turn(finish_reason=finish_reason)))
    conversation = Conversation(toolsets=((ToolSpec(name="search"),),), messages=tuple(messages))
    defaults: dict[str, Any] = {
        "question": Question(id="q", text="?"),
        "group": "q",
        "teacher": "qwen",
        "paradigm": "react",
        "invocation": "mcp",
        "stop_reason": "answered",
        "conversations": (conversation,),
        "grade": Grade(correct=correct),
        "usage": Usage(calls=2, input=100, output=20, usd=0.01),
    }
    return Trajectory(id=id_, **defaults | fields)


@pytest.fixture
def make() -> Callable[..., Trajectory]:
    """`make(id, correct=…, outcomes=(…), finish_reason=…, **trajectory fields)`."""
    return make_trajectory
