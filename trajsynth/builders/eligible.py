"""Whether a rollout says anything about its teacher: not when infrastructure failed it.

Level 3, imports builders.rows and types. Tests: tests/builders/test_builders_dpo.py, test_builders_rl.py.
"""

from __future__ import annotations

from trajsynth.builders.rows import Refusal
from trajsynth.types import Trajectory


def infra(trajectory: Trajectory) -> Refusal | None:
    """Refused where teacher, network or server ended the rollout, or ended a sub-agent of one that went wrong."""
    failure = trajectory.failure
    if failure is None and not trajectory.correct:
        failure = next((c.failure for c in trajectory.conversations if c.failure is not None), None)
    if failure is None and trajectory.stop_reason != "failed":
        return None
    return Refusal(reason=f"infra.{failure.kind if failure else 'unknown'}")
