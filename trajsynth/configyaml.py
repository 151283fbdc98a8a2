"""YAML text to plain data, read strictly, and `--set a.b=c` written into it.

Level 1. Values follow YAML 1.2 (`no` is a word, `1e-3` a number, a date is text), keys are always text and `<<: *name`
merges; a key given twice is an error, and so is anything JSON cannot say. Tests: tests/test_configyaml.py.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import yaml

from trajsynth.errors import ConfigError

Data = dict[str, Any]
"""A config as plain data: JSON values under text keys."""


class _Loader(yaml.SafeLoader):
    """The safe loader with YAML 1.2 scalars and mappings that refuse a second value for a key."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (typed as PyYAML's stubs type it)
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def mapping(self, node: yaml.Node) -> Data:
        """A mapping with text keys, in the file's order; what `<<` brings in never replaces a key of its own."""
        result: Data = {}
        merged: Data = {}
        for key_node, value_node in _of(yaml.MappingNode, node):
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refusal("a key must be plain text", key_node)
            key = _whole(key_node.value)
            if key in result:
                raise _refusal(f"key {key!r} is given twice", key_node)
            value = self.construct_object(value_node, deep=True)
            if key != "<<":
                result[key] = value
            elif isinstance(value, dict):
                merged |= value
            else:
                raise _refusal("'<<' merges a mapping: write `<<: *name`", value_node)
        return result | {key: value for key, value in merged.items() if key not in result}

    def sequence(self, node: yaml.Node) -> list[Any]:
        """A list, built at once, so that a node inside itself is noticed."""
        return [self.construct_object(item, deep=True) for item in _of(yaml.SequenceNode, node)]

    def integer(self, node: yaml.Node) -> int:
        """Decimal, 0o or 0x; `_` may stand between digits."""
        try:
            digits = str(node.value).replace("_", "")
            return int(digits, 0 if digits[:2] in ("0x", "0o") else 10)
        except ValueError:
            raise _refusal("not a number anybody can read", node) from None

    def real(self, node: yaml.Node) -> float:
        """A finite float: JSON has no other."""
        try:
            value = float(node.value)
        except ValueError:
            raise _refusal(f"{str(node.value)!r} is no number", node) from None
        if not math.isfinite(value):
            raise _refusal("a number too large to write", node)
        return value

    def truth(self, node: yaml.Node) -> bool:
        """true or false; yes, no, on and off are words."""
        if str(node.value).lower() not in ("true", "false"):
            raise _refusal(f"{str(node.value)!r} is neither true nor false", node)
        return str(node.value).lower() == "true"

    def text(self, node: yaml.Node) -> str:
        """Text as written."""
        if not isinstance(node, yaml.ScalarNode):
            raise _refusal(f"the tag {node.tag!r} does not fit its value", node)
        return _whole(node.value)

    def nothing(self, node: yaml.Node) -> None:
        """null, `~` or no value at all."""

    def other(self, node: yaml.Node) -> Any:
        """Any tag of its own, such as `!!python/object`."""
        raise _refusal(f"{node.tag!r} is a YAML tag; only plain values are read", node)


def _of(kind: type[yaml.Node], node: yaml.Node) -> list[Any]:
    """The children of a node whose tag says it is of this kind."""
    if not isinstance(node, kind):
        raise _refusal(f"the tag {node.tag!r} does not fit its value", node)
    return list(node.value)


def _whole(text: str) -> str:
    r"""Text with surrogate pairs joined (JSON writes one character as `\ud83d\ude00`) and lone ones as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _refusal(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


_DIGITS = list("+-0123456789")
_SCALARS: tuple[tuple[str, str, list[str], Any], ...] = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""], _Loader.nothing),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF"), _Loader.truth),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", _DIGITS, _Loader.integer),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", [*_DIGITS, "."], _Loader.real),
)
"""Tag, its plain scalars, their possible first characters, and how they are read (YAML 1.2 core schema)."""

for _tag, _pattern, _first, _read in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})$"), _first)
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _read)
_Loader.add_constructor("tag:yaml.org,2002:str", _Loader.text)
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _Loader.sequence)
_Loader.add_constructor(None, _Loader.other)


def read(text: str, where: str) -> Data:
    """The mapping a YAML document holds; raises ConfigError as `where:line: problem`."""
    data = _parse(text, where)
    if data is None:
        raise ConfigError(f"{where}: the file is empty; it needs at least 'questions' and 'teachers'")
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: expected a mapping with keys such as 'questions', got {_kind(data)}")
    return data


def override(data: Data, setting: str, option: str = "--set") -> None:
    """Write one `a.b.0.c=value` into `data`, in place; the value is read as YAML, so `{}` and `[1, 2]` work.

    A key with dots in it (`teachers.qwen2.5.model`) is found when it is there already. Whether the key means
    anything is for the config's own validation to say; `option` opens the messages. Raises ConfigError for a bad form,
    a list index out of range or a path that leads into a plain value.
    """
    path, separator, value = setting.partition("=")
    parts = path.strip().split(".")
    if not separator or not all(parts):
        raise ConfigError(f"{option} {setting!r}: expected KEY=VALUE, for example --set rollout.max_turns=50")
    parsed = _parse(value, f"{option} {setting!r}")
    node: Any = data
    done: list[str] = []
    while True:
        key, parts = _next_key(node, parts)
        done.append(key)
        slot = _slot(node, key, f"{option} {setting!r}: {'.'.join(done)}")
        if not parts:
            node[slot] = parsed
            return
        below = node.get(key) if isinstance(node, dict) else node[slot]
        node[slot] = {} if below is None else copy.copy(below)  # an alias elsewhere keeps what it had
        node = node[slot]


def _next_key(node: Any, parts: Sequence[str]) -> tuple[str, list[str]]:
    """The longest run of `parts` that is a key of `node` (else the first part), and what is left."""
    if isinstance(node, dict):
        for length in range(len(parts), 1, -1):
            if ".".join(parts[:length]) in node:
                return ".".join(parts[:length]), list(parts[length:])
    return parts[0], list(parts[1:])


def _slot(node: Any, key: str, where: str) -> str | int:
    """`key` as an index into `node`: text for mappings, a number in range for lists."""
    if isinstance(node, dict):
        return key
    if not isinstance(node, list):
        raise ConfigError(f"{where}: there is {_kind(node)} above it, which has no keys")
    if not key.isdecimal() or int(key) >= len(node):
        raise ConfigError(f"{where}: expected a list index below {len(node)}, got {key!r}")
    return int(key)


def _parse(text: str, where: str) -> Any:
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark is not None and not where.startswith("--set") else ""
        raise ConfigError(f"{where}{line}: {_problem(error)}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError(f"{where}: nested too deeply") from None
    finally:
        if loader is not None:
            loader.dispose()


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "not valid YAML"
    if "unconstructable recursive" in problem:
        return "an anchor contains itself"
    if "cannot start any token" in problem:
        return f"{problem}; quote the text"
    return problem


def _kind(value: Any) -> str:
    name = {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value))
    return name or f"{type(value).__name__} {str(value)[:40]!r}"
