"""Tools listed in a system prompt: headings and schemas in JSON or Python form, tags, and what cannot be read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import SEARCH

from trajsynth.readers.listing import mcp_tools, tagged_tools

SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}, "deep": {"type": "boolean", "default": False}}}


@pytest.mark.parametrize("written", [json.dumps(SCHEMA), str(SCHEMA), json.dumps(SCHEMA, indent=2)])
def test_schemas_in_json_and_python(written: str) -> None:
    head = "Intro.\n## Server name: web\n### Tool name: find\nDescription: Finds.\n\nAll."
    prompt = f"{head}\nInput JSON schema: {written}\n\n# Goal\nDo it."
    (spec,) = mcp_tools(prompt) or ()
    assert (spec.name, spec.server, spec.tool, spec.description) == ("web__find", "web", "find", "Finds.\n\nAll.")
    assert spec.parameters == SCHEMA


def test_servers_serverless_tools_and_unreadable_schemas() -> None:
    prompt = (
        "## Server name: a\n### Tool name: x\nInput JSON schema: {broken\n### Tool name: x\nInput JSON schema: {}\n"
        "## Server name: default\n### Tool name: y\n# Goal\nAll."
    )
    found = mcp_tools(prompt) or ()
    assert [(s.name, s.server, s.parameters, s.description) for s in found] == [
        ("a__x", "a", {}, ""),
        ("y", "", {}, ""),
    ]
    assert mcp_tools("No tools.") is None


def test_tools_between_tags() -> None:
    lines = f"<tools>\n{json.dumps(SEARCH)}\n{json.dumps(SEARCH)}\n</tools>"
    assert tagged_tools(lines) == [SEARCH, SEARCH]
    assert tagged_tools(f"Tags <tools></tools> hold: <tools>{json.dumps([SEARCH])}</tools>") == [SEARCH]
    assert tagged_tools(f"<tools>{SEARCH}</tools>") == [SEARCH]
    assert tagged_tools("<tools>[1]</tools>") is None


LINES = st.sampled_from(
    [
        "## Server name: a",
        "### Tool name: b",
        "Input JSON schema: {",
        "{'a': 1}",
        "Description: d",
        "<tools>",
        "</tools>",
        '{"name": "f"}',
    ]
)


@given(st.lists(LINES, max_size=8).map("\n".join))
@settings(max_examples=60, deadline=None)
def test_any_prompt_is_read(prompt: str) -> None:
    names = [spec.name for spec in mcp_tools(prompt) or ()]
    assert len(set(names)) == len(names)
    tagged_tools(prompt)
