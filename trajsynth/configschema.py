"""The JSON Schema of a config, for editors: completion, types, and the sentence about each key.

Level 1. The sentences are the docstrings under the fields of `trajsynth.config`, read from its source. `python -m
trajsynth.configschema` rewrites the packaged file, and the page `docs/config.md` of a clone.
Tests: tests/test_configschema.py.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from trajsynth.config import Config, Seconds
from trajsynth.configload import PACKAGED

SCHEMA_FILE = PACKAGED / "config.schema.json"
"""Lies beside the packaged configs, so it is found from a clone, through the `configs` link and in an installation."""

CONFIG_TYPES = Path(__file__).resolve().parent / "config"
"""The package whose field docstrings are read."""

DEFAULT_KINDS = {"DatasetQuestions": "dataset", "OpenAITeacher": "openai", "CustomParadigm": "custom"}
"""The members read when `kind` is left out; `trajsynth.configload` fills it in."""


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the YAML a user writes."""
    schema = msgspec.json.schema(Config, schema_hook=_own_types)
    sections: dict[str, Any] = schema["$defs"]
    notes = field_notes()
    for name, section in sections.items():
        for field, described in section["properties"].items():
            described.pop("discriminator", None)  # it would make `kind` a must
            if (name, field) in notes:
                described["description"] = notes[name, field]
        if name in DEFAULT_KINDS:
            section["required"].remove("kind")
            section["properties"]["kind"] |= {"default": DEFAULT_KINDS[name]}
    for described in sections["Config"]["properties"].values():
        described.get("additionalProperties", {}).pop("discriminator", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "trajsynth config"} | schema


def write_schema(path: Path = SCHEMA_FILE) -> None:
    """Writes the schema, one key a line, always the same bytes."""
    path.write_text(json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _own_types(kind: type) -> dict[str, Any]:
    """msgspec's hook; durations are the only type of our own."""
    if kind is not Seconds:
        raise TypeError(f"{kind.__name__} has no place in a config; say in configschema.py how it is written")
    text = {"type": "string", "pattern": r"^\d+(\.\d+)?\s*[smhd]$"}
    return {"anyOf": [{"type": "number", "minimum": 0}, text], "description": "Seconds, or such as 90s, 45m, 4h, 1d."}


def field_notes() -> dict[tuple[str, str], str]:
    """(section, field) -> its docstring, on one line."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(CONFIG_TYPES.glob("*.py"))]
    return {
        (section.name, field): " ".join(note.split())
        for source in sources
        for section in ast.parse(source).body
        if isinstance(section, ast.ClassDef)
        for field, note in _documented(section)
    }


def _documented(section: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The fields of a class that a string follows."""
    for field, note in zip(section.body, section.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(note, ast.Expr) and isinstance(note.value, ast.Constant) and isinstance(note.value.value, str):
            yield field.target.id, note.value.value


if __name__ == "__main__":
    from trajsynth.configdocs import DOCS_FILE, write_docs

    write_schema()
    if DOCS_FILE.parent.is_dir():
        write_docs()
