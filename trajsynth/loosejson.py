"""JSON with slips that allow one reading only: trailing commas, single quotes, bare keys, Python literals.

`mend` is a proof, not a guess: what is missing is never added, what could be read in two ways is refused (unescaped
quotes, repeated keys, NaN, escapes that Python and JSON read differently). Linear time. Level 1, standard library only.
Tests: tests/test_loosejson.py.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"' r"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_LITERALS: Final = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_ALIKE: Final = frozenset("\"\\bfnrt'")
"""Escapes that mean the same in JSON and in Python (`\\'` in single quotes only)."""
_DEEPEST: Final = 200


class Ambiguous(ValueError):
    """The text is no JSON, nor JSON with slips that allow one reading."""


def mend(text: str) -> Any:
    """The one value the text can mean. Raises Ambiguous."""
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip()
    if reader.at != len(text):
        raise Ambiguous(f"text after the value at character {reader.at}")
    return value


class _Reader:
    """A recursive descent over the text."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def peek(self) -> str:
        self.skip()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        head = self.peek()
        if depth > _DEEPEST:
            raise Ambiguous("nested too deep")
        if head == "{":
            return self._object(depth)
        if head == "[":
            return self._array(depth)
        return self._string() if head in ('"', "'") and head else self._atom()

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while self.peek() != "}":
            key = self._key()
            if key in found:
                raise Ambiguous(f"the key {key!r} stands twice")
            self._take(":")
            found[key] = self.value(depth + 1)
            if self.peek() != "}":
                self._take(",")
        self.at += 1
        return found

    def _array(self, depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while self.peek() != "]":
            found.append(self.value(depth + 1))
            if self.peek() != "]":
                self._take(",")
        self.at += 1
        return found

    def _take(self, mark: str) -> None:
        if self.peek() != mark:
            raise Ambiguous(f"no {mark!r} at character {self.at}")
        self.at += 1

    def _key(self) -> str:
        if self.peek() in ('"', "'"):
            return self._string()
        word = _WORD.match(self.text, self.at)
        if word is None or word[0] in _LITERALS:
            raise Ambiguous(f"no key at character {self.at}")
        self.at = word.end()
        return word[0]

    def _string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            raise Ambiguous(f"a string is not closed after character {self.at}")
        self.at = found.end()
        return _unescaped(found[0])

    def _atom(self) -> Any:
        number = _NUMBER.match(self.text, self.at)
        if number is not None:
            self.at = number.end()
            return _number(number[0])
        word = _WORD.match(self.text, self.at)
        if word is None or word[0] not in _LITERALS:
            raise Ambiguous(f"no value at character {self.at}")
        self.at = word.end()
        return _LITERALS[word[0]]


def _number(text: str) -> int | float:
    try:
        value: int | float = json.loads(text)
    except ValueError:
        raise Ambiguous("a number of too many digits") from None
    if value in (float("inf"), float("-inf")):
        raise Ambiguous(f"{text} is beyond what a double holds")
    return value


def _unescaped(quoted: str) -> str:
    """The text of a quoted string."""
    quote, body = quoted[0], quoted[1:-1]

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "u" and len(code) == 5:
            return match[0]
        if code == "/" and quote == '"':
            return "/"
        if code not in _ALIKE or (code == "'" and quote == '"'):
            raise Ambiguous(f"the escape {match[0]!r} has no one meaning")
        return "'" if code == "'" else match[0]

    plain = _ESCAPE.sub(one, body)
    if quote == "'":
        plain = re.sub(r'(\\.)|"', lambda m: m[1] or '\\"', plain, flags=re.DOTALL)
    try:
        value: str = json.loads(f'"{plain}"', strict=False)
    except ValueError as error:
        raise Ambiguous(str(error)) from None
    return value
