"""Chats whose calls and results are typed blocks or items -> OpenAI chat rows.

Three families: content blocks (Anthropic's `tool_use`, `tool_result`, `thinking`; the AI SDK's `tool-call` and
`tool-result`), items between the messages (OpenAI Responses: `function_call`, `function_call_output`, `reasoning`), and
messages named by `type` (LangChain's `human`, `ai`, `tool`, plain or in `data`). Level 1, standard library and errors.
Tests: tests/readers/test_readers_blocks.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from trajsynth.errors import RecordError

_CALLS: Final = frozenset({"tool_use", "server_tool_use", "tool-call", "function_call", "custom_tool_call"})
_RESULTS: Final = frozenset(
    {"tool_result", "web_search_tool_result", "tool-result", "function_call_output", "custom_tool_call_output"}
)
_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking", "reasoning"})
_BLOCKS: Final = _CALLS | _RESULTS | _THOUGHTS
_TYPED: Final = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "system": "system", "tool": "tool"}


def has_blocks(messages: Sequence[Any]) -> bool:
    """Whether some message or one of its parts is of these families."""
    return any(
        ("role" not in item and (_type(item) in _BLOCKS or _type(item) in _TYPED))
        or any(_type(part) in _BLOCKS for part in _parts(item.get("content")))
        for item in messages
        if isinstance(item, (dict, Mapping))
    )


def to_openai(messages: Sequence[Any], where: str) -> list[dict[str, Any]]:
    """The same chat with `tool_calls`, `reasoning_content` and tool messages. Raises RecordError naming the message."""
    found: list[dict[str, Any]] = []
    for index, item in enumerate(messages):
        if not isinstance(item, Mapping):
            raise RecordError(f"{where}[{index}]: Expected `object`, got {item!r:.80}")
        if "role" not in item and _type(item) in _BLOCKS:
            _add(found, "assistant", [item], {})
            continue
        message = _named(item)
        parts = _parts(message.get("content"))
        if any(_type(part) in _BLOCKS for part in parts):
            rest = {key: value for key, value in message.items() if key not in ("role", "content")}
            _add(found, message.get("role"), parts, rest)
        elif _continues(found, message):
            found[-1] |= {**message, **{key: value for key, value in found[-1].items() if key != "content"}}
        else:
            found.append(message)
    return found


def _named(item: Mapping[str, Any]) -> dict[str, Any]:
    """A message with a role: LangChain's names its type instead, and may keep the rest in `data`."""
    if "role" in item or not _type(item):
        return dict(item)
    inner = item.get("data")
    body = dict(inner) if isinstance(inner, Mapping) else dict(item)
    named = {key: value for key, value in body.items() if key not in ("type", "additional_kwargs") and value}
    if item["type"] != "message":
        named["role"] = _TYPED.get(item["type"], item["type"])
    return {"content": "", **named}


def _parts(content: Any) -> Sequence[Any]:
    content = content.tolist() if hasattr(content, "tolist") else content
    return content if isinstance(content, list | tuple) else ()


def _continues(found: Sequence[Mapping[str, Any]], message: Mapping[str, Any]) -> bool:
    """Whether an assistant's message belongs to the reasoning item before it, which has neither text nor calls yet."""
    last = found[-1] if found else {}
    opened = last.get("role") == message.get("role") == "assistant" and "reasoning_content" in last
    return opened and not last.get("content") and "tool_calls" not in last


def _add(found: list[dict[str, Any]], role: Any, parts: Sequence[Any], rest: Mapping[str, Any]) -> None:
    """Append what the parts of one message are: results, each a message of its own, then what its author says."""
    found.extend(_result(part) for part in parts if _type(part) in _RESULTS)
    said = [part for part in parts if _type(part) not in _BLOCKS]
    thoughts = [text for part in parts if _type(part) in _THOUGHTS for text in _thoughts(part)]
    calls = [_call(part) for part in parts if _type(part) in _CALLS]
    if not (said or thoughts or calls):
        return
    message: dict[str, Any] = {"role": role, "content": said, **rest}
    if thoughts:
        message["reasoning_content"] = "\n".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    last = found[-1] if found else {}
    if not said and last.get("role") == role == "assistant":  # items of one turn, one after another
        last["tool_calls"] = [*(last.get("tool_calls") or ()), *calls]
        before = last.get("reasoning_content")
        last["reasoning_content"] = "\n".join(text for text in (before, *thoughts) if text)
        return
    found.append(message)


def _type(part: Any) -> str:
    found = part.get("type") if isinstance(part, Mapping) else None
    return found if isinstance(found, str) else ""


def _thoughts(part: Mapping[str, Any]) -> Iterator[str]:
    """The text of a thinking block, or of a reasoning item's summary and content."""
    for key in ("thinking", "text", "summary", "content"):
        value = part.get(key)
        if isinstance(value, str):
            yield value
        else:
            yield from (p["text"] for p in _parts(value) if isinstance(p, Mapping) and isinstance(p.get("text"), str))


def _call(part: Mapping[str, Any]) -> dict[str, Any]:
    arguments = next((part[key] for key in ("input", "args", "arguments") if key in part), None)
    name = part.get("name") or part.get("toolName")
    return {"id": _id(part), "function": {"name": name, "arguments": arguments}}


def _result(part: Mapping[str, Any]) -> dict[str, Any]:
    content = next((part[key] for key in ("content", "output", "result") if part.get(key) is not None), "")
    if isinstance(content, Mapping) and set(content) == {"type", "value"}:  # the AI SDK's wrapped output
        content = content["value"]
    failed = part.get("is_error") is True or part.get("isError") is True
    return {
        "role": "tool",
        "tool_call_id": _id(part),
        "content": content,
        **({"outcome": "tool_error"} if failed else {}),
    }


def _id(part: Mapping[str, Any]) -> str:
    found = next((part[key] for key in ("tool_use_id", "call_id", "toolCallId", "id") if part.get(key)), "")
    return found if isinstance(found, str) else str(found)
