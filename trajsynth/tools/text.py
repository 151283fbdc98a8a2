"""What tools return, as text for a teacher. Tests: tests/tools/test_tools_text.py."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from trajsynth.codec import scrub

MAX_CHARS = 1_000_000
"""A result longer than this is cut before anything else sees it (the context policy cuts far earlier, and marks it)."""
ERROR_CHARS = 4_000
"""Longest error text (published code: 4,000)."""


def as_text(value: Any) -> str:
    """A Python value as a tool result: text as it is, bytes as the text they encode, everything else as JSON."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes_text(bytes(value))
    try:
        return clean(msgspec.json.encode(value, enc_hook=str).decode())
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return clean(json.dumps(value, default=str))
    except (TypeError, ValueError, RecursionError):
        return clean(str(value))


def _bytes_text(value: bytes) -> str:
    try:
        return clean(value.decode())
    except UnicodeDecodeError:
        return f"[binary: {len(value)} bytes]"


def clean(text: str) -> str:
    """Without lone surrogates, at most `MAX_CHARS` long."""
    return scrub(text[:MAX_CHARS])


def reason(error: BaseException) -> str:
    """`TypeName: message` of an exception, at most `ERROR_CHARS` long."""
    message = str(error).strip()
    return clean(f"{type(error).__name__}: {message}" if message else type(error).__name__)[:ERROR_CHARS]


def one_line(error: BaseException) -> str:
    """The reason on one line, for messages to the user."""
    return " ".join(reason(error).split())[:500]


def blocks_text(blocks: Iterable[Any], structured: Any = None) -> str:
    """The content blocks of an MCP result as text; its structured content when there is no block.

    Texts, embedded ones included, are joined by line breaks; what is not text leaves one line that says what it was.
    """
    parts = [_block(block) for block in blocks]
    if not parts and structured is not None:
        return as_text(structured)
    return clean("\n".join(parts))


def _block(block: Any) -> str:
    kind = getattr(block, "type", "")
    if kind == "text":
        return str(block.text)
    if kind in ("image", "audio"):
        return f"[{kind}: {block.mime_type}, {len(block.data) * 3 // 4} bytes]"
    if kind == "resource":
        text = getattr(block.resource, "text", None)
        return text if isinstance(text, str) else f"[resource: {block.resource.uri}]"
    if kind == "resource_link":
        return f"[resource: {block.uri}]"
    return f"[{kind or type(block).__name__}]"
