"""Small trajectories to build from, in both invocations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trajsynth.grammar import write_call
from trajsynth.types import Conversation, Grade, Message, Question, ToolCall, ToolSpec, Trajectory

SEARCH = ToolSpec(
    name="corpus__search",
    description="Find pages.",
    parameters={"type": "object", "properties": {"query": {"type": "string"}}},
    server="corpus",
    tool="search",
)


def _call(arguments: str, id_: str, invocation: str, content: str) -> ToolCall:
    span = (0, len(content)) if invocation == "mcp" else None
    return ToolCall(id=id_, name="corpus__search", arguments=arguments, server="corpus", tool="search", span=span)


def make_trajectory(
    id_: str = "t",
    *,
    correct: bool | None = True,
    answer: str | None = "Paris",
    invocation: str = "function_calling",
    arguments: str = '{"query": "capital"}',
    steps: int = 1,
    **fields: Any,
) -> Trajectory:
    """System, user, `steps` searches, a closing thought, the summary request and the summary."""
    messages = [Message(n=0, role="system", content="Work it out."), Message(n=1, role="user", content="Capital?")]
    for step in range(steps):
        n = len(messages)
        said = write_call("corpus", "search", arguments) if invocation == "mcp" else ""
        call = _call(arguments, f"c{step}", invocation, said)
        messages.append(Message(n=n, role="assistant", content=said, reasoning=f"step {step}", tool_calls=(call,)))
        messages.append(Message(n=n + 1, role="tool", content=f"page {step}", answers=(n, 0), outcome="ok"))
    n = len(messages)
    messages += [
        Message(n=n, role="assistant", content="I know now."),
        Message(n=n + 1, role="user", content="Sum up."),
        Message(n=n + 2, role="assistant", content=f"\\boxed{{{answer}}}"),
    ]
    defaults: dict[str, Any] = {
        "group": "q",
        "teacher": "qwen",
        "paradigm": "react",
        "stop_reason": "answered",
        "grade": Grade(correct=correct, method="exact"),
    }
    conversation = Conversation(teacher=fields.get("teacher", "qwen"), toolsets=((SEARCH,),), messages=tuple(messages))
    return Trajectory(
        id=id_,
        question=Question(id="q", text="Capital?", answers=("Paris",)),
        invocation=invocation,
        conversations=(conversation,),
        answer=answer,
        **defaults | fields,
    )


@pytest.fixture
def make() -> Callable[..., Trajectory]:
    """`make(id, correct=…, answer=…, invocation=…, arguments=…, steps=…, **trajectory fields)`."""
    return make_trajectory
