"""A whole run against endpoints that fail in every way endpoints do (tests/faultdrill.py says how and when)."""

from __future__ import annotations

from pathlib import Path

import faultdrill
import pytest
from faultdrill import FAULTS, LONG_WAIT, RARE, TIMEOUT, drill, questions

ROLLOUTS = 500


@pytest.mark.slow
def test_every_rollout_ends_well_or_typed_and_throughput_recovers(tmp_path: Path) -> None:
    outcome = drill(tmp_path / "run", ROLLOUTS)
    first, second = outcome.endpoints
    happened = first.sent + second.sent
    assert set(happened) >= {*FAULTS, *RARE, "401", "lasting 400", "context-length 400", f"429, wait {LONG_WAIT} s"}

    asked = {question.id: question.text for question in questions(ROLLOUTS)}
    ended = {trajectory.group: trajectory for trajectory in [*outcome.done, *outcome.failed]}
    assert len(outcome.done) + len(outcome.failed) == len(ended) == ROLLOUTS
    for trajectory in outcome.done:
        full = "long" in asked[trajectory.group]
        assert trajectory.stop_reason == ("context_full" if full else "answered")
        assert (trajectory.answer, trajectory.correct) == ("42", True)
    assert {t.group for t in outcome.failed} == {name for name, text in asked.items() if "unlucky" in text}
    for trajectory in outcome.failed:  # the refused key failed nothing: its arm waited
        assert trajectory.failure is not None
        assert trajectory.failure.kind == "teacher"
        assert "HTTP 400" in trajectory.failure.message
    assert outcome.marked == []

    assert first.paused_at > 0
    assert outcome.disobeyed == 0
    away = [at for at in second.asked if faultdrill.KEY_REFUSED[0] + TIMEOUT < at < faultdrill.KEY_REFUSED[1]]
    assert len(away) < 20  # pings, not rollouts
    end = outcome.seconds
    assert outcome.rate(end - 60, end - 20) >= 0.8 * outcome.rate(20, faultdrill.HEALTHY) > 0
