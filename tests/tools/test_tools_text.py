"""trajsynth.tools.text: results as text."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from mcp_types import AudioContent, EmbeddedResource, ImageContent, ResourceLink, TextContent, TextResourceContents

from trajsynth.tools.text import ERROR_CHARS, MAX_CHARS, as_text, blocks_text, one_line, reason

LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as is ", "as is "),
        ("\ud800x", "�x"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (None, "null"),
        (math.nan, "null"),
        ("Größe".encode(), "Größe"),
        (bytearray(b"ok"), "ok"),
        (b"\xff\xfe\x00", "[binary: 3 bytes]"),
        (datetime.date(2020, 1, 2), '"2020-01-02"'),
        ({"s": "\ud800"}, '{"s": "\\ud800"}'),
        (object, f'"{object}"'),
    ],
)
def test_values(value: object, text: str) -> None:
    assert as_text(value) == text


def test_endless_and_endlessly_long_values() -> None:
    assert as_text(LOOP)
    assert len(as_text("x" * (MAX_CHARS + 1))) == MAX_CHARS


def test_reasons() -> None:
    assert reason(ValueError("no")) == "ValueError: no"
    assert reason(KeyError()) == "KeyError"
    assert one_line(ValueError("a\n  b")) == "ValueError: a b"
    assert len(reason(ValueError("x" * 9999))) == ERROR_CHARS


def test_blocks() -> None:
    blocks = [
        TextContent(text="one"),
        ImageContent(data="AAAA", mime_type="image/png"),
        AudioContent(data="AAAAAAAA", mime_type="audio/wav"),
        ResourceLink(name="r", uri="file:///r"),
        EmbeddedResource(resource=TextResourceContents(uri="file:///t", text="two")),
    ]
    lines = ["one", "[image: image/png, 3 bytes]", "[audio: audio/wav, 6 bytes]", "[resource: file:///r]", "two"]
    assert blocks_text(blocks) == "\n".join(lines)
    assert blocks_text([], {"a": 1}) == '{"a":1}'
    assert blocks_text([TextContent(text="")], {"a": 1}) == ""
    assert blocks_text([]) == ""
