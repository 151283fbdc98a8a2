"""What a scripted teacher can know: the request body read into question, tools, steps and results so far.

Every request is read anew, so the server keeps no state. Imports the standard library, orjson and `trajsynth.grammar`.
Tests: tests/teachers/scripted/test_scripted_reading.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import orjson

from trajsynth.grammar import read_calls

ToolKind = Literal["search", "open", "find", "other"]
Part = Literal["alone", "planner", "lead", "agent"]
_KINDS: tuple[ToolKind, ...] = ("open", "find", "search")

_SERVER = re.compile(r"(?im)^[#*\s-]*(?:mcp )?server(?:[ _]name)?\s*[:=]\s*[`\"*]*([\w.@/-]+)")
_TOOL = re.compile(r"(?im)^[#*\s-]*tool(?:[ _]name)?\s*[:=]\s*[`\"*]*([\w.@/-]+)")
_PLAN_FIRST = re.compile(r"(?i)\byour first message is (?:only )?the plan\b")
_MEMBER = re.compile(r"(?i)\byou are (?:the|a|an) [\w-]+ agent of a (?:research )?team\b")
_REPORT = re.compile(r"(?i)\bwrite (?:the|your|a) report\b")
_PART = re.compile(r"(?m)^\[Result \d+ of \d+\]\n")
_ERROR = re.compile(
    r"(?i)\s*(?:invalid call|not executed|error|there is no |several pages |no such |argument |unknown"
    r"|.{0,80}not found)"
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the conversation offers it."""

    name: str
    """Wire name (native)."""
    server: str
    tool: str
    """The server's own name, as in-prompt calls write it."""
    description: str
    properties: Mapping[str, Any]
    required: tuple[str, ...]

    @property
    def delegates(self) -> bool:
        """It gives a task to another agent."""
        return "task" in self.properties and "agent" in f"{self.server} {self.description}".lower()

    @property
    def kind(self) -> ToolKind:
        """What it is good for, judged by name, else by description."""
        name = self.tool.lower()
        if self.delegates:
            return "other"
        if "query" in self.properties or "q" in self.properties:
            return "search"
        for kind in _KINDS:
            if name.endswith(kind):
                return kind
        if "search" in name or name.startswith(("query", "lookup")):
            return "search"
        if self.texts and ("open" in name or "fetch" in name or "read" in name):
            return "open"
        if "search" in self.description.lower() and self.texts:
            return "search"
        return "other"

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the string arguments, required ones first."""
        names = [n for n, s in self.properties.items() if isinstance(s, Mapping) and s.get("type") == "string"]
        return tuple(sorted(names, key=lambda n: n not in self.required))


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call made earlier."""

    tool: str
    arguments: Mapping[str, Any]
    """Empty when they could not be read."""
    raw: str

    @property
    def key(self) -> str:
        """The same for the same call."""
        return f"{self.tool}\0{orjson.dumps(self.arguments, option=orjson.OPT_SORT_KEYS).decode()}"


@dataclass(frozen=True, slots=True)
class Step:
    """One assistant turn and what came back."""

    content: str
    reasoning: str
    calls: tuple[PastCall, ...]
    results: tuple[str, ...]

    @property
    def stumbled(self) -> bool:
        """One of the results looks like an error."""
        return any(_ERROR.match(text) for text in self.results)

    @property
    def failed(self) -> bool:
        """Every result looks like an error."""
        return bool(self.results) and all(_ERROR.match(text) for text in self.results)


@dataclass(frozen=True, slots=True)
class View:
    """A request as the policy sees it."""

    first: str
    """First user message, whole: what faults are drawn for."""
    question: str
    steps: tuple[Step, ...]
    tools: tuple[Tool, ...]
    in_prompt: bool
    """Calls are written as text."""
    summary: bool
    """The answer is asked for now; no calls."""
    seed: int
    part: Part = "alone"
    """What the prompts make of the teacher: one agent by itself, the lead of a team, or one of the team."""

    def tool(self, *kinds: ToolKind) -> Tool | None:
        """The first tool of the first kind there is."""
        for kind in kinds:
            for tool in self.tools:
                if tool.kind == kind:
                    return tool
        return None


def view(body: Mapping[str, Any]) -> View:
    """Read a chat-completion request; foreign or odd messages are skipped, never an error."""
    messages = [m for m in items(body.get("messages")) if isinstance(m, Mapping)]
    system = "\n".join(text_of(m) for m in messages if m.get("role") in ("system", "developer"))
    talk = [m for m in messages if m.get("role") in ("user", "assistant", "tool", "function")]
    first = next((text_of(m) for m in talk if m.get("role") == "user"), "")
    native = native_tools(items(body.get("tools")))
    prompted = () if native else prompted_tools(system)
    last = text_of(talk[-1]) if talk and talk[-1].get("role") == "user" else ""
    part = _part(system, native or prompted, bool(last) and len(talk) == 1)
    begun = any(m.get("role") == "assistant" for m in talk)
    seed = body.get("seed")
    return View(
        first=first,
        question=question_of(first),
        steps=tuple(_steps(talk, written=bool(prompted))),
        tools=native or prompted,
        in_prompt=bool(prompted),
        summary=("\\boxed" in last or (part == "agent" and _REPORT.search(last) is not None))
        and (begun or not (native or prompted)),
        seed=seed if isinstance(seed, int) else 0,
        part=part,
    )


