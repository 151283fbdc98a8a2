"""Native function calling: tools go into the request's `tools`, calls come back as `tool_calls`.

Level 2: imports types, protocols, grammar, schemas. Tests: tests/invocation/test_function_calling.py.

On the wire a call is known by its position, never by the id it came with: ids are missing or repeat in real replies,
and a request needs each exactly once. The record keeps the id as received.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import orjson

from trajsynth.grammar import read_calls, wire_name
from trajsynth.invocation.wire import assistant, plain, shown
from trajsynth.protocols import Reading, Reply, TeacherProfile
from trajsynth.schemas import find_tool, parse_arguments
from trajsynth.types import Message, ToolCall, Toolset, ToolSpec

_CACHED_PAYLOADS = 64
_MARKUP = re.compile(
    r"<tool_call>\s{0,20}(?:\{|<function=|\w{1,64}\s{0,9}<arg_key>)"  # Hermes and Qwen, GLM
    r"|<function=[\w.-]{1,64}>\s{0,20}[{<]"  # Llama, Qwen coder
    r"|<\|tool_calls?_(?:section_)?begin\|>"  # Kimi
    r"|<｜tool▁calls?▁begin｜>"  # DeepSeek
    r"|\[TOOL_CALLS\]\s{0,20}(?:\[|\w{1,64}\[ARGS\])"  # Mistral
    r"|<\|python_tag\|>\s{0,20}\{"  # Llama
    r"|<invoke name=\"[\w.-]{1,64}\">"  # Claude, MiniMax
    r"|<\|channel\|>commentary to=functions\."  # GPT-OSS
)
"""Openings of written calls that no prose has by chance, bounded so that they are searched in linear time."""


class FunctionCalling:
    """Tools as the OpenAI chat API has them."""

    name = "function_calling"

    def __init__(self) -> None:
        self._payloads: dict[int, tuple[Toolset, bytes]] = {}

    def system_prompt(self, instructions: str, tools: Toolset) -> str:
        """The instructions alone: the tools travel beside the messages."""
        return instructions

    def tools_payload(self, tools: Toolset) -> bytes:
        """The `tools` array as JSON, written once per toolset; empty without tools."""
        if not tools:
            return b""
        known = self._payloads.get(id(tools))
        if known is None or known[0] is not tools:  # the toolset is kept beside its bytes, so its id stays its own
            if len(self._payloads) >= _CACHED_PAYLOADS:
                self._payloads.clear()
            known = (tools, orjson.dumps([_definition(spec) for spec in tools], option=orjson.OPT_NON_STR_KEYS))
            self._payloads[id(tools)] = known
        return known[1]

    def tools_note(self, before: Toolset, after: Toolset) -> str:
        """Empty: the next request carries the new list."""
        return ""

    def read(self, reply: Reply, tools: Toolset) -> Reading:
        """The native calls, with server and tool filled in. Calls written as text are a problem, not calls."""
        if reply.tool_calls:
            return Reading(calls=tuple(_located(call, tools) for call in reply.tool_calls))
        return _written_calls(reply.content, reply.reasoning)

    def render(
        self, group: Sequence[Message], hidden: Collection[int], profile: TeacherProfile, *, replay_reasoning: bool
    ) -> list[dict[str, Any]]:
        """One wire message per message."""
        return [self._wire(message, hidden, profile, replay_reasoning) for message in group]

    def _wire(self, message: Message, hidden: Collection[int], profile: TeacherProfile, replay: bool) -> dict[str, Any]:
        if message.role == "tool":
            return {"role": "tool", "tool_call_id": _answered(message), "content": shown(message, hidden)}
        if message.role != "assistant":
            return plain(message, hidden)
        wire = assistant(message, hidden, profile, replay_reasoning=replay)
        if message.tool_calls:
            wire["tool_calls"] = [_wire_call(message.n, i, call) for i, call in enumerate(message.tool_calls)]
        return wire


def _definition(spec: ToolSpec) -> dict[str, Any]:
    function: dict[str, Any] = {"name": spec.name}
    if spec.description:
        function["description"] = spec.description
    function["parameters"] = spec.parameters or {"type": "object", "properties": {}}
    return {"type": "function", "function": function}


def _located(call: ToolCall, tools: Toolset) -> ToolCall:
    spec = find_tool(call, tools)
    return call if spec is None else replace(call, server=spec.server, tool=spec.tool or spec.name)


def _written_calls(content: str, reasoning: str) -> Reading:
    """Call markup in a reply without native calls: the teacher's parser is off, or it called while thinking."""
    reading = read_calls(content)
    thought, _, said = content.rpartition("</think>")
    if reading.calls or reading.malformed or _MARKUP.search(said):
        return Reading(problem="call.malformed", detail="a call was written as text instead of a native tool call")
    if reading.misplaced or read_calls(reasoning).calls or _MARKUP.search(reasoning) or _MARKUP.search(thought):
        return Reading(problem="call.misplaced", detail="a call was written inside the reasoning")
    return Reading()


def _call_id(n: int, index: int) -> str:
    """Nine letters and digits, the strictest form a provider asks for (Mistral: `[a-zA-Z0-9]{9}`)."""
    return f"c{n:06d}{index:02d}"


def _answered(message: Message) -> str:
    return _call_id(*message.answers) if message.answers else _call_id(message.n, 0)


def _wire_call(n: int, index: int, call: ToolCall) -> dict[str, Any]:
    function = {"name": wire_name("", call.name), "arguments": _wire_arguments(call.arguments)}
    return {"id": _call_id(n, index), "type": "function", "function": function}


def _wire_arguments(raw: str) -> str:
    """The arguments as written where they are an object; servers refuse a history with anything else (vLLM: 400)."""
    if not raw.strip():
        return "{}"
    if parse_arguments(raw).code:
        return orjson.dumps({"invalid_arguments": raw}).decode()
    return raw
