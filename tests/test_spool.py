"""What is put aside comes back by its place, in whatever order, and leaves no file behind."""

from __future__ import annotations

from pathlib import Path

from trajsynth.spool import Spool
from trajsynth.types import Message


def test_records_and_lines_by_place(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    messages = [Message(n=n, role="user", content="é\n" * n) for n in range(20)]
    with Spool(folder) as spool:
        places = [spool.put(message) for message in messages[:10]]
        line = spool.append(b'{"a": 1}')
        assert spool.get(places[3], Message) == messages[3]
        places += [spool.put(message) for message in messages[10:]]
        assert [spool.get(place, Message) for place in reversed(places)] == messages[::-1]
        assert spool.line(line) == b'{"a": 1}'
        assert list(folder.iterdir()) == []
    assert list(folder.iterdir()) == []
