"""What an agent may call, from turn to turn: the list as it is now, or with progressive discovery a growing part of it.

With progressive discovery an agent first sees one tool, `list_tools`, whose description names the servers; a server's
tools are offered from the turn after they were listed. What was listed follows from the results alone, so a replayed
rollout knows it too. Imported by paradigms. Tests: tests/paradigms/test_paradigms_offer.py.
"""

from __future__ import annotations

from trajsynth.grammar import wire_name
from trajsynth.protocols import Rollout, ToolResult, tools_of
from trajsynth.schemas import CallCheck
from trajsynth.types import Toolset, ToolSpec

TOOLBOX, LIST_TOOLS = "toolbox", "list_tools"
"""Server and tool that list the tools of the others."""
AGENTS = "agents"
"""The server name under which a main agent finds its sub-agents."""
ALWAYS = (AGENTS, "")
"""Servers whose tools need no listing: sub-agents, and tools that belong to no server."""
_NAMES_SHOWN = 8


class Offer:
    """The tools of one agent; `path` is what its journal keys begin with, `fixed` a list that never changes."""

    def __init__(self, rollout: Rollout, path: str, fixed: Toolset | None = None) -> None:
        self._rollout, self._path, self._fixed = rollout, path, fixed
        self._listed: set[str] = set()
        self._made: tuple[Toolset, frozenset[str], Toolset] | None = None
        self.tools = rollout.journal.tools(f"{path}/start", self._now())
        """The list that the current turn sees."""
        self.lists = [self.tools]
        """Every list seen so far, in order."""
        self.payload = rollout.invocation.tools_payload(self.tools)

    def renew(self, step: int) -> str:
        """Take up a list that has changed since the last turn; what the teacher must be told of it, or empty."""
        before, after = self.tools, self._rollout.journal.tools(f"{self._path}/{step}", self._now())
        if after is before or after == before:
            return ""
        self.tools = after
        self.lists.append(after)
        self.payload = self._rollout.invocation.tools_payload(after)
        return self._rollout.invocation.tools_note(before, after)

    def _now(self) -> Toolset:
        """What is offered now; the same object until it changes."""
        if self._fixed is not None:
            return self._fixed
        everything = tools_of(self._rollout.toolbox, self._rollout.id)
        if not self._rollout.progressive or not _servers(everything):
            return everything
        listed = frozenset(self._listed)
        if self._made is None or self._made[0] is not everything or self._made[1] != listed:
            shown = [spec for spec in everything if spec.server in listed or spec.server in ALWAYS]
            self._made = (everything, listed, (_list_tools(everything), *shown))
        return self._made[2]

    async def call(self, spec: ToolSpec, arguments: dict[str, object]) -> ToolResult:
        """Run a tool: the list itself, or one of the toolbox."""
        rollout = self._rollout
        if spec.server != TOOLBOX or not rollout.progressive:
            return await rollout.toolbox.call(spec, arguments, rollout=rollout.id)
        server = str(arguments["server"])
        tools = _servers(tools_of(rollout.toolbox, rollout.id)).get(server)
        if tools is None:
            return ToolResult(text=f"The server {server!r} is no longer there.", outcome="unavailable")
        lines = [f"- {tool.tool or tool.name}: {tool.description.strip().partition(chr(10))[0]}" for tool in tools]
        return ToolResult(text="\n".join([f"From now on you can call these tools of {server}:", *lines]))

    def note(self, check: CallCheck, result: ToolResult) -> None:
        """Heed a result: a server that was listed is offered."""
        if check.spec is not None and check.spec.server == TOOLBOX and result.outcome == "ok" and check.arguments:
            self._listed.add(str(check.arguments.get("server")))


def _servers(tools: Toolset) -> dict[str, list[ToolSpec]]:
    """The tools that have to be listed, by server."""
    servers: dict[str, list[ToolSpec]] = {}
    for spec in tools:
        if spec.server not in ALWAYS:
            servers.setdefault(spec.server, []).append(spec)
    return servers


def _list_tools(tools: Toolset) -> ToolSpec:
    servers = _servers(tools)
    described = []
    for server, specs in servers.items():
        names = [spec.tool or spec.name for spec in specs]
        more = ["..."] if len(names) > _NAMES_SHOWN else []
        described.append(f"{server} ({len(names)}: {', '.join([*names[:_NAMES_SHOWN], *more])})")
    return ToolSpec(
        name=wire_name(TOOLBOX, LIST_TOOLS),
        server=TOOLBOX,
        tool=LIST_TOOLS,
        description=(
            "Show what the tools of a server do and which arguments they take. You can call them only after that. "
            f"Servers and their tools: {'; '.join(described)}."
        ),
        parameters={
            "type": "object",
            "properties": {"server": {"type": "string", "enum": list(servers), "description": "Name of the server."}},
            "required": ["server"],
            "additionalProperties": False,
        },
        idempotent=True,
        poll=True,
    )
