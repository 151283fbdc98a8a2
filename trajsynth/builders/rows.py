"""A conversation as training messages: the full context, in the form the teacher's own invocation gave it.

Native calls become `tool_calls` with parsed arguments and `tool` messages; in-prompt calls stay in the content and
their results are user turns, rendered by the invocation that rendered them at run time. What cannot be said without
loss is a `Refusal`, never a guess. Level 3, imports invocation, schemas and types.
Tests: tests/builders/test_builders_rows.py.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from trajsynth.arguments import parse_arguments, repeated_key
from trajsynth.codec import encode
from trajsynth.invocation import invocation as invocation_named
from trajsynth.protocols import TeacherProfile
from trajsynth.signals import CONTROL_TOKENS
from trajsynth.types import Conversation, Message, ToolCall, Toolset, Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a trajectory or conversation gives no row; `reason` is a stable code, counted in the report."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A conversation ready for a format."""

    trajectory: str
    """Its trajectory's id."""
    conversation: int
    teacher: str
    messages: list[dict[str, Any]]
    sources: list[int]
    """`n` of the (first) recorded message behind each training message."""
    tools: list[dict[str, Any]]
    """Tool definitions; empty for in-prompt calls, which have theirs in the system prompt."""
    masked: frozenset[int]
    """Indices into `messages` of assistant turns kept out of the loss."""
    group: str = ""
    """Its question's group: all rows of one stand on one side of a train/validation split."""
    partial: bool = False
    """Made to train some of its turns only: a layout with a file of its own for rows with masks puts it there."""

    @property
    def prompt_length(self) -> int:
        """Number of messages before the first assistant turn."""
        return next(i for i, message in enumerate(self.messages) if message["role"] == "assistant")

    @property
    def turns(self) -> int:
        return len(self.assistants)

    @property
    def assistants(self) -> frozenset[int]:
        """Indices of all assistant turns."""
        return frozenset(i for i, message in enumerate(self.messages) if message["role"] == "assistant")

    @property
    def trained(self) -> frozenset[int]:
        """Indices of the turns under the loss."""
        return self.assistants - self.masked


Reasoning = Literal["keep", "inline", "drop"]
"""Reasoning in a field of its own, in front of the content between think tags, or left out."""
THINK_TAG = re.compile(r"</?think>")


def render(trajectory: Trajectory, index: int = 0, reasoning: Reasoning = "keep") -> Row | Refusal:
    """Conversation `index` as a row. What follows the last assistant turn teaches nothing and is left out."""
    turns = last_turns(trajectory, index)
    if isinstance(turns, Refusal):
        return turns
    tools = _tools(trajectory.conversations[index], turns) if trajectory.invocation != "mcp" else ()
    if isinstance(tools, Refusal):
        return tools
    row = rendered(trajectory, index, turns, tools)
    return row if isinstance(row, Refusal) else with_reasoning(row, reasoning)


def last_turns(trajectory: Trajectory, index: int) -> tuple[Message, ...] | Refusal:
    """The messages of a conversation up to its last assistant turn."""
    if index >= len(trajectory.conversations):
        return Refusal(reason="empty", detail="no conversation")
    messages = trajectory.conversations[index].messages
    last = max((i for i, m in enumerate(messages) if m.role == "assistant"), default=None)
    return Refusal(reason="empty", detail="no assistant turn") if last is None else messages[: last + 1]


def rendered(trajectory: Trajectory, index: int, messages: tuple[Message, ...], tools: Toolset) -> Row | Refusal:
    """These messages of a conversation as a row with these tools, every text whole."""
    native = trajectory.invocation != "mcp"
    masked = {n for c, n in trajectory.masked if c == index}
    unfit = _unfit_call(messages, None if native else masked)
    if unfit is not None:
        return unfit
    pairs = _native(messages) if native else _in_prompt(messages)
    if isinstance(pairs, Refusal):
        return pairs
    definitions = tool_definitions(tools)
    texts = (*(text for m in messages for text in _texts(m, native)), encode(definitions).decode())
    token = next(filter(None, map(CONTROL_TOKENS.search, texts)), None)
    if token is not None:
        return Refusal(reason="unsafe.control_tokens", detail=token[0])
    return Row(
        trajectory=trajectory.id,
        conversation=index,
        teacher=trajectory.conversations[index].teacher or trajectory.teacher,
        messages=[message for _, message in pairs],
        sources=[n for n, _ in pairs],
        tools=definitions,
        masked=frozenset(i for i, (n, m) in enumerate(pairs) if m["role"] == "assistant" and n in masked),
        group=trajectory.group,
    )


def inlined(reasoning: str, text: str) -> str:
    """Reasoning in front of a text, as models of the Qwen kind write it."""
    return f"<think>\n{reasoning}\n</think>\n\n{text}" if reasoning else text


def tangled(message: dict[str, Any]) -> bool:
    """Whether inlined reasoning could not be told from the text: one of them has think tags of its own."""
    reasoning = message.get("reasoning_content", "")
    return bool(reasoning and (THINK_TAG.search(reasoning) or THINK_TAG.search(message["content"])))


def with_reasoning(row: Row, reasoning: Reasoning) -> Row | Refusal:
    """The row with reasoning as it is, inside the content, or left out."""
    messages = []
    for message in row.messages:
        changed = reasoned(message, reasoning)
        if isinstance(changed, Refusal):
            return changed
        messages.append(changed)
    return row if reasoning == "keep" else replace(row, messages=messages)


