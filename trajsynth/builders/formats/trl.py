"""TRL: `messages` + `tools` for SFT, explicit `prompt`, `chosen`, `rejected` for DPO; arguments are objects.

TRL has no loss flag per message, so a conversation with masked turns becomes prompt/completion rows split at them, in a
file of its own (one file, one set of columns). `trajectory`, `conversation`, `chosen_id` and `rejected_id` say where a
row comes from; TRL ignores columns it does not know. Level 3, imports formats.base. Tests: tests/builders/.
"""

from __future__ import annotations

import json
from functools import lru_cache
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
from trajsynth.builders.prompts import Prompt
from trajsynth.builders.rows import Refusal, Row
from trajsynth.codec import encode

_MASKED = "train_masked"


class Trl(Format):
    """See the module."""

    name = "trl"
    notes = {  # noqa: RUF012  (a constant)
        "sft": (
            "set assistant_only_loss=True: TRL's default also trains on tool results",
            "raise max_length: TRL's default of 1024 tokens cuts long rows silently",
        ),
        "dpo": (
            "TRL counts tool results in the DPO loss: give the trainer "
            "trajsynth.builders.trl.AssistantOnlyPreferenceCollator",
            "give DPO the tokenizer's training template (trl.get_training_chat_template): "
            "the stock one of Qwen3 drops the reasoning of earlier turns",
        ),
        "rl": ("reward_funcs=[trajsynth.builders.reward.grpo_reward]; tools go to GRPOTrainer as functions",),
    }

    def sft(self, row: Row) -> list[Laid] | Refusal:
        """One row of messages, or one prompt/completion row for each run of unmasked turns."""
        if not _loads_exactly(row):
            return Refusal(reason="number.inexact", detail="a number the datasets library would change")
        source = {**_tools(row), **provenance(row)}
        if not row.masked and not row.partial:
            part = Part(row=row, end=len(row.messages), trained=_turns(row, 0, len(row.messages)))
            return [Laid(file="train", record={"messages": row.messages, **source}, holds=(part,))]
        runs = _unmasked_runs(row)
        if not runs:
            return Refusal(reason="all_masked")
        return [
            Laid(
                file=_MASKED,
                record={"prompt": row.messages[:start], "completion": row.messages[start:end], **source},
                holds=(Part(row=row, end=end, trained=_turns(row, start, end)),),
            )
            for start, end in runs
        ]

    def dpo(self, chosen: Row, rejected: Row, start: int | None = None) -> Laid | Refusal:
        """The pair with an explicit prompt: TRL would otherwise split where the two first differ, if only in an id."""
        if not (_loads_exactly(chosen) and _loads_exactly(rejected)):
            return Refusal(reason="number.inexact", detail="a number the datasets library would change")
        if shared_prefix(chosen, rejected) == len(chosen.messages) == len(rejected.messages):
            return Refusal(reason="pair.identical")
        start = chosen.prompt_length if start is None else start
        sides = {"chosen": chosen.messages[start:], "rejected": rejected.messages[start:]}
        record = {"prompt": chosen.messages[:start], **sides}
        ids = {"chosen_id": chosen.trajectory, "rejected_id": rejected.trajectory}
        holds = (side(chosen, start), side(rejected, start))
        return Laid(file="train", record={**record, **_tools(chosen), **ids}, holds=holds)

    def rl(self, prompt: Prompt) -> Laid | Refusal:
        """GRPO's `prompt`; other columns reach the reward function as lists."""
        return Laid(
            file="train",
            record={
                "prompt": prompt.messages,
                "ground_truth": prompt.answers[0],
                "answers": list(prompt.answers),
                "question": prompt.question,
                "group": prompt.group,
                "samples": prompt.samples,
                "solve_rate": prompt.solve_rate,
            },
        )

    def read(self, kind: Kind, file: str, record: dict[str, Any]) -> tuple[Content, ...]:
        """Prompt and completion are one conversation; loss is on the completion's assistant turns."""
        tools = tuple(record.get("tools") or ())
        if kind == "dpo":
            return tuple(_content(record["prompt"], record[name], tools) for name in ("chosen", "rejected"))
        if "completion" in record:
            return (_content(record["prompt"], record["completion"], tools),)
        return (_content([], record["messages"], tools),)

    def features(self, kind: Kind, file: str = "train") -> Any:
        """Arguments and tool definitions are `Json`: typed structs would fill each with the others' keys."""
        ds = datasets_module()
        if kind == "rl":
            return ds.Features(
                {
                    "prompt": ds.List(strings("role", "content")),
                    **strings("ground_truth", "question", "group"),
                    "answers": ds.List(ds.Value("string")),
                    "samples": ds.Value("int64"),
                    "solve_rate": ds.Value("float64"),
                }
            )
        texts = strings("role", "content", "reasoning_content", "tool_call_id", "name")
        messages = ds.List({**texts, "tool_calls": ds.List(ds.Json())})
        columns = ["prompt", "completion"] if file == _MASKED else ["messages"]
        columns = ["prompt", "chosen", "rejected"] if kind == "dpo" else columns
        source = strings("chosen_id", "rejected_id") if kind == "dpo" else source_features()
        return ds.Features({**{name: messages for name in columns}, "tools": ds.List(ds.Json()), **source})


def _tools(row: Row) -> dict[str, Any]:
    return {"tools": row.tools} if row.tools else {}


def _turns(row: Row, start: int, end: int) -> frozenset[int]:
    return frozenset(i for i in range(start, end) if row.messages[i]["role"] == "assistant")


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


def _content(prompt: list[dict[str, Any]], rest: list[dict[str, Any]], tools: tuple[dict[str, Any], ...]) -> Content:
    said = [
        Said(
            role=message["role"],
            text=message["content"],
            reasoning=message.get("reasoning_content") or "",
            calls=tuple(calls_of(message)),
            trained=i >= len(prompt) and message["role"] == "assistant",
        )
        for i, message in enumerate([*prompt, *rest])
    ]
    return Content(messages=merged(said), tools=tools)


# ---- numbers ------------------------------------------------------------------------------------------------------

_DECIMALS = 10
"""Places the datasets library writes (pandas' ujson, datasets 5.2) when it turns JSON lines into a `Json` column."""


def _loads_exactly(row: Row) -> bool:
    """Whether every number among the arguments and schemas survives `datasets`: it reads and writes `Json` columns with
    pandas' ujson, which rounds to 10 places, drifts in the last digit, and stops at integers beyond 64 bits."""
    arguments = (value for message in row.messages for _, value in calls_of(message))
    return all(map(_exact, arguments)) and exact_tools(row.tools)


def exact_tools(tools: list[dict[str, Any]]) -> bool:
    """Whether every number in tool definitions survives a `Json` column."""
    return _exact_tools(encode(tools))


@lru_cache(maxsize=64)
def _exact_tools(tools: bytes) -> bool:
    """Rows by the thousand have the same tools."""
    return _exact(json.loads(tools))


def _exact(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_exact, value.values()))
    if isinstance(value, list):
        return all(map(_exact, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return -(2**63) <= value < 2**64 if isinstance(value, int) else _exact_float(value)


def _exact_float(value: float) -> bool:
    """Follows ujson's own arithmetic: whole part plus fraction times a power of ten, both as doubles."""
    whole, _, fraction = repr(abs(value)).partition(".")
    if "e" in whole + fraction or len(fraction) > _DECIMALS or abs(value) >= 1e15:
        return False
    return float(whole) + float(fraction) * float(f"1e-{len(fraction)}") == abs(value)
