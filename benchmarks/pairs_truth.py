"""Preference pairs from a run whose truth is known: what is wrong with them, and what their lengths give away.

    python benchmarks/pairs_truth.py [--questions 40] [--samples 6] [--keep FOLDER]

Three scripted teachers answer generated questions with one provable answer each. Nothing is curated; into the records
are planted failures of infrastructure, graders' nulls, another system prompt and another tool, a twelfth each, grades
left as they were. Pairs are built by every policy, and each written pair is judged again from its own text and the
records alone: boxed answers against the encyclopedia's, prompt and tools as sent, what was planted. No pair may be
wrong. Medians are those of the report (characters and turns of assistant text).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

CONFIG = """
questions: {{kind: encyclopedia, seed: 11, pages: 300, questions: {questions}}}
teachers:
  careful: {{kind: scripted, profile: careful}}
  hasty: {{kind: scripted, profile: hasty}}
  sloppy: {{kind: scripted, profile: sloppy}}
tools: {{corpus: {{}}}}
arms:
  - {{teacher: careful, invocation: function_calling}}
  - {{teacher: hasty, invocation: function_calling}}
  - {{teacher: sloppy, invocation: function_calling}}
  - {{teacher: sloppy, invocation: mcp}}
assign: grid
samples: {samples}
"""
PLANTED = ("failure", "null", "prompt", "tool")
SETTINGS: list[dict[str, Any]] = [
    {"policy": policy, "pairs": pairs}
    for pairs in ("within_teacher", "across_teachers")
    for policy in ("one", "all", "hardest", "balanced")
]


def rollouts(folder: Path, questions: int, samples: int) -> list[Any]:
    """The run's records."""
    from trajsynth.cli.main import main
    from trajsynth.readers import read_trajectories

    config = folder / "truth.yaml"
    config.write_text(CONFIG.format(questions=questions, samples=samples))
    run = folder / "run"
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            main(["generate", str(config), "-o", str(run), "--quiet"])
        except SystemExit as end:
            if end.code:
                raise
    return [t for path in sorted(run.glob("trajectories-*.jsonl")) for t in read_trajectories(path)]


def planted(records: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
    """The records with a twelfth of each kind planted, and what was done to whom."""
    from trajsynth.types import Failure, Grade

    dice, done = random.Random(3), {}
    changed = []
    for one in sorted(records, key=lambda t: t.id):
        kind = dice.choice([*PLANTED, *[""] * 8])
        first = one.conversations[0]
        if kind == "failure":
            one = replace(one, failure=Failure(kind="tool_server"), stop_reason="failed")
        elif kind == "null":
            one = replace(one, grade=Grade(correct=None, method="judge:planted"))
        elif kind == "prompt":
            messages = (replace(first.messages[0], content="Answer at once."), *first.messages[1:])
            one = replace(one, conversations=(replace(first, messages=messages),))
        elif kind == "tool":
            tools = tuple((*toolset[:-1], replace(toolset[-1], description="Planted.")) for toolset in first.toolsets)
            one = replace(one, conversations=(replace(first, toolsets=tools),))
        done[one.id] = kind
        changed.append(one)
    dice.shuffle(changed)
    return changed, done


def wrong(pair: dict[str, Any], records: dict[str, Any], done: dict[str, str]) -> Iterator[str]:
    """Everything that is wrong with a written pair."""
    from trajsynth.answers import boxed, match

    good, bad = records[pair["chosen_id"]], records[pair["rejected_id"]]
    gold = good.question.answers
    ends = [boxed(pair[side][-1]["content"]) or "" for side in ("chosen", "rejected")]
    right = [any(match(end, form) for form in gold) for end in ends]
    if right[0] == right[1]:
        yield "equal correctness"
    elif not right[0]:
        yield "wrong side chosen"
    if good.question.id != bad.question.id:
        yield "two questions"
    if "failure" in (done[good.id], done[bad.id]):
        yield "infrastructure failure"
    if "null" in (done[good.id], done[bad.id]):
        yield "grader's null"
    openings = [[m.content for m in t.conversations[0].messages[:2]] for t in (good, bad)]
    if openings[0] != openings[1] or good.invocation != bad.invocation:
        yield "two prompts"
    if good.invocation != "mcp" and good.conversations[0].toolsets != bad.conversations[0].toolsets:
        yield "two tool lists"
    if not any(m["content"].startswith(openings[0][1]) for m in pair["prompt"] if m["role"] == "user"):
        yield "prompt is not the recorded one"


def table(records: Sequence[Any], done: dict[str, str], folder: Path) -> bool:
    """A line a policy; whether no pair is wrong."""
    from trajsynth.builders import Target, build_dpo
    from trajsynth.config import Mixture

    by_id = {one.id: one for one in records}
    kinds = Counter(kind for kind in done.values() if kind)
    right = sum(bool(one.correct) for one in records)
    print(f"{len(records)} rollouts, {right} right; planted: {dict(sorted(kinds.items()))}")
    head = ("pairs within", "policy", "pairs", "wrong", "chosen", "rejected", "longer", "turns", "turns", "more turns")
    row = "{:<16} {:<9} {:>6} {:>6} {:>8} {:>9} {:>7} {:>6} {:>6} {:>11}"
    print(row.format(*head))
    clean = True
    for settings in SETTINGS:
        out = folder / f"{settings['pairs']}-{settings['policy']}"
        report = build_dpo(records, out, Target(mixture=Mixture(), check=True), fork=True, **settings)
        pairs = [json.loads(line) for line in (out / "train.jsonl").read_bytes().splitlines()]
        faults = Counter(fault for pair in pairs for fault in wrong(pair, by_id, done))
        clean = clean and not faults and not report.differences
        chosen, rejected, seen = report.lengths["chosen"], report.lengths["rejected"], report.preference
        assert seen is not None
        cells = (settings["pairs"], settings["policy"], len(pairs), sum(faults.values()))
        lengths = (chosen.characters[0], rejected.characters[0], f"{seen.chosen_longer:.0%}")
        print(row.format(*cells, *lengths, chosen.turns[0], rejected.turns[0], f"{seen.chosen_more_turns:.0%}"))
        for fault, count in faults.items():
            print(f"  {fault}: {count}")
    return clean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        records, done = planted(rollouts(folder, options.questions, options.samples))
        raise SystemExit(0 if table(records, done, folder) else 1)


if __name__ == "__main__":
    main()
