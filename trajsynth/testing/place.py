"""Where a defect may stand: one conversation of a trajectory, with its turns, its calls and their results.

Level 3, imports types and schemas. Handed to every planter. Tests: tests/testing/test_testing_in_prompt.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from trajsynth.schemas import parse_arguments
from trajsynth.types import Conversation, Message, ToolCall, Toolset, ToolSpec, Trajectory


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and what came back."""

    at: int
    """Position of the assistant message in its conversation."""
    message: Message
    index: int
    """Which of the message's calls."""
    call: ToolCall
    result: Message | None

    @property
    def last_of_turn(self) -> bool:
        """Nothing else was called after it in the same message."""
        return self.index == len(self.message.tool_calls) - 1


@dataclass(frozen=True, slots=True)
class Defect:
    """A planter's work: the changed trajectory, and the `n` of the message the defect stands in (or begins at)."""

    trajectory: Trajectory
    n: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """One conversation offered to a planter."""

    trajectory: Trajectory
    c: int
    dice: Random
    severity: int
    """1 mild, 2 plain, 3 gross."""
    variant: str = ""
    """Which form of the defect; empty: drawn by lot."""

    @property
    def conversation(self) -> Conversation:
        return self.trajectory.conversations[self.c]

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.conversation.messages

    @property
    def in_prompt(self) -> bool:
        """Calls stand in the content (in-prompt MCP)."""
        return self.trajectory.invocation == "mcp" or any(
            call.span is not None for message in self.messages for call in message.tool_calls
        )

    @property
    def imported(self) -> bool:
        """Made elsewhere: outcomes are read from wording, an answer is the last message."""
        return bool(self.trajectory.run.source)

    def pick(self, mild: int, plain: int, gross: int) -> int:
        """The number that goes with this place's severity."""
        return (mild, plain, gross)[self.severity - 1]

    def way(self, *variants: str) -> str:
        """The variant wished for, or one by lot."""
        return self.variant or self.dice.choice(variants)

    def assistant_turns(self) -> list[Message]:
        return [message for message in self.messages if message.role == "assistant"]

    def final_turn(self) -> Message | None:
        """The last assistant message if it is an end: something is said, nothing is called."""
        turns = self.assistant_turns()
        return turns[-1] if turns and turns[-1].content.strip() and not turns[-1].tool_calls else None

    def exchanges(self) -> list[Exchange]:
        """Every call with its result, in order."""
        results = {m.answers: m for m in self.messages if m.role == "tool" and m.answers is not None}
        return [
            Exchange(at, message, index, call, results.get((message.n, index)))
            for at, message in enumerate(self.messages)
            for index, call in enumerate(message.tool_calls)
        ]

    def toolset(self, message: Message) -> Toolset:
        """The tool list an assistant turn saw; empty when none is recorded."""
        index = message.turn.toolset if message.turn else 0
        toolsets = self.conversation.toolsets
        return toolsets[index] if index < len(toolsets) else ()

    def spec(self, exchange: Exchange) -> ToolSpec | None:
        """The tool an exchange called, by its wire name."""
        tools = self.toolset(exchange.message)
        return next((spec for spec in tools if spec.name == exchange.call.name), None)

    def after(self, at: int) -> int:
        """The position behind the assistant message at `at` and its results."""
        end = at + 1
        while end < len(self.messages) and self.messages[end].role == "tool":
            end += 1
        return end

    def callable(self) -> list[Exchange]:
        """Exchanges whose arguments are a JSON object and whose tool, where a list is recorded, is in it."""
        return [
            exchange
            for exchange in self.exchanges()
            if parse_arguments(exchange.call.arguments).arguments is not None
            and (self.spec(exchange) is not None or not self.toolset(exchange.message))
        ]
