"""Small rows and records for the tests of readers, filters and curation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trajsynth.types import Conversation, Grade, Message, Outcome, Question, ToolCall, ToolSpec, Trajectory, Turn

SHARED = Path(__file__).resolve().parents[1] / "../shared/data/trajectories"
SEARCH = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Find pages.",
        "parameters": {
            "type": "object",
            "properties": {"q": {"type": "string"}},
            "required": ["q"],
            "additionalProperties": False,
        },
    },
}


def shared(name: str) -> Path:
    """A file of the shared third-party data; skips the test where the folder is absent."""
    path = SHARED / f"{name}.jsonl"
    if not path.exists():
        pytest.skip("the shared third-party trajectories are not here")
    return path


def asks(name: str = "search", arguments: Any = '{"q": "x"}') -> dict[str, Any]:
    """An assistant message that calls one tool."""
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}],
    }


def sees(text: str) -> dict[str, Any]:
    """A tool message."""
    return {"role": "tool", "tool_call_id": "c", "content": text}


def row(*messages: dict[str, Any], correct: bool | None = True, **more: Any) -> dict[str, Any]:
    """A chat row: a question, the messages, and the search tool."""
    return {"messages": [{"role": "user", "content": "Q?"}, *messages], "tools": [SEARCH], "correct": correct, **more}


def says(text: str, **more: Any) -> dict[str, Any]:
    """A row whose only turn is one assistant text."""
    return row({"role": "assistant", "content": text}, **more)


def exchange_rows(*pairs: tuple[str, str], correct: bool | None = True) -> dict[str, Any]:
    """A row of (query, observation) exchanges and a final answer."""
    turns: list[dict[str, Any]] = []
    for query, seen in pairs:
        turns += [asks(arguments=json.dumps({"q": query})), sees(seen)]
    return row(*turns, {"role": "assistant", "content": "done"}, correct=correct)


def record(
    *outcomes: tuple[str, str, Outcome],
    correct: bool | None = True,
    final: str | None = "the answer",
    identity: str = "t",
    poll: bool = False,
    **more: Any,
) -> Trajectory:
    """A record of ours: one exchange per (query, observation, outcome), then a final message."""
    messages = [Message(n=0, role="user", content="Q?")]
    for query, seen, outcome in outcomes:
        n = len(messages)
        call = ToolCall(name="search", arguments=json.dumps({"q": query}))
        messages.append(Message(n=n, role="assistant", tool_calls=(call,), turn=Turn(finish_reason="tool_calls")))
        messages.append(
            Message(n=n + 1, role="tool", content=seen, answers=(n, 0), outcome=outcome, outcome_from="typed")
        )
    if final is not None:
        messages.append(Message(n=len(messages), role="assistant", content=final, turn=Turn(finish_reason="stop")))
    tool = ToolSpec(name="search", parameters=SEARCH["function"]["parameters"], poll=poll)  # type: ignore[index]
    fields: dict[str, Any] = {
        "id": identity,
        "question": Question(id="q", text="Q?"),
        "group": "q",
        "teacher": "a",
        "paradigm": "react",
        "invocation": "function_calling",
        "conversations": (Conversation(toolsets=((tool,),), messages=tuple(messages)),),
        "answer": final,
        "stop_reason": "answered",
        "grade": Grade(correct=correct, method="exact"),
    }
    return Trajectory(**{**fields, **more})


def codes(findings: list[Any]) -> list[str]:
    """The codes of findings, in order."""
    return [finding.code for finding in findings]


SHARED_FILES = ("bfcl", "bfcl_raw_schemas", "glaive", "nemo_gym", "tau_airline", "toolbench", "webdancer")
"""Names of all shared trajectory files."""
