"""Config sections: arms, paradigms, and the limits of a rollout.

Level 1; import from `trajsynth.config`. Tests: tests/test_config.py.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from trajsynth.config.base import Count, Positive, Seconds, Section


class Arm(Section, frozen=True, kw_only=True):
    """A teacher x paradigm x invocation; questions are dealt to arms by weight."""

    teacher: str
    """A key of `teachers`."""
    paradigm: str = "react"
    """`react`, or a key of `paradigms`."""
    invocation: Literal["function_calling", "mcp"] = "function_calling"
    """Native function calling, or MCP described and called in the prompt."""
    weight: Annotated[float, Meta(gt=0)] = 1.0
    """Its share of questions (or samples), relative to the other arms."""
    kinds: dict[str, Annotated[float, Meta(ge=0)]] = {}
    """Weight for questions of these kinds, instead of `weight`; 0 keeps the kind from this arm (with `grid` too)."""

    @property
    def name(self) -> str:
        """`teacher/paradigm/invocation`."""
        return f"{self.teacher}/{self.paradigm}/{self.invocation}"


class AgentRole(Section, frozen=True, kw_only=True):
    """A sub-agent. What is left out is built in for browsing, coding and reading; another role needs its own."""

    description: str | None = None
    """What it is good for: the main agent reads it, and the role itself."""
    tools: list[str] | None = None
    """Names of servers or tools, `*` allowed. A role without any tool in the run is left out."""
    prompt: str | None = None
    """Its instructions."""
    teacher: str | None = None
    """The arm's teacher when absent."""
    max_turns: Positive | None = None
    """The paradigm's when absent."""


class MiroFlowParadigm(Section, frozen=True, kw_only=True, tag_field="kind", tag="miroflow"):
    """A planning main agent that delegates to specialised sub-agents; named `miroflow`, it replaces the built-in."""

    roles: dict[str, AgentRole] = msgspec.field(
        default_factory=lambda: {name: AgentRole() for name in ("browsing", "coding", "reading")}
    )
    """Sub-agents by name."""
    planner: bool = True
    """The main agent's first turn is a plan, without calls."""
    tools: list[str] | None = None
    """The main agent's own tools; those no role has when absent."""
    prompt: str | None = None
    """The main agent's instructions."""
    max_turns: Positive | None = None
    """Of each agent; rollout.max_turns when absent. The limit of tool calls counts all agents together."""


class CustomParadigm(Section, frozen=True, kw_only=True, tag_field="kind", tag="custom"):
    """Your own class with `name` and `run` (trajsynth.protocols.Paradigm)."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""


ParadigmConfig: TypeAlias = MiroFlowParadigm | CustomParadigm


class RolloutConfig(Section, frozen=True, kw_only=True):
    """Limits and context policy of every rollout."""

    max_turns: Positive = 200
    """Most turns of an agent before its summary turn."""
    max_tool_calls: Positive = 600
    """Most tool calls; further ones are not executed."""
    wall_clock: Seconds = msgspec.field(default_factory=lambda: Seconds(2700))
    """Longest a rollout may take before its summary turn."""
    context_tokens: Count | None = None
    """Overrides the teachers' context length."""
    keep_results: Count = 5
    """Tool results stay visible for this many steps (the paper's K); 0 keeps all."""
    hide_every: Positive = 1
    """Hide older results in blocks of this many steps; 1 is the paper's, more keeps the prefix cache warm."""
    max_result_chars: Positive = 100_000
    """A longer tool result is cut and marked."""
    rollback: Count = 4
    """Faulty turns discarded in a row before one stands; 0 turns rollback off (published code: 4)."""
    calls_per_message: Literal["many", "one"] = "many"
    """With `one`, the first call of a message is executed and the others are answered as not executed."""
