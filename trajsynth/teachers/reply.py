"""A chat completion as endpoints really send it, made into a validated `Reply`.

Providers differ: missing call ids, dict arguments, content in parts, reasoning under several names, errors with
status 200. What can be understood is; what cannot is a `Fault`, and never becomes message text. Level 2, imports types,
protocols, codec, config and faults. Tests: tests/teachers/test_teachers_reply.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from trajsynth.codec import scrub
from trajsynth.config import Price
from trajsynth.protocols import Reply
from trajsynth.teachers.faults import from_error_object, unusable
from trajsynth.types import ToolCall, Usage

THINK_FIELD = "<think>"
"""`reasoning_field` of reasoning that stood in the content as an opening `<think>` block; replayed the same way."""
DETAILS_FIELD = "reasoning_details"
"""`reasoning_field` of reasoning that came only as opaque details, which `extra` already replays verbatim."""
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
"""Names of plain-text reasoning: DeepSeek, vLLM and SGLang; OpenRouter, newer vLLM and Groq; Ollama."""
_OURS = frozenset({"role", "content", "tool_calls", "function_call", "refusal"})
_BYTES_PER_TOKEN = 4
"""For estimates where the endpoint reports no usage: a rule of thumb for English and JSON."""
LONGEST_MESSAGE = 8 * 2**20
"""Bytes of a message that a model can have written: 128,000 tokens of output are about 0.6 MB, escaped Chinese 2 MB."""


class Thought(NamedTuple):
    """Reasoning and the name it came under."""

    text: str
    field: str


def read_reply(body: bytes, *, price: Price, latency: float, sent: int, content_type: str = "") -> Reply:
    """The reply in a response body of status 200.

    `sent` is the size of the request in bytes, for an estimate where no usage is reported. Raises Fault.
    """
    data = _decode(body, content_type)
    choice = _first_choice(data)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise unusable(f"the choice has no message ({_kind(message)})")
    if len(body) > LONGEST_MESSAGE and len(orjson.dumps(message)) > LONGEST_MESSAGE:
        raise unusable(f"its message is longer than {LONGEST_MESSAGE >> 20} MiB")
    content, parted = _content(message)
    thought = _thought(message, parted)
    if not thought.field and not thought.text:
        thought, content = split_think(content)
    calls = _calls(message)
    return Reply(
        content=content or _text(message.get("refusal")),
        reasoning=thought.text,
        tool_calls=calls,
        finish_reason=_text(choice.get("finish_reason")),
        usage=_usage(data.get("usage"), price, sent, content, thought.text, calls),
        model=_text(data.get("model")),
        latency=latency,
        extra=_extra(message, thought),
        reasoning_field=thought.field,
        planted=_planted(data.get("trajsynth_planted")),
    )


def split_think(content: str) -> tuple[Thought, str]:
    """Reasoning that opens the content apart from the rest.

    Also when only the closing tag is there (templates that open the block in the prompt), or only the opening one (cut
    off while thinking). Newlines around both are dropped.
    """
    opened = content.lstrip().startswith("<think>")
    if not opened and "</think>" not in content:
        return Thought("", ""), content
    if not opened and "<think>" in content.partition("</think>")[0]:
        return Thought("", ""), content
    inner = content.lstrip().removeprefix("<think>")
    thinking, _, rest = inner.partition("</think>")
    return Thought(thinking.strip("\r\n"), THINK_FIELD), rest.lstrip("\r\n")


def cost(usage: Usage, price: Price) -> float:
    """Dollars: cached input at its own price, prices per million tokens."""
    cached_price = price.input if price.cached is None else price.cached
    fresh = max(0, usage.input - usage.cached)
    return (fresh * price.input + usage.cached * cached_price + usage.output * price.output) / 1e6


# ---- the envelope -------------------------------------------------------------------------------------------------


def _decode(body: bytes, content_type: str) -> dict[str, Any]:
    data: Any
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = _decode_leniently(body, content_type)
    if not isinstance(data, dict):
        raise unusable(f"the body is not a JSON object ({_kind(data)})")
    return data


def _decode_leniently(body: bytes, content_type: str) -> Any:
    """Lone surrogates and NaN, which orjson refuses, are fine; anything else means that the body came broken."""
    head = body[:200].lstrip().lower()
    if head.startswith(b"<") or "text/html" in content_type:
        raise unusable("the body is an HTML page; is the base URL right and does it end in /v1?")
    try:
        return _scrubbed(json.loads(body.decode()))
    except UnicodeDecodeError:
        raise unusable("the body is not valid UTF-8") from None
    except (ValueError, RecursionError):
        what = "empty" if not body.strip() else "an event stream" if head.startswith(b"data:") else "broken JSON"
        raise unusable(f"the body is {what}") from None


def _first_choice(data: dict[str, Any]) -> dict[str, Any]:
    choices = data.get("choices")
    if data.get("error") and not choices:
        raise from_error_object(data["error"])
    if not isinstance(choices, list) or not choices:
        raise unusable(f"choices are missing ({_kind(choices)})")
    choice = choices[0]
    if not isinstance(choice, dict):
        raise unusable(f"the choice is not an object ({_kind(choice)})")
    if choice.get("error"):
        raise from_error_object(choice["error"])
    if choice.get("finish_reason") == "error":
        raise unusable("the choice ended in an error")
    return choice


# ---- text and reasoning -------------------------------------------------------------------------------------------


def _content(message: dict[str, Any]) -> tuple[str, str]:
    """Text and reasoning of the content: a string, null, or a list of typed parts."""
    content = message.get("content")
    if content is None or isinstance(content, str):
        return _text(content), ""
    if not isinstance(content, list):
        raise unusable(f"the content is neither text nor parts ({_kind(content)})")
    said, thought = [], []
    for part in content:
        if isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
            thought.append(_flat(part))
        else:
            said.append(_flat(part))
    return "".join(said), "".join(thought)


def _flat(value: Any) -> str:
    """The text inside a part, however it is nested."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, list):
        return "".join(_flat(item) for item in value)
    if isinstance(value, dict):
        return next((_flat(value[key]) for key in ("text", "thinking", "summary", "refusal") if value.get(key)), "")
    return ""


