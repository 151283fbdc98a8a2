"""Recall and false alarms of the filters on other people's trajectories, with defects planted into them.

    python benchmarks/planted_shared.py [FILE ...] [--data ../shared/data] [--seeds 1] [--code CODE] [--misses 5]

Every file of DATA/trajectories (or the FILEs, in any layout trajsynth reads) is read, each defect of trajsynth.testing
is planted into every trajectory that offers a place, mild, plain and gross, as recorded and once more with its calls
written into the messages (in-prompt MCP). `false alarms` are findings of that code on the untouched trajectories, all
listed below the table for a reader to judge: real data has real defects. A trajectory that has a defect of its own is
not used to plant the same one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trajsynth.filters import CODES, CorpusFilter, Duplicates, Filter, recipe
from trajsynth.readers import read_trajectories
from trajsynth.testing import CODES as ROW_CODES
from trajsynth.testing import DUPLICATE_CODES, SEVERITIES, in_prompt, plant, plant_duplicate
from trajsynth.types import Finding, Trajectory

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
SIMILARITIES = (0.8, 0.7, 0.55)
"""Thresholds of near duplicates to compare; the first is the filter's own."""
ONE_TURN = ("repeat.", "call.", "answer.", "truncated", "refusal")
"""Defects that stand in one message, so that the finding's place can be compared with the label's."""


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

    def add(self, severity: int, label: str, found: list[Finding], n: int | None) -> None:
        self.planted[severity] += 1
        self.found[severity] += bool(found)
        self.placed += any(finding.message == n for finding in found)
        if not found:
            self.misses.append(label)

    def recall(self, severity: int | None = None) -> str:
        planted = self.planted.total() if severity is None else self.planted[severity]
        found = self.found.total() if severity is None else self.found[severity]
        return f"{found / planted:.3f}" if planted else "-"


def read(files: Iterable[Path]) -> dict[str, list[Trajectory]]:
    """Trajectories by file, empty ones left out."""
    return {
        path.name: [t for t in read_trajectories(path) if any(c.messages for c in t.conversations)] for path in files
    }


def row_filters() -> dict[str, Filter]:
    """Code -> the filter that gives it."""
    return {code: f for f in recipe("none").row_filters for code in f.codes}  # type: ignore[misc]


def variants(trajectory: Trajectory) -> Iterator[tuple[str, Trajectory]]:
    """(form, trajectory): as recorded, and with in-prompt calls where it has native ones."""
    yield "native", trajectory
    messages = [m for c in trajectory.conversations for m in c.messages]
    if any(call.span is None for m in messages for call in m.tool_calls):
        yield "in-prompt", in_prompt(trajectory)


def score_row(code: str, checker: Filter, trajectories: Iterable[tuple[str, Trajectory]], seeds: int) -> Score:
    """Plant a code of single trajectories everywhere."""
    score = Score()
    for name, trajectory in trajectories:
        for form, clean in variants(trajectory):
            for severity in SEVERITIES:
                for seed in range(seeds):
                    spoiled = plant(clean, code, seed=seed, severity=severity)
                    if spoiled is None:
                        score.nowhere += 1
                        continue
                    found = [finding for finding in checker.check(spoiled) if finding.code == code]
                    label = f"{name} {trajectory.id} {form} severity {severity} seed {seed}"
                    score.add(severity, label, found, spoiled.run.planted[-1].n)
    return score


def score_duplicates(
    code: str, checker: CorpusFilter, trajectories: Iterable[tuple[str, Trajectory]], seeds: int
) -> Score:
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


