"""In-prompt MCP read by a reader of the published MiroThinker grammar, written here and sharing no code with ours.

The published form: `## Server name:` and `### Tool name:` headings, a description, a JSON schema; calls as
`<use_mcp_tool>` with server_name, tool_name and JSON arguments, white space free; results as user turns.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.grammar import write_call
from trajsynth.invocation import McpPrompt, invocation
from trajsynth.protocols import Reply, TeacherProfile
from trajsynth.types import Message, ToolCall, ToolSpec

PUBLISHED_CALL = re.compile(
    r"<use_mcp_tool>\s*<server_name>(.*?)</server_name>\s*<tool_name>(.*?)</tool_name>\s*"
    r"<arguments>\s*(.*?)\s*</arguments>\s*</use_mcp_tool>",
    re.DOTALL,
)
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
TOOLS = (
    ToolSpec(name="web__search", description="Find pages.\nTwo lines.", parameters=SCHEMA, server="web", tool="search"),
    ToolSpec(name="web__open", description="Read one.", parameters=SCHEMA, server="web", tool="open"),
    ToolSpec(name="files__read", description="Read a file.", parameters={}, server="files", tool="read"),
)
PROFILE = TeacherProfile(name="t", model="m")


def calls_in(text: str) -> list[tuple[str, str, Any]]:
    return [(server.strip(), tool.strip(), json.loads(raw)) for server, tool, raw in PUBLISHED_CALL.findall(text)]


def tools_in(text: str) -> list[tuple[str, str, str, Any]]:
    """(server, tool, description, schema) of every tool in a prompt."""
    found = []
    for block in re.split(r"^## Server name: ", text, flags=re.MULTILINE)[1:]:
        server, _, rest = block.partition("\n")
        for tool in re.split(r"^### Tool name: ", rest, flags=re.MULTILINE)[1:]:
            match = re.match(r"([^\n]+)\n(?:Description: (.*)\n)?Input JSON schema: (.+)", tool, re.DOTALL)
            assert match is not None
            schema = match[3].split("\n\n")[0]
            found.append((server.strip(), match[1], match[2] or "", json.loads(schema)))
    return found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.text("abcxyz_-", min_size=1, max_size=12)


def harmless(value: object) -> bool:
    return "</arguments>" not in json.dumps(value, ensure_ascii=False)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    calls=st.lists(
        st.tuples(NAMES, NAMES, st.dictionaries(st.text("qrs", min_size=1), VALUES, max_size=3).filter(harmless)),
        max_size=3,
    ),
    thought=st.text("so I look.\n ", max_size=30),
)
def test_what_the_published_reader_reads_is_what_was_called(calls: list[tuple[str, str, Any]], thought: str) -> None:
    written = [write_call(server, tool, json.dumps(arguments)) for server, tool, arguments in calls]
    content = "\n\n".join([thought, *written])
    (wire,) = McpPrompt().render([Message(n=2, role="assistant", content=content)], (), PROFILE, replay_reasoning=True)
    assert wire == {"role": "assistant", "content": content}
    assert calls_in(wire["content"]) == calls
    read = McpPrompt().read(Reply(content=content), ())
    assert [(c.server, c.tool, json.loads(c.arguments)) for c in read.calls] == calls


@pytest.mark.parametrize("layout", ["{}", " {} ", "\n{}\n", "\n\n  {}\n"])
def test_calls_in_any_published_white_space_are_read_alike(layout: str) -> None:
    server, tool, arguments = (layout.format(text) for text in ("web", "search", '{"q": "x"}'))
    call = (
        f"<use_mcp_tool>{layout.format('')}<server_name>{server}</server_name>\n<tool_name>{tool}</tool_name>"
        f"<arguments>{arguments}</arguments>{layout.format('')}</use_mcp_tool>"
    )
    (ours,) = McpPrompt().read(Reply(content=f"Let me see.\n\n{call}"), TOOLS).calls
    assert [(ours.server, ours.tool, json.loads(ours.arguments))] == calls_in(call) == [("web", "search", {"q": "x"})]


def test_the_tool_block_is_read_back() -> None:
    empty = {"type": "object", "properties": {}}
    wanted = [(s.server, s.tool, s.description, s.parameters or empty) for s in TOOLS]
    assert tools_in(McpPrompt().system_prompt("Answer.", TOOLS)) == wanted
    assert tools_in(McpPrompt().tools_note(TOOLS[:1], TOOLS)) == wanted[1:]


def test_the_rule_of_one_call_a_message_stands_in_the_prompt() -> None:
    one = invocation("mcp", one_call=True).system_prompt("Answer.", TOOLS)
    many = invocation("mcp").system_prompt("Answer.", TOOLS)
    assert "Write one call a message" in one
    assert "Write one call a message" not in many
    assert "one after another in the same message" in many
    assert tools_in(one) == tools_in(many)


def test_results_and_the_summary_request_are_user_turns() -> None:
    call = ToolCall(name="web__search", server="web", tool="search")
    messages = [
        Message(n=2, role="assistant", content=write_call("web", "search", "{}"), tool_calls=(call,)),
        Message(n=3, role="tool", content="a page", answers=(2, 0)),
        Message(n=4, role="assistant", content="done"),
        Message(n=5, role="user", content="Sum up."),
    ]
    groups = [messages[:1], messages[1:2], messages[2:3], messages[3:]]
    wire = [w for g in groups for w in McpPrompt().render(g, (), PROFILE, replay_reasoning=False)]
    assert [w["role"] for w in wire] == ["assistant", "user", "assistant", "user"]
    assert all(set(w) == {"role", "content"} for w in wire)
