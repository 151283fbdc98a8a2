"""Pairs of runs whose truth is known, and of a model of one's own: the benchmark's judgement, small."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from climain import trajsynth

from trajsynth.configload import load

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
SCRIPTED = ["--set", "teachers.checkpoint={kind: scripted, profile: hasty}", "--quiet"]
QUESTIONS = ["--set", "questions={kind: encyclopedia, seed: 3, pages: 120, questions: 8}"]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.slow
def test_no_pair_of_a_run_with_planted_failures_is_wrong(tmp_path: Path) -> None:
    from pairs_truth import planted, rollouts, table

    records, done = planted(rollouts(tmp_path, questions=8, samples=5))
    assert {"failure", "null", "prompt", "tool"} <= set(done.values())
    assert table(records, done, tmp_path)
    assert (tmp_path / "across_teachers-all/train.jsonl").exists()


@pytest.mark.slow
def test_pairs_from_ones_own_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert trajsynth("run", "checkpoint", *SCRIPTED, *QUESTIONS) == 0
    folder = tmp_path / "outputs/checkpoint"
    made = {row["id"]: row for row in lines(folder / "trajectories-00000.jsonl")}
    assert len(made) == 8 * 8
    pairs = lines(folder / "datasets/dpo/train.jsonl")
    assert pairs
    for pair in pairs:
        good, bad = made[pair["chosen_id"]], made[pair["rejected_id"]]
        assert (good["grade"]["correct"], bad["grade"]["correct"]) == (True, False)
        assert (good["teacher"], good["group"]) == (bad["teacher"], bad["group"]) == ("checkpoint", good["group"])
    used = [pair[side] for pair in pairs for side in ("chosen_id", "rejected_id")]
    assert len(used) == len(set(used)), "balanced uses no rollout twice"


def test_the_config_of_the_page_on_pairs_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs/pairs.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "pairs.yaml").write_text(block)
    (target,) = (target for _, _, target in load(tmp_path / "pairs.yaml").config.build_targets())
    assert (target.policy, target.fork, target.pairs) == ("balanced", True, "within_teacher")
    assert load("checkpoint").config.build == load(tmp_path / "pairs.yaml").config.build
