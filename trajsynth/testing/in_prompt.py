"""A trajectory with native calls as in-prompt MCP would have it: calls written into the messages, results as they were.

Level 3, imports grammar. For trying filters on both invocations with data that has only one.
Tests: tests/testing/test_testing_in_prompt.py.
"""

from __future__ import annotations

from dataclasses import replace

from trajsynth.testing.writing import marked_up
from trajsynth.types import Message, Trajectory


def in_prompt(trajectory: Trajectory) -> Trajectory:
    """The same trajectory with every native call as markup in its message; prompts stay as they are."""
    conversations = tuple(
        replace(conversation, messages=tuple(_rewritten(message) for message in conversation.messages))
        for conversation in trajectory.conversations
    )
    return replace(trajectory, invocation="mcp", conversations=conversations)


def _rewritten(message: Message) -> Message:
    if not message.tool_calls or any(call.span is not None for call in message.tool_calls):
        return message
    content, calls = marked_up(message.content, message.tool_calls)
    return replace(message, content=content, tool_calls=calls)
