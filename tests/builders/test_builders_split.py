"""Questions and the side they stand on: the same everywhere, whatever else is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import yaml

from trajsynth.builders import Target, build_dpo, build_rl, build_sft
from trajsynth.builders.split import file_of, share_for, split_of, train_stem
from trajsynth.types import Trajectory

Make = Callable[..., Trajectory]
GROUPS = [f"q{i}" for i in range(2000)]


def validation(groups: list[str], seed: int, share: float) -> set[str]:
    return {group for group in groups if split_of(group, seed, share) == "validation"}


def test_about_the_share_and_others_with_another_seed() -> None:
    one, two = validation(GROUPS, 0, 0.05), validation(GROUPS, 1, 0.05)
    assert 70 < len(one) < 130
    assert len(one & two) < len(one) / 2
    assert validation(GROUPS, 0, 0.0) == set()
    assert validation(GROUPS, 0, 1.0) == set(GROUPS)


def test_a_larger_share_keeps_who_was_there() -> None:
    assert validation(GROUPS, 3, 0.05) < validation(GROUPS, 3, 0.1)


@pytest.mark.parametrize("count", [1, 7, 1999, 2000, 5000])
def test_a_count_is_met_exactly(count: int) -> None:
    groups = GROUPS * 2  # each has several trajectories
    share = share_for(count, groups, 5)
    assert len(validation(GROUPS, 5, share)) == min(count, len(GROUPS))


def test_names_that_are_no_text_have_a_side() -> None:
    assert split_of("\ud800", 0, 1.0) == "validation"


def questions(make: Make, count: int = 60) -> list[Trajectory]:
    """Right and wrong rollouts of many questions, one of them with a masked turn."""
    made = []
    for i in range(count):
        base = make(f"g{i}", group=f"q{i}", masked=((0, 2),) if i % 3 == 0 else ())
        question = replace(base.question, id=f"q{i}")
        wrong = make(f"b{i}", group=f"q{i}", correct=False, answer="Rome")
        made += [replace(t, question=question) for t in (base, make(f"h{i}", group=f"q{i}"), wrong)]
    return made


def sides(folder: Path, column: str) -> dict[str, set[str]]:
    """Ids in a column, by side."""
    found: dict[str, set[str]] = {"train": set(), "validation": set()}
    for path in folder.glob("*.jsonl"):
        side = "validation" if path.stem.startswith("validation") else "train"
        found[side] |= {orjson.loads(line)[column].lstrip("ghbq") for line in path.read_bytes().splitlines()}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 20])
def test_a_question_stands_on_one_side_in_every_set(make: Make, tmp_path: Path, share: float) -> None:
    trajectories = questions(make)
    target = Target(validation=share, split_seed=4, check=True)
    for name, build in (("sft", build_sft), ("dpo", build_dpo), ("rl", build_rl)):
        report = build(trajectories, tmp_path / name, target)
        assert report.differences == ()
        assert any(file.startswith("validation") for file in report.files)
    assert set(build_sft(trajectories, tmp_path / "swift", replace(target, format="swift")).files) == {
        "train.jsonl",
        "validation.jsonl",
    }
    found = {name: sides(tmp_path / name, column) for name, column in
             (("sft", "trajectory"), ("swift", "trajectory"), ("dpo", "chosen_id"), ("rl", "question"))}  # fmt: skip
    train = set().union(*(side["train"] for side in found.values()))
    held_out = set().union(*(side["validation"] for side in found.values()))
    assert train | held_out == {str(i) for i in range(60)}
    assert not train & held_out
    assert len(held_out) == 20 if share == 20 else 10 < len(held_out) < 26
    assert found["sft"] == found["swift"] == found["rl"]
    assert {path.name for path in (tmp_path / "sft").glob("*.jsonl")} == {
        "train.jsonl", "train_masked.jsonl", "validation.jsonl", "validation_masked.jsonl"}  # fmt: skip


def test_rows_added_later_move_nobody(make: Make, tmp_path: Path) -> None:
    few, many = questions(make, 20), questions(make, 60)
    build_sft(few, tmp_path / "few", Target(validation=0.3))
    build_sft(many, tmp_path / "many", Target(validation=0.3))
    before, after = sides(tmp_path / "few", "trajectory"), sides(tmp_path / "many", "trajectory")
    assert before["train"] <= after["train"]
    assert before["validation"] <= after["validation"]


def test_trainers_are_told_of_both_files(make: Make, tmp_path: Path) -> None:
    trajectories = questions(make, 30)
    build_sft(trajectories, tmp_path / "lf", Target(format="llamafactory", validation=0.3))
    info = orjson.loads((tmp_path / "lf/dataset_info.json").read_bytes())
    assert set(info) == {"train", "train_last_turn", "validation", "validation_last_turn"}
    assert info["validation"]["file_name"] == "validation.jsonl"
    build_sft(trajectories, tmp_path / "ax", Target(format="axolotl", validation=0.3))
    axolotl = yaml.safe_load((tmp_path / "ax/axolotl.yaml").read_text())
    assert [entry["path"] for entry in axolotl["datasets"]] == ["train.jsonl"]
    assert [(entry["path"], entry["split"]) for entry in axolotl["test_datasets"]] == [("validation.jsonl", "train")]


def test_too_few_questions_are_said(make: Make, tmp_path: Path) -> None:
    report = build_sft([make("a", group="q")], tmp_path, Target(validation=0.001))
    assert any("too few" in note for note in report.notes)
    assert set(report.files) == {"train.jsonl"}
    with pytest.raises(ValueError, match="twice"):
        build_sft(iter([make("a")]), tmp_path, Target(validation=3))


@pytest.mark.parametrize(
    ("stem", "named"), [("train", "validation"), ("train_masked", "validation_masked"), ("mine", "validation_mine")]
)
def test_files_are_named_after_their_side(stem: str, named: str) -> None:
    assert file_of(stem, "train") == stem == train_stem(stem)
    assert file_of(stem, "validation") == named
    assert train_stem(named) == (stem if stem != "mine" else "train_mine")
