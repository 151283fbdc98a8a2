"""grades.jsonl: newest wins, shards untouched, interrupted regrading keeps what it wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from trajsynth.codec import encode
from trajsynth.curate.grades import FILE, GradeLine, read_grades, with_grade
from trajsynth.curate.regrade import regrade
from trajsynth.errors import InputError, RecordError
from trajsynth.types import Grade, Question, Trajectory


class LastWord:
    """Accepts `a`, rejects the rest, cannot tell about `?`."""

    name = "lastword"

    async def grade(self, question: Question, answer: str) -> Grade:
        return Grade(correct=None if answer == "?" else answer == "a", method=self.name)


def trajectory(id_: str, answer: str | None, correct: bool | None) -> Trajectory:
    question = Question(id="q", text="?", answers=("a",))
    return Trajectory(id=id_, question=question, group="q", answer=answer, grade=Grade(correct=correct, method="exact"))


def write_run(folder: Path, *trajectories: Trajectory) -> Path:
    shard = folder / "trajectories-00000.jsonl"
    shard.write_bytes(b"".join(encode(t) + b"\n" for t in trajectories))
    return shard


def test_newest_grade_wins_and_a_torn_line_is_no_grade(tmp_path: Path) -> None:
    old, new = Grade(correct=False, method="exact"), Grade(correct=True, method="judge:j")
    lines = [encode(GradeLine(id="t", grade=grade)) for grade in (old, new)]
    (tmp_path / FILE).write_bytes(b"\n".join(lines) + b"\n" + lines[0][:-3])
    grades = read_grades(tmp_path / FILE)
    assert grades == {"t": new}
    assert with_grade(trajectory("t", "a", False), grades).grade == new
    other = trajectory("u", "a", False)
    assert with_grade(other, grades) is other


def test_no_file_means_no_grades_and_a_broken_line_names_itself(tmp_path: Path) -> None:
    assert read_grades(tmp_path / FILE) == {}
    (tmp_path / FILE).write_bytes(b'{"id": 3}\n')
    with pytest.raises(RecordError, match=r"grades\.jsonl:1"):
        read_grades(tmp_path / FILE)


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_regrade_appends_and_leaves_the_shards_alone(tmp_path: Path, concurrency: int) -> None:
    shard = write_run(
        tmp_path,
        trajectory("1", "a", False),
        trajectory("2", "b", False),
        trajectory("3", "?", False),
        trajectory("4", None, None),
    )
    before = shard.read_bytes()
    report = await regrade(tmp_path, LastWord(), concurrency=concurrency)
    assert (report.graded, report.changed, report.unknown, report.skipped) == (4, 3, 1, 0)
    assert shard.read_bytes() == before
    assert {i: g.correct for i, g in read_grades(tmp_path / FILE).items()} == {
        "1": True,
        "2": False,
        "3": None,
        "4": False,
    }
    again = await regrade(tmp_path, LastWord(), only_unknown=True, concurrency=concurrency)
    assert (again.graded, again.skipped) == (1, 3)


async def test_regrade_names_what_is_missing_or_broken(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no trajectories"):
        await regrade(tmp_path, LastWord())
    assert not (tmp_path / FILE).exists()
    write_run(tmp_path, trajectory("1", "a", False)).open("ab").close()
    (tmp_path / "trajectories-00001.jsonl").write_bytes(b"nonsense\n")
    with pytest.raises(InputError, match=r"trajectories-00001\.jsonl:1"):
        await regrade(tmp_path, LastWord())
    assert set(read_grades(tmp_path / FILE)) == {"1"}
