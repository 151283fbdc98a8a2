"""ms-swift: a message for each call (`tool_call`) and result (`tool_response`), whole trajectories on both DPO sides.

It drops `reasoning_content`, so reasoning is inlined; `loss` flags carry masks, and a row ends behind its last unmasked
turn, because the closing token of a row's end is always trained. Everything but the structure is text, so no loader can
fill arguments with others' keys; what its templates take for slots or keywords of their own is refused. Level 3,
imports formats.base. Tests: tests/builders/, tests/trainers/check_swift.py.
"""

from __future__ import annotations

import json
import re
from typing import Any

from trajsynth.builders.content import Content, Part, Said, calls_of, merged
from trajsynth.builders.forks import shared_prefix
from trajsynth.builders.formats.base import (
    Format,
    Kind,
    Laid,
    datasets_module,
    provenance,
    side,
    source_features,
    strings,
)
from trajsynth.builders.formats.trl import exact_tools
from trajsynth.builders.rows import Refusal, Row, inlined, tangled

_THOUGHT = re.compile(r"<think>\n(.*?)\n</think>\n\n", re.DOTALL)
_SLOT = re.compile(r"\{\{(?:SYSTEM|QUERY|RESPONSE|ROUND0|ROUND1)\}\}")
"""What its templates replace, in texts too."""
_REACT = ("Action:", "Action Input:")
"""An assistant message with both, before a result, is continued with `Observation:` under the loss."""
_LITERALS, _LISTS = ("default", "const"), ("enum", "examples")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
"""Keys under which its loader keeps nulls: as values, as items; and keys whose values map names to schemas."""


class Swift(Format):
    """See the module."""

    name = "swift"
    inlines = True
    notes = {  # noqa: RUF012  (a constant)
        "sft": ("raise --max_length; keep --loss_scale default (last_round drops earlier thoughts)",),
        "dpo": ("--rlhf_type dpo reads whole trajectories on both sides; raise --max_length",),
    }
    refuses = {"rl": "its GRPO runs tools through its own schedulers; use verl or trl"}  # noqa: RUF012

    def sft(self, row: Row) -> list[Laid] | Refusal:
        """One record; with masks every assistant part has its `loss`."""
        if not row.trained:
            return Refusal(reason="all_masked")
        part = Part(row=row, end=max(row.trained) + 1, trained=row.trained)
        messages = _messages(row, end=part.end, flags=bool(row.masked))
        if isinstance(messages, Refusal):
            return messages
        return [Laid(file="train", record={"messages": messages, **_tools(row), **provenance(row)}, holds=(part,))]

    def dpo(self, chosen: Row, rejected: Row, start: int | None = None) -> Laid | Refusal:
        """Both whole conversations; turns before a fork have no loss."""
        if shared_prefix(chosen, rejected) == len(chosen.messages) == len(rejected.messages):
            return Refusal(reason="pair.identical")
        good, bad = (_messages(row, flags=start is not None, start=start or 0) for row in (chosen, rejected))
        if isinstance(good, Refusal):
            return good
        if isinstance(bad, Refusal):
            return bad
        tools = _tools(chosen)
        record = {"messages": good, **tools, "rejected_messages": bad}
        record |= {"rejected_tools": tools["tools"]} if tools else {}
        record |= {"chosen_id": chosen.trajectory, "rejected_id": rejected.trajectory}
        holds = tuple(side(row, start or 0) for row in (chosen, rejected))
        return Laid(file="train", record=record, holds=holds)

    def read(self, kind: Kind, file: str, record: dict[str, Any]) -> tuple[Content, ...]:
        """As its template joins an assistant message and the calls after it."""
        tools = tuple(json.loads(record.get("tools") or "[]"))
        columns = ("messages", "rejected_messages") if kind == "dpo" else ("messages",)
        return tuple(Content(messages=merged(_said(record[column])), tools=tools) for column in columns)

    def features(self, kind: Kind, file: str = "train") -> Any:
        """Text and loss flags."""
        ds = datasets_module()
        messages = ds.List({**strings("role", "content"), "loss": ds.Value("bool")})
        if kind == "dpo":
            texts = strings("tools", "rejected_tools", "chosen_id", "rejected_id")
            return ds.Features({"messages": messages, "rejected_messages": messages, **texts})
        return ds.Features({"messages": messages, **strings("tools"), **source_features()})


