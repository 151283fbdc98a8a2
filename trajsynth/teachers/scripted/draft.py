"""A reply before it is put on the wire: text, calls and planted labels; and the response that carries it.

Imports reading and `trajsynth.grammar`. Tests: tests/teachers/scripted/test_scripted_reading.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from trajsynth.grammar import write_call
from trajsynth.teachers.scripted.dice import draw
from trajsynth.teachers.scripted.reading import Tool, View, items

BYTES_PER_TOKEN = 4
"""Usage is counted in tokens of four bytes, the usual rule of thumb for English."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be made; `arguments` is raw text so that faults can break it."""

    tool: Tool
    arguments: str

    @classmethod
    def of(cls, tool: Tool, arguments: Mapping[str, Any]) -> Call:
        """A well-formed call."""
        return cls(tool, orjson.dumps(arguments).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the teacher wants to say."""

    content: str
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish: str = ""
    """`length` for cut replies; else the usual one."""
    planted: tuple[str, ...] = ()


def completion(draft: Draft, view: View, body: Mapping[str, Any], model: str) -> dict[str, Any]:
    """The chat-completion object: native calls, or calls written at the end of the content."""
    content, calls = draft.content, draft.calls
    if view.in_prompt and calls:
        content = "\n\n".join([content, *(write_call(c.tool.server, c.tool.tool, c.arguments) for c in calls)]).strip()
        calls = ()
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if draft.reasoning:
        message["reasoning_content"] = draft.reasoning
    key = f"{view.seed}/{len(view.steps)}/{content}"
    if calls:
        message["tool_calls"] = [
            {
                "id": f"call_{int(draw(key, 'id', i) * 2**48):012x}",
                "type": "function",
                "function": {"name": call.tool.name, "arguments": call.arguments},
            }
            for i, call in enumerate(calls)
        ]
    finish = draft.finish or ("tool_calls" if calls else "stop")
    response: dict[str, Any] = {
        "id": f"chatcmpl-{int(draw(key) * 2**48):012x}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": _usage(message, body),
    }
    if draft.planted:
        response["trajsynth_planted"] = list(draft.planted)
    return response


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Tokens of the request, by size."""
    size = len(orjson.dumps(body.get("messages") or [])) + len(orjson.dumps(body.get("tools") or []))
    return size // BYTES_PER_TOKEN + 1


def _usage(message: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    prompt = prompt_tokens(body)
    messages = items(body.get("messages"))
    roles = [message.get("role") if isinstance(message, Mapping) else None for message in messages]
    last = max((i for i, role in enumerate(roles) if role == "assistant"), default=0)
    seen = len(orjson.dumps(messages[:last])) // BYTES_PER_TOKEN
    reasoning = len(str(message.get("reasoning_content", "")).encode()) // BYTES_PER_TOKEN
    output = len(orjson.dumps(message)) // BYTES_PER_TOKEN + 1
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": min(prompt, seen // 128 * 128)},
        "completion_tokens_details": {"reasoning_tokens": min(reasoning, output)},
    }
