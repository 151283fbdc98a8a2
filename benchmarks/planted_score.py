"""Plant, look, count: recall by code, variant and severity, false alarms by near miss, what repairs bring back.

Used by planted_shared.py.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from trajsynth.filters import CorpusFilter, Filter, LeakBenchmark, recipe
from trajsynth.filters.recipe import Recipe
from trajsynth.filters.repair import REPAIRABLE
from trajsynth.testing import (
    BENCHMARK,
    NEAR_MISSES,
    SEVERITIES,
    SIZES,
    VARIANTS,
    in_prompt,
    near_miss,
    plant,
    plant_duplicate,
)
from trajsynth.types import Finding, Trajectory

Named = tuple[str, Trajectory]
Rows = dict[str, list[Trajectory]]


@dataclass
class Score:
    """One code's result."""

    planted: Counter[int] = field(default_factory=Counter)
    """By severity."""
    found: Counter[int] = field(default_factory=Counter)
    placed: int = 0
    """Found at the very message that the label names."""
    nowhere: int = 0
    """Trajectories that offered no place (a seed, severity and form each)."""
    misses: list[str] = field(default_factory=list)
    by_set: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """By (set of rows, found)."""

    def add(self, severity: int, label: str, found: list[Finding], n: int | None) -> None:
        self.by_set[label.partition(" ")[0], bool(found)] += 1
        self.planted[severity] += 1
        self.found[severity] += bool(found)
        self.placed += any(finding.message == n for finding in found)
        if not found:
            self.misses.append(label)

    def recall(self, severity: int | None = None) -> str:
        planted = self.planted.total() if severity is None else self.planted[severity]
        found = self.found.total() if severity is None else self.found[severity]
        return f"{found / planted:.3f}" if planted else "-"

    def recall_on(self, rows: str) -> str:
        planted = self.by_set[rows, True] + self.by_set[rows, False]
        return f"{self.by_set[rows, True] / planted:.3f}" if planted else "-"


def row_filters(folder: Path | None = None) -> dict[str, Filter]:
    """Code -> the filter that gives it; `leak.benchmark` knows the planted questions."""
    filters = {code: f for f in recipe("none").row_filters for code in f.codes}
    folder = folder or Path(tempfile.mkdtemp())
    questions = folder / "benchmark.txt"
    questions.write_text("\n".join(BENCHMARK) + "\n", encoding="utf-8")
    filters["leak.benchmark"] = LeakBenchmark(questions=(str(questions),))
    return filters  # type: ignore[return-value]


def variants(trajectory: Trajectory) -> Iterator[tuple[str, Trajectory]]:
    """(form, trajectory): as recorded, and with in-prompt calls where it has native ones."""
    yield "native", trajectory
    messages = [m for c in trajectory.conversations for m in c.messages]
    if any(call.span is None for m in messages for call in m.tool_calls):
        yield "in-prompt", in_prompt(trajectory)


def score_row(code: str, variant: str, checker: Filter, trajectories: Iterable[Named], seeds: int) -> Score:
    """Plant a code of single trajectories everywhere."""
    score = Score()
    for name, trajectory in trajectories:
        for form, clean in variants(trajectory):
            for severity in SEVERITIES:
                for seed in range(seeds):
                    spoiled = plant(clean, code, seed=seed, severity=severity, variant=variant)
                    if spoiled is None:
                        score.nowhere += 1
                        continue
                    found = [finding for finding in checker.check(spoiled) if finding.code == code]
                    label = f"{name} {trajectory.id} {form} severity {severity} seed {seed} {variant}"
                    score.add(severity, label, found, spoiled.run.planted[-1].n)
    return score


def score_duplicates(code: str, checker: CorpusFilter, trajectories: Iterable[Named], seeds: int) -> Score:
    """Plant a twin of every trajectory and compare the two."""
    score = Score()
    for name, trajectory in trajectories:
        for severity in SEVERITIES:
            for seed in range(seeds):
                twin = plant_duplicate(trajectory, code, seed=seed, severity=severity)
                if twin is None:
                    score.nowhere += 1
                    continue
                resolved = checker.check_all([trajectory, twin])
                found = [finding for remarks in resolved.values() for finding in remarks if finding.code == code]
                score.add(severity, f"{name} {trajectory.id} severity {severity} seed {seed}", found, None)
    return score


