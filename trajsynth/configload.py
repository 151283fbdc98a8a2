"""A config by path or packaged name, with `--set` overrides, as a checked `Config`; and the objects its targets mean.

Level 1: the door to the other config modules. Reading is `configyaml`, wording of faults `configerrors`, cross checks
`configcheck`, secrets `configsecrets`, what run.yaml keeps `configsave`. Tests: tests/test_configload.py.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from trajsynth.config import Config
from trajsynth.configcheck import check
from trajsynth.configerrors import validate
from trajsynth.configsave import describe_difference, identity, load_saved, saved
from trajsynth.configsecrets import MissingVariable, missing_variables, resolve_secrets
from trajsynth.configyaml import override, read
from trajsynth.errors import ConfigError

__all__ = [
    "PACKAGED",
    "LoadedConfig",
    "MissingVariable",
    "describe_difference",
    "find",
    "identity",
    "load",
    "load_saved",
    "load_target",
    "make_target",
    "missing_variables",
    "packaged",
    "resolve_secrets",
    "saved",
    "template",
]

PACKAGED = Path(__file__).resolve().parent / "configs"
"""Folder of the configs that come with the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConfig:
    """A config that passed every check that needs neither network nor key."""

    config: Config
    """With `name` filled in."""
    path: Path
    source: dict[str, Any]
    """The plain data it was made from, after overrides."""


def load(ref: str | Path, overrides: Sequence[str] = ()) -> LoadedConfig:
    """Read, override, validate and cross-check; `overrides` are `a.b=c` in the order given.

    Raises ConfigError, one line, for anything wrong with the file, an override or what they say together.
    """
    path = find(ref)
    where = path.name if path.parent == PACKAGED else str(ref)
    data = read(_text(path, where), where)
    for setting in overrides:
        override(data, setting)
    _name_kinds(data)
    config = validate(data, where)
    config = msgspec.structs.replace(config, name=config.name or path.stem)
    check(config, where)
    return LoadedConfig(config=config, path=path, source=data)


def find(ref: str | Path) -> Path:
    """The file a reference means: a path, or the bare name of a packaged config; raises ConfigError."""
    path = Path(ref)
    if path.is_file():
        return path
    bare = path.name == str(ref)
    if bare and (PACKAGED / f"{path.name.removesuffix('.yaml')}.yaml").is_file():
        return PACKAGED / f"{path.name.removesuffix('.yaml')}.yaml"
    if path.is_dir():
        raise ConfigError(f"{str(ref)!r} is a folder; give the path of a config file in it")
    near = {near.name: str(near) for near in sorted(path.parent.glob("*.y*ml"))} if path.parent.is_dir() else {}
    candidates = near | {name: name for name in packaged()} | {name.removesuffix(".yaml"): near[name] for name in near}
    close = difflib.get_close_matches(path.name, candidates, n=1) or difflib.get_close_matches(
        path.stem, candidates, n=1
    )
    hint = f" did you mean {candidates[close[0]]!r}?" if close else ""
    raise ConfigError(f"no config file {str(ref)!r};{hint} packaged: {', '.join(packaged())}")


def packaged() -> list[str]:
    """Names of the configs that come with the package."""
    return sorted(path.stem for path in PACKAGED.glob("*.yaml"))


def template(name: str) -> str:
    """Text of a packaged config for `trajsynth init`, its editor line pointing at the installed schema."""
    path = find(name)
    return _text(path, name).replace(
        "$schema=config.schema.json", f"$schema={(PACKAGED / 'config.schema.json').as_uri()}", 1
    )


def load_target(target: str, what: str) -> Any:
    """The object `package.module:Name` means; `what` says in the error what it was wanted for.

    The module must be importable as it is: installed, or on PYTHONPATH. Raises ConfigError.
    """
    module_name, _, name = target.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except (ImportError, SyntaxError) as error:
        said = " ".join(str(error).split())
        raise ConfigError(
            f"{what} {target!r}: cannot import {module_name!r}: {type(error).__name__}: {said}; "
            "is its package installed or its folder on PYTHONPATH?"
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            close = difflib.get_close_matches(part, [known for known in dir(found) if not known.startswith("_")], n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ConfigError(f"{what} {target!r}: {module_name!r} has no {part!r}{hint}")
        found = getattr(found, part)
    return found


def make_target(target: str, args: Mapping[str, Any], what: str) -> Any:
    """`load_target(...)` called with `args`; raises ConfigError when it cannot take them."""
    maker = load_target(target, what)
    if not callable(maker):
        raise ConfigError(f"{what} {target!r}: {type(maker).__name__} cannot be called; name a class or a function")
    try:
        inspect.signature(maker).bind(**args)
    except TypeError as error:
        raise ConfigError(f"{what} {target!r}: its args do not fit: {error}") from None
    except ValueError:
        pass  # a built-in without a signature: calling it will tell
    return maker(**args)


def _text(path: Path, where: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{where}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read: {error.strerror or error}") from None


def _name_kinds(data: dict[str, Any]) -> None:
    """Writes the `kind` that is meant when none is given, in place."""
    questions, teachers, paradigms = data.get("questions"), data.get("teachers"), data.get("paradigms")
    if isinstance(questions, dict) and "kind" not in questions:
        data["questions"] = {"kind": "dataset"} | questions
    if isinstance(teachers, dict):
        data["teachers"] = {
            name: {"kind": "openai"} | teacher if isinstance(teacher, dict) else teacher
            for name, teacher in teachers.items()
        }
    if isinstance(paradigms, dict):
        data["paradigms"] = {
            name: {"kind": name if name == "miroflow" else "custom"} | own if isinstance(own, dict) else own
            for name, own in paradigms.items()
        }
