"""What msgspec found wrong with a config, said in the user's words: the real path, what was expected, the nearest name.

Level 1. msgspec stops at the first fault and prints `[...]` for the keys of a map; the real key is found by validating
the map again with one entry at a time. Tests: tests/test_configerrors.py.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from trajsynth.config import Config, Section, decode_hook
from trajsynth.errors import ConfigError, unknown

S = TypeVar("S", bound=Section)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")


def validate(data: dict[str, Any], where: str) -> Config:
    """Plain data -> Config; raises ConfigError `where: a.b.0.c: problem`, in the spelling `--set` takes."""
    return validate_as(Config, data, where)


def validate_as(kind: type[S], data: dict[str, Any], where: str) -> S:
    """Plain data -> a section of the config, or all of it; raises ConfigError as `validate` does."""
    problem = _problem(kind, data)
    if problem is None:
        return msgspec.convert(data, kind, dec_hook=decode_hook)
    path = _real_path(kind, data, problem)
    value, expected = _descend(kind, data, path)
    said = _say(problem.partition(" - at ")[0], value, expected)
    raise ConfigError(f"{': '.join(part for part in (where, dotted(path), said) if part)}")


def dotted(path: Sequence[str | int]) -> str:
    """`('arms', 0, 'teacher')` -> `arms.0.teacher`."""
    return ".".join(str(step) for step in path)


def _problem(kind: type[Section], data: Any) -> str | None:
    """msgspec's message, None when the data is such a section."""
    try:
        msgspec.convert(data, kind, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _real_path(kind: type[Section], data: dict[str, Any], problem: str) -> tuple[str | int, ...]:
    """Where the fault lies, with the keys that msgspec leaves out."""
    at = problem.partition(" - at ")[2]
    steps: list[str | int] = []
    for name, index in _STEP.findall(at.rpartition("$")[2].rstrip("`")):
        if index == "...":
            steps.append(_guilty_key(kind, data, steps, problem))
        else:
            steps.append(name or int(index))
    if at.startswith("`key`"):
        steps.append(_guilty_key(kind, data, steps, problem))
    return tuple(steps)


def _guilty_key(kind: type[Section], data: dict[str, Any], path: Sequence[str | int], problem: str) -> str:
    """The entry of the map at `path` that alone gives the same message."""
    entries = _at(data, path)
    for key in entries:
        trial = copy.deepcopy(data)
        alone = _at(trial, path)
        for other in entries:
            if other != key:
                del alone[other]
        if _problem(kind, trial) == problem:
            return str(key)
    return "?"


def _at(data: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        data = data[step]
    return data


def _descend(section: type[Section], data: Any, path: Sequence[str | int]) -> tuple[Any, inspect.Type]:
    """The value at `path` and the type it should have had (that of the last step that exists)."""
    kind: inspect.Type = inspect.type_info(section)
    for step in path:
        kind = _fitting(kind, data)
        data = _child(data, step)
        kind = _child_type(kind, step)
    return data, _fitting(kind, data)


def _child(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _child_type(kind: inspect.Type, step: str | int) -> inspect.Type:
    if isinstance(kind, inspect.StructType):
        return next((f.type for f in kind.fields if f.encode_name == step), inspect.AnyType())
    if isinstance(kind, inspect.DictType):
        literal_key = isinstance(kind.key_type, inspect.LiteralType) and step not in kind.key_type.values
        return kind.key_type if literal_key else kind.value_type
    if isinstance(kind, inspect.UnionType) and step == "kind":
        return inspect.LiteralType(tuple(str(m.tag) for m in kind.types if isinstance(m, inspect.StructType)))
    if isinstance(kind, inspect.TupleType) and isinstance(step, int):
        return kind.item_types[step]
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return kind.item_type
    return inspect.AnyType()


def _fitting(kind: inspect.Type, data: Any) -> inspect.Type:
    """The member of a union that the data meant: by `kind`, else by being a mapping or not."""
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if not isinstance(kind, inspect.UnionType):
        return kind
    members = [m for m in kind.types if not isinstance(m, inspect.NoneType)]
    structs = [m for m in members if isinstance(m, inspect.StructType)]
    if isinstance(data, dict) and structs:
        return next((s for s in structs if s.tag == data.get("kind")), structs[0] if len(structs) == 1 else kind)
    plain = [m for m in members if not isinstance(m, inspect.StructType)]
    return plain[0] if len(plain) == 1 else kind


# ---- wording ----------------------------------------------------------------------------------------------------


def _say(problem: str, value: Any, kind: inspect.Type) -> str:
    """One clause: what is wrong and the way out."""
    quoted = re.findall(r"`([^`]*)`", problem)
    if problem.startswith("Object contains unknown field"):
        return _unknown_key(quoted[0], value, kind)
    if problem.startswith("Object missing required field"):
        return f"missing key {quoted[0]!r}{_belongs(quoted[0], value, kind)}"
    if problem.startswith(("Invalid enum value", "Invalid value")):
        name = problem.partition("value ")[2].strip("'")
        return unknown("value", name, choices) if (choices := list(_choices(kind))) else f"unknown value {name!r}"
    plain = problem[:1].lower() + problem[1:].replace("`", "")
    plain = plain.replace("object", "a mapping").replace("array", "a list")
    if ", got " in plain and not isinstance(value, dict | list | None) and repr(value) not in plain:
        return f"{plain} {_short(value)}"
    return plain if ", got " in plain else f"{plain}, got {_short(value)}"


def _unknown_key(key: str, value: Any, kind: inspect.Type) -> str:
    known = _keys(kind)
    hint = _belongs(key, value, kind)
    return unknown("key", key, known) + hint


def _keys(kind: inspect.Type) -> list[str]:
    if not isinstance(kind, inspect.StructType):
        return []
    return [f.encode_name for f in kind.fields] + ([kind.tag_field] if kind.tag_field else [])


def _belongs(key: str, value: Any, kind: inspect.Type) -> str:
    """Says of which `kind` the section was read, since leaving `kind` out picks one."""
    tag = kind.tag if isinstance(kind, inspect.StructType) and kind.tag_field else None
    return f" (read as kind: {tag})" if tag and isinstance(value, dict) and key != "kind" else ""


def _choices(kind: inspect.Type) -> Iterator[str]:
    """The words a Literal or a `kind` allows."""
    if isinstance(kind, inspect.LiteralType):
        yield from (str(value) for value in kind.values)
    elif isinstance(kind, inspect.UnionType):
        for member in kind.types:
            yield from _choices(member)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
