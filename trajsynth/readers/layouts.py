"""Which layout a row has, and the trajectory it holds.

Recognised row by row: records of ours, OpenAI chat, ShareGPT and ms-swift, chats with calls in their text, question
and text. Level 1. Tests: tests/readers/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from trajsynth.readers.chat import from_chat
from trajsynth.readers.intext import with_calls
from trajsynth.readers.listing import tagged_tools
from trajsynth.readers.sharegpt import is_sharegpt, to_chat
from trajsynth.types import Trajectory

_ASKED: Final = ("question", "instruction", "prompt", "query", "input")
_TOLD: Final = ("trajectory", "response", "output", "completion", "text")
_ACTION = re.compile(r"^[ \t]{0,8}Action(?:[ \t]\d{1,3})?[ \t]?:|<use_mcp_tool>|<tool_call>", re.MULTILINE)


def from_row(row: Any, where: str = "row") -> Trajectory:
    """A foreign row of any known layout; `where` opens the error message. Raises RecordError."""
    if not isinstance(row, Mapping):
        return from_chat(row, where)
    sharegpt = is_sharegpt(row)
    chat = to_chat(row, where) if sharegpt else _told(row)
    trajectory = from_chat(_with_tools(chat), where)
    if sharegpt:
        source = trajectory.run.source.removesuffix(":chat")
        trajectory = replace(trajectory, run=replace(trajectory.run, source=f"{source}:sharegpt"))
    return with_calls(trajectory)


def is_plain_record(row: Mapping[str, Any]) -> bool:
    """Whether a row is a trajectory of ours in its plain form."""
    return "conversations" in row and "messages" not in row and not is_sharegpt(row)


def _told(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of question and text as a chat row; other rows as they are."""
    if "messages" in row:
        return row
    told = next((key for key in _TOLD if isinstance(row.get(key), str) and _ACTION.search(row[key])), None)
    if told is None:
        return row
    asked = next((key for key in _ASKED if isinstance(row.get(key), str) and row[key].strip()), None)
    messages = [{"role": "user", "content": row[asked]}] if asked else []
    rest = {key: value for key, value in row.items() if key != told}
    return {**rest, "messages": [*messages, {"role": "assistant", "content": row[told]}]}


def _with_tools(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with the tools its system prompt lists between tags, unless it names some itself."""
    messages = row.get("messages")
    if row.get("tools") or row.get("functions") or not isinstance(messages, list | tuple) or not messages:
        return row
    first = messages[0]
    content = first.get("content") if isinstance(first, Mapping) and first.get("role") == "system" else None
    listed = tagged_tools(content) if isinstance(content, str) and "<tools>" in content else None
    return row if listed is None else {**row, "tools": listed}
