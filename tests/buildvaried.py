"""Trajectories with everything in them that makes a layout lose something: seeded, so a failure comes back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from trajsynth.grammar import write_call
from trajsynth.types import Conversation, Grade, Message, Question, ToolCall, ToolSpec, Trajectory

WORDS = [
    "plan",
    "Zürich",
    "東京の駅",
    "🜚 gold",
    "שלום",
    "a\u2028b",
    "tab\there",
    'quo"te',
    "back\\slash",
    "  spaced  ",
    "\n",
    "{}",
]
WORDS += ["</tool_response>", "null", "1e5", "x" * 400]
SETS: tuple[tuple[ToolSpec, ...], ...] = (
    (ToolSpec(name="web__search", description="Look up «things».", parameters={
        "type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}),),
    (ToolSpec(name="files__open", parameters={"type": "object", "properties": {"path": {"type": "string"}}}),
     ToolSpec(name="files__grep", description="", parameters={
         "type": "object", "properties": {"where": {"type": "array", "items": {"type": "string"}}}})),
    (ToolSpec(name="now"),),
)  # fmt: skip


def value(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON value a teacher might write as an argument."""
    kind = rng.randrange(8 if depth < 3 else 6)
    if kind == 6:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 7:
        return {rng.choice("abcdé"): value(rng, depth + 1) for _ in range(rng.randrange(4))}
    number = rng.choice([0, 7, -3, 2**40, 0.5, 19.99, -1.25])
    return (rng.choice(WORDS), number, True, None, rng.choice(["123", "true", ""]), text(rng))[kind]


def text(rng: random.Random) -> str:
    """A few words of many scripts."""
    return " ".join(rng.choices(WORDS, k=rng.randrange(1, 5)))


def arguments(rng: random.Random) -> str:
    """Mostly objects; now and then what is none, broken, or holds a number that not every reader keeps."""
    odd = rng.random()
    if odd < 0.004:
        return rng.choice(["[1]", "3", '"text"', "{broken", '{"n": NaN}'])
    if odd < 0.01:
        return json.dumps({"n": rng.choice([2**70, 0.1234567890123, 1e300])})
    written = {rng.choice(["query", "path", "where", "ü"]): value(rng) for _ in range(rng.randrange(4))}
    return json.dumps(written, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))


def conversation(
    rng: random.Random, invocation: str, turns: int, called_by: tuple[int, int, int] | None
) -> Conversation:
    """Turns of one to three calls, with what they returned; then, mostly, a closing thought and a summary."""
    tools = rng.choice(SETS)
    thinks = rng.random() < 0.5
    messages = [Message(n=1, role="user", content=text(rng))]
    if rng.random() < 0.8:
        messages.insert(0, Message(n=0, role="system", content=text(rng)))
    for _ in range(turns):
        n = messages[-1].n + rng.choice([1, 1, 2])
        calls, content = [], text(rng) if rng.random() < 0.6 else ""
        for i in range(rng.choice([1, 1, 1, 2, 3])):
            tool = rng.choice(tools)
            raw = arguments(rng)
            if invocation == "mcp":
                content += write_call("s", tool.name, raw)
            calls.append(ToolCall(id=rng.choice(["", "same", f"c{n}_{i}"]), name=tool.name, arguments=raw))
        reasoning = text(rng) if thinks and rng.random() < 0.8 else ""
        reasoning += " </think>" if rng.random() < 0.003 else ""
        messages.append(Message(n=n, role="assistant", content=content, reasoning=reasoning, tool_calls=tuple(calls)))
        results = [Message(n=n + 1 + i, role="tool", content=text(rng), answers=(n, i)) for i in range(len(calls))]
        messages += results
    n = messages[-1].n + 1
    if rng.random() < 0.9:
        messages.append(Message(n=n, role="assistant", content=text(rng)))
    messages.append(Message(n=n + 1, role="user", content="Sum up."))
    messages.append(Message(n=n + 2, role="assistant", content=f"{text(rng)} \\boxed{{42}}"))
    return Conversation(agent="main", teacher="t", toolsets=(tools,), messages=tuple(messages), called_by=called_by)


def varied(count: int, seed: int = 0) -> Iterator[Trajectory]:
    """`count` correct trajectories; every hundredth has 300 turns, every tenth several agents, every seventh masks."""
    rng = random.Random(seed)
    for i in range(count):
        invocation = rng.choice(["function_calling", "function_calling", "mcp"])
        turns = 298 if i % 100 == 50 else rng.randrange(6)
        talks = [conversation(rng, invocation, turns, None)]
        talks += [conversation(rng, invocation, rng.randrange(3), (0, 2, 0)) for _ in range(2 if i % 10 == 3 else 0)]
        said = [message.n for message in talks[0].messages if message.role == "assistant"]
        masked = rng.sample(said, rng.randrange(1, len(said) + 1)) if i % 7 == 0 else []
        yield Trajectory(
            id=f"t{i}",
            question=Question(id=f"q{i}", text="?", answers=("42",)),
            group=f"q{i}",
            teacher="t",
            paradigm="react",
            invocation=invocation,
            conversations=tuple(talks),
            answer="42",
            stop_reason="answered",
            grade=Grade(correct=True, method="exact"),
            masked=tuple((0, n) for n in sorted(masked)),
        )
