"""A run's tools inside verl's RL rollouts: `class_name: trajsynth.verl.RunTool` in its tool config.

Calls are checked, executed, limited and cut exactly as they were when the run's teachers made them. verl 0.9.1 makes
an object a tool and process and an instance a call, and never says when a rollout ends: sources that keep a session for
each rollout are refused, workspaces of the sandbox stay behind. All is opened at the first call, once an event loop.
Level 4, imports cli.wiring; verl and the tools are imported when they are used. Tests: tests/cli/test_verl.py.
"""

from __future__ import annotations

import asyncio
import copy
import json
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trajsynth.codec import encode
from trajsynth.errors import ConfigError, MissingExtra, unknown
from trajsynth.protocols import tools_of
from trajsynth.schemas import check_call
from trajsynth.types import ToolCall

if TYPE_CHECKING:
    from trajsynth.config import Config
    from trajsynth.paradigms import KeepLastResults
    from trajsynth.protocols import Toolbox


@dataclass(frozen=True, slots=True)
class _Opened:
    """A run's tools, at work."""

    toolbox: Toolbox
    context: KeepLastResults
    stack: AsyncExitStack
    """Kept, so that nothing closes."""


class RunTool:
    """One tool of a run; `config` is `{type: native, run: FOLDER, definition: TEXT}`: the folder of the run (seen by
    every worker), and the tool's whole definition as JSON, of which verl's own model keeps a part."""

    def __init__(self, config: dict[str, Any], tool_schema: Any) -> None:
        """Raises ConfigError when the folder is no run, or its tools cannot be run here."""
        self.config, self.tool_schema = config, whole(tool_schema, config.get("definition") or "")
        self.name: str = tool_schema.function.name
        self._run = Path(config.get("run") or "")
        _readable(self._run)

    def get_openai_tool_schema(self) -> Any:
        """The whole definition."""
        return self.tool_schema

    async def create(self, instance_id: str | None = None, **kwargs: Any) -> tuple[str, Any]:
        """An id for the call; nothing else is made."""
        return instance_id or uuid.uuid4().hex, _response("")

    async def execute(
        self, instance_id: str, parameters: dict[str, Any], **kwargs: Any
    ) -> tuple[Any, float, dict[str, int]]:
        """(response, reward 0, metrics); metrics are the call's outcome as a count. `agent_data.request_id` names the
        rollout, whose calls share a workspace."""
        opened = await _opened(self._run)
        rollout = str(getattr(kwargs.get("agent_data"), "request_id", "") or instance_id)
        tools = tools_of(opened.toolbox, rollout)
        if all(spec.name != self.name for spec in tools):
            raise ConfigError(f"{str(self._run)!r}: {unknown('tool', self.name, [spec.name for spec in tools])}")
        check = check_call(ToolCall(name=self.name, arguments=encode(parameters).decode()), tools)
        if check.spec is None or check.arguments is None or check.code:
            text, outcome = f"Invalid call, not executed: {check.detail}", "invalid_call"
        else:
            result = await opened.toolbox.call(check.spec, check.arguments, rollout=rollout)
            text, outcome = opened.context.clip(result.text), result.outcome
        return _response(text), 0.0, {f"tool/{outcome}": 1}

    async def calc_reward(self, instance_id: str, **kwargs: Any) -> float:
        """Nothing: the answer alone is rewarded (trajsynth.builders.reward)."""
        return 0.0

    async def release(self, instance_id: str, **kwargs: Any) -> None:
        """Nothing is held for a call."""


def whole(tool_schema: Any, definition: str) -> Any:
    """verl's schema of a tool, showing the model the whole definition (JSON text) instead of the part verl 0.9.1 keeps:
    name, type, description and enum of each parameter, no `items`, `default` or inner `properties`. For tools of your
    own: `super().__init__(config, whole(tool_schema, config["definition"]))`."""
    if not definition:
        return tool_schema
    parsed = json.loads(definition)
    kind: Any = type(tool_schema)
    shown: Any = type(f"Whole{kind.__name__}", (kind,), {"model_dump": lambda self, **_: copy.deepcopy(parsed)})
    return shown.model_construct(**{name: getattr(tool_schema, name) for name in kind.model_fields})


def _response(text: str) -> Any:
    try:
        from verl.tools.schemas import ToolResponse
    except ImportError:
        raise MissingExtra("verl", "verl") from None
    return ToolResponse(text=text)


def _readable(run: Path) -> Config:
    """The run's config. Raises ConfigError."""
    from trajsynth.cli.steps import config_of

    config = config_of(run)
    if config is None:
        raise ConfigError(f"run: {str(run)!r} is no folder of a run; write its path into tool_config.yaml")
    own = next((name for name, server in config.tools.servers.items() if server.for_each_rollout), None)
    if own is not None:
        raise ConfigError(
            f"tools.servers.{own} has a session for each rollout, and verl does not say when a rollout ends; write a "
            "verl.tools.base_tool.BaseTool for it"
        )
    return config


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path, asyncio.Task[_Opened]]] = WeakKeyDictionary()


async def _opened(run: Path) -> _Opened:
    """The run's tools in this event loop, opened by whoever comes first."""
    tasks = _loops.setdefault(asyncio.get_running_loop(), {})
    task = tasks.get(run)
    if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
        task = tasks[run] = asyncio.create_task(_open(run))
    return await asyncio.shield(task)


async def _open(run: Path) -> _Opened:
    from trajsynth.cli.wiring import open_teachers, open_tools
    from trajsynth.generate.rundir import DOCUMENTS_FILE
    from trajsynth.paradigms import KeepLastResults

    config = _readable(run)
    corpus, stack = config.tools.corpus, AsyncExitStack()
    documents = Path(corpus.path) if corpus is not None and corpus.path else run / DOCUMENTS_FILE
    try:
        teachers = await open_teachers(config, config.tool_teachers(), stack)
        toolbox = await open_tools(config, documents, run, teachers, stack)
    except BaseException:
        await stack.aclose()
        raise
    return _Opened(toolbox, KeepLastResults(max_chars=config.rollout.max_result_chars), stack)
