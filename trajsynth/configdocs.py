"""`docs/config.md`: every key of a config with its type, default and meaning, written from `trajsynth.config` itself.

Level 1, imports the config modules. `python -m trajsynth.configschema` (or `make schema`) rewrites the page together
with the JSON Schema. Tests: tests/test_configdocs.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, inspect

from trajsynth.config import Config, Seconds
from trajsynth.configsave import may_change
from trajsynth.configschema import DEFAULT_KINDS, field_notes

DOCS_FILE: Final[Path] = Path(__file__).resolve().parent.parent / "docs" / "config.md"
"""The page in a clone; an installed package has none."""

_INTRO = """# The config

One YAML file says what a run is: where questions come from, which teachers answer them with which tools, and what is
made of the outcome. `trajsynth init` writes one to start from, `trajsynth check CONFIG` finds what is wrong or missing
before anything is spent, `trajsynth schema` prints the JSON Schema that gives editors completion (the packaged configs
point to it in their first line). This page is written from the code, like that schema: `make schema`.

**Overriding a key.** `--set a.b=value` changes one key for one command, as often as needed; the value is read as YAML.
List items are counted from 0: `--set samples=2 --set arms.0.weight=3 --set 'teachers.qwen.params={temperature: 0.7}'`.

**Secrets** stay in the environment. `api_key_env` holds the *name* of a variable. `${NAME}` is filled in from the
environment when something is started; it may stand in `env`, `headers`, `url` and `args` of `tools.mcpServers` and in
`extra_headers` of teachers. What is saved in `run.yaml` holds names only, also where a literal secret was written.

**Errors** are one line: the file, the path as `--set` takes it, what is wrong, and the way out, for example
`my.yaml: teachers.qwen: unknown key 'bas_urls'; did you mean 'base_urls'? known: api_key_env, base_urls, ...`.
A key nobody knows is an error everywhere, except in `tools.mcpServers`, whose entries may be pasted from other clients.

**Resuming.** A run folder belongs to its config. Keys marked ↻ may change when it is resumed: how much, how fast, at
what price, from where, and all that comes after the rollouts. Every other key defines the run; after changing one
the run needs another `name` or folder, and the error shows each difference as `path: old -> new`.

**Types.** A *duration* is a number of seconds or text such as `90s`, `45m`, `4h`, `1d`. A *target* is
`package.module:Name`, importable from where you run. NAME stands for a name of your choice, N for a place in a list.
"""


@dataclass(frozen=True, slots=True)
class _Section:
    """A Struct and where its keys stand."""

    kind: type[Struct]
    path: str
    free: bool
    """All of it may change on resume."""


def markdown() -> str:
    """The page."""
    sections = list(_sections(_Section(Config, "", free=False), set()))
    anchors = {section.kind: _heading(section) for section in sections}
    notes = field_notes()
    return "\n".join([_INTRO, *(_written(section, anchors, notes) for section in sections)])


def write_docs(path: Path = DOCS_FILE) -> None:
    """Writes the page, always the same bytes."""
    path.write_text(markdown(), encoding="utf-8")


def _sections(section: _Section, seen: set[type[Struct]]) -> Iterator[_Section]:
    """The section and those below it, in the order of their keys, each Struct once."""
    if section.kind in seen:
        return
    seen.add(section.kind)
    yield section
    free = may_change(section.kind)
    for field in _fields(section.kind):
        path = f"{section.path}.{field.name}" if section.path else field.name
        for kind, below in _structs(field.type, path):
            yield from _sections(_Section(kind, below, section.free or field.name in free), seen)


def _structs(kind: inspect.Type, path: str) -> Iterator[tuple[type[Struct], str]]:
    """Structs a value may be made of, with their paths."""
    match kind:
        case inspect.Metadata():
            yield from _structs(kind.type, path)
        case inspect.StructType():
            yield kind.cls, path
        case inspect.UnionType():
            for member in kind.types:
                yield from _structs(member, path)
        case inspect.DictType():
            yield from _structs(kind.value_type, f"{path}.{_key_name(kind.key_type)}")
        case inspect.ListType() | inspect.VarTupleType():
            yield from _structs(kind.item_type, f"{path}.N")
        case _:
            pass


def _key_name(kind: inspect.Type) -> str:
    return "|".join(map(str, kind.values)) if isinstance(kind, inspect.LiteralType) else "NAME"


def _fields(kind: type[Struct]) -> tuple[inspect.Field, ...]:
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return described.fields


# ---- writing ----------------------------------------------------------------------------------------------------


def _heading(section: _Section) -> str:
    tag = section.kind.__struct_config__.tag
    default = " (default)" if DEFAULT_KINDS.get(section.kind.__name__) == tag and tag else ""
    named = f"`{section.path}`" if section.path else "Top level"
    return f"{named}, `kind: {tag}`{default}" if tag else named


def _anchor(heading: str) -> str:
    """How GitHub names a heading."""
    kept = "".join(sign for sign in heading.lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def _written(section: _Section, anchors: dict[type[Struct], str], notes: dict[tuple[str, str], str]) -> str:
    about = " ".join((section.kind.__doc__ or "").split())
    lines = [f"## {_heading(section)}", "", about, "", "| key | type | default | meaning |", "|---|---|---|---|"]
    free = may_change(section.kind)
    for field in _fields(section.kind):
        mark = " ↻" if section.free or field.name in free else ""
        note = notes.get((section.kind.__name__, field.name), "")
        cells = [f"`{field.name}`{mark}", _type(field.type, anchors), _default(field), note]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, ""])


def _type(kind: inspect.Type, anchors: dict[type[Struct], str]) -> str:
    match kind:
        case inspect.Metadata():
            return _type(kind.type, anchors)
        case inspect.StructType():
            return f"[{kind.cls.__struct_config__.tag or 'section'}](#{_anchor(anchors[kind.cls])})"
        case inspect.UnionType():
            members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
            return " or ".join(_type(member, anchors) for member in members)
        case inspect.LiteralType():
            return " or ".join(f"`{value}`" for value in kind.values)
        case inspect.DictType():
            names = _type(kind.key_type, anchors) if isinstance(kind.key_type, inspect.LiteralType) else "name"
            return f"{names} → {_type(kind.value_type, anchors)}"
        case inspect.ListType() | inspect.VarTupleType():
            return f"list of {_type(kind.item_type, anchors)}"
        case inspect.TupleType():
            return f"[{', '.join(_type(item, anchors) for item in kind.item_types)}]"
        case inspect.IntType() | inspect.FloatType():
            return ("integer" if isinstance(kind, inspect.IntType) else "number") + _bounds(kind)
        case inspect.CustomType() if kind.cls is Seconds:
            return "duration"
    return {inspect.StrType: "text", inspect.BoolType: "true or false"}.get(type(kind), "anything")


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" {kind.ge:g} to {kind.le:g}"
    limits = (("≥", kind.ge), (">", kind.gt), ("≤", kind.le), ("<", kind.lt))
    return "".join(f" {sign} {limit:g}" for sign, limit in limits if limit is not None)


def _default(field: inspect.Field) -> str:
    if field.required:
        return "**required**"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"`{_plain(value)}`" if value not in (None, "", [], {}, ()) and not isinstance(value, Struct) else ""


def _plain(value: Any) -> str:
    """A default as YAML writes it."""
    if isinstance(value, Seconds):
        return _duration(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, dict):
        return ", ".join(map(str, value))
    return str(value)


def _duration(seconds: float) -> str:
    for sign, size in (("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g}{sign}"
    return f"{seconds:g}s" if seconds else "0"
