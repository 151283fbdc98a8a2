"""Recall, precision and false alarms of the filters, with defects and near misses planted into clean trajectories.

    python benchmarks/planted_shared.py [FILE ...] [--data ../shared/data] [--seeds 1] [--code CODE] [--misses 5]

Rows: every file of DATA/trajectories (or the FILEs, in any layout trajsynth reads), trajectories of ours (scripted
teachers, no faults), and short ones in Chinese, Japanese and Thai. Each defect of trajsynth.testing is planted into
every row that offers a place, mild, plain and gross, as recorded and once more with its calls written into the messages
(in-prompt MCP). A row that has a defect of its own is not used to plant the same one.

Tables: recall by code, variant and severity, with the findings of that code on untouched rows (listed below the table:
real data has real defects) and on near misses; false alarms by kind of near miss; what repairs bring back.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from planted_rows import ours, unspaced
from planted_score import (
    Alarms,
    Mended,
    Named,
    Rows,
    Score,
    lines,
    row_filters,
    score_duplicates,
    score_near_misses,
    score_repairs,
    score_row,
)

from trajsynth.filters import CODES, DuplicateQuestions, Duplicates, recipe
from trajsynth.readers import read_trajectories
from trajsynth.testing import CODES as ROW_CODES
from trajsynth.testing import DUPLICATE_CODES, SEVERITIES, SIZES, in_prompt
from trajsynth.types import Finding

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
SIMILARITIES = (0.8, 0.7, 0.55)
"""Thresholds of near duplicates to compare; the first is the filter's own."""
ONE_TURN = ("repeat.", "call.", "answer.", "truncated", "refusal")
"""Defects that stand in one message, so that the finding's place can be compared with the label's."""

Untouched = dict[str, dict[tuple[str, str], Finding]]


