"""The quick yes is a proof: whatever it accepts, the full validator accepts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from trajsynth.quickfit import quick_check

KEYWORDS = Draft202012Validator.VALIDATORS
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2.0]) | st.text("ab1", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
LIMITS = st.integers(0, 3) | st.just(0.5)
LEAVES = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
    "minimum": LIMITS,
    "maximum": LIMITS,
    "exclusiveMinimum": LIMITS,
    "exclusiveMaximum": LIMITS,
    "minLength": st.integers(0, 2),
    "maxLength": st.integers(0, 2),
    "minItems": st.integers(0, 2),
    "maxItems": st.integers(0, 2),
    "uniqueItems": st.booleans(),
    "pattern": st.sampled_from(["^a", "b$", "[ab]{2}"]),
    "enum": st.lists(VALUES, min_size=1, max_size=3),
    "const": VALUES,
    "required": st.lists(NAMES, max_size=2, unique=True),
    "multipleOf": st.just(2),
    "minProperties": st.just(1),
    "title": st.just("t"),
    "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b"]),
}


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    nested = {
        "properties": st.dictionaries(NAMES, inner, max_size=2),
        "additionalProperties": inner,
        "items": inner,
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "not": inner,
        "patternProperties": st.dictionaries(st.just("^a"), inner, max_size=1),
    }
    return st.fixed_dictionaries({}, optional={**LEAVES, **nested})


SCHEMAS = st.recursive(st.booleans() | st.fixed_dictionaries({}, optional=LEAVES), _schemas, max_leaves=4)
ROOTS = st.builds(
    lambda root, a, b: {**root, "$defs": {"a": a, "b": b}},
    _schemas(SCHEMAS),
    st.fixed_dictionaries({}, optional=LEAVES),
    st.fixed_dictionaries({"type": TYPES}),
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(ROOTS, VALUES)
def test_a_quick_yes_is_always_right(schema: dict[str, Any], value: Any) -> None:
    check = quick_check(schema, KEYWORDS)
    if check is not None and check(value):
        assert Draft202012Validator(schema).is_valid(value)


SEARCH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "query": {"type": "string", "minLength": 1},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "where": {"type": "array", "items": {"$ref": "#/$defs/Term"}},
        "order": {"enum": ["newest", "oldest", None]},
        "since": {"anyOf": [{"type": "string", "pattern": "^\\d{4}"}, {"type": "null"}], "default": None},
    },
    "required": ["query"],
    "additionalProperties": False,
    "$defs": {"Term": {"type": "object", "properties": {"is": {"type": ["string", "number"]}}, "required": ["is"]}},
}


@pytest.mark.parametrize(
    "arguments",
    [
        {"query": "a"},
        {"query": "a", "limit": 100, "where": [{"is": 1}, {"is": "x", "more": []}], "order": "newest", "since": "1990"},
        {"query": "a", "limit": 5.0, "where": [], "order": None, "since": None},
    ],
)
def test_what_fits_is_told_at_once(arguments: dict[str, Any]) -> None:
    check = quick_check(SEARCH, KEYWORDS)
    assert check is not None
    assert check(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"query": ""},
        {"query": 1},
        {"query": "a", "limit": 101},
        {"query": "a", "limit": True},
        {"query": "a", "limit": 5.5},
        {"query": "a", "where": [{}]},
        {"query": "a", "order": "none"},
        {"query": "a", "since": "x"},
        {"query": "a", "verbose": 1},
    ],
)
def test_what_does_not_fit_is_never_told_to(arguments: dict[str, Any]) -> None:
    check = quick_check(SEARCH, KEYWORDS)
    assert check is not None
    assert not check(arguments)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "minProperties": 1},
        {"type": "object", "patternProperties": {"^a": True}},
        {"oneOf": [{"type": "object"}, {"type": "array"}]},
        {"$ref": "#"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"next": {"$ref": "#/$defs/a"}}}}},
        {"$ref": "https://example.org/schema"},
        {"$id": "https://example.org/schema", "type": "object"},
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"},
        {"properties": {"a": {"exclusiveMinimum": True}}},
    ],
)
def test_what_is_not_known_is_left_to_the_validator(schema: dict[str, Any]) -> None:
    assert quick_check(schema, KEYWORDS) is None


def test_words_without_a_meaning_in_the_dialect_are_passed_over() -> None:
    assert quick_check({"type": "object", "nullable": True}, KEYWORDS) is not None
    assert quick_check({"type": "object", "dependencies": {"a": ["b"]}}, KEYWORDS) is not None
    assert quick_check({"type": "object", "dependencies": {"a": ["b"]}}, Draft7Validator.VALIDATORS) is None