def _part(system: str, tools: Sequence[Tool], first: bool) -> Part:
    if first and _PLAN_FIRST.search(system):
        return "planner"
    if any(tool.delegates for tool in tools):
        return "lead"
    return "agent" if _MEMBER.search(system) else "alone"


def question_of(text: str) -> str:
    """The question inside a first message: what follows `Question:`, else all, without a request for `\\boxed{}`."""
    match = re.search(r"(?im)^\W*question\W*:\W*", text)
    text = text[match.end() :] if match else text
    kept = [part for part in text.split("\n") if "\\boxed" not in part]
    return " ".join(" ".join(kept).split())


def items(value: Any) -> Sequence[Any]:
    """The value if it is a list, else nothing."""
    return value if isinstance(value, list) else ()


def text_of(message: Mapping[str, Any]) -> str:
    """Content as text; a list of parts is joined."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in items(content) if isinstance(part, Mapping))


# ---- tools ------------------------------------------------------------------------------------------------------


def native_tools(definitions: Sequence[Any]) -> tuple[Tool, ...]:
    """Tools of the request's `tools`."""
    found = []
    for definition in definitions:
        function = definition.get("function") if isinstance(definition, Mapping) else None
        if isinstance(function, Mapping) and function.get("name"):
            name = str(function["name"])
            server, _, own = name.rpartition("__")
            found.append(_tool(name, server, own, str(function.get("description") or ""), function.get("parameters")))
    return tuple(found)


@lru_cache(maxsize=64)
def prompted_tools(system: str) -> tuple[Tool, ...]:
    """Tools that a system prompt describes server by server, each with its JSON Schema."""
    if "use_mcp_tool" not in system:
        return ()
    marks = sorted(
        [(m.start(), "server", m[1], m.end()) for m in _SERVER.finditer(system)]
        + [(m.start(), "tool", m[1], m.end()) for m in _TOOL.finditer(system)]
    )
    found, server = [], ""
    for i, (_, what, name, end) in enumerate(marks):
        stop = marks[i + 1][0] if i + 1 < len(marks) else len(system)
        if what == "server":
            server = name
        elif (schema := _schema(system[end:stop])) is not None:
            found.append(_tool(f"{server}__{name}", server, name, system[end:stop].partition("{")[0].strip(), schema))
    return tuple(found)


def _schema(text: str) -> Mapping[str, Any] | None:
    at = text.find("{")
    while at >= 0:
        try:
            value, _ = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            at = text.find("{", at + 1)
            continue
        return value if isinstance(value, Mapping) else None
    return None


def _tool(name: str, server: str, own: str, description: str, schema: Any) -> Tool:
    schema = schema if isinstance(schema, Mapping) else {}
    properties = schema.get("properties")
    required = schema.get("required")
    return Tool(
        name=name,
        server=server,
        tool=own,
        description=description,
        properties=properties if isinstance(properties, Mapping) else {},
        required=tuple(str(name) for name in items(required)),
    )


# ---- steps ------------------------------------------------------------------------------------------------------


def _steps(talk: Sequence[Mapping[str, Any]], *, written: bool) -> Iterator[Step]:
    current: Mapping[str, Any] | None = None
    results: list[str] = []
    for message in talk:
        if message.get("role") == "assistant":
            if current is not None:
                yield _step(current, results, written=written)
            current, results = message, []
        elif current is not None:
            results.append(text_of(message))
    if current is not None:
        yield _step(current, results, written=written)


def _step(message: Mapping[str, Any], results: Sequence[str], *, written: bool) -> Step:
    content = text_of(message)
    calls = [_native_call(call) for call in items(message.get("tool_calls")) if isinstance(call, Mapping)]
    if written and not calls:
        calls = [_past(call.tool, call.arguments) for call in read_calls(content).calls]
    if len(calls) > 1 and len(results) == 1:  # in-prompt calls: all results in one user turn
        results = [part.strip() for part in _PART.split(results[0])[1:]] or results
    reasoning = str(message.get("reasoning_content") or message.get("reasoning") or "")
    return Step(content, reasoning, tuple(calls), tuple(results))


def _native_call(call: Mapping[str, Any]) -> PastCall:
    function = call.get("function")
    function = function if isinstance(function, Mapping) else {}
    return _past(str(function.get("name") or "").rpartition("__")[2], function.get("arguments"))


def _past(tool: str, arguments: Any) -> PastCall:
    raw = arguments if isinstance(arguments, str) else json.dumps(arguments, default=str)
    try:
        parsed = orjson.loads(raw)
    except ValueError:
        parsed = None
    return PastCall(tool, parsed if isinstance(parsed, dict) else {}, raw)
