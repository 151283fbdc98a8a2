"""A quick yes: arguments that surely fit their schema, told without asking the full validator.

Level 1, standard library only. A schema of common keywords becomes nested Python functions, some twenty times as fast
as a jsonschema validator. Their yes is a proof; anything else (a no, a keyword not known here, an unusual value) is
left to the validator, so no verdict depends on this module. Tests: tests/test_quickfit.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

Check: TypeAlias = Callable[[Any], bool]
"""True: the value fits for certain. False: ask the validator."""

_TYPES: Final[dict[str, Check]] = {
    "object": lambda value: type(value) is dict,
    "array": lambda value: type(value) is list,
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int or (type(value) is float and value.is_integer()),
    "number": lambda value: type(value) is int or type(value) is float,
    "boolean": lambda value: type(value) is bool,
    "null": lambda value: value is None,
}
_SAYS_NOTHING: Final = frozenset(
    {
        *("title", "description", "default", "examples", "format", "deprecated", "readOnly", "writeOnly", "$schema"),
        *("$comment", "$defs", "definitions", "contentEncoding", "contentMediaType"),
    }
)
_OBJECT: Final = frozenset({"properties", "required", "additionalProperties"})
_OLD: Final = ("draft-03", "draft-04")
"""Dialects in which 5.0 is no integer."""
_REFERENCE: Final = re.compile(r"#/(\$defs|definitions)/([\w.-]+)")


class _UnknownError(Exception):
    """The schema holds something that is not known here."""


def quick_check(schema: object, keywords: Collection[str]) -> Check | None:
    """The check of a valid schema; None where there is none. `keywords`: all that its dialect gives a meaning."""
    if not isinstance(schema, dict) or any(old in str(schema.get("$schema")) for old in _OLD):
        return None
    try:
        return _Compiler(schema, keywords).check(schema)
    except (_UnknownError, re.error, RecursionError, OverflowError):
        return None


def _anything(value: Any) -> bool:
    del value
    return True


def _nothing(value: Any) -> bool:
    del value
    return False


class _Compiler:
    """Makes the checks of one schema."""

    def __init__(self, root: dict[str, Any], keywords: Collection[str]) -> None:
        self.root, self.keywords = root, keywords
        self.within: list[str] = []
        """References being followed; one that leads back into itself is left to the validator."""

    def check(self, schema: Any) -> Check:
        if schema is True:
            return _anything
        if schema is False:
            return _nothing
        if not isinstance(schema, dict) or "$id" in schema:
            raise _UnknownError
        parts = [self._keyword(key, value) for key, value in schema.items() if key not in _OBJECT]
        if not _OBJECT.isdisjoint(schema):
            parts.append(self._object(schema))
        return _all([part for part in parts if part is not _anything])

    def _keyword(self, key: str, value: Any) -> Check:
        if key == "type":
            return _any([_type(name) for name in (value if isinstance(value, list) else [value])])
        if key == "$ref":
            return self._referred(value)
        if key == "items":
            return self._items(value)
        if key in ("anyOf", "allOf") and isinstance(value, list):
            return (_any if key == "anyOf" else _all)([self.check(part) for part in value])
        if key in _LIMITS:
            return _LIMITS[key](value)
        if key in _SAYS_NOTHING or key not in self.keywords:
            return _anything
        raise _UnknownError

    def _referred(self, reference: Any) -> Check:
        found = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
        held = None if found is None else self.root.get(found[1])
        if found is None or not isinstance(held, dict) or reference in self.within:
            raise _UnknownError
        self.within.append(reference)
        check = self.check(held.get(found[2]))
        self.within.pop()
        return check

    def _items(self, schema: Any) -> Check:
        check = self.check(schema)
        return lambda value: type(value) is not list or all(map(check, value))

    def _object(self, schema: dict[str, Any]) -> Check:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict) or not isinstance(required, list):
            raise _UnknownError
        known = {name: self.check(part) for name, part in properties.items()}
        other = self.check(schema.get("additionalProperties", True))
        needed = frozenset(required)

        def check(value: Any) -> bool:
            if type(value) is not dict:
                return True
            for name, item in value.items():
                if not known.get(name, other)(item):
                    return False
            return needed <= value.keys()

        return check


def _all(checks: list[Check]) -> Check:
    if not checks:
        return _anything
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        one, two = checks
        return lambda value: one(value) and two(value)
    return lambda value: all(check(value) for check in checks)


def _any(checks: list[Check]) -> Check:
    return checks[0] if len(checks) == 1 else lambda value: any(check(value) for check in checks)


def _type(name: Any) -> Check:
    if not isinstance(name, str) or name not in _TYPES:
        raise _UnknownError
    return _TYPES[name]


# ---- limits -------------------------------------------------------------------------------------------------------


def _number(limit: Any) -> float:
    if type(limit) is not int and type(limit) is not float:
        raise _UnknownError
    return limit


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def _at_least(limit: Any) -> Check:
    number = _number(limit)
    return lambda value: not _is_number(value) or value >= number


def _at_most(limit: Any) -> Check:
    number = _number(limit)
    return lambda value: not _is_number(value) or value <= number


def _above(limit: Any) -> Check:
    number = _number(limit)
    return lambda value: not _is_number(value) or value > number


def _below(limit: Any) -> Check:
    number = _number(limit)
    return lambda value: not _is_number(value) or value < number


def _longer(kind: type[str] | type[list[Any]]) -> Callable[[Any], Check]:
    def made(limit: Any) -> Check:
        number = _number(limit)
        return lambda value: type(value) is not kind or len(value) >= number

    return made


def _shorter(kind: type[str] | type[list[Any]]) -> Callable[[Any], Check]:
    def made(limit: Any) -> Check:
        number = _number(limit)
        return lambda value: type(value) is not kind or len(value) <= number

    return made


def _one_of(values: Any) -> Check:
    """Texts and null only: of numbers and booleans JSON Schema says more (1 is 1.0 and not true)."""
    if not isinstance(values, list):
        raise _UnknownError
    texts = frozenset(value for value in values if isinstance(value, str))
    null = None in values
    return lambda value: value in texts if type(value) is str else null and value is None


def _pattern(written: Any) -> Check:
    if not isinstance(written, str):
        raise _UnknownError
    search = re.compile(written).search
    return lambda value: type(value) is not str or search(value) is not None


def _unique(wanted: Any) -> Check:
    if wanted is False:
        return _anything

    def check(value: Any) -> bool:
        return type(value) is not list or (all(type(v) is str for v in value) and len(set(value)) == len(value))

    return check


_LIMITS: Final[dict[str, Callable[[Any], Check]]] = {
    "minimum": _at_least,
    "maximum": _at_most,
    "exclusiveMinimum": _above,
    "exclusiveMaximum": _below,
    "minLength": _longer(str),
    "maxLength": _shorter(str),
    "minItems": _longer(list),
    "maxItems": _shorter(list),
    "enum": _one_of,
    "const": lambda value: _one_of([value]),
    "pattern": _pattern,
    "uniqueItems": _unique,
}
