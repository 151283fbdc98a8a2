"""What is kept of a config beside the run: its resolved form without secrets, and the part that defines the run.

Level 1. `saved` goes into run.yaml; on resume `identity` of the saved and of the new config are compared, so limits,
prices, URLs and sample counts may grow while model, prompts and tools may not drift unseen.
Tests: tests/test_configsave.py.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from trajsynth.codec import canonical
from trajsynth.config import (
    AgentRole,
    Config,
    CorpusTools,
    CustomQuestions,
    CustomTeacher,
    DatasetQuestions,
    EncyclopediaQuestions,
    FunctionTool,
    McpServer,
    MiroFlowParadigm,
    OpenAITeacher,
    ReplayTeacher,
    RolloutConfig,
    SandboxTools,
    ScriptedTeacher,
    ServerTools,
    TeacherConfig,
    Tools,
    WebSearch,
    WebTools,
    convert,
    plain,
)
from trajsynth.configsecrets import hide_arguments, hide_by_name, hide_headers, hide_server, hide_url
from trajsynth.errors import RecordError

_MAY_CHANGE: dict[type[Struct], frozenset[str]] = {
    Config: frozenset({"name", "samples", "concurrency", "filters", "grade", "curate", "build", "push"})
    | frozenset({"budget", "outage", "cache"}),
    DatasetQuestions: frozenset({"limit"}),
    EncyclopediaQuestions: frozenset({"limit", "questions"}),
    CustomQuestions: frozenset({"limit"}),
    OpenAITeacher: frozenset({"base_urls", "api_key_env", "extra_headers", "price", "licence", "terms"})
    | frozenset({"context_tokens", "max_tokens", "max_tokens_field"})
    | frozenset({"concurrency", "rpm", "tpm", "retries", "timeout", "connect_timeout"}),
    ScriptedTeacher: frozenset({"latency", "context_tokens", "price", "concurrency"}),
    CustomTeacher: frozenset({"licence", "terms"}),
    ReplayTeacher: frozenset({"licence", "terms"}),
    Tools: frozenset({"timeout", "limits"}),
    FunctionTool: frozenset({"idempotent"}),
    McpServer: frozenset({"env", "headers", "url", "cwd", "type", "disabled", "startup_timeout"}),
    ServerTools: frozenset({"pool"}),
    CorpusTools: frozenset({"serve"}),
    SandboxTools: frozenset({"timeout", "cpu", "memory_mb", "processes", "disk_mb", "concurrency", "keep"}),
    WebTools: frozenset({"timeout"}),
    WebSearch: frozenset({"url", "api_key_env", "price"}),
    RolloutConfig: frozenset({"max_turns", "max_tool_calls", "wall_clock", "context_tokens"}),
    MiroFlowParadigm: frozenset({"max_turns"}),
    AgentRole: frozenset({"max_turns"}),
}
"""Fields that may differ when a run is resumed: how much, how fast, at what price, where from, and all that comes after
the rollouts. A field not named here defines the run; so does every new one until somebody decides otherwise."""


def may_change(section: type[Struct]) -> frozenset[str]:
    """Keys of a section that may differ when a run is resumed."""
    return _MAY_CHANGE.get(section, frozenset())


def saved(config: Config) -> dict[str, Any]:
    """Plain data of the resolved config, every default written out and every literal secret hidden; `load_saved` reads
    it back."""
    data = plain(config)
    data["tools"]["mcpServers"] = {name: hide_server(server) for name, server in config.tools.mcpServers.items()}
    search = None if config.tools.web is None else config.tools.web.search
    if search is not None and search.url is not None:
        data["tools"]["web"]["search"]["url"] = hide_url(search.url)
    for name, teacher in config.teachers.items():
        if isinstance(teacher, OpenAITeacher):
            data["teachers"][name] |= {
                "base_urls": [hide_url(url) for url in teacher.base_urls],
                "extra_headers": hide_headers(teacher.extra_headers),
                "params": hide_by_name(teacher.params),
                "extra_body": hide_by_name(teacher.extra_body),
            }
    return _hide_user_arguments(data)


def load_saved(data: object, where: str) -> Config:
    """The Config that `saved` wrote, with today's defaults for keys younger than the run; raises RecordError."""
    if isinstance(data, dict):  # runs made when there was one kind
        data["paradigms"] = {name: {"kind": "custom"} | own for name, own in (data.get("paradigms") or {}).items()}
    try:
        return convert(data)
    except msgspec.ValidationError as error:
        raise RecordError(f"{where}: the saved config cannot be read: {error}") from None


def identity(config: Config) -> dict[str, Any]:
    """The part of a config that defines its run: equal identities share an output folder."""
    data: dict[str, Any] = _hide_user_arguments(_defining(config))
    used = config.arm_teachers() | config.tool_teachers()
    data["teachers"] = {name: teacher for name, teacher in data["teachers"].items() if name in used}
    data["arms"] = [_defining(arm) for arm in config.all_arms()]
    servers = config.tools.mcpServers
    data["tools"]["mcpServers"] = {
        name: entry | {"args": hide_arguments(servers[name].args)}
        for name, entry in data["tools"]["mcpServers"].items()
        if not servers[name].disabled
    }
    return data


def teacher_identity(teacher: TeacherConfig) -> str:
    """What of a teacher's section shapes its replies, as canonical JSON; secrets included, so for hashing only."""
    return canonical(_defining(teacher))


def describe_difference(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """One line a difference, `teachers.qwen.model: 'a' -> 'b'`, in the order of `old`; empty when they are equal."""
    return _differences(old, new, "")


def _hide_user_arguments(data: dict[str, Any]) -> dict[str, Any]:
    """Hides secrets in the `args` of custom sections, which trajsynth knows nothing about."""
    sections = [data["questions"], *data["teachers"].values()]
    sections += [*data["tools"]["custom"].values(), *data["paradigms"].values(), *data.get("filters", {}).values()]
    for section in sections:
        if isinstance(section.get("args"), dict):
            section["args"] = hide_by_name(section["args"])
    return data


def _defining(value: Any) -> Any:
    """Plain data of a section without the fields that may change."""
    if isinstance(value, Struct):
        free = _MAY_CHANGE.get(type(value), frozenset())
        tag = {} if value.__struct_config__.tag is None else {"kind": value.__struct_config__.tag}
        return tag | {name: _defining(getattr(value, name)) for name in value.__struct_fields__ if name not in free}
    if isinstance(value, list | tuple):
        return [_defining(item) for item in value]
    return {key: _defining(item) for key, item in value.items()} if isinstance(value, dict) else plain(value)


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if type(old) is type(new) and isinstance(old, dict):
        keys = [*old, *(key for key in new if key not in old)]
        pairs = [(key, old.get(key, _ABSENT), new.get(key, _ABSENT)) for key in keys]
    elif type(old) is type(new) and isinstance(old, list) and len(old) == len(new):
        pairs = [(str(index), a, b) for index, (a, b) in enumerate(zip(old, new, strict=True))]
    else:
        return [] if old == new else [f"{path}: {_short(old)} -> {_short(new)}"]
    return [line for key, a, b in pairs for line in _differences(a, b, f"{path}.{key}" if path else key)]


class _Absent:
    """Stands for a key that one side does not have."""

    def __repr__(self) -> str:
        return "(absent)"


_ABSENT = _Absent()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