def lines(codes: Iterable[str]) -> list[tuple[str, str]]:
    """(code, variant) of every line of the table."""
    return [(code, variant) for code in codes for variant in VARIANTS.get(code, ("",))]


# ---- near misses --------------------------------------------------------------------------------------------------


@dataclass
class Alarms:
    """One kind of near miss."""

    planted: Counter[int] = field(default_factory=Counter)
    """By size."""
    wrong: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


def score_near_misses(rows: Rows, seeds: int, kinds: Sequence[str] = NEAR_MISSES) -> dict[str, Alarms]:
    """Every kind put into every row; an alarm is a code found there and not in the row itself."""
    filters = list({id(f): f for f in row_filters().values()}.values())
    alarms: defaultdict[str, Alarms] = defaultdict(Alarms)
    for name, trajectories in rows.items():
        for trajectory in trajectories:
            for form, clean in variants(trajectory):
                before = _codes(filters, clean)
                for kind in kinds:
                    for size in SIZES:
                        for seed in range(seeds):
                            honest = near_miss(clean, kind, seed=seed, size=size)
                            if honest is not None:
                                found = {c: f for c, f in _codes(filters, honest).items() if c not in before}
                                _count(alarms[kind], size, found, f"{name} {trajectory.id} {form} seed {seed}")
    return alarms


def _codes(filters: list[Filter], trajectory: Trajectory) -> dict[str, Finding]:
    return {finding.code: finding for f in filters for finding in f.check(trajectory)}


def _count(alarms: Alarms, size: int, found: dict[str, Finding], label: str) -> None:
    alarms.planted[size] += 1
    alarms.wrong[size] += bool(found)
    alarms.codes.update(found.keys())
    alarms.examples += [f"{label} size {size}: {f.code} message {f.message} {f.detail[:120]}" for f in found.values()]


# ---- repairs ------------------------------------------------------------------------------------------------------


@dataclass
class Mended:
    """What became of the planted defects of one code that are found."""

    found: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    masked: int = 0
    """Kept, with a turn out of the loss."""
    equal: int = 0
    """Kept and told as before the planting, word for word."""


def score_repairs(trajectories: Iterable[Named], seeds: int) -> dict[tuple[str, int], Mended]:
    """(code, severity) -> what a recipe makes of it that repairs all it can, drops repetition and tokens it cannot."""
    mending = _mending()
    done: defaultdict[tuple[str, int], Mended] = defaultdict(Mended)
    checks = row_filters()
    for _, trajectory in trajectories:
        for _, clean in variants(trajectory):
            if any(f.code in REPAIRABLE for code in REPAIRABLE for f in checks[code].check(clean)):
                continue
            for code in REPAIRABLE:
                for severity in SEVERITIES:
                    for seed in range(seeds):
                        spoiled = plant(clean, code, seed=seed, severity=severity)
                        if spoiled is not None:
                            _mend(done[code, severity], mending, clean, spoiled)
    return done


def _mending() -> Recipe:
    filters = [
        {"filter": "repeat.loop", "action": "repair"},
        {"filter": "repeat.run", "action": "repair"},
        {"filter": "unsafe.control_tokens", "action": "repair"},
        {"filter": "calls", "action": {code: "repair" for code in REPAIRABLE if code.startswith("call.")}},
    ]
    path = Path(tempfile.mkdtemp()) / "mending.yaml"
    path.write_text(yaml.safe_dump({"filters": filters}), encoding="utf-8")
    return recipe(str(path))


def _mend(mended: Mended, mending: Recipe, clean: Trajectory, spoiled: Trajectory) -> None:
    curation = mending.run([spoiled])
    entry = (curation.kept + curation.rejected)[0]
    after = entry.trajectory
    rules = {edit.rule for edit in after.edits} - {edit.rule for edit in clean.edits}
    mended.found += bool(rules or entry.findings)
    mended.rules.update(rules)
    if not curation.kept:
        return
    mended.kept += 1
    mended.masked += len(after.masked) > len(clean.masked)
    mended.equal += _told(after) == _told(clean)


def _told(trajectory: Trajectory) -> list[tuple[str, ...]]:
    """What every message says and calls, numbers and ids aside."""
    return [
        (m.role, m.content, m.reasoning, *(text for call in m.tool_calls for text in (call.name, call.arguments)))
        for conversation in trajectory.conversations
        for m in conversation.messages
    ]
