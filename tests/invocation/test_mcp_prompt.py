"""trajsynth.invocation.mcp_prompt: tools in the prompt, calls in the content."""

from __future__ import annotations

from typing import Any

import pytest

from trajsynth.grammar import read_calls, write_call
from trajsynth.invocation import McpPrompt
from trajsynth.protocols import HIDDEN_RESULT, Reply, TeacherProfile
from trajsynth.types import Message, ToolCall, ToolSpec

PROFILE = TeacherProfile(name="t", model="m")
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
TOOLS = (
    ToolSpec(name="web__search", description="Find pages.", parameters=SCHEMA, server="web", tool="search"),
    ToolSpec(name="now", description="The time."),
    ToolSpec(name="web__open_page", server="web", tool="open page"),
)
CALL = write_call("web", "search", '{"q": "a"}')


def render(*group: Message, replay: bool = False) -> list[dict[str, Any]]:
    return McpPrompt().render(group, {9}, PROFILE, replay_reasoning=replay)


def result(n: int, content: str) -> Message:
    return Message(n=n, role="tool", content=content, answers=(2, n))


def test_the_prompt_lists_every_tool_under_its_server() -> None:
    text = McpPrompt().system_prompt("Do it.", TOOLS)
    assert text.startswith("Do it.\n\n")
    web = ["## Server name: web", "### Tool name: search\nDescription: Find pages.", '"q":{"type":"string"}']
    other = ["### Tool name: open page", "## Server name: default", "### Tool name: now\nDescription: The time."]
    parts = [*web, *other]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert len(read_calls(text).calls) == 1  # the example is a call of the grammar it explains


def test_without_tools_nothing_is_said_about_calls() -> None:
    assert McpPrompt().system_prompt("Do it.", ()) == "Do it."
    assert McpPrompt().tools_payload(TOOLS) == b""


def test_reads_calls_with_their_place() -> None:
    content = f"First.\n{CALL}\n{write_call('default', 'now', '')}{write_call('web', 'open page', '{}')}"
    reading = McpPrompt().read(Reply(content=content), TOOLS)
    assert [(c.name, c.server, c.tool, c.arguments) for c in reading.calls] == [
        ("web__search", "web", "search", '{"q": "a"}'),
        ("now", "", "now", ""),
        ("web__open_page", "web", "open page", "{}"),
    ]
    first = reading.calls[0].span
    assert first is not None
    assert content[slice(*first)] == CALL
    assert reading.problem == ""


def test_an_unknown_tool_keeps_what_was_written() -> None:
    (call,) = McpPrompt().read(Reply(content=write_call("web", "serch", "{}")), TOOLS).calls
    assert (call.name, call.server, call.tool) == ("web__serch", "web", "serch")


def test_the_right_tool_at_the_wrong_server_is_unknown() -> None:
    (call,) = McpPrompt().read(Reply(content=write_call("books", "search", "{}")), TOOLS).calls
    assert call.name == "books__search"


@pytest.mark.parametrize(
    ("reply", "calls", "problem"),
    [
        (Reply(content="done"), 0, ""),
        (Reply(content="<use_mcp_tool><server_name>web</server_name>"), 0, "call.malformed"),
        (Reply(content=CALL + "<use_mcp_tool>"), 1, "call.malformed"),
        (Reply(content="done", reasoning=CALL), 0, "call.misplaced"),
        (Reply(content=f"<think>{CALL}</think>"), 0, "call.misplaced"),
        (Reply(content=CALL, reasoning=CALL), 1, ""),
        (Reply(tool_calls=(ToolCall(name="web__search"),)), 0, "call.malformed"),
    ],
)
def test_problems(reply: Reply, calls: int, problem: str) -> None:
    reading = McpPrompt().read(reply, TOOLS)
    assert (len(reading.calls), reading.problem) == (calls, problem)


def test_a_run_of_results_is_one_user_message() -> None:
    assert render(result(3, "a")) == [{"role": "user", "content": "a"}]
    (several,) = render(result(3, "a"), result(9, "b"), Message(n=5, role="user", content="Go on."))
    assert several == {
        "role": "user",
        "content": f"[Result 1 of 2]\na\n\n[Result 2 of 2]\n{HIDDEN_RESULT}\n\nGo on.",
    }


def test_assistant_messages_carry_their_calls_in_the_content_only() -> None:
    message = Message(n=2, role="assistant", content=CALL, reasoning="r", tool_calls=(ToolCall(name="web__search"),))
    assert render(message, replay=True) == [{"role": "assistant", "content": CALL, "reasoning_content": "r"}]
    assert render(Message(n=0, role="system", content="s")) == [{"role": "system", "content": "s"}]
    assert render(Message(n=1, role="user", content="u")) == [{"role": "user", "content": "u"}]
    assert render() == []