def _thought(message: dict[str, Any], parted: str) -> Thought:
    for field in REASONING_FIELDS:
        text = _flat(message.get(field))
        if text:
            return Thought(text, field)
    if parted:
        return Thought(parted, THINK_FIELD)
    details = message.get(DETAILS_FIELD)
    if isinstance(details, list) and details:
        return Thought(_flat(details), DETAILS_FIELD)
    return Thought("", "")


def _extra(message: dict[str, Any], thought: Thought) -> dict[str, Any]:
    """Fields we do not know, verbatim; empty ones say nothing and some endpoints refuse them when replayed."""
    return {key: value for key, value in message.items() if _kept(key, value, thought)}


def _kept(key: str, value: Any, thought: Thought) -> bool:
    if key in _OURS or value in (None, "", [], {}):
        return False
    if key in REASONING_FIELDS:
        return key != thought.field and _flat(value) != thought.text
    return True


# ---- calls --------------------------------------------------------------------------------------------------------


def _calls(message: dict[str, Any]) -> tuple[ToolCall, ...]:
    raw = message.get("tool_calls")
    if not raw:
        legacy = message.get("function_call")
        raw = [{"function": legacy}] if isinstance(legacy, dict) and legacy.get("name") else []
    items = raw if isinstance(raw, list) else [raw]
    calls: list[ToolCall] = []
    seen: set[str] = set()
    for item in items:
        call = _call(item if isinstance(item, dict) else {}, len(calls), seen)
        seen.add(call.id)
        calls.append(call)
    return tuple(calls)


def _call(item: dict[str, Any], index: int, seen: set[str]) -> ToolCall:
    """One call; a function that is null or nameless stays a call with no name, which the loop answers as unknown."""
    function = item.get("function")
    if not isinstance(function, dict):
        function = item if function is None else {}
    name = function.get("name")
    given = item.get("id")
    ident = scrub(str(given)) if isinstance(given, str | int) and given != "" else f"call_{index}"
    while ident in seen:
        ident = f"{ident}_{index}"
    return ToolCall(id=ident, name=_text(name), arguments=_arguments(function.get("arguments")))


def _arguments(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return scrub(value)
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a number beyond 64 bits
        return json.dumps(value, ensure_ascii=False)


# ---- usage --------------------------------------------------------------------------------------------------------


def _usage(raw: Any, price: Price, sent: int, content: str, reasoning: str, calls: tuple[ToolCall, ...]) -> Usage:
    """Tokens as reported; what is not reported is estimated from the sizes."""
    given = raw if isinstance(raw, dict) else {}
    written = len(content) + len(reasoning) + sum(len(call.name) + len(call.arguments) for call in calls)
    prompt = _count(given.get("prompt_tokens")) or sent // _BYTES_PER_TOKEN
    output = _count(given.get("completion_tokens")) or -(-written // _BYTES_PER_TOKEN)
    cached = _count(_inside(given, "prompt_tokens_details", "cached_tokens"))
    thought = _count(_inside(given, "completion_tokens_details", "reasoning_tokens"))
    usage = Usage(
        calls=1,
        input=prompt,
        cached=min(prompt, cached or _count(given.get("prompt_cache_hit_tokens"))),
        output=output,
        reasoning=min(output, thought or _count(given.get("reasoning_tokens"))),
    )
    return replace(usage, usd=_dollars(usage, price, given.get("cost")))


def _dollars(usage: Usage, price: Price, billed: Any) -> float:
    """By the config's prices; without any, what the endpoint says it billed (OpenRouter's `cost`)."""
    if price == Price() and isinstance(billed, int | float) and not isinstance(billed, bool) and billed > 0:
        return float(billed)
    return cost(usage, price)


def _inside(data: dict[str, Any], outer: str, inner: str) -> Any:
    part = data.get(outer)
    return part.get(inner) if isinstance(part, dict) else None


def _count(value: Any) -> int:
    """A token count; anything that is not a sensible number counts as not reported."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        return 0
    return int(value)


# ---- small things -------------------------------------------------------------------------------------------------


def _planted(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return scrub(value) if isinstance(value, str) else ""


def _kind(value: Any) -> str:
    return "null" if value is None else "an empty list" if value == [] else type(value).__name__


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {scrub(key): _scrubbed(item) for key, item in value.items()}
    return value
