"""Clean trajectories to spoil: one of ours in either invocation, one imported, one with a sub-agent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from trajsynth.codec import decode, encode
from trajsynth.readers import from_chat
from trajsynth.testing import in_prompt
from trajsynth.types import Conversation, Grade, Message, Question, Run, ToolCall, ToolSpec, Trajectory, Turn

SEARCH: dict[str, Any] = {
    "type": "object",
    "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}},
    "required": ["query"],
}
OPEN: dict[str, Any] = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
TOOLS = (
    ToolSpec(
        name="pages__search",
        description="Finds pages by their words.",
        parameters=SEARCH,
        server="pages",
        tool="search",
    ),
    ToolSpec(name="pages__open", description="Opens one page.", parameters=OPEN, server="pages", tool="open"),
)
STEPS = (
    (
        "I will begin by looking for the bridge that the question is about.",
        "search",
        {"query": "stone bridge", "limit": 3},
    ),
    ("Two pages speak of it; the older one should name its builder.", "open", {"title": "Bridge of Lorn"}),
    ("Now the town in which that builder was born remains to be found.", "open", {"title": "Ada Merrow"}),
)
RESULTS = (
    "Bridge of Lorn; Bridge of Hale",
    "It was built by Ada Merrow in 1871.",
    "Born in Tolmarsh, she studied there.",
)
SUMMARY = (
    "The bridge in question is the Bridge of Lorn. Ada Merrow built it, and according to her page she came from "
    "Tolmarsh, where she also went to school. Nothing in the pages speaks against this, so the answer is "
    "\\boxed{Tolmarsh}."
)


def our_trajectory() -> Trajectory:
    """Answered, judged right, native calls, two of them in one turn, reasoning, hidden results, a mask."""
    messages = [
        Message(n=0, role="system", content="Answer."),
        Message(n=1, role="user", content="Where was she born?"),
    ]
    for (text, tool, arguments), seen in zip(STEPS, RESULTS, strict=True):
        n = len(messages)
        call = ToolCall(id=f"c{n}", name=f"pages__{tool}", arguments=json.dumps(arguments), server="pages", tool=tool)
        calls = (call, replace(call, id=f"d{n}")) if tool == "search" else (call,)
        hidden = tuple(m.n for m in messages if m.role == "tool")
        about = Turn(finish_reason="tool_calls", hidden=hidden)
        thought = "The page of the builder comes next, I am fairly sure of that."
        messages.append(Message(n=n, role="assistant", content=text, reasoning=thought, tool_calls=calls, turn=about))
        for index in range(len(calls)):
            answer = Message(n=len(messages), role="tool", content=seen, answers=(n, index))
            messages.append(replace(answer, outcome="ok", outcome_from="typed"))
    messages.append(Message(n=len(messages), role="user", content="Summarise."))
    messages.append(Message(n=len(messages), role="assistant", content=SUMMARY, turn=Turn(finish_reason="stop")))
    main = Conversation(
        teacher="t", toolsets=(TOOLS,), messages=tuple(messages), answer="Tolmarsh", stop_reason="answered"
    )
    return Trajectory(
        id="own",
        question=Question(id="q", text="Where was the builder of the old stone bridge born?", answers=("Tolmarsh",)),
        group="q",
        invocation="function_calling",
        conversations=(main,),
        answer="Tolmarsh",
        stop_reason="answered",
        grade=Grade(correct=True, method="exact"),
        masked=((0, messages[-1].n),),
        run=Run(version="1"),
    )


def chat_row() -> dict[str, Any]:
    """The same work as a plain chat row."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Where was she born?"}]
    for i, ((text, tool, arguments), seen) in enumerate(zip(STEPS, RESULTS, strict=True)):
        function = {"name": tool, "arguments": json.dumps(arguments)}
        calls = [{"id": f"x{i}", "type": "function", "function": function}]
        messages.append({"role": "assistant", "content": text, "tool_calls": calls})
        messages.append({"role": "tool", "tool_call_id": f"x{i}", "content": seen})
    messages.append({"role": "assistant", "content": SUMMARY.replace("\\boxed{Tolmarsh}", "Tolmarsh")})
    schemas = {"search": SEARCH, "open": OPEN}
    tools = [{"type": "function", "function": {"name": name, "parameters": s}} for name, s in schemas.items()]
    return {"id": "row", "messages": messages, "tools": tools, "correct": True}


def with_helper() -> Trajectory:
    """Ours, and a sub-agent whose conversation was started by the last call of the main one."""
    own = our_trajectory()
    helper = replace(own.conversations[0], agent="helper", called_by=(0, 7, 0))
    return replace(own, id="team", conversations=(own.conversations[0], helper))


def assert_whole(trajectory: Trajectory) -> None:
    """Numbers rise, results answer calls that exist, spans hold calls, nothing points nowhere."""
    for c, conversation in enumerate(trajectory.conversations):
        numbers = [message.n for message in conversation.messages]
        assert numbers == sorted(set(numbers))
        calls = {(m.n, i) for m in conversation.messages for i in range(len(m.tool_calls))}
        answered = [m.answers for m in conversation.messages if m.role == "tool"]
        assert set(answered) <= calls and len(answered) == len(set(answered))
        for message in conversation.messages:
            assert message.turn is None or all(n < message.n and n in numbers for n in message.turn.hidden)
            for call in message.tool_calls:
                if call.span is not None:
                    assert message.content[slice(*call.span)].startswith("<use_mcp_tool>")
                    assert call.arguments in message.content[slice(*call.span)]
        assert {n for d, n in trajectory.masked if d == c} <= set(numbers)
    assert decode(encode(trajectory), Trajectory) == trajectory


FORMS = {
    "own": our_trajectory(),
    "own in-prompt": in_prompt(our_trajectory()),
    "row": from_chat(chat_row()),
    "row in-prompt": in_prompt(from_chat(chat_row())),
    "team": with_helper(),
}
