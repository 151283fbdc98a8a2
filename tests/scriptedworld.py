"""Rollouts of the scripted policy in this process: the real loop and corpus tools, no HTTP between them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from trajsynth.generate import NullJournal
from trajsynth.invocation import invocation
from trajsynth.paradigms.context import KeepLastResults
from trajsynth.paradigms.react import ReAct
from trajsynth.protocols import ChatRequest, Episode, Limits, Paradigm, Reply, Rollout, TeacherProfile
from trajsynth.teachers.scripted.server import reply
from trajsynth.teachers.scripted.settings import Settings
from trajsynth.tools.corpus import CorpusTools
from trajsynth.tools.toolbox import Toolbox
from trajsynth.types import Grade, Question, Run, ToolCall, Trajectory, Usage


@dataclass
class DirectTeacher:
    """The policy as a protocols.Teacher without a server."""

    settings: Settings
    name: str = "scripted"
    requests: list[bytes] = field(default_factory=list)

    @property
    def profile(self) -> TeacherProfile:
        return TeacherProfile(name=self.name, model=self.settings.model, context_tokens=0)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def complete(self, request: ChatRequest) -> Reply:
        body = {
            "model": self.settings.model,
            "messages": [orjson.loads(m) for m in request.messages],
            "seed": request.seed,
        }
        if request.tools:
            body["tools"] = orjson.loads(request.tools)
        if request.tool_choice:
            body["tool_choice"] = request.tool_choice
        raw = orjson.dumps(body)
        self.requests.append(raw)
        response = reply(self.settings, orjson.loads(raw))
        message = response["choices"][0]["message"]
        calls = tuple(
            ToolCall(id=c["id"], name=c["function"]["name"], arguments=c["function"]["arguments"])
            for c in message.get("tool_calls", ())
        )
        return Reply(
            content=message["content"],
            reasoning=message.get("reasoning_content", ""),
            tool_calls=calls,
            finish_reason=response["choices"][0]["finish_reason"],
            usage=Usage(input=response["usage"]["prompt_tokens"], output=response["usage"]["completion_tokens"]),
            planted=tuple(response.get("trajsynth_planted", ())),
        )


async def rollout(
    settings: Settings,
    question: Question,
    documents: Path | None,
    *,
    style: str = "function_calling",
    seed: int = 0,
    rollback: int = 0,
    max_turns: int = 60,
    paradigm: Paradigm | None = None,
) -> Episode:
    """One episode; without `documents` there are no tools."""
    sources = [] if documents is None else [CorpusTools(documents)]
    async with Toolbox(sources) as box:
        return await (paradigm or ReAct()).run(
            Rollout(
                id=f"{question.id}/{seed}",
                question=question,
                seed=seed,
                teacher=DirectTeacher(settings),
                toolbox=box,
                invocation=invocation(style),
                context=KeepLastResults(keep=5),
                journal=NullJournal(),
                limits=Limits(max_turns=max_turns, rollback=rollback),
            )
        )


def play(settings: Settings, questions: Sequence[Question], documents: Path | None, **options: object) -> list[Episode]:
    """One episode a question."""

    async def all_of_them() -> list[Episode]:
        return [await rollout(settings, question, documents, **options) for question in questions]  # type: ignore[arg-type]

    return asyncio.run(all_of_them())


def written(episode: Episode) -> str:
    """Everything the agent wrote: reasoning, text and call arguments."""
    parts = []
    for message in episode.conversations[0].messages:
        if message.role == "assistant":
            parts += [message.reasoning, message.content, *(call.arguments for call in message.tool_calls)]
    return "\n".join(parts)


def trajectory(question: Question, episode: Episode, name: str, style: str) -> Trajectory:
    """The record of an episode, graded by its accepted answers."""
    return Trajectory(
        id=name,
        question=question,
        group=question.id,
        teacher="scripted",
        paradigm="react",
        invocation=style,
        conversations=episode.conversations,
        answer=episode.answer,
        stop_reason=episode.stop_reason,
        failure=episode.failure,
        grade=Grade(correct=episode.answer in question.answers, method="exact"),
        rollbacks=episode.rollbacks,
        run=Run(planted=episode.planted),
    )
