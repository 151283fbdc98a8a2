"""Chats whose calls and results are typed blocks or items -> OpenAI chat rows.

Three families: content blocks (Anthropic's `tool_use`, `tool_result`, `thinking`; the AI SDK's `tool-call` and
`tool-result`), items between the messages (OpenAI Responses: `function_call`, `function_call_output`, `reasoning`, its
built-in tools), messages named by `type` (LangChain's `human`, `ai`, `tool`; plain, in `data`, or in `kwargs` of its
`dumpd`). Level 1, standard library and errors. Tests: tests/readers/test_readers_blocks.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from trajsynth.errors import RecordError

_BUILT_IN: Final = frozenset(
    {
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "computer_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
        "mcp_call",
    }
)
"""Calls of tools the endpoint runs itself; they hold what came back, if anything did."""
_CALLS: Final = _BUILT_IN | {"tool_use", "server_tool_use", "tool-call", "function_call", "custom_tool_call"}
_RESULTS: Final = frozenset(
    {"tool_result", "web_search_tool_result", "tool-result", "function_call_output", "custom_tool_call_output"}
    | {"computer_call_output", "local_shell_call_output", "shell_call_output", "apply_patch_call_output"}
)
_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking", "reasoning"})
_BLOCKS: Final = _CALLS | _RESULTS | _THOUGHTS
_TYPED: Final = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "system": "system", "tool": "tool"}


def has_blocks(messages: Sequence[Any]) -> bool:
    """Whether some message or one of its parts is of these families."""
    return any(
        ("role" not in item and (_type(item) in _BLOCKS or _type(item) in _TYPED or _type(item) == "constructor"))
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
            found.extend(_built_in_result(item))
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
    inner = item.get("kwargs" if _type(item) == "constructor" else "data")
    body = dict(inner) if isinstance(inner, Mapping) else dict(item)
    kind = (_type(body) or _class_type(item)) if _type(item) == "constructor" else _type(item)
    named = {key: value for key, value in body.items() if key not in ("type", "additional_kwargs") and value}
    if kind != "message":
        named["role"] = _TYPED.get(kind, kind)
    if named.get("invalid_tool_calls"):
        named["tool_calls"] = [*_parts(named.get("tool_calls")), *_parts(named.pop("invalid_tool_calls"))]
    if named.get("role") == "tool" and named.get("status") == "error":
        named["outcome"] = "tool_error"
    return {"content": "", **named}


def _class_type(item: Mapping[str, Any]) -> str:
    """The type of a dumped LangChain message by its class: the last of `id`, such as `HumanMessage`."""
    path = _parts(item.get("id"))
    return str(path[-1]).removesuffix("Chunk").removesuffix("Message").lower() if path else ""


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
    if _type(part) in _BUILT_IN:
        name = name or _type(part).removesuffix("_call")
        if arguments is None:
            action = next((part[key] for key in ("action", "operation") if isinstance(part.get(key), Mapping)), None)
            arguments = action or {key: part[key] for key in ("code", "queries") if part.get(key) is not None}
    return {"id": _id(part), "function": {"name": name, "arguments": arguments}}


def _built_in_result(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a built-in tool gave back, where its call holds it."""
    given = next((item[key] for key in ("error", "output", "outputs", "results") if item.get(key)), None)
    if _type(item) in _BUILT_IN and given is not None:
        failed = {"outcome": "tool_error"} if item.get("error") or item.get("status") == "failed" else {}
        content = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)
        yield {"role": "tool", "tool_call_id": _id(item), "content": content, **failed}


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
