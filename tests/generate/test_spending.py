"""spent.jsonl: every paid call counted once, over sessions, parts and torn lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from trajsynth.errors import RecordError
from trajsynth.generate import spending
from trajsynth.generate.spending import SpentFile, spent, total
from trajsynth.types import Usage

CALL = Usage(calls=1, input=10, output=2, usd=0.25)


def pay(path: Path, times: int, role: spending.Role = "rollout") -> None:
    file = SpentFile(path)
    for _ in range(times):
        file.add("a", role, CALL)
    file.close()


def test_sessions_add_up_and_the_file_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "spent.jsonl"
    pay(path, 3)
    pay(path, 2)
    pay(path, 1, "judge")
    assert total(spent(tmp_path)) == Usage(calls=6, input=60, output=12, usd=1.5)
    assert total(spent(tmp_path), "judge").calls == 1
    SpentFile(path).close()
    assert len(path.read_bytes().splitlines()) == 2
    assert total(spent(tmp_path)).usd == 1.5


def test_a_torn_line_costs_one_call_and_a_broken_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "spent.jsonl"
    pay(path, 2)
    path.write_bytes(path.read_bytes()[:-4])
    assert total(spent(tmp_path)).calls == 1
    pay(path, 1)
    assert total(spent(tmp_path)).calls == 2
    path.write_bytes(b"{}\n")
    with pytest.raises(RecordError, match=r"spent\.jsonl:1"):
        SpentFile(path)


def test_parts_count_together_and_free_calls_are_not_written(tmp_path: Path) -> None:
    pay(tmp_path / "spent-s1of2.jsonl", 1)
    pay(tmp_path / "spent-s2of2.jsonl", 2)
    assert total(spent(tmp_path)).calls == 3
    file = SpentFile(tmp_path / "spent.jsonl")
    file.add("a", "rollout", Usage())
    file.close()
    assert (tmp_path / "spent.jsonl").read_bytes() == b""


def test_a_long_file_is_folded_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending, "FOLD_AT", 10)
    pay(tmp_path / "spent.jsonl", 25)
    assert len((tmp_path / "spent.jsonl").read_bytes().splitlines()) < 10
    assert total(spent(tmp_path)).calls == 25
