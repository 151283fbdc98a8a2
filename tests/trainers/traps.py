"""Trajectories whose texts hold what some trainer takes for a mark of its own: media placeholders, slots, keywords."""

from __future__ import annotations

import json
from collections.abc import Iterator

from trajsynth.types import Conversation, Grade, Message, Question, ToolCall, ToolSpec, Trajectory

MARKS = (
    "<image>", "<video>", "<audio>", "a <video src='x'> tag", "<bbox>", "<ref-object>", "<|image_pad|>",
    "{{content}}", "{{idx}}", "{{QUERY}}", "{{SYSTEM}}", "{{ROUND0}}", "{{ROUND1}}", "{% raw %}", "{{ messages }}",
    "${HOME}", "${oc.env:HOME}",
    "<think>hm</think>", "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_call>{}</tool_call>",
    "<tool_response>", "<tools></tools>",
    "Action: search\nAction Input: {}", "Observation: seen", "Thought: so",
    "[INST] x [/INST]", "<s>", "</s>", "<|endoftext|>", "<bos>", "<start_of_turn>model", "<cls>", "<mask>", "<unk>",
)  # fmt: skip
"""Some are control tokens, which every builder must refuse; others must arrive as they are, or be refused."""
PLACES = ("system", "user", "thought", "said", "beside", "argument", "key", "result", "answer", "tool")
DEEP = {"type": "object", "properties": {
    "text": {"type": "string", "default": None, "enum": ["a", None], "x-note": None},
    "deep": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}, "additionalProperties": False},
}, "required": []}  # fmt: skip
ODD_SCHEMAS = (
    DEEP,
    {"type": "object", "properties": {"a": None}},
    {"type": "object", "properties": {}, "examples": [None, {"k": None}]},
    {"type": "object", "properties": {"p": {"type": ["string", "null"], "title": None}}},
    {"type": "object", "properties": {"m": {"type": "number", "maximum": 1.5, "multipleOf": 0.1}}},
    {"type": "object", "properties": {"m": {"type": "number", "maximum": 0.57}}},
    {"type": "object", "properties": {"m": {"type": "number", "minimum": 1e-12}}},
    {"type": "object", "properties": {"m": {"type": "integer", "maximum": 2**63 - 1}}},
    {"type": "object", "properties": {"m": {"type": "integer", "maximum": 2**70}}},
    {"type": "object", "properties": {"m": {"type": "number", "maximum": 10.0}}},
    {"type": "object", "properties": {"default": {"type": "string", "title": None}, "x-y": {"title": None}}},
    {"type": "object", "properties": {"o": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": {"k": None}}}},
    {"type": "object", "properties": {"r": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "string"}}},
)


def traps() -> Iterator[Trajectory]:
    """One for each mark in each place, and one for each odd schema."""
    for i, mark in enumerate(MARKS):
        for place in PLACES:
            for thinks in (False, True):
                yield _trap(f"m{i}-{place}-{'thinks' if thinks else 'mute'}", {place: mark}, thinks)
    for i, schema in enumerate(ODD_SCHEMAS):
        yield _trap(f"schema{i}", {}, False, schema)


def _trap(name: str, at: dict[str, str], thinks: bool, schema: dict[str, object] | None = None) -> Trajectory:
    properties = {"type": "object", "properties": {"text": {"type": "string"}}}
    tool = ToolSpec(name="look", description=f"Looks. {at.get('tool', '')}", parameters=schema or properties)
    arguments = {"text": f"there {at.get('argument', '')}", at.get("key", "k"): 1}
    call = ToolCall(id="c1", name="look", arguments=json.dumps(arguments))
    thought = f"I think. {at.get('thought', '')}" if thinks or "thought" in at else ""
    messages = (
        Message(n=0, role="system", content=f"Be good. {at.get('system', '')}"),
        Message(n=1, role="user", content=f"Where? {at.get('user', '')}"),
        Message(n=2, role="assistant", content=at.get("beside", ""), reasoning=thought, tool_calls=(call,)),
        Message(n=3, role="tool", content=f"page {at.get('result', '')}", answers=(2, 0)),
        Message(n=4, role="assistant", content=f"I see. {at.get('said', '')}", reasoning=thought),
        Message(n=5, role="user", content="Sum up."),
        Message(n=6, role="assistant", content=f"{at.get('answer', '')} \\boxed{{42}}"),
    )
    talk = Conversation(agent="main", teacher="t", toolsets=((tool,),), messages=messages)
    return Trajectory(
        id=name, question=Question(id=name, text="?", answers=("42",)), group=name, teacher="t", paradigm="react",
        invocation="function_calling", conversations=(talk,), answer="42", stop_reason="answered",
        grade=Grade(correct=True, method="exact"),
    )  # fmt: skip