def _tools(row: Row) -> dict[str, str]:
    return {"tools": json.dumps(row.tools, ensure_ascii=False)} if row.tools else {}


def _messages(row: Row, *, flags: bool, start: int = 0, end: int | None = None) -> list[dict[str, Any]] | Refusal:
    """A flat list; refused where its template would raise, join what were two turns, or change a text."""
    if any(map(_loses_null, row.tools)):
        return Refusal(reason="tools.null", detail="its loader takes a null in a schema for padding and drops it")
    if not exact_tools(row.tools):
        return Refusal(reason="number.inexact", detail="a number in a schema that the datasets library would change")
    flat: list[dict[str, Any]] = []
    before = ""
    for i, message in enumerate(row.messages[:end]):
        role = message["role"]
        if (role == before and role in ("assistant", "user")) or (before, role) == ("tool", "user"):
            return Refusal(reason="alternation", detail=f"{before} before {role}")
        if role == "system" and i:
            return Refusal(reason="system.later", detail="a system message after the first message")
        if tangled(message):
            return Refusal(reason="text.think_tag", detail="think tags inside the text beside reasoning")
        before = role
        if role in ("user", "tool") and _SLOT.search(message["content"]):
            return Refusal(reason="text.slot", detail="a slot of its templates in the text, which they would fill")
        if role != "assistant":
            flat.append({"role": "tool_response" if role == "tool" else role, "content": message["content"]})
            continue
        loss = {"loss": i >= start and i not in row.masked} if flags else {}
        text = inlined(message.get("reasoning_content", ""), message["content"])
        calls = [
            json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
            for name, arguments in calls_of(message)
        ]
        if all(any(word in call for call in calls) for word in _REACT):
            return Refusal(reason="text.slot", detail="keywords of ReAct in a call, to which it adds `Observation:`")
        if text or not calls:
            flat.append({"role": "assistant", "content": text, **loss})
        flat += [{"role": "tool_call", "content": call, **loss} for call in calls]
    return flat


def _loses_null(schema: Any) -> bool:
    """Whether a null stands in a schema where only Arrow's padding would: its loader drops those."""
    if isinstance(schema, list):
        return any(map(_loses_null, schema))
    if not isinstance(schema, dict):
        return False
    for key, value in schema.items():
        if key in _LITERALS or key.startswith("x-"):
            continue
        if value is None or (key in _MAPS and isinstance(value, dict) and None in value.values()):
            return True
        inner = list(value.values()) if key in _MAPS and isinstance(value, dict) else value
        if key not in _LISTS and _loses_null(inner):
            return True
    return False


def _said(messages: list[dict[str, Any]]) -> list[Said]:
    said: list[Said] = []
    open_turn = False
    for message in messages:
        role, content = message["role"], message["content"]
        trained = message.get("loss", True)
        if role == "tool_call":
            call = json.loads(content)
            turn = said.pop() if open_turn else Said(role="assistant", reasoning=None, trained=trained)
            called = (*turn.calls, (call["name"], call["arguments"]))
            said.append(Said(role="assistant", text=turn.text, reasoning=None, calls=called, trained=turn.trained))
        elif role == "assistant":
            text = _THOUGHT.sub(lambda m: m[1], content, count=1) if content.startswith("<think>\n") else content
            said.append(Said(role=role, text=text, reasoning=None, trained=trained))
        else:
            said.append(Said(role="tool" if role == "tool_response" else role, text=content))
        open_turn = said[-1].role == "assistant"
    return said
