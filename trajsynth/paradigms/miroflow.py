"""MiroFlow: a main agent that plans, gives tasks to specialised sub-agents side by side, and sums up.

After MiroMind's MiroFlow (github.com/MiroMindAI/MiroFlow) with our own prompts. Every agent is an `Agent` of
`trajsynth.paradigms.loop`; `trajsynth.paradigms.graph` has its steps as the nodes of a LangGraph graph, compiled once
and shared by all rollouts. The plan is the main conversation's first turn, so samples of a question share their prompt
and can be paired. Sub-agents delegate no further. Tests: tests/paradigms/test_paradigms_miroflow.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trajsynth.config import MiroFlowParadigm
from trajsynth.errors import ConfigError, unknown
from trajsynth.paradigms.gathering import episode
from trajsynth.paradigms.loop import Agent, Thought
from trajsynth.paradigms.roles import MAIN, Share, Team, agents_in
from trajsynth.protocols import Episode, Limits, Rollout, ToolResult

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

STEPS_A_TURN = 3
"""Nodes the graph runs for a turn: think, act (or delegate), observe."""


class MiroFlow:
    """The multi-agent paradigm."""

    def __init__(self, settings: MiroFlowParadigm | None = None, name: str = "miroflow") -> None:
        self.name = name
        self._team = Team(settings or MiroFlowParadigm())

    @cached_property
    def _graph(self) -> CompiledStateGraph[Any, Any, Any, Any]:
        from trajsynth.paradigms.graph import compiled

        return compiled()

    async def run(self, rollout: Rollout) -> Episode:
        """Work on the question with a team; raises MissingExtra without langgraph."""
        graph = self._graph
        crew = Crew(self._team, rollout)
        turns = [crew.turns(name) for name in (MAIN, *self._team.settings.roles)]
        limit = STEPS_A_TURN * max(turns) + 8 if all(turns) else 10**9
        await graph.ainvoke({"agent": crew.main, "crew": crew}, {"recursion_limit": limit})
        return episode(crew.agents)


@dataclass(slots=True)
class Errand:
    """A task on its way: the call that gave it, and the sub-agent that works on it."""

    index: int
    agent: Agent

    def result(self) -> ToolResult:
        """What the main agent is told: the report, or that there is none."""
        agent = self.agent
        if agent.answer:
            return ToolResult(text=agent.answer)
        text = f"The {agent.name} agent came back without a report ({agent.stop_reason})."
        return ToolResult(text=text, outcome="tool_error")


@dataclass(slots=True)
class Crew:
    """The agents of one rollout, the main agent first, in the order in which they were called."""

    team: Team
    rollout: Rollout
    agents: list[Agent] = field(init=False)

    def __post_init__(self) -> None:
        self.agents = []
        self._add(MAIN, self.rollout.question.text, self._limits(MAIN))

    @property
    def main(self) -> Agent:
        """The agent that answers the question."""
        return self.agents[0]

    def turns(self, name: str) -> int:
        """Turn limit of a role or the main agent, 0 for none."""
        settings = self.team.settings
        own = settings.roles[name].max_turns if name in settings.roles else None
        return own or settings.max_turns or self.rollout.limits.max_turns

    def errands(self, thought: Thought) -> list[Errand]:
        """Sub-agents for the turn's calls to them, in order; invalid calls and those over the limit stay with `act`."""
        roles = agents_in(self.main.offer.tools)
        given = [
            (i, check.spec.tool, str((check.arguments or {}).get("task", "")))
            for i, check in enumerate(thought.checks)
            if check.spec is not None and not check.code and check.spec.name in roles
            if self.main.admit(check, i) is None
        ]
        limits = self._limits("", shared_by=len(given))
        return [
            Errand(i, self._add(role, task, replace(limits, max_turns=self.turns(role)), (0, thought.message.n, i)))
            for i, role, task in given
        ]

    def settle(self, errands: Sequence[Errand]) -> None:
        """Count what the sub-agents did; one that failed fails the rollout."""
        self.main.calls_made += sum(errand.agent.calls_made for errand in errands)
        failed = next((errand.agent for errand in errands if errand.agent.failure is not None), None)
        if failed is not None:
            self.main.stop_reason, self.main.failure = "failed", failed.failure

    def _limits(self, name: str, shared_by: int = 0) -> Limits:
        """Limits of the main agent, or of each of several sub-agents: what is left of calls and time, in fair parts."""
        limits = self.rollout.limits
        if not shared_by:
            return replace(limits, max_turns=self.turns(name))
        calls = limits.max_tool_calls and max(1, (limits.max_tool_calls - self.main.calls_made) // shared_by)
        clock = limits.wall_clock and max(self.main.time_left, 0.001)
        return replace(limits, max_tool_calls=calls, wall_clock=clock)

    def _add(self, name: str, task: str, limits: Limits, called_by: tuple[int, int, int] | None = None) -> Agent:
        rollout, role = self.rollout, self.team.settings.roles.get(name)
        toolbox = Share(rollout.toolbox, lambda tools: self.team.shares(tools).get(name, ()))
        teacher = rollout.teacher
        if role is not None and role.teacher is not None and called_by is not None:
            if role.teacher not in rollout.teachers:
                raise ConfigError(f"role {name!r}: {unknown('teacher', role.teacher, rollout.teachers)}")
            teacher = rollout.teachers[role.teacher]
        agent = Agent(
            replace(rollout, toolbox=toolbox, teacher=teacher, limits=limits),
            instructions=self.team.instructions(name),
            task=task,
            name=name,
            index=len(self.agents),
            called_by=called_by,
            reports=called_by is not None,
        )
        self.agents.append(agent)
        return agent
