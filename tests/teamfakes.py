"""A teacher that plays every part of a MiroFlow team from the request alone, so order does not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from loopfakes import ANSWER, DONE, call, saying

from trajsynth.grammar import write_call
from trajsynth.protocols import ChatRequest, Reply
from trajsynth.types import ToolCall, Usage

PLAN = saying("1. Ask about A and B.\n2. Compare.")
Part = Callable[[list[dict[str, Any]]], Reply | Exception]


def task(text: str, role: str = "browsing") -> ToolCall:
    """A call that gives a task."""
    return ToolCall(id="t", name=f"agents__{role}", arguments=orjson.dumps({"task": text}).decode())


class Team:
    """`lead` and `member` make a reply of the wire messages (the lead's after the plan); `native`: calls are."""

    def __init__(self, lead: Part | None = None, member: Part | None = None, *, native: bool = True) -> None:
        self.lead, self.member, self.native = lead or leading(task("A"), task("B")), member or searching, native

    def __call__(self, request: ChatRequest) -> Reply:
        talk = [orjson.loads(message) for message in request.messages]
        reply: Reply | Exception
        if "agent of a research team" in talk[0]["content"]:
            reply = self.member(talk)
        elif len(talk) == 2:
            reply = PLAN
        else:
            reply = ANSWER if "\\boxed" in talk[-1]["content"] else self.lead(talk)
        if isinstance(reply, Exception):
            raise reply
        return reply if self.native else written(reply)


def leading(*tasks: ToolCall) -> Part:
    """Gives these tasks at once and is done when reports are there."""

    def lead(talk: list[dict[str, Any]]) -> Reply:
        begun = "Now carry out the plan" in talk[-1]["content"]
        return Reply(content="I pass it on.", tool_calls=tasks, usage=Usage(calls=1)) if begun else DONE

    return lead


def searching(talk: list[dict[str, Any]]) -> Reply:
    """Searches once for its task, then reports what it found."""
    last = talk[-1]["content"]
    if "Write the report" in last:
        return saying(f"<think>Well.</think>{talk[1]['content']} is known.")
    return DONE if "found" in last else Reply(content="I look.", tool_calls=(call(talk[1]["content"]),), usage=one())


def one() -> Usage:
    return Usage(calls=1)


def written(reply: Reply) -> Reply:
    """The reply with its calls in the prompt's grammar."""
    calls = [_place(c) for c in reply.tool_calls]
    text = "\n\n".join([reply.content, *(write_call(*place) for place in calls)])
    return replace(reply, content=text, tool_calls=())


def _place(c: ToolCall) -> tuple[str, str, str]:
    server, _, tool = c.name.rpartition("__")
    return server or "s", tool, c.arguments
