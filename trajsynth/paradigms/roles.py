"""Who does what in a MiroFlow team: the roles' tools, descriptions and instructions, and the tools that call them.

Imported by `trajsynth.paradigms.miroflow`. Tests: tests/paradigms/test_paradigms_roles.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from trajsynth.config import AgentRole, MiroFlowParadigm
from trajsynth.grammar import wire_name
from trajsynth.paradigms.offer import AGENTS
from trajsynth.paradigms.prompts import prompt
from trajsynth.protocols import Toolbox, ToolResult, tools_of
from trajsynth.types import Toolset, ToolSpec

MAIN = "main"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """What a role is unless the config says otherwise."""

    description: str
    tools: tuple[str, ...]


BUILT_IN = {
    "coding": BuiltIn(
        "writes and runs programs; for calculations, counting, data and simulations.",
        ("sandbox", "*python*", "*code*", "*exec*", "*run_command*", "*shell*", "*terminal*", "*calculat*"),
    ),
    "reading": BuiltIn(
        "reads files and documents that are at hand and extracts what they say.",
        ("files", "filesystem", "*file*", "*document*", "*pdf*", "*spreadsheet*", "*image*", "*audio*", "*video*"),
    ),
    "browsing": BuiltIn(
        "searches, opens pages and follows links; for facts that have to be looked up.",
        ("corpus", "web", "*search*", "*brows*", "*fetch*", "*wiki*", "*crawl*", "*scrape*", "*open*", "*page*"),
    ),
}
"""The names in `trajsynth.configcheck.ROLES`. A tool goes to the first role that knows its server, else to the first
that knows the tool's own name."""


class Team:
    """The roles of one configured paradigm, and what each gets of a tool list."""

    def __init__(self, settings: MiroFlowParadigm) -> None:
        self.settings = settings
        self._base: Toolset | None = None
        self._shares: dict[str, Toolset] = {}

    def shares(self, tools: Toolset) -> dict[str, Toolset]:
        """Tools of `main` (its sub-agents among them) and of each role that has any; the same objects every time."""
        if self._base is not tools:
            self._shares = share_out(tools, self.settings)
            self._base = tools
        return self._shares

    def instructions(self, name: str) -> str:
        """The system prompt of an agent, before the invocation adds its tools."""
        if name == MAIN:
            own = self.settings.prompt or prompt("miroflow_main")
            return f"{own}\n\n{prompt('miroflow_plan')}" if self.settings.planner else own
        role = self.settings.roles[name]
        advice = prompt(f"miroflow_{name}" if name in BUILT_IN else "miroflow_other")
        described = prompt("miroflow_agent", role=name, description=description(name, role), advice=advice)
        return role.prompt or described


class Share:
    """A toolbox that offers one agent its part of another's tools."""

    def __init__(self, base: Toolbox, pick: Callable[[Toolset], Toolset]) -> None:
        self._base, self._pick = base, pick

    def tools(self) -> Toolset:
        """The agent's tools now."""
        return self._pick(self._base.tools())

    async def begin(self, rollout: str) -> None:
        """Nothing: the rollout has begun when there are agents."""

    def tools_of(self, rollout: str) -> Toolset:
        """The agent's part of what the rollout is offered."""
        return self._pick(tools_of(self._base, rollout))

    async def release(self, rollout: str) -> None:
        """Nothing: the rollout goes on when an agent is done."""

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """Run one of them."""
        return await self._base.call(spec, arguments, rollout=rollout)


def share_out(tools: Toolset, settings: MiroFlowParadigm) -> dict[str, Toolset]:
    """Who gets which tools, in the order of the list; roles that get none are left out."""
    built_in = [name for name in BUILT_IN if name in settings.roles and settings.roles[name].tools is None]
    default = {spec.name: _claimant(spec, built_in) for spec in tools}
    shares: dict[str, Toolset] = {}
    for name, role in settings.roles.items():
        mine = [s for s in tools if (default[s.name] == name if role.tools is None else _named(s, role.tools))]
        if mine:
            shares[name] = tuple(mine)
    taken = {spec.name for share in shares.values() for spec in share}
    own = [s for s in tools if (s.name not in taken if settings.tools is None else _named(s, settings.tools))]
    delegates = [delegate(name, settings.roles[name], share) for name, share in shares.items()]
    return {MAIN: (*delegates, *own), **shares}


def delegate(name: str, role: AgentRole, tools: Iterable[ToolSpec]) -> ToolSpec:
    """The tool by which the main agent gives a role a task."""
    listed = ", ".join(spec.tool or spec.name for spec in tools)
    return ToolSpec(
        name=wire_name(AGENTS, name),
        server=AGENTS,
        tool=name,
        description=(
            f"Give one task to the {name} agent, which {description(name, role)} It works with {listed}, sees nothing "
            "but the task, and returns a report. Several tasks given in one message are worked on at the same time."
        ),
        parameters={
            "type": "object",
            "properties": {
                "task": {
                    "type": "string",
                    "description": "Complete in itself: names, dates and conditions, and what to report.",
                }
            },
            "required": ["task"],
            "additionalProperties": False,
        },
    )


def description(name: str, role: AgentRole) -> str:
    """What a role is good for, as a sentence without subject."""
    text = (role.description or BUILT_IN[name].description).strip()
    return text if text.endswith(".") else f"{text}."


def agents_in(tools: Toolset) -> Mapping[str, str]:
    """Wire name -> role of the sub-agents among an agent's tools."""
    return {spec.name: spec.tool for spec in tools if spec.server == AGENTS}


def _claimant(spec: ToolSpec, names: list[str]) -> str:
    """The built-in role a tool goes to: by its server, else by its own name; empty when none knows it."""
    for text in (spec.server, spec.tool or spec.name):
        for name in names:
            if any(fnmatchcase(text.lower(), pattern) for pattern in BUILT_IN[name].tools):
                return name
    return ""


def _named(spec: ToolSpec, patterns: Iterable[str]) -> bool:
    names = (spec.server, spec.tool or spec.name, spec.name)
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
