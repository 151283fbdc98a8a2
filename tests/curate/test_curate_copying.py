"""Records of ours that a recipe does not change are copied as they are, from any file, and gain each field once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trajsynth.codec import encode
from trajsynth.curate import curate
from trajsynth.filters import recipe
from trajsynth.types import Conversation, Message, Question, Trajectory


def _record(name: str, said: str) -> Trajectory:
    messages = (Message(n=0, role="user", content="Who?"), Message(n=1, role="assistant", content=said))
    conversation = Conversation(messages=messages)
    return Trajectory(id=name, question=Question(id=name, text=name), group=name, conversations=(conversation,))


def _kept(path: Path, out: Path) -> list[bytes]:
    curate([path], [recipe("none")], out)
    return (out / "none" / "kept.jsonl").read_bytes().splitlines()


def test_an_unchanged_record_is_the_line_itself_with_its_findings(tmp_path: Path) -> None:
    line = encode(_record("a", "Nobody knows."))
    (tmp_path / "rows.jsonl").write_bytes(line + b"\n")
    (kept,) = _kept(tmp_path / "rows.jsonl", tmp_path / "out")
    assert kept.startswith(line[:-1] + b',"findings":[')
    assert json.loads(kept)["findings"][0]["code"]


def test_what_was_kept_before_is_written_anew_with_one_field_of_findings(tmp_path: Path) -> None:
    lines = [encode(_record("a", 'It says "findings": [] there.')), encode(_record("b", "Nobody knows."))]
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    once = _kept(tmp_path / "rows.jsonl", tmp_path / "one")
    twice = _kept(tmp_path / "one" / "none" / "kept.jsonl", tmp_path / "two")
    assert once == twice

    def keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    for row in twice:
        json.loads(row, object_pairs_hook=keys)


def test_a_record_that_came_dropped_does_not_stay_so(tmp_path: Path) -> None:
    line = encode(_record("a", "Nobody knows."))
    (tmp_path / "rows.jsonl").write_bytes(line[:-1] + b',"dropped":["secret"]}\n')
    (kept,) = _kept(tmp_path / "rows.jsonl", tmp_path / "out")
    assert "dropped" not in json.loads(kept)
