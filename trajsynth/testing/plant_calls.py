"""Calls that cannot be executed: an unknown tool, broken JSON, no object, arguments outside the schema.

Level 3. The agent makes the faulty call, reads that it was refused, and then makes the call it made before: the
trajectory recovers, as most real ones do. Severity is how far the call is from a valid one. What makes a call faulty is
built in, not looked up in trajsynth.schemas, which filters use. Tests: tests/testing/test_testing_plant_calls.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from trajsynth.schemas import parse_arguments
from trajsynth.testing.edits import number_at, splice
from trajsynth.testing.place import Defect, Exchange, Place
from trajsynth.testing.wording import CALL_REFUSED, FOREIGN_TOOLS, MENDING, NONSENSE_TOOLS
from trajsynth.testing.writing import Said, exchange, renamed
from trajsynth.types import ToolCall, Toolset

Spoiler = Callable[[Place, Exchange], ToolCall | None]


def spoiled(code: str, spoil: Spoiler) -> Callable[[Place], Defect | None]:
    """The planter that puts a spoiled copy of some call, and its refusal, in front of that call."""

    def plant(place: Place) -> Defect | None:
        candidates = place.callable()
        place.dice.shuffle(candidates)
        for candidate in candidates:
            call = spoil(place, candidate)
            if call is not None:
                return _in_front(place, candidate, call, CALL_REFUSED[code])
        return None

    return plant


def _in_front(place: Place, candidate: Exchange, call: ToolCall, refusal: str) -> Defect:
    n = number_at(place.conversation, candidate.at)
    said = Said(refusal, "invalid_call")
    new = exchange(place, n, place.dice.choice(MENDING), call, candidate.message, said)
    return Defect(splice(place.trajectory, place.c, candidate.at, new), n)


# ---- the tool ----------------------------------------------------------------------------------------------------


def unknown_tool(place: Place, candidate: Exchange) -> ToolCall | None:
    """1: a slip in the name; 2: another toolkit's tool; 3: no tool's name at all. Needs a recorded tool list."""
    tools = place.toolset(candidate.message)
    own = candidate.call.tool or candidate.call.name
    slips = (own + "s", own[:-1], own.replace("_", "-"), own.swapcase(), f"{own}_v2", f"functions.{own}")
    pool = (slips, FOREIGN_TOOLS, NONSENSE_TOOLS)[place.severity - 1]
    names = [name for name in pool if name and not _offers(tools, name)]
    return renamed(candidate.call, place.dice.choice(names)) if tools and names else None


def _offers(tools: Toolset, name: str) -> bool:
    return any(name in (spec.name, spec.tool) for spec in tools)


# ---- the arguments' form -----------------------------------------------------------------------------------------


def bad_json(place: Place, candidate: Exchange) -> ToolCall | None:
    """1: one character too many or too few, NaN; 2: not JSON's notation; 3: cut in the middle."""
    whole = _object(candidate)
    raw = json.dumps(whole, ensure_ascii=False)
    body = raw[1:-1]
    lead = f"{body}, " if body else ""
    mild = (
        raw[:-1],
        raw + "}",
        f"{{{lead}}}" if body else "{,}",
        f'{{{lead}"limit": NaN}}',
        f'{{{lead}"n": Infinity}}',
    )
    plain = (str(whole) if whole else "{'a': 1}", f"{{{lead}mode: fast}}", f"{{{lead}'mode': 'fast'}}", f"json\n{raw}")
    gross = (raw[: max(1, len(raw) // 2)], "{", f"<{candidate.call.tool or candidate.call.name}>", "arguments as above")
    pool = (mild, plain, gross)[place.severity - 1]
    broken = [text for text in pool if text.strip() and not _is_json(text)]
    return replace(candidate.call, arguments=place.dice.choice(broken))


def not_object(place: Place, candidate: Exchange) -> ToolCall | None:
    """1: the object as JSON text inside a JSON string; 2: the object in a list; 3: a bare value."""
    whole = _object(candidate)
    raw = json.dumps(whole, ensure_ascii=False)
    values = list(whole.values())
    pools: tuple[tuple[Any, ...], ...] = ((raw,), ([whole], values), (None, 42, True, next(iter(values), "all of it")))
    value = place.dice.choice([v for v in pools[place.severity - 1] if not isinstance(v, dict)])
    return replace(candidate.call, arguments=json.dumps(value, ensure_ascii=False))


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        return False
    return True


def _refuse(name: str) -> Any:
    raise ValueError(name)


# ---- the schema --------------------------------------------------------------------------------------------------

_WRONG: dict[str, tuple[Any, ...]] = {
    "string": (7, ["several", "values"], {"value": "nested"}),
    "integer": ("seven", 2.5, [1]),
    "number": ("a lot", [1.5], {"value": 1}),
    "boolean": ("yes", 3, "on"),
    "array": ("one, two", {"first": 1}, 5),
    "object": ("none", [], 5),
}
"""For each JSON type, values that are of another one."""


def outside_schema(place: Place, candidate: Exchange) -> ToolCall | None:
    """1: one argument of the wrong type; 2: a required one left out or misnamed; 3: all arguments wrong or gone."""
    spec = place.spec(candidate)
    schema = spec.parameters if spec is not None and isinstance(spec.parameters, dict) else {}
    whole = _object(candidate)
    ways = (_wrong_type, _without_required, _all_wrong)[place.severity - 1]
    spoiled_ones = list(ways(schema, whole, place))
    if not spoiled_ones:
        return None
    return replace(candidate.call, arguments=json.dumps(place.dice.choice(spoiled_ones), ensure_ascii=False))


def _wrong_type(schema: dict[str, Any], whole: dict[str, Any], place: Place) -> Iterator[dict[str, Any]]:
    for name, kind in _typed(schema):
        if name in whole:
            yield whole | {name: place.dice.choice(_WRONG[kind])}


def _without_required(schema: dict[str, Any], whole: dict[str, Any], place: Place) -> Iterator[dict[str, Any]]:
    for name in _required(schema):
        if name in whole:
            rest = {key: value for key, value in whole.items() if key != name}
            yield rest
            yield rest | {f"the_{name}": whole[name]}


def _all_wrong(schema: dict[str, Any], whole: dict[str, Any], place: Place) -> Iterator[dict[str, Any]]:
    if _required(schema):
        yield {}
        yield {"input": json.dumps(whole)} if "input" not in _required(schema) else {}
    typed = {name: _WRONG[kind][0] for name, kind in _typed(schema) if name in whole}
    if typed:
        yield whole | typed


def _typed(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Properties whose type is one plain JSON type."""
    properties = schema.get("properties")
    entries = properties.items() if isinstance(properties, dict) else ()
    return [
        (name, entry["type"])
        for name, entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("type"), str) and entry["type"] in _WRONG
    ]


def _required(schema: dict[str, Any]) -> list[str]:
    required = schema.get("required")
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []


def _object(candidate: Exchange) -> dict[str, Any]:
    return parse_arguments(candidate.call.arguments).arguments or {}
