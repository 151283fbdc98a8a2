"""axolotl SFT: `type: chat_template` on TRL-shaped messages, a `train` flag on assistant turns where some are masked.

Arguments and tools are JSON text, which axolotl parses itself: its loader knows no features, and objects of differing
keys would be filled with nulls. Level 3, imports formats.base. Tests: tests/builders/.
"""

from __future__ import annotations

import json
from typing import Any

from trajsynth.builders.content import Content, Said, calls_of, merged, whole
from trajsynth.builders.formats.base import (
    Format,
    Kind,
    Laid,
    datasets_module,
    provenance,
    source_features,
    strings,
)
from trajsynth.builders.rows import Refusal, Row

_CONFIG = """# The part of an axolotl config that reads these files. For models that think, say `chat_template: jinja`
# and give in `chat_template_jinja` a template that keeps the thoughts of earlier turns: its own `qwen3` drops them.
"""
_ENTRY = """{key}:
  - path: {path}
    ds_type: {ds_type}
{split}    type: chat_template
    field_messages: messages
    field_tools: tools
    message_field_training: train   # masked turns; absent means: train on every assistant turn
    roles_to_train: [assistant]
    train_on_eos: turn
"""


class Axolotl(Format):
    """See the module."""

    name = "axolotl"
    notes = {  # noqa: RUF012  (a constant)
        "sft": (
            "axolotl.yaml has the datasets entry; message_field_training: train honours the masks",
            "its own chat_template: qwen3 drops thoughts of earlier turns: give a chat_template_jinja that keeps them",
        ),
    }
    refuses = {  # noqa: RUF012  (a constant)
        "dpo": "its DPO strategies drop tools and tool calls; use trl or swift",
        "rl": "its GRPO is TRL's; use trl",
    }

    def sft(self, row: Row) -> list[Laid] | Refusal:
        """One record."""
        part = whole(row)
        if not part.trained:
            return Refusal(reason="all_masked")
        messages = [
            stringed(message) | ({"train": i in part.trained} if row.masked and message["role"] == "assistant" else {})
            for i, message in enumerate(row.messages)
        ]
        tools = {"tools": json.dumps(row.tools, ensure_ascii=False)} if row.tools else {}
        return [Laid(file="train", record={"messages": messages, **tools, **provenance(row)}, holds=(part,))]

    def read(self, kind: Kind, file: str, record: dict[str, Any]) -> tuple[Content, ...]:
        """Arguments and tools parsed, as its chat_template strategy does."""
        said = [spoken(message, message.get("train", True)) for message in record["messages"]]
        return (Content(messages=merged(said), tools=tuple(json.loads(record.get("tools") or "[]"))),)

    def features(self, kind: Kind, file: str = "train") -> Any:
        """Text, with flags."""
        ds = datasets_module()
        message = {**message_features(), "train": ds.Value("bool")}
        return ds.Features({"messages": ds.List(message), **strings("tools"), **source_features()})

    def extras(self, kind: Kind, files: dict[str, int]) -> dict[str, bytes]:
        """axolotl.yaml with the `datasets` entry, and `test_datasets` for validation."""
        entries = [
            _ENTRY.format(
                key="test_datasets" if file.startswith("validation") else "datasets",
                path=file,
                ds_type=file.rpartition(".")[2].removesuffix("l"),
                split="    split: train\n" if file.startswith("validation") else "",
            )
            for file in sorted(files)
        ]
        return {"axolotl.yaml": "".join([_CONFIG, *entries]).encode()}


def stringed(message: dict[str, Any]) -> dict[str, Any]:
    """A training message whose arguments are JSON text."""
    if not message.get("tool_calls"):
        return message
    calls = [
        call | {"function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}}
        for call, (name, arguments) in zip(message["tool_calls"], calls_of(message), strict=True)
    ]
    return message | {"tool_calls": calls}


def spoken(message: dict[str, Any], trained: bool) -> Said:
    """The inverse of `stringed`, as content."""
    return Said(
        role=message["role"],
        text=message.get("content") or "",
        reasoning=message.get("reasoning_content") or "",
        calls=tuple((name, json.loads(arguments)) for name, arguments in calls_of(message)),
        trained=trained and message["role"] == "assistant",
    )


def message_features() -> dict[str, Any]:
    """Columns of a message whose arguments are JSON text."""
    call = {**strings("id", "type"), "function": strings("name", "arguments")}
    texts = strings("role", "content", "reasoning_content", "tool_call_id", "name")
    return {**texts, "tool_calls": datasets_module().List(call)}
