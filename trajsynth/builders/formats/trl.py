"""TRL: `messages` + `tools` for SFT, explicit `prompt`, `chosen`, `rejected` for DPO; arguments are objects.

TRL has no loss flag per message, so a conversation with masked turns becomes prompt/completion rows split at them, in a
file of its own (one file, one set of columns). `trajectory`, `conversation`, `chosen_id` and `rejected_id` say where a
row comes from; TRL ignores columns it does not know. Level 3, imports builders.rows. Tests: tests/builders/.
"""

from __future__ import annotations

from typing import Any, Literal

from trajsynth.builders.rows import Refusal, Row
from trajsynth.errors import MissingExtra

SFT_FILES: tuple[str, ...] = ("train.jsonl", "train_masked.jsonl")
DPO_FILES: tuple[str, ...] = ("train.jsonl",)


def sft(row: Row) -> list[tuple[str, dict[str, Any]]] | Refusal:
    """One row of messages, or one prompt/completion row for each run of unmasked turns."""
    source = {"trajectory": row.trajectory, "conversation": row.conversation}
    if not row.masked:
        return [(SFT_FILES[0], {"messages": row.messages, **_tools(row), **source})]
    runs = _unmasked_runs(row)
    if not runs:
        return Refusal(reason="all_masked")
    return [
        (SFT_FILES[1], {"prompt": row.messages[:start], "completion": row.messages[start:end], **_tools(row), **source})
        for start, end in runs
    ]


def _unmasked_runs(row: Row) -> list[tuple[int, int]]:
    """[start, end) of each run from an assistant turn to the last one before a masked turn."""
    runs: list[tuple[int, int]] = []
    start = end = -1
    for i, message in enumerate(row.messages):
        if message["role"] != "assistant":
            continue
        if i not in row.masked:
            start, end = i if start < 0 else start, i + 1
        elif start >= 0:
            runs.append((start, end))
            start = -1
    return [*runs, (start, end)] if start >= 0 else runs


def dpo(chosen: Row, rejected: Row) -> tuple[str, dict[str, Any]] | Refusal:
    """The pair with an explicit prompt: TRL would otherwise split where the two first differ, a call id included."""
    cut = chosen.prompt_length
    record = {"prompt": chosen.messages[:cut], "chosen": chosen.messages[cut:], "rejected": rejected.messages[cut:]}
    if record["chosen"] == record["rejected"]:
        return Refusal(reason="pair.identical")
    return DPO_FILES[0], {
        **record,
        **_tools(chosen),
        "chosen_id": chosen.trajectory,
        "rejected_id": rejected.trajectory,
    }


def _tools(row: Row) -> dict[str, Any]:
    return {"tools": row.tools} if row.tools else {}


def features(kind: Literal["sft", "masked", "dpo"]) -> Any:
    """See `trajsynth.builders.features`."""
    try:
        from datasets import Features, Json, List, Value
    except ImportError:
        raise MissingExtra("datasets", "hub") from None
    texts = ("role", "content", "reasoning_content", "tool_call_id", "name")
    messages = List({**{name: Value("string") for name in texts}, "tool_calls": List(Json())})
    columns = {"sft": ("messages",), "masked": ("prompt", "completion"), "dpo": ("prompt", "chosen", "rejected")}[kind]
    if kind == "dpo":
        source = {"chosen_id": Value("string"), "rejected_id": Value("string")}
    else:
        source = {"trajectory": Value("string"), "conversation": Value("int64")}
    return Features({**{name: messages for name in columns}, "tools": List(Json()), **source})