def reasoned(message: dict[str, Any], reasoning: Reasoning) -> dict[str, Any] | Refusal:
    """A training message with its reasoning as it is, inside the content, or left out."""
    if reasoning == "keep":
        return message
    if reasoning == "inline" and tangled(message):
        return Refusal(reason="text.think_tag", detail="think tags inside the text beside reasoning")
    thought = message.get("reasoning_content", "") if reasoning == "inline" else ""
    kept = {key: value for key, value in message.items() if key != "reasoning_content"}
    return kept | {"content": inlined(thought, message["content"])} if thought else kept


def tool_definitions(tools: Toolset) -> list[dict[str, Any]]:
    """The tools as function definitions."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters or {"type": "object", "properties": {}},
            },
        }
        for tool in tools
    ]


def _tools(conversation: Conversation, messages: tuple[Message, ...]) -> Toolset | Refusal:
    """The one tool list of the rendered turns: a training row has room for one."""
    seen = {message.turn.toolset if message.turn else 0 for message in messages if message.role == "assistant"}
    lists = [conversation.toolsets[i] for i in sorted(seen) if i < len(conversation.toolsets)]
    if any(tools != lists[0] for tools in lists[1:]):
        return Refusal(reason="tools.changed", detail=f"{len(lists)} tool lists")
    return lists[0] if lists else ()


def _unfit_call(messages: tuple[Message, ...], tolerated: Collection[int] | None) -> Refusal | None:
    """The first call whose arguments are no JSON object, or an object that cannot be written without loss.

    `tolerated`: in-prompt turns whose calls nobody parses (masked). None for native calls, which are written parsed.
    """
    for message in messages:
        for call in message.tool_calls if message.n not in (tolerated or ()) else ():
            parsed = parse_arguments(call.arguments)
            if parsed.code:
                return Refusal(reason=parsed.code, detail=f"message {message.n}: {parsed.detail}")
            twice = repeated_key(call.arguments, parsed.arguments or {}) if tolerated is None else None
            if twice is not None:
                return Refusal(reason="call.repeated_key", detail=f"message {message.n}: {twice!r} stands there twice")
    return None


def _texts(message: Message, native: bool) -> Iterator[str]:
    yield message.content
    yield message.reasoning
    for call in message.tool_calls:
        yield call.name
        yield call.arguments
        if native and "\\" in call.arguments:  # a row has them parsed, so what JSON's escapes hide is text there
            yield json.dumps(parse_arguments(call.arguments).arguments, ensure_ascii=False)


def _assistant(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if message.reasoning:
        said["reasoning_content"] = message.reasoning
    return said


# ---- native function calling --------------------------------------------------------------------------------------

Pairs = list[tuple[int, dict[str, Any]]]
"""(n of the recorded message, training message)."""


def _native(messages: tuple[Message, ...]) -> Pairs | Refusal:
    ids = _call_ids(messages)
    calls = {message.n: message.tool_calls for message in messages}
    open_calls: set[tuple[int, int]] = set()
    pairs: Pairs = []
    for message in messages:
        if message.role == "tool":
            link = message.answers
            if link is None or link not in open_calls:
                return Refusal(reason="result.unlinked", detail=f"message {message.n} answers no open call")
            open_calls.remove(link)
            name = calls[link[0]][link[1]].name
            pairs.append(
                (message.n, {"role": "tool", "tool_call_id": ids[link], "name": name, "content": message.content})
            )
            continue
        if open_calls:
            return Refusal(reason="call.unanswered", detail=f"call {min(open_calls)} has no result")
        if message.role != "assistant":
            pairs.append((message.n, {"role": message.role, "content": message.content}))
            continue
        said = _assistant(message)
        if message.tool_calls:
            said["tool_calls"] = [_tool_call(call, ids[message.n, i]) for i, call in enumerate(message.tool_calls)]
        open_calls = {(message.n, i) for i in range(len(message.tool_calls))}
        pairs.append((message.n, said))
    return pairs


def _tool_call(call: ToolCall, id_: str) -> dict[str, Any]:
    function = {"name": call.name, "arguments": parse_arguments(call.arguments).arguments}
    return {"id": id_, "type": "function", "function": function}


def _call_ids(messages: tuple[Message, ...]) -> dict[tuple[int, int], str]:
    """The ids as received where they name one call only, else made from the call's place."""
    calls = {(m.n, i): call.id for m in messages for i, call in enumerate(m.tool_calls)}
    uses = Counter(calls.values())
    return {place: id_ if id_ and uses[id_] == 1 else f"call_{place[0]}_{place[1]}" for place, id_ in calls.items()}


# ---- in-prompt MCP ------------------------------------------------------------------------------------------------

_PROFILE = TeacherProfile(name="training", model="")


def _in_prompt(messages: tuple[Message, ...]) -> Pairs:
    wire = invocation_named("mcp")
    pairs: Pairs = []
    for role, run in groupby(messages, key=lambda m: "user" if m.role in ("tool", "user") else m.role):
        group = list(run)
        if role == "assistant":
            pairs += [(message.n, _assistant(message)) for message in group]
        else:
            units = [group] if role == "user" else [[message] for message in group]
            for unit in units:
                rendered = wire.render(unit, (), _PROFILE, replay_reasoning=False)
                pairs += [(unit[0].n, {"role": m["role"], "content": m["content"]}) for m in rendered]
    return pairs
