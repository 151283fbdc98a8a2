"""Adaptive sampling: enough is enough, whatever the order of arrival, and a resumed run decides alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from generatefakes import make_config, make_questions
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.config import Config, Samples
from trajsynth.generate.jobs import Job, jobs
from trajsynth.generate.outages import Outages
from trajsynth.generate.progress import Board
from trajsynth.generate.sampling import Decision, DecisionFile
from trajsynth.generate.schedule import Schedule
from trajsynth.generate.store import Verdict

ARMS = [{"teacher": "a"}, {"teacher": "b"}]
LETTERS: dict[str, Verdict] = {"c": "correct", "i": "incorrect", "u": "unknown"}


async def ping(teacher: str) -> None: ...


class Session:
    """A schedule over some questions; `verdicts` say how each sample of a question ends (f: it fails)."""

    def __init__(
        self, rule: Any, verdicts: str, n: int = 1, done: dict[str, Verdict] | None = None, **changes: Any
    ) -> None:
        self.config: Config = make_config(samples=rule, arms=ARMS, **changes)
        self.done = done if done is not None else {}
        self.verdicts = verdicts
        self.decided: list[Decision] = []
        self.board = Board()
        listed = jobs(make_questions(n), self.config)
        outages = Outages(ping, wait=1)
        self.schedule = Schedule(listed, self.config, self.done, self.board, outages, self.decided.append)
        self.made: list[Job] = []

    def take(self) -> list[Job]:
        """All jobs that may run side by side now."""
        taken = list(iter(self.schedule.take, None))
        self.made += taken
        return taken

    def end(self, job: Job) -> None:
        letter = self.verdicts[job.sample % len(self.verdicts)]
        if letter == "f":
            self.schedule.failed(job)
        else:
            self.done[job.id] = LETTERS[letter]
            self.schedule.finished(job, LETTERS[letter])

    def run(self) -> Session:
        while taken := self.take():
            for job in taken:
                self.end(job)
        return self


@pytest.mark.parametrize(
    ("rule", "verdicts", "samples", "why"),
    [
        ({"max": 8, "until": "pair"}, "ci", 2, "pair"),
        ({"max": 8, "until": "pair"}, "cccci", 5, "pair"),
        ({"max": 8, "until": "pair"}, "ccucui", 6, "pair"),
        ({"max": 4, "until": "pair"}, "cccc", 4, "max"),
        ({"max": 2, "until": "pair"}, "uu", 2, "max"),
        ({"max": 8, "until": "correct"}, "c", 1, "correct"),
        ({"max": 8, "until": "correct"}, "iic", 3, "correct"),
        ({"max": 3, "until": "correct"}, "iii", 3, "max"),
        ({"max": 8, "until": "correct", "min": 3}, "ccc", 3, "correct"),
        ({"max": 8, "until": "pair", "min": 4}, "ciciic", 4, "pair"),
    ],
)
def test_sampling_ends_as_soon_as_it_may(rule: dict[str, Any], verdicts: str, samples: int, why: str) -> None:
    session = Session(rule, verdicts).run()
    assert len(session.made) == samples
    [decision] = session.decided
    assert (decision.question, decision.samples, decision.why) == ("q0", samples, why)
    assert (decision.correct, decision.incorrect) == (verdicts[:samples].count("c"), verdicts[:samples].count("i"))
    assert session.board.planned - session.board.spared == samples
    assert session.schedule.complete


def test_the_first_samples_run_side_by_side_and_no_question_waits_for_another() -> None:
    session = Session({"max": 8, "until": "pair", "min": 3}, "ccci", n=5)
    assert len(session.take()) == 15
    for job in [job for job in session.made if job.question.id == "q3"]:
        session.end(job)
    assert [(job.question.id, job.sample) for job in session.take()] == [("q3", 3)]
    assert session.take() == []


def test_a_pair_is_one_of_a_single_arm() -> None:
    mixed = Session({"max": 12, "until": "pair"}, "ci", assign="sample").run()
    by_arm = [{LETTERS["ci"[j.sample % 2]] for j in mixed.made if j.arm == arm} for arm in mixed.config.all_arms()]
    assert {"correct", "incorrect"} in by_arm
    assert mixed.decided[0].arm == ""
    grid = Session({"max": 12, "until": "pair"}, "ci", assign="grid").run()
    assert len(grid.made) == 4
    assert [d.arm.partition("/")[0] for d in grid.decided] == ["a", "b"]


def test_failed_samples_are_stepped_over_and_left_to_the_next_session() -> None:
    first = Session({"max": 3, "until": "pair"}, "cfc").run()
    assert (len(first.made), first.decided) == (3, [])
    again = Session({"max": 3, "until": "pair"}, "cic", done=first.done).run()
    assert [job.sample for job in again.made] == [1]
    assert again.decided[0].why == "pair"
    assert (again.board.skipped, again.board.planned) == (2, 3)


@settings(max_examples=60, deadline=None)
@given(
    verdicts=st.text(alphabet="ciuf", min_size=8, max_size=8),
    until=st.sampled_from(["pair", "correct"]),
    least=st.integers(1, 4),
    stop=st.integers(0, 20),
    order=st.randoms(use_true_random=False),
)
def test_stopped_anywhere_and_resumed_it_decides_as_undisturbed(
    verdicts: str, until: str, least: int, stop: int, order: Any
) -> None:
    rule = {"max": 8, "until": until, "min": least}
    verdicts = verdicts.replace("f", "c")
    calm = Session(rule, verdicts, n=3).run()
    broken = Session(rule, verdicts, n=3)
    flying: list[Job] = []
    for _ in range(stop):
        flying += broken.take()
        if flying:
            broken.end(flying.pop(order.randrange(len(flying))))
    resumed = Session(rule, verdicts, n=3, done=broken.done).run()
    assert resumed.done == calm.done
    assert sorted(resumed.decided, key=lambda d: d.question) == sorted(calm.decided, key=lambda d: d.question)


def decision(why: Any = "pair", samples: int = 2) -> Decision:
    return Decision(question="q", arm="a/react/mcp", samples=samples, correct=1, incorrect=1, why=why)


def lines(path: Path) -> Sequence[bytes]:
    return path.read_bytes().splitlines()


def test_a_decision_is_written_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    for given_, count in ((decision(), 1), (decision(), 1), (decision("max", 8), 2), (decision("max", 8), 2)):
        file = DecisionFile(path)
        file.write(given_)
        file.write(given_)
        file.close()
        assert len(lines(path)) == count


def test_the_rule_reads_as_it_is_written() -> None:
    assert make_config(samples={"max": 8, "until": "pair"}).samples == Samples(max=8, until="pair", min=1)
    assert make_config(samples={"max": 8, "until": "pair"}).most_samples == 8
    assert make_config(samples=3).most_samples == 3
