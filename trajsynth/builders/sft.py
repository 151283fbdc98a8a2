"""SFT: every correct trajectory of a recipe's kept file as training rows, one a conversation.

Streams: one trajectory in memory. Level 3, imports builders.rows, building, formats, ledger and report.
Tests: tests/builders/.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from trajsynth.builders.building import Meters, Target, build
from trajsynth.builders.formats import Format
from trajsynth.builders.ledger import Ledger
from trajsynth.builders.mixture import mixed
from trajsynth.builders.report import BuildReport, Lengthmeter
from trajsynth.builders.rows import Reasoning, Refusal, render
from trajsynth.types import Trajectory


def ineligible(trajectory: Trajectory) -> Refusal | None:
    """Why no row may come of this trajectory at all: it failed, is wrong, or nobody could tell."""
    if trajectory.failure is not None:
        return Refusal(reason=f"infra.{trajectory.failure.kind}", detail=trajectory.failure.message)
    if trajectory.correct is None:
        return Refusal(reason="grade.unknown")
    return None if trajectory.correct else Refusal(reason="grade.wrong")


def build_sft(trajectories: Iterable[Trajectory], out: Path, format: str | Target = "trl") -> BuildReport:
    """Write the rows and stats.json into folder `out`, replacing an earlier build.

    `train` has one row a conversation; a format with files of other names says why (trajsynth.builders.formats).
    Raises ConfigError for an unknown format; an error while reading leaves the earlier build.
    """
    target = format if isinstance(format, Target) else Target(format=format)

    def fill(rows: Iterable[Trajectory], layout: Format, book: Ledger) -> Meters:
        meter = Lengthmeter()
        for trajectory in mixed(rows, target.mixture, target.seed, book, ineligible):
            _add(trajectory, layout, book, meter, target.reasoning)
        return {"rows": meter}

    return build("sft", trajectories, out, target, fill)


def _add(trajectory: Trajectory, layout: Format, book: Ledger, meter: Lengthmeter, reasoning: Reasoning) -> None:
    indices = range(len(trajectory.conversations))
    results = [_conversation(trajectory, i, layout, book, meter, reasoning) for i in indices]
    refusals = [result for result in results if result is not None]
    if len(refusals) == len(results):
        book.refuse(refusals[0] if refusals else Refusal(reason="empty"))
        return
    book.used += 1
    for left_out in refusals:
        book.refused[f"conversation:{left_out.reason}"] += 1


def _conversation(
    trajectory: Trajectory, index: int, layout: Format, book: Ledger, meter: Lengthmeter, reasoning: Reasoning
) -> Refusal | None:
    """Write the rows of one conversation, or say why there are none."""
    failure = trajectory.conversations[index].failure
    if failure is not None:
        return Refusal(reason=f"infra.{failure.kind}")
    row = render(trajectory, index, reasoning)
    laid = row if isinstance(row, Refusal) else layout.sft(row)
    if isinstance(row, Refusal) or isinstance(laid, Refusal):
        return row if isinstance(row, Refusal) else laid if isinstance(laid, Refusal) else None
    for record in laid:
        book.write(record, row.teacher)
        for part in record.holds:
            meter.add(part.turns())
    return None
