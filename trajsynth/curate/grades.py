"""Grades given after the run: `grades.jsonl` beside the shards, one `{id, grade}` a line, the newest line wins.

The shards never change; whoever reads trajectories of a run puts these grades over the recorded ones. Level 3, imports
codec and types. Tests: tests/curate/test_curate_grades.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from trajsynth.codec import read_records
from trajsynth.types import Grade, Trajectory

FILE = "grades.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeLine:
    """One line of grades.jsonl."""

    id: str
    """Of the trajectory."""
    grade: Grade


def read_grades(path: str | Path) -> dict[str, Grade]:
    """Newest grade by trajectory id; empty when there is no such file. Raises RecordError for a broken line."""
    if not Path(path).exists():
        return {}
    return {line.id: line.grade for line in read_records(path, GradeLine)}


def with_grade(trajectory: Trajectory, grades: Mapping[str, Grade]) -> Trajectory:
    """The trajectory under its newest grade."""
    grade = grades.get(trajectory.id)
    return trajectory if grade is None else replace(trajectory, grade=grade)
