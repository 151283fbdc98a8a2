"""MCP in the prompt: servers and tools are described in the system prompt, calls are written into the message.

Level 2: imports types, protocols, grammar, schemas. Tests: tests/invocation/test_mcp_prompt.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import orjson

from trajsynth.grammar import SERVERLESS, RawCall, read_calls, wire_name, write_call
from trajsynth.invocation.wire import assistant, plain, shown
from trajsynth.protocols import Reading, Reply, TeacherProfile
from trajsynth.schemas import find_tool
from trajsynth.types import Message, ToolCall, Toolset, ToolSpec

_CALL = write_call("its server", "its name", '{"argument": "value"}')
_MANY = "- Calls that do not depend on each other may be written one after another in the same message."
_ONE = "- Write one call a message; of several, only the first is executed."
_RULES = f"""# How to call a tool

You have tools. Each belongs to a server and is listed below with a JSON schema of its arguments.
To use one, end your message with a call of exactly this shape, then wait:

{_CALL}

- Between the arguments tags stands one JSON object that fits the schema; write an empty object if nothing is needed.
- A call counts only in the message itself, never inside your private reasoning, and nothing may follow it.
{{how_many}}
- What they return is sent to you as the next user message.
- A message without a call means that you are done."""


class McpPrompt:
    """Calls in the `<use_mcp_tool>` grammar (trajsynth.grammar), results as user turns.

    Grammar and tool block have the shape MiroThinker models were trained on, in our own words; `one_call` asks for one
    call a message, as their training data has it.
    """

    name = "mcp"

    def __init__(self, *, one_call: bool = False) -> None:
        self._rules = _RULES.replace("{how_many}", _ONE if one_call else _MANY)

    def system_prompt(self, instructions: str, tools: Toolset) -> str:
        """The instructions, how calls are written, and every server's tools; only the instructions without tools."""
        if not tools:
            return instructions
        parts = [instructions] if instructions else []
        return "\n\n".join([*parts, self._rules, *_listing(tools)])

    def tools_payload(self, tools: Toolset) -> bytes:
        """Empty: the tools stand in the prompt."""
        return b""

    def tools_note(self, before: Toolset, after: Toolset) -> str:
        """What is new, what is described anew, in the form of the system prompt, and what is gone."""
        old = {_own_name(spec): spec for spec in before}
        new = {_own_name(spec): spec for spec in after}
        added = [spec for name, spec in new.items() if name not in old]
        changed = [spec for name, spec in new.items() if name in old and _description(old[name]) != _description(spec)]
        gone = [f"- {tool} (server {server})" for server, tool in old if (server, tool) not in new]
        parts = ["The tools you can call have changed."] if added or changed or gone else []
        parts += ["These are new:", *_listing(added)] if added else []
        parts += ["These are called in another way now:", *_listing(changed)] if changed else []
        parts += ["These are no longer there:", "\n".join(gone)] if gone else []
        return "\n\n".join(parts)

    def read(self, reply: Reply, tools: Toolset) -> Reading:
        """The calls in the content. Incomplete ones, native ones and those inside the reasoning are a problem."""
        reading = read_calls(reply.content)
        calls = tuple(_call(raw, tools) for raw in reading.calls)
        if reading.malformed:
            return Reading(calls=calls, problem="call.malformed", detail=reading.malformed)
        if calls:
            return Reading(calls=calls)
        if reply.tool_calls:
            return Reading(
                problem="call.malformed", detail="a native tool call was made where calls are written as text"
            )
        if reading.misplaced or read_calls(reply.reasoning).calls:
            return Reading(problem="call.misplaced", detail="a call was written inside the reasoning")
        return Reading()

    def render(
        self, group: Sequence[Message], hidden: Collection[int], profile: TeacherProfile, *, replay_reasoning: bool
    ) -> list[dict[str, Any]]:
        """A run of results and user messages is one user message; calls stand in the content, never beside it."""
        if group and group[0].role == "assistant":
            return [assistant(message, hidden, profile, replay_reasoning=replay_reasoning) for message in group]
        if all(message.role in ("tool", "user") for message in group):
            return [{"role": "user", "content": _joined(group, hidden)}] if group else []
        return [plain(message, hidden) for message in group]


def _own_name(spec: ToolSpec) -> tuple[str, str]:
    return spec.server or SERVERLESS, spec.tool or spec.name


def _listing(tools: Iterable[ToolSpec]) -> list[str]:
    """Every server with its tools."""
    servers: dict[str, list[str]] = {}
    for spec in tools:
        servers.setdefault(spec.server or SERVERLESS, []).append(_description(spec))
    return ["\n\n".join([f"## Server name: {server}", *specs]) for server, specs in servers.items()]


def _description(spec: ToolSpec) -> str:
    schema = orjson.dumps(spec.parameters or {"type": "object", "properties": {}}, option=orjson.OPT_NON_STR_KEYS)
    text = spec.description.strip()
    parts = [f"### Tool name: {spec.tool or spec.name}", f"Description: {text}" if text else ""]
    return "\n".join(part for part in [*parts, f"Input JSON schema: {schema.decode()}"] if part)


def _call(raw: RawCall, tools: Toolset) -> ToolCall:
    server = "" if raw.server == SERVERLESS and all(spec.server != SERVERLESS for spec in tools) else raw.server
    written = ToolCall(
        name=wire_name(server, raw.tool), arguments=raw.arguments, server=server, tool=raw.tool, span=raw.span
    )
    spec = next((s for s in tools if s.server == server and (s.tool or s.name) == raw.tool), None)
    spec = spec or find_tool(written, tools)
    if spec is None:
        return written
    return ToolCall(name=spec.name, arguments=raw.arguments, server=server, tool=raw.tool, span=raw.span)


def _joined(group: Sequence[Message], hidden: Collection[int]) -> str:
    """Results in order, numbered when there are several, then what the user says."""
    results = [shown(message, hidden) for message in group if message.role == "tool"]
    said = [shown(message, hidden) for message in group if message.role == "user"]
    if len(results) > 1:
        results = [f"[Result {i} of {len(results)}]\n{text}" for i, text in enumerate(results, 1)]
    return "\n\n".join([*results, *said])
