"""Reads rows of a user's JSONL or JSON file and says where each stands; what does not parse is an error with its line.

Level 2; imports errors only. Tests: tests/questions/test_sources.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

from trajsynth.errors import InputError, RecordError

_WANTED = "one JSON object a line (JSONL) or a JSON list of objects is wanted"
_BINARY = (".parquet", ".arrow", ".gz", ".zip", ".zst", ".csv", ".tsv", ".xlsx")


def rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file:line or file row, row). Raises InputError for the file, RecordError for a line."""
    file = Path(path).expanduser()
    if file.suffix.lower() in _BINARY:
        raise InputError(f"questions.path {path!r}: {file.suffix} files are not read; {_WANTED}")
    try:
        with file.open("rb") as opened:
            yield from _read(opened, path)
    except OSError as error:
        reason = {FileNotFoundError: "there is no such file", IsADirectoryError: "this is a folder; name a file in it"}
        raise InputError(
            f"questions.path {path!r}: {reason.get(type(error), error.strerror)}; relative paths start at {Path.cwd()}"
        ) from None


def _read(opened: IO[bytes], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    first = opened.readline().removeprefix(b"\xef\xbb\xbf")
    number = 1
    while first and not first.strip():
        first, number = opened.readline(), number + 1
    if not first:
        raise InputError(f"questions.path {path!r}: the file is empty; {_WANTED}")
    if first.lstrip().startswith(b"[") or (first.lstrip().startswith(b"{") and not _complete(first)):
        rest = opened.read()
        if first.lstrip().startswith(b"[") or not _has_complete_line(rest):
            yield from _document_rows(first + rest, path)
            return
        raise _broken(first, f"{path}:{number}")
    for at, line in chain([(number, first)], enumerate(opened, number + 1)):
        if line.strip():
            yield f"{path}:{at}", _object(line, f"{path}:{at}")


def _complete(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _has_complete_line(rest: bytes) -> bool:
    """Whether some later line is an object of its own: then the file is JSONL and its first line is broken."""
    return any(line.startswith(b'{"') and _complete(line) for line in rest.splitlines())


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise _broken(line, where) from None
    if not isinstance(row, dict):
        raise RecordError(f"{where}: a {type(row).__name__} instead of an object; {_WANTED}")
    return row


def _broken(text: bytes, where: str) -> RecordError:
    try:
        json.loads(text)
    except UnicodeDecodeError as error:
        return RecordError(f"{where}: not UTF-8 text (byte {error.start}); save the file as UTF-8")
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno} column {error.colno}"
        return RecordError(f"{where}: not JSON: {error.msg.removesuffix(' at')} at {place}; mend or remove this line")
    except (ValueError, RecursionError) as error:
        return RecordError(f"{where}: not usable JSON: {type(error).__name__}; mend or remove this line")
    return RecordError(f"{where}: not JSON; mend or remove this line")


def _document_rows(text: bytes, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of a file that is one JSON value: a list of objects, or an object with one such list in it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _broken(text, path) from None
    if isinstance(value, dict):
        lists = {
            key: item for key, item in value.items() if isinstance(item, list) and item and isinstance(item[0], dict)
        }
        if len(lists) > 1:
            raise InputError(f"questions.path {path!r}: several lists ({', '.join(sorted(lists))}); {_WANTED}")
        value = next(iter(lists.values()), [value])
    for number, row in enumerate(value, 1):
        if not isinstance(row, dict):
            raise RecordError(f"{path} row {number}: a {type(row).__name__} instead of an object; {_WANTED}")
        yield f"{path} row {number}", row
    if not value:
        raise InputError(f"questions.path {path!r}: the list is empty; {_WANTED}")
