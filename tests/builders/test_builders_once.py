"""A rollout given twice is built from once; others that happen to have its id are rollouts of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from trajsynth.builders import BuildReport, Target, build_dpo, build_rl, build_sft
from trajsynth.config import Mixture
from trajsynth.types import Edit, Run, Trajectory

Make = Callable[..., Trajectory]
Build = Callable[..., BuildReport]
FIRST = Run(fingerprint="f", started=1.5)


@pytest.mark.parametrize("build", [build_sft, build_dpo, build_rl])
@pytest.mark.parametrize("mixture", [None, Mixture(total=9)])
def test_a_file_given_twice_gives_its_rows_once(
    make: Make, tmp_path: Path, build: Build, mixture: Mixture | None
) -> None:
    rows = [make("a"), make("b", steps=2), make("w", correct=False, answer="Rome"), make("u", correct=None)]
    single = build(rows, tmp_path / "once", Target(check=True, mixture=mixture))
    twice = build([*rows, *rows], tmp_path / "twice", Target(check=True, mixture=mixture))
    assert twice.files == single.files
    assert all(
        (tmp_path / "twice" / name).read_bytes() == (tmp_path / "once" / name).read_bytes() for name in single.files
    )
    assert twice.refused == {**single.refused, "duplicate.rollout": 4}
    assert (twice.trajectories, twice.used, twice.differences) == (8, single.used, ())
    assert (twice.solve_rates, twice.checked) == (single.solve_rates, single.rows)


def test_the_repaired_rollout_is_the_same_rollout(make: Make, tmp_path: Path) -> None:
    edit = Edit(conversation=0, n=4, field="content", before="a", after="b", rule="trim_tail")
    plain, repaired = make("a", run=FIRST, steps=2), make("a", run=FIRST, edits=(edit,))
    report = build_sft([plain, repaired], tmp_path)
    assert (report.used, report.refused) == (1, {"duplicate.rollout": 1})


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"run": FIRST}, {"run": replace(FIRST, started=2.5)}),
        ({"run": FIRST}, {"run": replace(FIRST, fingerprint="g")}),
        ({"steps": 1}, {"steps": 2}),
        ({"sample": 0}, {"sample": 1}),
    ],
    ids=["made at another time", "made with something else", "says something else", "another sample"],
)
def test_another_rollout_of_the_same_id_is_kept(
    make: Make, tmp_path: Path, a: dict[str, object], b: dict[str, object]
) -> None:
    report = build_sft([make("q1", **a), make("q1", **b)], tmp_path)
    assert (report.used, report.rows, report.refused) == (2, 2, {})
