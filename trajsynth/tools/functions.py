"""Python functions as tools.

Level 2: imports types, protocols, errors, config, configload. Tests: tests/tools/test_tools_functions.py.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from trajsynth.config import FunctionTool
from trajsynth.configload import load_target
from trajsynth.errors import ConfigError
from trajsynth.protocols import ToolResult
from trajsynth.tools.signature import Signature, read_signature
from trajsynth.tools.tasks import error_of, raised, settled
from trajsynth.tools.text import as_text, reason
from trajsynth.types import Toolset, ToolSpec

THREADS = 64
"""Most blocking functions at work at once; `async def` functions have no such limit."""


@dataclass(frozen=True, slots=True)
class _Tool:
    function: Callable[..., Any]
    signature: Signature
    spec: ToolSpec
    given: bool
    """The schema was given, so the arguments are passed on as they are."""


class FunctionTools:
    """A tool source made of callables, plain or async. What they raise is a result, never an error of the run.

    Schemas come from signatures and docstrings. `str` results are shown as they are, others as JSON; a function may
    also return a `ToolResult` to set the outcome itself. Raises ConfigError for a callable that cannot be a tool.
    """

    def __init__(self, name: str, functions: Iterable[Callable[..., Any]] | Mapping[str, Callable[..., Any]]) -> None:
        named = functions.items() if isinstance(functions, Mapping) else [(_name(f), f) for f in functions]
        self._name = name
        self._tools = {tool: _tool(name, tool, function) for tool, function in named}
        self._threads: ThreadPoolExecutor | None = None

    @classmethod
    def from_config(cls, functions: Sequence[FunctionTool], name: str = "functions") -> FunctionTools:
        """The functions a config names; raises ConfigError for what cannot be loaded or used."""
        source = cls(name, {})
        for item in functions:
            function = load_target(item.target, "tool function")
            if not callable(function):
                raise ConfigError(f"tool function {item.target!r} is not callable but {type(function).__name__!r}")
            tool = _tool(name, item.name or _name(function), function, item)
            if tool.spec.name in source._tools:
                raise ConfigError(f"two tool functions are called {tool.spec.name!r}; give one of them a `name`")
            source._tools[tool.spec.name] = tool
        return source

    @property
    def name(self) -> str:
        """Name of the group."""
        return self._name

    async def open(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Forget the threads; a function still running is left to end by itself."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def tools(self) -> Toolset:
        """One tool per function."""
        return tuple(tool.spec for tool in self._tools.values())

    async def call(self, tool: str, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """Run a function; what it raises comes back as `TypeName: message` with outcome `tool_error`."""
        found = self._tools.get(tool)
        if found is None:
            return ToolResult(text=f"There is no function {tool!r}.", outcome="tool_error")
        task = await settled(self._run(found, arguments))
        error = error_of(task)
        if error is not None:
            return raised(error)
        value = task.result()
        return value if isinstance(value, ToolResult) else ToolResult(text=as_text(value))

    async def _run(self, tool: _Tool, arguments: dict[str, Any]) -> Any:
        bound = arguments if tool.given else tool.signature.bind(arguments)
        call = functools.partial(_contained, tool.function, bound)
        if _is_async(tool.function):
            try:
                return await call()
            except SystemExit as error:  # would end the event loop
                raise RuntimeError(reason(error)) from error
        self._threads = self._threads or ThreadPoolExecutor(THREADS, thread_name_prefix=self._name)
        work = functools.partial(contextvars.copy_context().run, call)
        value = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        return await value if inspect.isawaitable(value) else value


def _contained(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call it; the exceptions that mean something to the event loop become plain ones."""
    try:
        return function(**arguments)
    except (StopIteration, SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(reason(error)) from error


def _is_async(function: Callable[..., Any]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def _name(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _tool(group: str, name: str, function: Callable[..., Any], item: FunctionTool | None = None) -> _Tool:
    try:
        signature = read_signature(function)
    except (TypeError, ValueError) as error:
        if item is None or item.parameters is None:
            raise ConfigError(f"tool function {name!r} has no usable signature: {error}; give `parameters`") from None
        signature = Signature("", item.parameters, {})
    spec = ToolSpec(
        name=name, description=signature.description, parameters=signature.parameters, server=group, tool=name
    )
    given = item is not None and item.parameters is not None
    if item is not None:
        described = spec.description if item.description is None else item.description
        schema = spec.parameters if item.parameters is None else item.parameters
        spec = replace(spec, description=described, parameters=schema, poll=item.poll, idempotent=item.idempotent)
    return _Tool(function, signature, spec, given)
