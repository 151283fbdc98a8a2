"""Reads a docstring: what a function does and what its arguments mean, in Google, NumPy or reST style.

Tests: tests/tools/test_tools_docstrings.py.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

_SECTIONS = "args|arguments|parameters|params|returns?|yields?|raises|examples?|notes?|attributes|see also|warnings?"
_GOOGLE = re.compile(rf"(?im)^({_SECTIONS}):[ \t]*$")
_NUMPY = re.compile(rf"(?im)^({_SECTIONS})[ \t]*\n-{{3,}}[ \t]*$")
_REST = re.compile(r"(?m)^:(\w+)[^:\n]*:")
_REST_ARG = re.compile(
    r"(?ms)^:(?:param|parameter|arg|argument|key|keyword)[ \t]+(?:[^:\n]*[ \t])?\*{0,2}(\w+):[ \t]*(.*?)(?=^:|\Z)"
)
_ARGUMENTS = ("args", "arguments", "parameters", "params")
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(\w+)[ \t]*(?:\([^)]*\))?[ \t]*:[ \t]*(.*)")
_NUMPY_ENTRY = re.compile(r"\*{0,2}(\w+)[ \t]*(?::.*)?$")


@dataclass(frozen=True, slots=True)
class Docs:
    """Both on as few lines as they need: white space is collapsed in `arguments`, kept in `summary`."""

    summary: str = ""
    """Everything before the first section."""
    arguments: dict[str, str] = field(default_factory=dict)


def read_docstring(text: str | None) -> Docs:
    """Description and argument descriptions; unknown layouts are all description."""
    text = inspect.cleandoc(text or "")
    starts = [match.start() for pattern in (_GOOGLE, _NUMPY, _REST) if (match := pattern.search(text))]
    arguments = {**_numpy(text), **_google(text), **_rest(text)}
    return Docs(text[: min(starts, default=len(text))].strip(), arguments)


def _google(text: str) -> dict[str, str]:
    body = _body(text, _GOOGLE)
    return _entries(inspect.cleandoc("\n" + body), _GOOGLE_ENTRY)


def _numpy(text: str) -> dict[str, str]:
    return _entries(_body(text, _NUMPY).strip("\n"), _NUMPY_ENTRY)


def _rest(text: str) -> dict[str, str]:
    return {match[1]: " ".join(match[2].split()) for match in _REST_ARG.finditer(text)}


def _body(text: str, heading: re.Pattern[str]) -> str:
    """The text under the arguments heading, up to the next heading."""
    marks = list(heading.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        if mark[1].lower() in _ARGUMENTS:
            return text[mark.end() : following.start() if following else len(text)]
    return ""


def _entries(body: str, entry: re.Pattern[str]) -> dict[str, str]:
    """Entries start at the left margin; indented lines belong to the entry above."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in body.splitlines():
        if line[:1].strip():
            match = entry.match(line)
            current = found.setdefault(match[1], []) if match else None
            if current is not None and match is not None and match.lastindex and match.lastindex > 1:
                current.append(match[2])
        elif current is not None:
            current.append(line)
    return {name: " ".join(" ".join(lines).split()) for name, lines in found.items()}
