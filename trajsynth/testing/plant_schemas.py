"""Tool schemas that are no JSON Schema (`schema.unusable`), as other toolkits publish them.

Level 3. Severity: one foreign type name, the wrong shape of a keyword, no schema at all. The calls stay as they are.
Tests: tests/testing/test_testing_plant_calls.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trajsynth.testing.edits import with_conversation
from trajsynth.testing.place import Defect, Place
from trajsynth.types import ToolSpec

_FOREIGN = {"string": "str", "integer": "int", "number": "float", "object": "dict", "array": "list", "boolean": "bool"}


def unusable(place: Place) -> Defect | None:
    """`schema.unusable`."""
    toolsets = place.conversation.toolsets
    candidates = [
        (i, j, spoiled)
        for i, tools in enumerate(toolsets)
        for j, spec in enumerate(tools)
        if (spoiled := _spoiled(spec, place)) is not None
    ]
    if not candidates:
        return None
    i, j, spoiled = place.dice.choice(candidates)
    tools = (*toolsets[i][:j], spoiled, *toolsets[i][j + 1 :])
    changed = replace(place.conversation, toolsets=(*toolsets[:i], tools, *toolsets[i + 1 :]))
    return Defect(with_conversation(place.trajectory, place.c, changed), None)


def _spoiled(spec: ToolSpec, place: Place) -> ToolSpec | None:
    schema = spec.parameters
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return None
    made = (_foreign_type, _wrong_shape, _no_schema)[place.severity - 1](schema, place)
    return None if made is None else replace(spec, parameters=made)


def _foreign_type(schema: dict[str, Any], place: Place) -> dict[str, Any] | None:
    typed = [
        (name, entry)
        for name, entry in schema["properties"].items()
        if isinstance(entry, dict) and isinstance(entry.get("type"), str) and entry["type"] in _FOREIGN
    ]
    if not typed or place.dice.random() < 0.2:
        return {**schema, "type": "dict"}
    name, entry = place.dice.choice(typed)
    return {**schema, "properties": {**schema["properties"], name: {**entry, "type": _FOREIGN[entry["type"]]}}}


def _wrong_shape(schema: dict[str, Any], place: Place) -> dict[str, Any]:
    names = list(schema["properties"])
    ways: tuple[dict[str, Any], ...] = (
        {**schema, "required": True},
        {**schema, "required": ", ".join(names) or "none"},
        {**schema, "properties": [{"name": name} for name in names]},
        {**schema, "properties": dict.fromkeys(names or ["input"], "a text")},
        {**schema, "$ref": "#/definitions/Arguments"},
    )
    return place.dice.choice(ways)


def _no_schema(schema: dict[str, Any], place: Place) -> Any:
    return place.dice.choice(("see the manual", [dict(schema)], list(schema["properties"]), 1, True))
