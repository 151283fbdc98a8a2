"""SFT files: correct conversations only, masks as prompt/completion rows, every refusal counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from trajsynth.builders import build_sft
from trajsynth.errors import ConfigError, RecordError
from trajsynth.types import Failure, Trajectory

Make = Callable[..., Trajectory]


def rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_one_row_a_correct_conversation_and_every_refusal_counted(make: Make, tmp_path: Path) -> None:
    trajectories = [
        make("a"),
        make("b", invocation="mcp", teacher="deepseek"),
        make("c", correct=False),
        make("d", correct=None),
        make("e", arguments="nope"),
        make("f", failure=Failure(kind="network", message="lost")),
        replace(make("g"), conversations=()),
    ]
    report = build_sft(iter(trajectories), tmp_path)
    written = rows(tmp_path / "train.jsonl")
    assert [row["trajectory"] for row in written] == ["a", "b"]
    assert [set(row) for row in written] == [
        {"messages", "tools", "trajectory", "conversation"},
        {"messages", "trajectory", "conversation"},
    ]
    assert report.refused == {
        "call.bad_json": 1,
        "empty": 1,
        "grade.unknown": 1,
        "grade.wrong": 1,
        "infra.network": 1,
    }
    assert (report.trajectories, report.used, report.rows) == (7, 2, 2)
    assert report.trajectories == report.used + sum(report.refused.values())
    assert report.teachers == {"deepseek": 1, "qwen": 1}
    assert report.lengths["rows"].turns == (3, 3, 3.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stats.json", "train.jsonl"]
    assert orjson.loads((tmp_path / "stats.json").read_bytes())["refused"] == report.refused


@pytest.mark.parametrize(
    ("masked", "splits"),
    [
        ((2,), [(4, 9)]),
        ((4,), [(2, 3), (6, 9)]),
        ((2, 4), [(6, 9)]),
        ((8,), [(2, 7)]),
        ((2, 8), [(4, 7)]),
    ],
)
def test_masked_turns_stand_in_prompts_only(
    make: Make, tmp_path: Path, masked: tuple[int, ...], splits: list[tuple[int, int]]
) -> None:
    trajectory = make("a", steps=2, masked=tuple((0, n) for n in masked))
    build_sft([replace(trajectory, masked=())], tmp_path)
    whole = rows(tmp_path / "train.jsonl")[0]
    report = build_sft([trajectory], tmp_path)
    assert not (tmp_path / "train.jsonl").exists()
    assert report.files == {"train_masked.jsonl": len(splits)}
    for row, (start, end) in zip(rows(tmp_path / "train_masked.jsonl"), splits, strict=True):
        assert row["prompt"] == whole["messages"][:start]
        assert row["completion"] == whole["messages"][start:end]
        assert row["tools"] == whole["tools"]


def test_a_conversation_masked_throughout_is_refused(make: Make, tmp_path: Path) -> None:
    report = build_sft([make(masked=((0, 2), (0, 4), (0, 6)))], tmp_path)
    assert report.refused == {"all_masked": 1}
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_sub_agent_left_out_does_not_take_its_trajectory_along(make: Make, tmp_path: Path) -> None:
    base = make()
    broken = replace(base.conversations[0], failure=Failure(kind="teacher"))
    report = build_sft([replace(base, conversations=(base.conversations[0], broken, base.conversations[0]))], tmp_path)
    assert [row["conversation"] for row in rows(tmp_path / "train.jsonl")] == [0, 2]
    assert (report.used, report.refused) == (1, {"conversation:infra.teacher": 1})


def test_an_error_while_reading_leaves_the_earlier_build(make: Make, tmp_path: Path) -> None:
    build_sft([make("a")], tmp_path)
    before = (tmp_path / "train.jsonl").read_bytes()

    def torn() -> Iterator[Trajectory]:
        yield make("b")
        raise RecordError("kept.jsonl:2: broken")

    with pytest.raises(RecordError):
        build_sft(torn(), tmp_path)
    assert (tmp_path / "train.jsonl").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stats.json", "train.jsonl"]


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown format 'trll'; did you mean 'trl'"):
        build_sft([], tmp_path, "trll")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_datasets_reads_back_what_was_written(make: Make, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    from trajsynth.builders import build_dpo, features

    plain = [
        make("a"),
        make("b", invocation="mcp"),
        make("c", arguments='{"other": {"deep": [1, "x", null]}}'),
        make("w", correct=False, answer="Rome", arguments='{"n": 1.5}'),
    ]
    masked = [make("m", steps=2, masked=((0, 4),))]
    build_sft(plain, tmp_path / "sft")
    build_sft(masked, tmp_path / "masked")
    build_dpo(plain, tmp_path / "dpo", max_pairs=9)
    for kind, file in (("sft", "train.jsonl"), ("masked", "train_masked.jsonl"), ("dpo", "train.jsonl")):
        path = tmp_path / kind / file
        loaded = datasets.load_dataset(
            "json", data_files=str(path), features=features(kind), split="train", cache_dir=str(tmp_path / "cache")
        )
        assert [_pruned(row) for row in loaded] == rows(path)


def _pruned(value: Any) -> Any:
    """Without the keys that the loader added as None; those inside arguments and schemas are content."""
    kept = {key: item for key, item in value.items() if item is not None}
    for column in ("messages", "prompt", "completion", "chosen", "rejected"):
        if column in kept:
            kept[column] = [{k: v for k, v in message.items() if v is not None} for message in kept[column]]
    return kept
