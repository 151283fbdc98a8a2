"""SFT: every correct trajectory of a recipe's kept file as training rows, one a conversation.

Streams: one trajectory in memory. Level 3, imports builders.rows, formats and report. Tests: tests/builders/.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from trajsynth.builders.formats import Format, format_named
from trajsynth.builders.report import BuildReport, Ledger, Lengthmeter, ledger, write_stats
from trajsynth.builders.rows import Refusal, render
from trajsynth.types import Trajectory

NOTES = {
    "trl": (
        "set assistant_only_loss=True: TRL's default also trains on tool results",
        "raise max_length: TRL's default of 1024 tokens drops long rows silently",
        "load with features=trajsynth.builders.features('sft') so that arguments keep their own keys",
    )
}


def ineligible(trajectory: Trajectory) -> Refusal | None:
    """Why no row may come of this trajectory at all: it failed, is wrong, or nobody could tell."""
    if trajectory.failure is not None:
        return Refusal(reason=f"infra.{trajectory.failure.kind}", detail=trajectory.failure.message)
    if trajectory.correct is None:
        return Refusal(reason="grade.unknown")
    return None if trajectory.correct else Refusal(reason="grade.wrong")


def build_sft(trajectories: Iterable[Trajectory], out: Path, format: str = "trl") -> BuildReport:
    """Write the rows and stats.json into folder `out`, replacing an earlier build.

    `train.jsonl` has one row a conversation; conversations with masked turns go to `train_masked.jsonl` as
    prompt/completion rows. Raises ConfigError for an unknown format; an error while reading leaves the earlier build.
    """
    layout = format_named(format)
    meter = Lengthmeter()
    with ledger(out, layout.SFT_FILES) as book:
        for trajectory in trajectories:
            book.trajectories += 1
            _add(trajectory, layout, book, meter)
    report = book.report("sft", format, {"rows": meter}, NOTES.get(format, ()))
    write_stats(report)
    return report


def _add(trajectory: Trajectory, layout: Format, book: Ledger, meter: Lengthmeter) -> None:
    refusal = ineligible(trajectory)
    results = [] if refusal else [_conversation(trajectory, i, layout, book, meter) for i in _indices(trajectory)]
    refusals = [result for result in results if result is not None]
    if refusal is not None or len(refusals) == len(results):
        book.refuse(refusal or (refusals[0] if refusals else Refusal(reason="empty")))
        return
    book.used += 1
    for left_out in refusals:
        book.refused[f"conversation:{left_out.reason}"] += 1


def _indices(trajectory: Trajectory) -> range:
    return range(len(trajectory.conversations))


def _conversation(
    trajectory: Trajectory, index: int, layout: Format, book: Ledger, meter: Lengthmeter
) -> Refusal | None:
    """Write the rows of one conversation, or say why there are none."""
    failure = trajectory.conversations[index].failure
    if failure is not None:
        return Refusal(reason=f"infra.{failure.kind}")
    row = render(trajectory, index)
    if isinstance(row, Refusal):
        return row
    laid = layout.sft(row)
    if isinstance(laid, Refusal):
        return laid
    for file, record in laid:
        book.write(file, record, row.teacher)
        meter.add(record.get("completion") or record["messages"])
    return None
