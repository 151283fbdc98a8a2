"""Files and rows of any kind, ours or foreign, as trajectories: recognised by what the row holds.

Level 1. JSON lines, or one JSON array. In a file of ours a torn last line is skipped; in a foreign file a last line
without newline is a row like any other. Tests: tests/readers/test_readers_files.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from trajsynth.codec import READ_AHEAD, decode, from_builtins
from trajsynth.errors import InputError, RecordError
from trajsynth.readers.layouts import from_row, is_plain_record
from trajsynth.types import Trajectory

_OURS = re.compile(r"(?:trajectories(?:-s\d+of\d+)?-\d+|failures(?:-s\d+of\d+)?)\.jsonl")


def as_trajectory(row: Trajectory | Mapping[str, Any], where: str = "row") -> Trajectory:
    """A trajectory from what a filter is given: a record, its plain form, or a foreign row. Raises RecordError."""
    if isinstance(row, Trajectory):
        return row
    if isinstance(row, Mapping) and is_plain_record(row):
        return from_builtins(dict(row), Trajectory, where)
    return from_row(row, where)


def read_trajectories(path: str | Path) -> Iterator[Trajectory]:
    """Every trajectory of a file of ours or of foreign rows; raises RecordError naming file, line and path."""
    for where, line in row_lines(path):
        yield parse_line(line, where)


def read_rows(path: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(`file:line`, row) of every row, unread."""
    for where, line in row_lines(path):
        row = decode(line, dict, where)
        yield where, row


def parse_line(line: bytes, where: str) -> Trajectory:
    """One JSON line of any kind -> trajectory."""
    if is_record(line):
        return decode(line, Trajectory, where)
    try:
        row: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"{where}: {error}") from None
    return as_trajectory(row, where)


def is_record(line: bytes) -> bool:
    """Whether a line was written by us: it opens with our first keys, in our order."""
    return line.startswith(b'{"id":') and b'"question":{' in line[:4096] and b'"conversations":[' in line


def row_lines(path: str | Path) -> Iterator[tuple[str, bytes]]:
    """(`file:line`, JSON text) of every row; the entries of a JSON array count as lines."""
    try:
        with Path(path).open("rb", buffering=READ_AHEAD) as file:
            head = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
            file.seek(0)
            if head.startswith(b"["):
                yield from _array(file.read(), path)
                return
            ours = _OURS.match(Path(path).name) is not None
            for number, line in enumerate(file, 1):
                text = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip()
                ours = ours or (number == 1 and is_record(text))
                if text and not (ours and not line.endswith(b"\n")):
                    yield f"{path}:{number}", text
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from None


def _array(data: bytes, path: str | Path) -> Iterator[tuple[str, bytes]]:
    rows: list[msgspec.Raw] = decode(data.removeprefix(b"\xef\xbb\xbf"), list[msgspec.Raw], str(path))
    for index, row in enumerate(rows):
        yield f"{path}[{index}]", bytes(row)
