"""The request body as bytes: what never changes is serialised once, messages are joined, tools spliced in.

`create()` of the SDK walks the whole history again for every call; here a call costs about as much as moving its
bytes. Level 2, imports protocols, config and errors only. Tests: tests/teachers/test_teachers_request.py.
"""

from __future__ import annotations

from typing import Any

import orjson

from trajsynth.config import OpenAITeacher
from trajsynth.errors import ConfigError
from trajsynth.protocols import ChatRequest

_RESERVED = ("messages", "tools", "stream", "n")
"""Ours to set: a stream or several choices per call would not be read."""
LEAST_OUTPUT = 1024
"""Tokens of output below which the limit is not shrunk to fit the context: the endpoint then says that it is full."""
_SLACK = 1.05
"""Safety on the estimated prompt when output is shrunk to fit."""


class RequestBody:
    """Builds the bodies of one teacher's requests.

    `params` and `extra_body` win over the fields we set ourselves, so a user can always say it otherwise.
    """

    def __init__(self, name: str, config: OpenAITeacher, model: str, context_tokens: int = 0) -> None:
        """Raises ConfigError when `params` or `extra_body` hold a field that is ours to set."""
        given = given_fields(name, config)
        self._tool_choice: Any = given.pop("tool_choice", None)
        self._with_tools = _tail({"parallel_tool_calls": given.pop("parallel_tool_calls", config.parallel_tool_calls)})
        self._seeded = seeded(config)
        self._summary_choice = config.summary_tool_choice
        self._limit_field = config.max_tokens_field
        self._limit = 0 if sets_limit(given) else config.max_tokens
        self._context_tokens = context_tokens
        fields = {"model": model, **given}
        if config.reasoning_effort is not None:
            fields.setdefault("reasoning_effort", config.reasoning_effort)
        self._head = orjson.dumps(fields)[:-1] + b',"messages":['

    def build(self, request: ChatRequest) -> bytes:
        """The JSON body of one request."""
        parts = [self._head, b",".join(request.messages), b"]"]
        if request.tools:
            parts += (b',"tools":', request.tools, self._with_tools, _tail({"tool_choice": self._choice(request)}))
        if request.seed is not None and self._seeded:
            parts.append(b',"seed":%d' % request.seed)
        if self._limit:
            parts.append(b',"%s":%d' % (self._limit_field.encode(), self._output_limit(request.estimated_tokens)))
        parts.append(b"}")
        return b"".join(parts)

    def _choice(self, request: ChatRequest) -> Any:
        if request.tool_choice and (self._summary_choice or request.tool_choice != "none"):
            return request.tool_choice
        return None if request.tool_choice else self._tool_choice

    def _output_limit(self, prompt_tokens: int) -> int:
        """vLLM and others refuse a prompt whose output limit would run past the context, however short the answer."""
        if not self._context_tokens or not prompt_tokens:
            return self._limit
        room = self._context_tokens - int(prompt_tokens * _SLACK)
        return min(self._limit, max(room, LEAST_OUTPUT))


def given_fields(name: str, config: OpenAITeacher) -> dict[str, Any]:
    """`params` and `extra_body` in one; raises ConfigError for a reserved field."""
    given = {**config.params, **config.extra_body}
    for field in _RESERVED:
        if field in given:
            where = "params" if field in config.params else "extra_body"
            raise ConfigError(f"teachers.{name}.{where}: {field!r} is set by trajsynth; remove it")
    return given


def seeded(config: OpenAITeacher) -> bool:
    """Whether each request carries its own seed; a fixed seed in the config wins."""
    return config.seed and "seed" not in config.params and "seed" not in config.extra_body


def sets_limit(given: dict[str, Any]) -> bool:
    """Whether the user's own fields already limit the output."""
    return "max_tokens" in given or "max_completion_tokens" in given


def _tail(fields: dict[str, Any]) -> bytes:
    """`,"a":1,"b":2` of the fields that are not None."""
    kept = {key: value for key, value in fields.items() if value is not None}
    return b"," + orjson.dumps(kept)[1:-1] if kept else b""