def alarms(rows: dict[str, list[Trajectory]]) -> dict[str, dict[tuple[str, str], Finding]]:
    """Code -> (file, id) -> the first finding on an untouched trajectory, and on its in-prompt form."""
    found: dict[str, dict[tuple[str, str], Finding]] = defaultdict(dict)
    for name, trajectories in rows.items():
        forms = [in_prompt(t) for t in trajectories]
        for group in (trajectories, forms):
            curation = recipe("none").run(group)
            for entry in (*curation.kept, *curation.rejected):
                for finding in entry.findings:
                    found[finding.code].setdefault((name, entry.trajectory.id), finding)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seeds", type=int, default=1, help="Plantings of each code, severity and trajectory.")
    parser.add_argument("--code", action="append", help="Only this code; may be repeated.")
    parser.add_argument("--misses", type=int, default=5, help="Misses to list per code.")
    options = parser.parse_args()
    files = options.files or sorted((options.data / "trajectories").glob("*.jsonl"))
    if not files:
        sys.exit(f"no *.jsonl in {options.data / 'trajectories'}; give files, or --data")
    started = time.monotonic()
    rows = read(files)
    untouched = alarms(rows)
    codes = [code for code in (*ROW_CODES, *DUPLICATE_CODES) if not options.code or code in options.code]
    scores = {code: _score(code, rows, untouched, options.seeds) for code in codes}
    total = sum(map(len, rows.values()))
    print(f"{total} trajectories of {len(rows)} files, {options.seeds} seed(s), {time.monotonic() - started:.0f} s\n")
    _print_table(scores, untouched)
    if "duplicate.near" in codes:
        _print_similarities(rows, untouched, options.seeds)
    _print_misses(scores, options.misses)
    _print_alarms(untouched, codes)


def _score(
    code: str,
    rows: dict[str, list[Trajectory]],
    untouched: dict[str, dict[tuple[str, str], Finding]],
    seeds: int,
) -> Score:
    clean = _clean(code, rows, untouched)
    if code in DUPLICATE_CODES:
        return score_duplicates(code, Duplicates(), clean, seeds)
    return score_row(code, row_filters()[code], clean, seeds)


def _clean(
    code: str, rows: dict[str, list[Trajectory]], untouched: dict[str, dict[tuple[str, str], Finding]]
) -> list[tuple[str, Trajectory]]:
    """(file, trajectory) of all that have no finding of the code by themselves."""
    return [(name, t) for name, ts in rows.items() for t in ts if (name, t.id) not in untouched.get(code, {})]


def _print_similarities(
    rows: dict[str, list[Trajectory]], untouched: dict[str, dict[tuple[str, str], Finding]], seeds: int
) -> None:
    """Near duplicates by threshold: what is gained in recall and what it costs in false alarms."""
    print("\nduplicate.near by threshold (mild: 5 % of the words changed, plain: 2 %, gross: 0.5 %)")
    print(f"{'threshold':<18}{'mild':>9}{'plain':>9}{'gross':>9}  pairs of one group found on untouched trajectories")
    clean = _clean("duplicate.near", rows, untouched)
    for threshold in SIMILARITIES:
        checker = Duplicates(threshold=threshold)
        score = score_duplicates("duplicate.near", checker, clean, seeds)
        natural = sum(
            f.code == "duplicate.near" for ts in rows.values() for fs in checker.check_all(ts).values() for f in fs
        )
        print(f"{threshold:<18}" + "".join(f"{score.recall(s):>9}" for s in SEVERITIES) + f"  {natural}")


def _print_table(scores: dict[str, Score], untouched: dict[str, dict[tuple[str, str], Finding]]) -> None:
    heads = ("planted", "found", "recall", "mild", "plain", "gross", "placed", "false alarms")
    print(f"{'code':<18}" + "".join(f"{head:>9}" for head in heads[:-1]) + f"  {heads[-1]}")
    for code, score in scores.items():
        numbers = [score.planted.total(), score.found.total(), score.recall(), *map(score.recall, SEVERITIES)]
        placed = f"{score.placed / score.found.total():.3f}" if score.found and code.startswith(ONE_TURN) else "-"
        print(f"{code:<18}" + "".join(f"{number:>9}" for number in (*numbers, placed)) + f"  {len(untouched[code])}")


def _print_misses(scores: dict[str, Score], most: int) -> None:
    missed = {code: score.misses for code, score in scores.items() if score.misses}
    if missed:
        print("\nmissed:")
    for code, misses in missed.items():
        print(f"  {code}: {len(misses)}")
        for label in misses[:most]:
            print(f"    {label}")


def _print_alarms(untouched: dict[str, dict[tuple[str, str], Finding]], codes: list[str]) -> None:
    print("\nfindings on untouched trajectories (false alarms unless the defect is real):")
    for code in sorted(untouched, key=list(CODES).index):
        if code not in codes:
            print(f"  {code}: {len(untouched[code])} (not planted)")
            continue
        print(f"  {code}: {len(untouched[code])}")
        for (name, id_), finding in untouched[code].items():
            where = "" if finding.message is None else f" message {finding.message}"
            print(f"    {name} {id_}{where}: {finding.detail[:150]}")


if __name__ == "__main__":
    main()
