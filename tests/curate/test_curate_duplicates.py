"""Duplicates across questions through the engine: signatures on disk, more of them than are compared pairwise."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from trajsynth.curate.engine_local import curate
from trajsynth.filters import Duplicates, recipe
from trajsynth.filters.duplicates_clusters import PAIRWISE
from trajsynth.readers import as_trajectory

RECIPE = """filters:
- {filter: duplicates, threshold: 0.8, across: true, backend: numpy, action: drop}
"""


def rows(count: int) -> list[dict[str, object]]:
    """Answers of a hundred words to as many questions; every twentieth nearly tells an earlier one's."""
    dice = Random(5)
    told: list[list[str]] = []
    for i in range(count):
        fresh = [f"w{dice.getrandbits(16)}" for _ in range(100)]
        told.append([*dice.choice(told)[:99], "end"] if i % 20 == 19 else fresh)
    return [
        {
            "id": f"r{i}",
            "group": f"q{i}",
            "messages": [{"role": "user", "content": f"{i}?"}, {"role": "assistant", "content": " ".join(said)}],
        }
        for i, said in enumerate(told)
    ]


@pytest.mark.slow
def test_workers_and_disk_change_nothing(tmp_path: Path) -> None:
    given = rows(PAIRWISE + 200)
    expected = {k for k, v in Duplicates(across=True).check_all(map(as_trajectory, given)).items() if v}
    path, kind = tmp_path / "rows.jsonl", tmp_path / "near.yaml"
    path.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    kind.write_text(RECIPE, encoding="utf-8")
    outs = []
    for workers in (1, 2):
        out = tmp_path / f"{workers}"
        curate([path], [recipe(str(kind))], out, workers=workers)
        outs.append((out / "near" / "rejected.jsonl").read_bytes())
    assert outs[0] == outs[1]
    rejected = [json.loads(line) for line in outs[0].splitlines()]
    assert {row["id"] for row in rejected} == expected and len(expected) >= 55
    assert all(row["findings"][0]["value"].startswith("r") for row in rejected)
