"""The benchmark's samples, a few of each kind: the families' recall and no false alarm."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.mark.slow
def test_recall_and_false_alarms() -> None:
    from repetition import findings, trajectory
    from repetition_clean import negatives
    from repetition_samples import positives

    found: defaultdict[str, list[bool]] = defaultdict(list)
    for sample in positives(7, 4):
        found[sample.code].append(sample.code in {finding.code for finding in findings(trajectory(sample))})
    recall = {code: sum(hits) / len(hits) for code, hits in found.items()}
    assert recall["repeat.loop"] >= 0.99 and recall["repeat.run"] >= 0.99
    assert recall["repeat.interleaved"] >= 0.95 and recall["repeat.drift"] >= 0.9
    assert [sample.kind for sample in negatives(7, 12) if findings(trajectory(sample))] == []


@pytest.mark.slow
def test_kinds_nobody_had_in_mind() -> None:
    from repetition import findings, trajectory
    from repetition_unseen import unseen_positives
    from repetition_unseen_clean import unseen_negatives

    found: defaultdict[str, list[bool]] = defaultdict(list)
    for sample in unseen_positives(7, 3):
        found[sample.code].append(sample.code in {finding.code for finding in findings(trajectory(sample))})
    recall = {code: sum(hits) / len(hits) for code, hits in found.items()}
    assert recall["repeat.run"] >= 0.99 and recall["repeat.loop"] >= 0.97  # some are shorter than a loop must be
    assert recall["repeat.interleaved"] >= 0.95 and recall["repeat.drift"] >= 0.8
    honest = list(unseen_negatives(7, 8))
    assert sum(bool(findings(trajectory(sample))) for sample in honest) <= 0.01 * len(honest)
