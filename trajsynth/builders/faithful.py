"""Whether a rendered row says what the record says: read from the record alone, sharing nothing with the renderer.

Level 3, imports builders.rows, builders.views, invocation and paradigms.seen. Tests:
tests/builders/test_builders_check.py, tests/builders/test_builders_views.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from trajsynth.builders.rows import Refusal, Row, render, tool_definitions
from trajsynth.builders.views import Replay, View, seen_rows
from trajsynth.codec import scrub
from trajsynth.invocation import invocation as invocation_named
from trajsynth.paradigms.seen import RECORDED, seen, tools_seen
from trajsynth.types import Message, Trajectory

_REASONING = "reasoning_content"


def unfaithful(trajectory: Trajectory, index: int) -> str:
    """What a conversation's row lacks or changes of its record, in words; empty when nothing or when it has no row."""
    row = render(trajectory, index)
    if isinstance(row, Refusal):
        return ""
    recorded = [m for m in trajectory.conversations[index].messages if m.role == "assistant"]
    written = [m for m in row.messages if m["role"] == "assistant"]
    if len(recorded) != len(written):
        return f"{len(recorded)} assistant messages became {len(written)}"
    for record, message in zip(recorded, written, strict=True):
        what = _turn(record, message, native=trajectory.invocation != "mcp")
        if what:
            return f"message {record.n}: {what}"
    said = "\n".join(m["content"] for m in row.messages)
    end = recorded[-1].n
    others = (m for m in trajectory.conversations[index].messages if m.role != "assistant")
    lost = next((m.n for m in others if m.n < end and m.content not in said), None)
    return "" if lost is None else f"message {lost}: its text is not in the row"


def _turn(record: Message, message: dict[str, Any], *, native: bool) -> str:
    if message["content"] != record.content:
        return "the text differs"
    if message.get("reasoning_content", "") != record.reasoning:
        return "the reasoning differs"
    if not native:
        return "" if "tool_calls" not in message else "a call stands beside the content"
    wanted = [(call.name, _scrubbed(json.loads(call.arguments.strip() or "{}"))) for call in record.tool_calls]
    got = [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", ())]
    return "" if json.dumps(wanted) == json.dumps(got) else f"calls {wanted!r} became {got!r}"


def _scrubbed(value: Any) -> Any:
    """Lone surrogates, which JSON's escapes can spell and no file can hold, replaced as everywhere."""
    if isinstance(value, dict):
        return {scrub(key): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    return scrub(value) if isinstance(value, str) else value


def unfaithful_view(trajectory: Trajectory, index: int, view: View, replay: Replay) -> str:
    """What a conversation's rows under a view lack of the record or of the teacher's own requests, in words.

    Every trained turn is compared with the record, everything before it with `paradigms.seen`, and every turn that is
    not masked must be trained once (`final`: the last one).
    """
    view_of = seen_rows(trajectory, index, view, "keep", replay)
    if isinstance(view_of, Refusal):
        return ""
    conversation = trajectory.conversations[index]
    native = trajectory.invocation != "mcp"
    records = {m.n: m for m in conversation.messages}
    trained: Counter[int] = Counter()
    for row in view_of.rows:
        for i in sorted(row.trained):
            n = row.sources[i]
            trained[n] += 1
            what = _turn(records[n], row.messages[i], native=native) or _context(trajectory, row, i, replay)
            if what:
                return f"message {n}: {what}"
    masked = {n for c, n in trajectory.masked if c == index}
    wanted = [m.n for m in conversation.messages if m.role == "assistant"]
    missing = [n for n in (wanted[-1:] if view == "final" else wanted) if trained[n] != 1 and n not in masked]
    return f"message {missing[0]}: trained {trained[missing[0]]} times" if missing else ""


def _context(trajectory: Trajectory, row: Row, turn: int, replay: Replay) -> str:
    """How a turn's context differs from the request it answered."""
    conversation, n = trajectory.conversations[row.conversation], row.sources[turn]
    native = trajectory.invocation != "mcp"
    wire = invocation_named("function_calling" if native else "mcp")
    request = seen(conversation, n, wire, replace(RECORDED, replay_reasoning=replay, reasoning_field=_REASONING))
    if native and row.tools != tool_definitions(tools_seen(conversation, n)):
        return "the tools are not those of its request"
    if len(request) != turn:
        return f"{turn} messages stand before it, its request had {len(request)}"
    shown, asked = _comparable(row.messages[:turn]), _comparable(request)
    differing = next((i for i, (a, b) in enumerate(zip(shown, asked, strict=True)) if a != b), None)
    return "" if differing is None else f"message {differing} before it is not what its request had"


def _comparable(messages: Sequence[dict[str, Any]]) -> list[Any]:
    """Messages with arguments parsed and calls known by their place: ids are ours to choose on both sides."""
    places: dict[str, int] = {}
    said: list[Any] = []
    for message in messages:
        calls: list[Any] = []
        for call in message.get("tool_calls", ()):
            places[call["id"]] = len(calls)
            arguments = call["function"]["arguments"]
            calls.append(json.loads(arguments) if isinstance(arguments, str) else arguments)
        answered = places.get(message.get("tool_call_id", ""))
        said.append((message["role"], message["content"], message.get(_REASONING, ""), calls, answered))
    return said
