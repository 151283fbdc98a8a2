"""Calls written into the text of a chat become calls, and the turns after them results.

Three grammars, tried in this order where no message has native calls: `<use_mcp_tool>` (MiroVerse, MiroThinker and our
own in-prompt rows; the markup stays in the content and calls get spans), `<tool_call>{json}</tool_call>` (Hermes,
Qwen) and ReAct (`Thought: / Action: / Action Input: / Observation:`); of the last two the markup is taken out, so that
they read as native calls. Level 1, imports types, grammar, signals and siblings. Tests: tests/readers/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from trajsynth.grammar import SERVERLESS, read_calls, wire_name
from trajsynth.readers.listing import mcp_tools
from trajsynth.readers.react import is_react, react_steps
from trajsynth.readers.tagged import TAG, responses, tagged_calls
from trajsynth.signals import error_outcome
from trajsynth.types import Conversation, Message, ToolCall, Toolset, Trajectory

_OBSERVED = re.compile(r"\A(?:Observation|OBSERVATION)[ \t]?:")
_NUMBERED = re.compile(r"^\[Result (\d+) of (\d+)\]\n", re.MULTILINE)


def with_calls(trajectory: Trajectory) -> Trajectory:
    """The trajectory with the calls of its text as calls; itself where none are written so or some are native."""
    conversation = trajectory.conversations[0]
    spoken = [m for m in conversation.messages if m.role == "assistant"]
    if any(message.tool_calls for message in spoken):
        return trajectory
    read = next((read for read, fits in _GRAMMARS if any(fits(m.content) for m in spoken)), None)
    return trajectory if read is None else read(trajectory, conversation)


def _rebuilt(trajectory: Trajectory, conversation: Conversation, layout: str, invocation: str) -> Trajectory:
    source = trajectory.run.source.rpartition(":")[0]
    run = replace(trajectory.run, source=f"{source}:{layout}")
    return replace(trajectory, invocation=invocation, conversations=(conversation,), run=run)


@dataclass
class _Transcript:
    """A conversation written anew: messages numbered, results linked to open calls in order."""

    messages: list[Message] = field(default_factory=list)
    open: list[tuple[int, int]] = field(default_factory=list)

    def add(self, message: Message) -> None:
        """An assistant message opens its calls; any other message is taken as it is."""
        message = replace(message, n=len(self.messages))
        if message.role == "assistant":
            self.open = [(message.n, index) for index in range(len(message.tool_calls))]
        elif message.role == "tool" and message.answers is None:
            self.result(message.content, message)
            return
        self.messages.append(message)

    def result(self, content: str, like: Message | None = None) -> None:
        """The result of the next open call."""
        extra = {} if like is None else like.extra
        self.messages.append(
            Message(
                n=len(self.messages),
                role="tool",
                content=content,
                extra=extra,
                answers=self.open.pop(0) if self.open else None,
                outcome=error_outcome(content) or "ok",
                outcome_from="text",
            )
        )

    def results(self, contents: Iterable[str]) -> None:
        for content in contents:
            self.result(content)


# ---- <use_mcp_tool> -----------------------------------------------------------------------------------------------


def _mcp(trajectory: Trajectory, conversation: Conversation) -> Trajectory:
    """The user turn after a turn with calls is their result, several where it numbers them."""
    prompt = "\n\n".join(m.content for m in conversation.messages if m.role == "system")
    listed = mcp_tools(prompt)
    toolsets = conversation.toolsets or (() if listed is None else (listed,))
    out = _Transcript()
    for message in conversation.messages:
        if message.role == "assistant":
            out.add(replace(message, tool_calls=_mcp_calls(message.content, toolsets)))
        elif message.role == "user" and out.open:
            out.results(_split(message.content, len(out.open)))
            out.open = []
        else:
            out.add(message)
    changed = replace(conversation, toolsets=toolsets, messages=tuple(out.messages))
    return _rebuilt(trajectory, changed, "mcp", "mcp")


def _mcp_calls(content: str, toolsets: tuple[Toolset, ...]) -> tuple[ToolCall, ...]:
    tools = toolsets[0] if toolsets else ()
    calls = []
    for raw in read_calls(content).calls:
        server = "" if raw.server == SERVERLESS and all(spec.server != SERVERLESS for spec in tools) else raw.server
        own = (spec for spec in tools if spec.server in (server, "") and (spec.tool or spec.name) == raw.tool)
        name = next((spec.name for spec in own), wire_name(server, raw.tool))
        calls.append(ToolCall(name=name, arguments=raw.arguments, server=server, tool=raw.tool, span=raw.span))
    return tuple(calls)


def _split(content: str, calls: int) -> list[str]:
    """The results in a user turn; one where it does not number exactly as many as there are calls."""
    marks = list(_NUMBERED.finditer(content)) if calls > 1 else []
    numbered = [(int(mark[1]), int(mark[2])) for mark in marks]
    if numbered != [(i, calls) for i in range(1, calls + 1)] or marks[0].start():
        return [content]
    ends = [mark.start() for mark in marks[1:]]
    parts = [content[mark.end() : end].removesuffix("\n\n") for mark, end in zip(marks, ends, strict=False)]
    return [*parts, content[marks[-1].end() :]]


# ---- <tool_call> and ReAct ----------------------------------------------------------------------------------------


def _hermes(trajectory: Trajectory, conversation: Conversation) -> Trajectory:
    """What stands between tool-response tags after a call is its result, whoever says it."""
    out = _Transcript()
    for message in conversation.messages:
        if message.role == "assistant":
            said, calls = tagged_calls(message.content)
            out.add(replace(message, content=said, tool_calls=calls))
        elif message.role in ("user", "tool") and out.open and "<tool_response>" in message.content:
            parts, rest = responses(message.content)
            out.results(parts)
            if rest:
                out.add(Message(n=0, role="user", content=rest))
        else:
            out.add(message)
    return _rebuilt(trajectory, replace(conversation, messages=tuple(out.messages)), "hermes", trajectory.invocation)


def _react(trajectory: Trajectory, conversation: Conversation) -> Trajectory:
    """One text may hold many steps; after a text that ends with a call the next user turn is its observation."""
    out = _Transcript()
    tools = conversation.toolsets[0] if conversation.toolsets else ()
    for message in conversation.messages:
        if message.role == "assistant" and is_react(message.content):
            for step in react_steps(message.content, tools):
                calls = () if step.call is None else (step.call,)
                out.add(replace(message, content=step.said, tool_calls=calls))
                if step.seen is not None:
                    out.result(step.seen)
        elif message.role == "user" and out.open:
            out.result(_OBSERVED.sub("", message.content.strip()).strip())
        else:
            out.add(message)
    return _rebuilt(trajectory, replace(conversation, messages=tuple(out.messages)), "react", trajectory.invocation)


_GRAMMARS: Final[tuple[tuple[Callable[[Trajectory, Conversation], Trajectory], Callable[[str], object]], ...]] = (
    (_mcp, lambda content: read_calls(content).calls),
    (_hermes, lambda content: TAG in content and tagged_calls(content)[1]),
    (_react, is_react),
)
