"""Fakes for the loop: a teacher that speaks a list of replies, a toolbox of lambdas, a journal that remembers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from trajsynth.invocation import invocation
from trajsynth.paradigms import KeepLastResults
from trajsynth.protocols import ChatRequest, Limits, Reply, Rollout, TeacherProfile, ToolResult
from trajsynth.types import Question, ToolCall, Toolset, ToolSpec, Usage

SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
Script = Sequence[Reply | Exception] | Callable[[ChatRequest], Reply]


class SpeakingTeacher:
    """Answers with the script's replies in order, or with what a function makes of the request."""

    def __init__(self, script: Script, **profile: Any) -> None:
        self.script = script
        self.profile = TeacherProfile(name="teacher", model="m", **profile)
        self.requests: list[ChatRequest] = []

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def complete(self, request: ChatRequest) -> Reply:
        self.requests.append(request)
        reply = self.script(request) if callable(self.script) else self.script[len(self.requests) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def sent(self, index: int) -> list[dict[str, Any]]:
        """The wire messages of request `index`."""
        return [orjson.loads(message) for message in self.requests[index].messages]


class LambdaToolbox:
    """Tools made of functions from arguments to ToolResult or text."""

    def __init__(self, **tools: Callable[[dict[str, Any]], ToolResult | str]) -> None:
        self.functions = tools
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def tools(self) -> Toolset:
        return tuple(
            ToolSpec(name=name, description=name, parameters=SCHEMA, server="s", tool=name, poll=name == "poll")
            for name in self.functions
        )

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        self.calls.append((spec.name, arguments))
        result = self.functions[spec.name](arguments)
        return result if isinstance(result, ToolResult) else ToolResult(text=result)


@dataclass
class MemoryJournal:
    """Remembers every event by key, as the file journal does."""

    events: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, Toolset] = field(default_factory=dict)

    async def reply(self, key: str, make: Callable[[], Awaitable[Reply]]) -> Reply:
        return await self._serve(key, make)

    async def result(self, key: str, make: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        return await self._serve(key, make)

    def tools(self, key: str, offered: Toolset) -> Toolset:
        return self.lists.setdefault(key, offered)

    async def _serve(self, key: str, make: Callable[[], Awaitable[Any]]) -> Any:
        if key not in self.events:
            self.events[key] = await make()
        return self.events[key]


def call(q: str | None = None, *, name: str = "search", raw: str | None = None) -> ToolCall:
    """A native call as the endpoint hands it over."""
    return ToolCall(id="c", name=name, arguments=raw if raw is not None else orjson.dumps({"q": q}).decode())


def acting(*calls: ToolCall, content: str = "I look.", **more: Any) -> Reply:
    return Reply(content=content, tool_calls=calls, finish_reason="tool_calls", usage=Usage(calls=1), **more)


def saying(content: str, **more: Any) -> Reply:
    return Reply(content=content, finish_reason="stop", **({"usage": Usage(calls=1)} | more))


DONE = saying("I know it now.")
ANSWER = saying(r"It follows that \boxed{Paris}.")


def make_rollout(
    script: Script, *, how: str = "function_calling", profile: dict[str, Any] | None = None, **more: Any
) -> Rollout:
    """A rollout whose teacher speaks the script; further names are limits or parts of the rollout."""
    limits = Limits(**{key: more.pop(key) for key in list(more) if key in Limits.__slots__})
    rollout = Rollout(
        id="r",
        question=Question(id="q", text="What is the capital of France?"),
        seed=7,
        teacher=SpeakingTeacher(script, **(profile or {})),
        toolbox=LambdaToolbox(search=lambda arguments: f"found {arguments['q']}"),
        invocation=invocation(how),
        context=KeepLastResults(),
        journal=MemoryJournal(),
        limits=limits,
    )
    return replace(rollout, **more)
