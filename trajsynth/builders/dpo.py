"""DPO: pairs of a correct and an incorrect trajectory of one question, under the same prompt and tools.

Final-answer correctness alone ranks a pair. Which of several candidates are taken is drawn by a seeded hash of their
ids, so neither length nor number of steps decides. Rows wait in a temporary file, only an index is in memory. Level 3,
imports builders.rows, building, formats, ledger and report. Tests: tests/builders/test_builders_dpo.py.
"""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from trajsynth.builders.building import Meters, Target, build
from trajsynth.builders.formats import Format
from trajsynth.builders.ledger import Ledger
from trajsynth.builders.report import BuildReport, Lengthmeter
from trajsynth.builders.rows import Reasoning, Refusal, Row, render
from trajsynth.codec import decode, encode
from trajsynth.types import Trajectory

Pairing = Literal["within_teacher", "across_teachers"]


def ineligible(trajectory: Trajectory, *, judged: bool) -> Refusal | None:
    """Why this trajectory may be neither chosen nor rejected."""
    if trajectory.failure is not None or trajectory.stop_reason == "failed":
        kind = trajectory.failure.kind if trajectory.failure else "unknown"
        return Refusal(reason=f"infra.{kind}")
    if trajectory.correct is None:
        return Refusal(reason="grade.unknown")
    if not (trajectory.answer or "").strip():
        return Refusal(reason="answer.missing")
    if judged and not trajectory.correct and trajectory.grade and not trajectory.grade.method.startswith("judge"):
        return Refusal(reason="grade.not_judged", detail="only exact matching rejected it")
    if any(conversation == 0 for conversation, _ in trajectory.masked):
        return Refusal(reason="masked")
    return None


@dataclass(slots=True)
class _Question:
    """Where the candidates of one question (and prompt, tools, teacher) lie in the spool, in hash order when taken."""

    chosen: list[tuple[bytes, int]] = field(default_factory=list)
    rejected: list[tuple[bytes, int]] = field(default_factory=list)

    def draw(self, most: int) -> Iterator[tuple[int, int]]:
        """Spool positions of up to `most` different pairs, spread evenly over both sides."""
        good, bad = sorted(self.chosen), sorted(self.rejected)
        lap = math.lcm(len(good), len(bad)) if good and bad else 0
        for i in range(min(most, len(good) * len(bad))):
            yield good[i % len(good)][1], bad[(i + i // lap) % len(bad)][1]


class _Spool:
    """Rendered rows in a temporary file that nobody else sees; a row is found again by its position."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def put(self, row: Row) -> int:
        at = self._file.seek(0, 2)
        self._file.write(encode(row) + b"\n")
        return at

    def get(self, at: int) -> Row:
        self._file.seek(at)
        return decode(self._file.readline(), Row)


def build_dpo(
    trajectories: Iterable[Trajectory],
    out: Path,
    format: str | Target = "trl",
    *,
    pairs: Pairing = "within_teacher",
    max_pairs: int = 1,
    judged: bool = False,
    seed: int = 0,
) -> BuildReport:
    """Write the pairs and stats.json into folder `out`, replacing an earlier build.

    `max_pairs` is per question (and teacher, with `within_teacher`); `judged` says the run has an LLM judge, whose
    verdict every rejected side then needs. Only main conversations are paired. Raises ConfigError for an unknown
    format.
    """
    target = format if isinstance(format, Target) else Target(format=format)

    def fill(rows: Iterable[Trajectory], layout: Format, book: Ledger) -> Meters:
        meters = {"chosen": Lengthmeter(), "rejected": Lengthmeter()}
        with tempfile.TemporaryFile() as file:
            spool = _Spool(file)
            questions = _collect(rows, spool, book, _Rules(pairs, judged, seed, target.reasoning))
            for question in questions.values():
                _write(question, spool, layout, book, meters, max_pairs)
        return meters

    return build("dpo", trajectories, out, target, fill)


@dataclass(frozen=True, slots=True)
class _Rules:
    """How candidates are taken up."""

    pairs: Pairing
    judged: bool
    seed: int
    reasoning: Reasoning


def _collect(trajectories: Iterable[Trajectory], spool: _Spool, book: Ledger, rules: _Rules) -> dict[bytes, _Question]:
    """Candidates by what a pair must share, in order of first appearance."""
    questions: dict[bytes, _Question] = defaultdict(_Question)
    for trajectory in trajectories:
        book.trajectories += 1
        row = ineligible(trajectory, judged=rules.judged) or render(trajectory, reasoning=rules.reasoning)
        if isinstance(row, Refusal):
            book.refuse(row)
            continue
        teacher = row.teacher if rules.pairs == "within_teacher" else ""
        side = questions[_key(trajectory, row, teacher)]
        place = (_draw_order(rules.seed, trajectory.id), spool.put(row))
        (side.chosen if trajectory.correct else side.rejected).append(place)
    return questions


def _key(trajectory: Trajectory, row: Row, teacher: str) -> bytes:
    shared = (trajectory.group, trajectory.invocation, teacher, row.messages[: row.prompt_length], row.tools)
    return hashlib.sha256(encode(shared)).digest()


def _draw_order(seed: int, id_: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{id_}".encode(errors="replace")).digest()


def _write(
    question: _Question, spool: _Spool, layout: Format, book: Ledger, meters: dict[str, Lengthmeter], most: int
) -> None:
    candidates = len(question.chosen) + len(question.rejected)
    if not question.chosen or not question.rejected:
        book.refuse(Refusal(reason="pair.no_partner"), candidates)
        return
    used: set[int] = set()
    refused: dict[int, Refusal] = {}
    for good, bad in question.draw(most):
        chosen, rejected = spool.get(good), spool.get(bad)
        laid = layout.dpo(chosen, rejected)
        if isinstance(laid, Refusal):
            refused |= {good: laid, bad: laid}
            continue
        book.write(laid, chosen.teacher)
        used |= {good, bad}
        for meter, part in zip(meters.values(), laid.holds, strict=True):
            meter.add(part.turns())
    book.used += len(used)
    for place in refused.keys() - used:
        book.refuse(refused[place])
    book.refuse(Refusal(reason="pair.over_max"), candidates - len(used | refused.keys()))
