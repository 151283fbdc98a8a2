"""What filters say of their measures for a report agrees with what they judge."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from plantsamples import our_trajectory

from trajsynth.filters import FILTERS, CorpusFilter, Filter
from trajsynth.filters.base import Row
from trajsynth.filters.quantities import Quantity, highest
from trajsynth.readers import as_trajectory
from trajsynth.testing import CODES, SEVERITIES, plant

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/trajectories"
PAGE = Path(__file__).resolve().parents[2] / "docs/curation.md"
ALSO_OTHERWISE = {"tool.misuse", "leak.benchmark"}
"""Codes that something besides the quantity leads to."""
MEASURED = [kind for kind in FILTERS.values() if kind.quantities and not issubclass(kind, CorpusFilter)]


def examples() -> list[Row]:
    """The rows of docs/curation.md."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = [part.split("\n```")[0] for part in text.split("```json ")[1:]]
    rows = [json.loads(block.partition("\n")[2]) for block in blocks]
    return [row for row in rows if isinstance(row, dict)]


def agrees(kind: Filter, row: Row) -> None:
    measures = kind.measure(as_trajectory(row))
    levels = kind.levels(measures)
    assert set(levels) <= {quantity.field for quantity in kind.quantities}
    met = {q.code for q in kind.quantities if q.field in levels and q.meets(levels[q.field], getattr(kind, q.field))}
    found = {finding.code for finding in kind.judge(measures)}
    assert met <= found
    assert not (found - met - ALSO_OTHERWISE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MEASURED, ids=lambda kind: str(kind.name))
def test_a_quantity_meets_its_threshold_where_the_code_is_found(kind: Any) -> None:
    for row in examples():
        agrees(kind(), row)
        for quantity in kind.quantities:
            value = getattr(kind(), quantity.field)
            for other in (value / 2, value * 2):
                changed = dataclasses.replace(kind(), **{quantity.field: type(value)(other) or value})
                agrees(changed, row)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not there")
@pytest.mark.parametrize("kind", MEASURED, ids=lambda kind: str(kind.name))
def test_it_does_so_on_real_rows(kind: Any) -> None:
    for path in sorted(SHARED.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            agrees(kind(), json.loads(line))


@pytest.mark.slow
@pytest.mark.parametrize("severity", SEVERITIES)
def test_it_does_so_on_planted_defects(severity: int) -> None:
    spoiled = [plant(our_trajectory(), code, seed=seed, severity=severity) for code in CODES for seed in range(3)]
    seen: set[str] = set()
    for trajectory in filter(None, spoiled):
        for kind in MEASURED:
            agrees(kind(), trajectory)
            seen |= {code for code in kind.codes if code in {f.code for f in kind().check(trajectory)}}
    assert len(seen) >= 10


@pytest.mark.parametrize("kind", FILTERS.values(), ids=lambda kind: str(kind.name))
def test_every_threshold_of_a_code_is_a_quantity(kind: Any) -> None:
    fields = {field.name for field in dataclasses.fields(kind)}
    assert all(q.code in kind.codes and q.field in fields for q in kind.quantities)
    assert {(code, field) for code, field in kind.thresholds.items()} <= {(q.code, q.field) for q in kind.quantities}


@pytest.mark.parametrize(
    ("flags", "flagged"),
    [("from", [False, True, True]), ("above", [False, False, True]), ("below", [True, False, False])],
)
def test_which_side_of_the_threshold_is_flagged(flags: Any, flagged: list[bool]) -> None:
    quantity = Quantity("a", "b", "c", flags=flags)
    assert [quantity.meets(value, 3) for value in (2, 3, 4)] == flagged


def test_the_highest_of_each_field() -> None:
    assert highest([("a", 1), ("b", 0.5), ("a", 3), ("a", 2)]) == {"a": 3, "b": 0.5}
    assert highest([]) == {}
