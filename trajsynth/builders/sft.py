"""SFT: every correct trajectory of a recipe's kept file as training rows, under a view and a limit of length.

Streams: one trajectory in memory. Level 3, imports builders.views, shape, building, formats, ledger and report.
Tests: tests/builders/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from trajsynth.builders.building import Meters, Target, build
from trajsynth.builders.faithful import unfaithful, unfaithful_view
from trajsynth.builders.formats import Format
from trajsynth.builders.formats.tokens import Tokens
from trajsynth.builders.ledger import Ledger
from trajsynth.builders.lengths import Shaped, Tokenmeter
from trajsynth.builders.mixture import mixed
from trajsynth.builders.report import BuildReport, Lengthmeter
from trajsynth.builders.rows import Reasoning, Refusal, Row
from trajsynth.builders.ruler import Ruler, load_tokenizer
from trajsynth.builders.shape import OVER, Fitted, Shape, capped, fitted
from trajsynth.builders.views import Replay, Seen, seen_rows
from trajsynth.types import Trajectory


def ineligible(trajectory: Trajectory) -> Refusal | None:
    """Why no row may come of this trajectory at all: it failed, is wrong, or nobody could tell."""
    if trajectory.failure is not None:
        return Refusal(reason=f"infra.{trajectory.failure.kind}", detail=trajectory.failure.message)
    if trajectory.correct is None:
        return Refusal(reason="grade.unknown")
    return None if trajectory.correct else Refusal(reason="grade.wrong")


def build_sft(
    trajectories: Iterable[Trajectory], out: Path, format: str | Target = "trl", shape: Shape | None = None
) -> BuildReport:
    """Write the rows and stats.json into folder `out`, replacing an earlier build.

    `train` has one row a conversation, or those of the shape's view; a format with files of other names says why
    (trajsynth.builders.formats). Raises ConfigError for an unknown format, InputError or MissingExtra for a tokenizer
    that cannot be had; an error while reading leaves the earlier build.
    """
    target = format if isinstance(format, Target) else Target(format=format)
    form = shape or Shape()
    if isinstance(target.tokenizer, str):
        target = replace(target, tokenizer=load_tokenizer(target.tokenizer))

    def fill(rows: Iterable[Trajectory], layout: Format, book: Ledger) -> Meters:
        spans = layout.spans if isinstance(layout, Tokens) else None
        ruler = Ruler(target.tokenizer, target.chat_template, spans)
        writer = _Writer(layout, book, form, ruler, layout.reasoning(target.reasoning))
        for trajectory in mixed(rows, target.mixture, target.seed, book, ineligible):
            writer.add(trajectory)
        return writer.finish()

    def differs(trajectory: Trajectory, index: int) -> str:
        if form.view == "full":
            return unfaithful(trajectory, index)
        return unfaithful_view(trajectory, index, form.view, _replay(form, trajectory, index))

    return build("sft", trajectories, out, target, fill, differs)


class _Writer:
    """Trajectories into rows, one after the other."""

    def __init__(self, layout: Format, book: Ledger, shape: Shape, ruler: Ruler, reasoning: Reasoning) -> None:
        self._layout, self._book, self._shape, self._ruler = layout, book, shape, ruler
        self._reasoning = reasoning
        self._meter = Lengthmeter()
        self._tokens = Tokenmeter(ruler.name, shape.max_tokens)
        self._whole = self._uncapped = 0
        self._turns: Counter[str] = Counter()

    def add(self, trajectory: Trajectory) -> None:
        """Write a trajectory's rows, or say why there are none."""
        results = [self._conversation(trajectory, i) for i in range(len(trajectory.conversations))]
        refusals = [result for result in results if result is not None]
        if len(refusals) == len(results):
            self._book.refuse(refusals[0] if refusals else Refusal(reason="empty"))
            return
        self._book.used += 1
        for left_out in refusals:
            self._book.refused[f"conversation:{left_out.reason}"] += 1

    def finish(self) -> Meters:
        """Leave the figures with the ledger."""
        tokens, whole = self._tokens.lengths(), self._whole
        first = {name: self._turns.pop(name) for name in ("trained", "masked") if name in self._turns}
        shaped = Shaped(
            view=self._shape.view,
            turns=first | dict(sorted(self._turns.items())),
            tokens=tokens,
            blowup=tokens.total / whole if whole else None,
            uncapped=self._uncapped / whole if whole else None,
        )
        self._book.shaped = shaped
        self._book.notes += shaped.told()
        return {"rows": self._meter}

    def _conversation(self, trajectory: Trajectory, index: int) -> Refusal | None:
        """Write the rows of one conversation, or say why there are none."""
        failure = trajectory.conversations[index].failure
        if failure is not None:
            return Refusal(reason=f"infra.{failure.kind}")
        replay = _replay(self._shape, trajectory, index)
        seen = seen_rows(trajectory, index, self._shape.view, self._reasoning, replay)
        if isinstance(seen, Refusal):
            return seen
        view = self._within_budget(seen)
        lost, trained, refusal = view.lost, 0, Refusal(reason=OVER)
        for row in view.rows:
            piece = fitted(row, self._measured(row), self._shape, self._ruler)
            lost += piece.lost
            for part in piece.rows:
                written = self._row(part)
                if isinstance(written, Refusal):
                    refusal = written
                    lost[f"row:{written.reason}"] += len(part.trained)
                else:
                    trained += written
        if not trained:
            return refusal
        masked = len(seen.whole.masked)
        others = seen.whole.turns - trained - masked - lost.total()
        self._turns += Counter({"trained": trained, "masked": masked, "view.final": others}) + lost
        return None

    def _within_budget(self, seen: Seen) -> Fitted:
        """The view's rows, as far as `max_blowup` lets them be."""
        if self._shape.view == "full":
            return Fitted(seen.rows)
        whole = self._ruler.size(seen.whole)
        self._whole += whole
        if self._shape.max_blowup is None:
            return Fitted(seen.rows)
        sizes = [self._ruler.size(row) for row in seen.rows]
        self._uncapped += sum(sizes)
        return capped(seen.rows, sizes, self._shape.max_blowup * whole)

    def _measured(self, row: Row) -> int:
        size = self._ruler.size(row)
        self._tokens.add(size)
        if self._shape.max_blowup is None:
            self._uncapped += size
        return size

    def _row(self, row: Row) -> int | Refusal:
        """Write a row as the format lays it out; how many turns it trains."""
        laid = self._layout.sft(row)
        if isinstance(laid, Refusal):
            return laid
        for record in laid:
            self._book.write(record, row.teacher)
            for part in record.holds:
                self._meter.add(part.turns())
        return sum(len(part.trained) for record in laid for part in record.holds)


def _replay(shape: Shape, trajectory: Trajectory, index: int) -> Replay:
    return shape.replay.get(trajectory.conversations[index].teacher or trajectory.teacher, "tools")
