"""Precision and recall of the filters per planted fault, on a scripted run.

    python benchmarks/planted.py [--questions 167] [--rollback 0] [--keep DIR]

Three scripted teachers, both invocations, two samples a question and arm: 167 questions make 2,004 trajectories. Faults
are planted by the teachers and labelled in `run.planted`, which no filter reads; this script compares the labels with
the findings of the recipe `none`. A fault of scope C counts as planted only where the answer came out right, one of
scope I only where it did not, as ../docs/curation.md defines them; of k exact or near duplicates k-1 are expected.
With --rollback 4 a second table counts what survives rolled-back attempts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import yaml

from trajsynth.codec import read_records
from trajsynth.filters import CODES, recipe
from trajsynth.filters.base import in_scope
from trajsynth.types import Finding, Trajectory

FAULTS = (
    "repeat.loop",
    "repeat.run",
    "duplicate.exact",
    "duplicate.near",
    "call.unknown_tool",
    "call.bad_json",
    "call.not_object",
    "call.schema",
    "call.malformed",
    "call.misplaced",
    "error.streak",
    "retry.redundant",
    "loop.action",
    "answer.missing",
    "answer.empty",
    "truncated",
    "refusal",
)
DUPLICATES = ("duplicate.exact", "duplicate.near")


def config(questions: int, rollback: int, share: float) -> dict[str, object]:
    """A run in which every fault strikes about `share` of the rollouts."""
    faults = dict.fromkeys(FAULTS, share)
    profiles = ("careful", "hasty", "sloppy")
    return {
        "questions": {"kind": "encyclopedia", "seed": 11, "pages": 1500, "questions": questions},
        "teachers": {name: {"kind": "scripted", "profile": name, "faults": faults} for name in profiles},
        "tools": {"corpus": {}},
        "arms": [
            {"teacher": name, "invocation": invocation}
            for name in profiles
            for invocation in ("function_calling", "mcp")
        ],
        "assign": "grid",
        "samples": 2,
        "concurrency": 64,
        "rollout": {"max_turns": 40, "rollback": rollback},
    }


def run(folder: Path, questions: int, rollback: int, share: float) -> list[Trajectory]:
    """The trajectories of the run, made if they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "planted.yaml"
    path.write_text(yaml.safe_dump(config(questions, rollback, share)), encoding="utf-8")
    command = [sys.executable, "-m", "trajsynth", "generate", str(path), "-o", str(folder / "run")]
    subprocess.run(command, check=False, stdout=sys.stderr)
    return [
        t for shard in sorted((folder / "run").glob("trajectories-*.jsonl")) for t in read_records(shard, Trajectory)
    ]


def findings(trajectories: list[Trajectory]) -> dict[str, list[Finding]]:
    """Findings by trajectory id, of all filters."""
    curation = recipe("none").run(trajectories)
    return {entry.trajectory.id: list(entry.findings) for entry in (*curation.kept, *curation.rejected)}


def expected(trajectories: Iterable[Trajectory]) -> dict[str, set[str]]:
    """Ids that each planted code should be found on, and for duplicates the clusters to leave one of out."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for trajectory in trajectories:
        for code in {label.code for label in trajectory.run.planted} & CODES.keys():
            if in_scope(code, trajectory.correct):
                wanted[code].add(trajectory.id)
    return wanted


def duplicates_expected(trajectories: Iterable[Trajectory], code: str) -> int:
    """How many of the labelled trajectories should be flagged: all but one of each question and arm."""
    groups = Counter((t.group, t.arm) for t in trajectories if code in {label.code for label in t.run.planted})
    return sum(number - 1 for number in groups.values())


def table(trajectories: list[Trajectory]) -> list[tuple[str, int, int, int, float, float]]:
    """(code, planted, found, right, precision, recall) per code."""
    found = findings(trajectories)
    wanted = expected(trajectories)
    stuck_but_right = {t.id for t in trajectories if t.correct and any(p.code == "loop.action" for p in t.run.planted)}
    rows = []
    for code in FAULTS:
        flagged = {id_ for id_, remarks in found.items() if any(f.code == code for f in remarks)}
        if code == "retry.redundant":
            flagged -= stuck_but_right
        right = len(flagged & wanted[code])
        planted = duplicates_expected(trajectories, code) if code in DUPLICATES else len(wanted[code])
        precision = right / len(flagged) if flagged else 1.0
        recall = right / planted if planted else 1.0
        rows.append((code, planted, len(flagged), right, precision, recall))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=167)
    parser.add_argument("--rollback", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.04)
    parser.add_argument("--keep", type=Path, help="Folder for the run; a temporary one otherwise.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        trajectories = run(options.keep or Path(temporary), options.questions, options.rollback, options.share)
    print(f"{len(trajectories)} trajectories, rollback {options.rollback}")
    print(f"{'code':<18} {'planted':>8} {'found':>6} {'right':>6} {'precision':>10} {'recall':>7}")
    for code, planted, found, right, precision, recall in table(trajectories):
        print(f"{code:<18} {planted:>8} {found:>6} {right:>6} {precision:>10.3f} {recall:>7.3f}")


if __name__ == "__main__":
    main()
