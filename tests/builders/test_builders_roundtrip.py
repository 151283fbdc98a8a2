"""A thousand varied trajectories through every format: what is written is what was said, what is refused says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from buildvaried import varied

from trajsynth.builders import BuildReport, Target, build_dpo, build_sft, features
from trajsynth.builders.files import read
from trajsynth.builders.formats import format_named

EVERYWHERE = {"all_masked", "call.bad_json", "call.not_object"}
INLINE = {"alternation", "text.think_tag"}
REFUSED = {
    ("trl", "keep"): EVERYWHERE | {"number.inexact"},
    ("axolotl", "keep"): EVERYWHERE,
    ("swift", "keep"): EVERYWHERE | INLINE,
    ("llamafactory", "keep"): EVERYWHERE | INLINE,
    ("verl", "keep"): EVERYWHERE | {"masked", "tools.null_filled"},
    ("openai", "keep"): EVERYWHERE | {"reasoning.no_place"},
    ("openai", "inline"): EVERYWHERE | {"text.think_tag"},
    ("openai", "drop"): EVERYWHERE,
}
"""What each format must refuse of these trajectories, and nothing else."""
CASES = [(name, how, kind) for name, how in REFUSED for kind in format_named(name).file_types]


def built(tmp_path: Path, count: int, name: str, how: Any, file_type: Any) -> BuildReport:
    target = Target(format=name, reasoning=how, file_type=file_type, check=True)
    report = build_sft(list(varied(count)), tmp_path, target)
    assert report.differences == ()
    assert report.checked == report.rows > count * 0.4
    whole = {reason: n for reason, n in report.refused.items() if not reason.startswith("conversation:")}
    assert report.trajectories == count == report.used + sum(whole.values())
    return report


@pytest.mark.parametrize("name", ["trl", "swift", "llamafactory", "axolotl"])
def test_a_hundred_lose_nothing(tmp_path: Path, name: str) -> None:
    built(tmp_path, 100, name, "keep", "jsonl")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "how", "file_type"), CASES)
def test_a_thousand_lose_nothing_and_load_as_written(tmp_path: Path, name: str, how: str, file_type: str) -> None:
    datasets = pytest.importorskip("datasets")
    report = built(tmp_path, 1000, name, how, file_type)
    assert {reason.removeprefix("conversation:") for reason in report.refused} == REFUSED[name, how]
    layout = format_named(name)
    for file, rows in report.files.items():
        stem = Path(file).stem
        if name == "openai":  # goes to an API, not through a loader
            continue
        known = layout.features("sft", stem) if file_type == "jsonl" else None
        loaded = datasets.load_dataset(
            "json" if file_type == "jsonl" else "parquet",
            data_files=str(tmp_path / file),
            features=known,
            split="train",
            cache_dir=str(tmp_path / "cache"),
        )
        assert len(loaded) == rows
        written = read(tmp_path / file, loaded.features)
        assert all(_pruned(got) == wanted for got, wanted in zip(loaded, written, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["trl", "swift"])
def test_pairs_lose_nothing(tmp_path: Path, name: str) -> None:
    from dataclasses import replace

    from trajsynth.types import Grade

    good = [replace(t, masked=()) for t in varied(300)]
    bad = [replace(t, id=f"{t.id}w", grade=Grade(correct=False), conversations=_shortened(t)) for t in good]
    report = build_dpo([*good, *bad], tmp_path, Target(format=name, check=True))
    assert report.differences == ()
    assert report.checked == report.rows > 150


def _shortened(trajectory: Any) -> Any:
    """The main conversation with another ending."""
    from dataclasses import replace

    main = trajectory.conversations[0]
    last = replace(main.messages[-1], content="\\boxed{41}")
    return (replace(main, messages=(*main.messages[:-1], last)),)


def test_features_exist_for_every_kind() -> None:
    pytest.importorskip("datasets")
    assert "train" in features("sft", "axolotl")["messages"].feature
    assert set(features("masked")) >= {"prompt", "completion"}
    assert set(features("rl")) >= {"prompt", "ground_truth", "answers", "solve_rate"}
    assert set(features("sft", "tokens")) >= {"input_ids", "labels", "length"}


def _pruned(value: Any, depth: int = 0) -> Any:
    """Without keys the loader added as None, at the levels that are columns and messages."""
    if isinstance(value, dict) and depth < 4:
        return {
            k: _pruned(v, 9 if k in ("tools", "tool_calls") else depth + 1) for k, v in value.items() if v is not None
        }
    return [_pruned(item, depth) for item in value] if isinstance(value, list) else value
