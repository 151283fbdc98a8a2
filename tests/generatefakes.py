"""Scripted teacher, tools and paradigm for the runner's tests: what they say follows from seed and step alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from trajsynth.config import Config, convert
from trajsynth.errors import RolloutError
from trajsynth.generate.plan import Plan
from trajsynth.generate.rundir import RunDir
from trajsynth.protocols import ChatRequest, Episode, Reply, Rollout, TeacherProfile, ToolResult
from trajsynth.types import Conversation, Document, Grade, Message, Question, Toolset, ToolSpec, Turn, Usage


def make_config(**changes: Any) -> Config:
    """Two scripted teachers on a local question file."""
    data: dict[str, Any] = {
        "questions": {"kind": "dataset", "path": "questions.jsonl"},
        "teachers": {"a": {"kind": "scripted"}, "b": {"kind": "scripted", "profile": "hasty"}},
        "name": "night",
        "concurrency": 4,
    }
    return convert(data | changes)


def make_questions(n: int, start: int = 0) -> list[Question]:
    page = (Document(title="page", text="words"),)
    return [Question(id=f"q{i}", text=f"question {i}?", answers=(f"a{i}",), documents=page) for i in range(start, n)]


def word(*parts: object) -> str:
    return blake2b(repr(parts).encode(), digest_size=6).hexdigest()


@dataclass
class FakeTeacher:
    """Answers after `delay` seconds; `log` gets one line per request that reached it; `trouble` may raise."""

    name: str = "a"
    delay: float = 0.0
    log: Path | None = None
    trouble: Callable[[ChatRequest], None] = lambda request: None
    requests: int = 0

    @property
    def profile(self) -> TeacherProfile:
        return TeacherProfile(name=self.name, model="fake")

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def complete(self, request: ChatRequest) -> Reply:
        self.requests += 1
        if self.log is not None:
            descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(descriptor, f"{request.route} {len(request.messages)}\n".encode())
            os.close(descriptor)
        self.trouble(request)
        text = word(self.name, request.seed, request.messages)
        await asyncio.sleep(self.delay * (0.5 + int(text[:2], 16) / 256))
        return Reply(content=text, usage=Usage(calls=1, input=10, output=2, usd=0.001), latency=0.1)


class FakeToolbox:
    def tools(self) -> Toolset:
        return ()

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        return ToolResult(text=word("tool", arguments))


@dataclass
class Steps:
    """A paradigm of `steps` turns with a tool call each; `before` runs at every turn and may fail or break."""

    name: str = "react"
    steps: int = 3
    before: Callable[[Rollout, int], Awaitable[None] | None] = lambda rollout, step: None

    async def run(self, rollout: Rollout) -> Episode:
        messages: list[Message] = [Message(n=0, role="user", content=rollout.question.text)]
        try:
            for step in range(self.steps):
                waiting = self.before(rollout, step)
                if waiting is not None:
                    await waiting
                messages += await self._turn(rollout, step, messages)
        except RolloutError as error:
            return self._episode(messages, None, error)
        return self._episode(messages, messages[-2].content, None)

    async def _turn(self, rollout: Rollout, step: int, messages: Sequence[Message]) -> list[Message]:
        body = tuple(message.content.encode() for message in messages)
        request = ChatRequest(messages=body, seed=rollout.seed, route=rollout.id)
        reply = await rollout.journal.reply(f"main/{step}/0", lambda: rollout.teacher.complete(request))
        spec, arguments = ToolSpec(name="t"), {"q": reply.content}
        result = await rollout.journal.result(
            f"main/{step}/0/0", lambda: rollout.toolbox.call(spec, arguments, rollout=rollout.id)
        )
        n = len(messages)
        turn = Turn(usage=reply.usage, seed=rollout.seed)
        return [
            Message(n=n, role="assistant", content=reply.content, turn=turn),
            Message(n=n + 1, role="tool", content=result.text, answers=(n, 0), outcome=result.outcome),
        ]

    def _episode(self, messages: Sequence[Message], answer: str | None, error: RolloutError | None) -> Episode:
        return Episode(
            conversations=(Conversation(messages=tuple(messages)),),
            answer=answer,
            stop_reason="answered" if error is None else "failed",
            failure=None if error is None else error.failure(),
        )


class NoInvocation:
    name = "function_calling"

    def system_prompt(self, instructions: str, tools: Toolset) -> str:
        return instructions

    def tools_payload(self, tools: Toolset) -> bytes:
        return b""

    def tools_note(self, before: Toolset, after: Toolset) -> str:
        return ""

    def read(self, reply: Reply, tools: Toolset) -> Any: ...

    def render(
        self, group: Sequence[Message], hidden: Collection[int], profile: TeacherProfile, *, replay_reasoning: bool
    ) -> list[dict[str, Any]]:
        return []


class NoContext:
    def hidden(self, messages: Sequence[Message]) -> frozenset[int]:
        return frozenset()

    def clip(self, text: str) -> str:
        return text


@dataclass
class FakeGrader:
    name: str = "fake"
    seen: list[str] = field(default_factory=list)

    async def grade(self, question: Question, answer: str) -> Grade:
        self.seen.append(question.id)
        return Grade(correct=int(answer[:1] or "0", 16) % 2 == 0, method=self.name)


def make_plan(rundir: RunDir, config: Config, n: int = 6, **changes: Any) -> Plan:
    parts: dict[str, Any] = {
        "questions": make_questions(n),
        "teachers": {"a": FakeTeacher("a"), "b": FakeTeacher("b")},
        "toolbox": FakeToolbox(),
        "paradigms": {"react": Steps()},
        "invocations": {"function_calling": NoInvocation()},
        "context": NoContext,
        "grader": FakeGrader(),
        "quiet": True,
        "signals": False,
    }
    parts |= changes
    grader = parts["grader"]
    if hasattr(grader, "grade"):
        parts["grader"] = lambda teachers: grader
    return Plan(config=config, rundir=rundir, **parts)