def read(files: Iterable[Path], most: int) -> Rows:
    """Trajectories by file, empty ones left out."""
    rows = {
        path.name: [t for t in read_trajectories(path) if any(c.messages for c in t.conversations)] for path in files
    }
    return {name: ts[:: -(-len(ts) // most)] if most else ts for name, ts in rows.items() if ts}


def alarms(rows: Rows) -> Untouched:
    """Code -> (file, id) -> the first finding on an untouched trajectory, and on its in-prompt form."""
    found: Untouched = defaultdict(dict)
    for name, trajectories in rows.items():
        for group in (trajectories, [in_prompt(t) for t in trajectories]):
            curation = recipe("none").run(group)
            for entry in (*curation.kept, *curation.rejected):
                for finding in entry.findings:
                    found[finding.code].setdefault((name, entry.trajectory.id), finding)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--ours", type=int, default=6, help="Questions of our own run; 0: no such rows.")
    parser.add_argument("--most", type=int, default=0, help="Rows of a file, evenly spread; 0: all.")
    parser.add_argument("--seeds", type=int, default=1, help="Plantings of each code, severity and trajectory.")
    parser.add_argument("--code", action="append", help="Only this code; may be repeated.")
    parser.add_argument("--misses", type=int, default=5, help="Misses and alarms to list per code.")
    options = parser.parse_args()
    files = options.files or sorted((options.data / "trajectories").glob("*.jsonl"))
    if not files and not options.ours:
        sys.exit(f"no *.jsonl in {options.data / 'trajectories'}; give files, or --data")
    started = time.process_time()
    rows = read(files, options.most)
    if not options.files:
        rows |= unspaced()
        rows |= {"ours": ours(options.ours)} if options.ours else {}
    untouched = alarms(rows)
    codes = [code for code in (*ROW_CODES, *DUPLICATE_CODES) if not options.code or code in options.code]
    near = score_near_misses(rows, options.seeds) if not options.code else {}
    scores = {line: _score(*line, rows, untouched, options.seeds) for line in lines(codes)}
    counts = ", ".join(f"{name} {len(ts)}" for name, ts in rows.items())
    print(f"rows: {counts}; {options.seeds} seed(s), {time.process_time() - started:.0f} CPU s\n")
    _print_table(scores, untouched, near)
    _print_sets(scores, list(rows))
    if near:
        _print_near(near, options.misses)
        _print_repairs(score_repairs(_named(rows), options.seeds))
    if "duplicate.near" in codes:
        _print_similarities(rows, untouched, options.seeds)
    _print_misses(scores, options.misses)
    _print_alarms(untouched, codes)


def _score(code: str, variant: str, rows: Rows, untouched: Untouched, seeds: int) -> Score:
    clean = _clean(code, rows, untouched)
    if code == "duplicate.question":
        return score_duplicates(code, DuplicateQuestions(), clean, seeds)
    if code in DUPLICATE_CODES:
        return score_duplicates(code, Duplicates(), clean, seeds)
    return score_row(code, variant, row_filters()[code], clean, seeds)


def _named(rows: Rows) -> list[Named]:
    return [(name, t) for name, ts in rows.items() for t in ts]


def _clean(code: str, rows: Rows, untouched: Untouched) -> list[Named]:
    """(file, trajectory) of all that have no finding of the code by themselves."""
    return [(name, t) for name, t in _named(rows) if (name, t.id) not in untouched.get(code, {})]


# ---- printing -----------------------------------------------------------------------------------------------------


def _print_table(scores: dict[tuple[str, str], Score], untouched: Untouched, near: dict[str, Alarms]) -> None:
    wrong: Counter[str] = sum((kind.codes for kind in near.values()), Counter())
    heads = ("planted", "found", "recall", "mild", "plain", "gross", "placed", "untouched", "near", "precision")
    print(f"{'code':<31}" + "".join(f"{head:>10}" for head in heads))
    for (code, variant), score in scores.items():
        planted, found = score.planted.total(), score.found.total()
        placed = f"{score.placed / found:.3f}" if found and code.startswith(ONE_TURN) else "-"
        precision = f"{found / (found + wrong[code]):.3f}" if found else "-"
        cells = (planted, found, score.recall(), *(score.recall(s) for s in SEVERITIES), placed)
        cells = (*cells, len(untouched.get(code, {})), wrong[code], precision)
        name = f"{code} {variant}".strip()
        print(f"{name:<31}" + "".join(f"{cell:>10}" for cell in cells))
    print("\nuntouched: rows of any kind with a finding of that code; near: alarms on near misses; precision: without")
    print("the untouched ones, which may be real.")


def _print_sets(scores: dict[tuple[str, str], Score], names: list[str]) -> None:
    """Recall of repetition by the rows it was planted into: languages differ."""
    print("\nrecall by rows" + " " * 17 + "".join(f"{name.partition('.')[0][:10]:>11}" for name in names))
    for (code, variant), score in scores.items():
        if code.startswith("repeat."):
            print(f"{f'{code} {variant}'.strip():<31}" + "".join(f"{score.recall_on(name):>11}" for name in names))


def _print_near(near: dict[str, Alarms], most: int) -> None:
    print(
        f"\n{'near miss':<24}{'rows':>8}{'alarms':>8}{'rate':>8}"
        + "".join(f"{s:>8}" for s in ("little", "more", "much"))
    )
    for kind, counted in near.items():
        total, wrong = counted.planted.total(), counted.wrong.total()
        by_size = "".join(f"{counted.wrong[s]:>8}" for s in SIZES)
        codes = ", ".join(f"{code} {n}" for code, n in counted.codes.most_common())
        print(f"{kind:<24}{total:>8}{wrong:>8}{wrong / total if total else 0:>8.4f}{by_size}  {codes}")
    total = sum(k.planted.total() for k in near.values())
    wrong = sum(k.wrong.total() for k in near.values())
    print(f"{'all':<24}{total:>8}{wrong:>8}{wrong / max(1, total):>8.4f}")
    for kind, counted in near.items():
        for example in counted.examples[:most]:
            print(f"    {kind}: {example}")


def _print_repairs(repaired: dict[tuple[str, int], Mended]) -> None:
    print(f"\n{'repair of':<24}{'severity':>9}{'found':>8}{'kept':>8}{'masked':>8}{'as before':>10}  rules")
    for (code, severity), mended in sorted(repaired.items()):
        rules = ", ".join(f"{rule} {n}" for rule, n in mended.rules.most_common())
        cells = f"{severity:>9}{mended.found:>8}{mended.kept:>8}{mended.masked:>8}{mended.equal:>10}"
        print(f"{code:<24}{cells}  {rules}")


def _print_similarities(rows: Rows, untouched: Untouched, seeds: int) -> None:
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


def _print_misses(scores: dict[tuple[str, str], Score], most: int) -> None:
    missed = {line: score.misses for line, score in scores.items() if score.misses}
    if missed:
        print("\nmissed:")
    for (code, variant), misses in missed.items():
        print(f"  {code} {variant}: {len(misses)}")
        for label in misses[:most]:
            print(f"    {label}")


def _print_alarms(untouched: Untouched, codes: list[str]) -> None:
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
