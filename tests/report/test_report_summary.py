"""The closing text: every part there when there is something to say, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from trajsynth.report import Ended, stats, summary
from trajsynth.report.summary import built_lines
from trajsynth.types import Failure, Trajectory

Make = Callable[..., Trajectory]


@dataclass(frozen=True)
class Build:
    builder: str = "sft"
    format: str = "trl"
    folder: str = "outputs/x/datasets/sft"
    files: dict[str, int] = field(default_factory=lambda: {"train.jsonl": 7})
    refused: dict[str, int] = field(default_factory=lambda: {"grade.wrong": 2})
    notes: tuple[str, ...] = ("mind this",)
    checked: int | None = None
    differences: tuple[str, ...] = ()


def test_everything_in_order(make: Make) -> None:
    runs = [make(f"{i}", correct=i % 2 == 0) for i in range(10)]
    failure = make("f", failure=Failure(kind="timeout", message="too long"))
    text = summary(
        Ended(planned=12, finished=10, seconds=7200, resumed=3, lost=1),
        stats(runs, [failure]),
        kept={"qwen/react/mcp": 5},
        funnels=["funnel sft", "funnel dpo"],
        built=[Build()],
        next_commands={"look": "trajsynth stats outputs/x", "train": "trl sft ..."},
    )
    assert text.startswith("10 of 12 trajectories, 2.0 h, 1 failed, 3 resumed, 1 lost, 0 repeated\n")
    parts = [
        "qwen/react/mcp",
        "funnel sft",
        "funnel dpo",
        "built sft (trl): 7 rows in outputs/x/datasets/sft/train.jsonl",
        "left out: 2 grade.wrong",
        "note: mind this",
        "1 timeout: too long",
        "next:",
        "look   trajsynth stats outputs/x",
        "train  trl sft ...",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_build_without_rows_says_why_and_an_interrupted_run_how_to_go_on(make: Make) -> None:
    ended = Ended(planned=2, finished=1, seconds=1, interrupted=True)
    text = summary(ended, stats([make("a")]), built=[Build(files={})])
    assert "interrupted: the same command resumes" in text
    assert "built sft (trl): no rows" in text
    assert "grade.wrong" in text
    assert "next:" not in text
    assert "warning" not in text
    assert "failed:" not in text


def test_a_check_says_how_many_rows_and_what_differs() -> None:
    assert "  checked: 7 rows read back, equal to their source" in built_lines(Build(checked=7))
    lines = built_lines(Build(checked=7, differences=("train.jsonl:3: the text differs",)))
    assert lines[2:4] == [
        "  checked: 7 rows read back, 1 differ from their source",
        "  difference: train.jsonl:3: the text differs",
    ]
