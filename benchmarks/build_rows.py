"""Training sets from many trajectories: rows a CPU second and peak memory, by number of trajectories and kind of set.

    python benchmarks/build_rows.py [--sizes 1000 10000 100000] [--only sft-jsonl ...] [--kilobytes 8] [--keep FOLDER]

Trajectories are made up: four rollouts a question, two right and two wrong (for SFT all right), native calls, about
`--kilobytes` a TRL row. Each build runs as `trajsynth build` does, in a process of its own; CPU time counts from the
first trajectory read to stats.json, imports left out, memory is the most the process had resident.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SAMPLES = 4
TURNS = 5
TEACHERS = ("north", "south")
BUILDS: dict[str, tuple[str, dict[str, Any]]] = {
    "sft-jsonl": ("sft", {}),
    "sft-parquet": ("sft", {"file_type": "parquet"}),
    "sft-capped": ("sft", {"mixture": {"per_question": 2, "shares": {"teacher": {"north": 3, "south": 1}}}}),
    "dpo-one": ("dpo", {"policy": "one"}),
    "dpo-all": ("dpo", {"policy": "all", "fork": True}),
    "dpo-hardest": ("dpo", {"policy": "hardest", "fork": True}),
    "dpo-balanced": ("dpo", {"policy": "balanced"}),
    "rl-jsonl": ("rl", {"drop_uniform": True}),
    "rl-verl": ("rl", {"format": "verl"}),
}


def words(dice: random.Random, size: int) -> str:
    """About `size` characters of made-up words."""
    return " ".join(dice.choices(VOCABULARY, k=size // 7))


VOCABULARY = ["".join(random.Random(i).choices("abcdefghijklmnoprstuvz", k=i % 9 + 2)) for i in range(4000)]


def trajectories(count: int, kilobytes: float, *, all_right: bool) -> Iterator[Any]:
    """`count` rollouts, those of a question side by side; all of them begin with the same two turns."""
    from trajsynth.types import Conversation, Grade, Message, Question, ToolCall, ToolSpec, Trajectory

    query = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
    tools = tuple(
        ToolSpec(name=f"corpus__{name}", description=f"{name.title()} pages of the corpus.", parameters=query)
        for name in ("search", "open", "find")
    )
    page = int((kilobytes * 1000 - 2500) / TURNS)
    for i in range(count):
        group, sample = divmod(i, SAMPLES)
        dice, fate = random.Random(group), random.Random(-i)
        correct = all_right or sample % 2 == 0
        messages = [
            Message(n=0, role="system", content="You answer questions with tools."),
            Message(n=1, role="user", content=f"Question {group}: {words(dice, 200)}?"),
        ]
        for turn in range(TURNS):
            writer = dice if turn < 2 else fate
            n, call = len(messages), ToolCall(id=f"call_{i}_{turn}", name="corpus__search", arguments="")
            asked = json.dumps({"query": words(writer, 40)})
            call = ToolCall(id=call.id, name=call.name, arguments=asked, server="corpus", tool="search")
            thought = words(writer, 250)
            messages.append(Message(n=n, role="assistant", reasoning=thought, tool_calls=(call,)))
            messages.append(Message(n=n + 1, role="tool", content=words(writer, page), answers=(n, 0), outcome="ok"))
        answer = f"answer {group}" if correct else f"guess {i}"
        messages.append(Message(n=len(messages), role="assistant", content=f"So \\boxed{{{answer}}}."))
        teacher = TEACHERS[group % len(TEACHERS)]
        yield Trajectory(
            id=f"t{i:07}",
            question=Question(id=f"q{group}", text="?", answers=(f"answer {group}",)),
            group=f"q{group}",
            teacher=teacher,
            paradigm="react",
            invocation="function_calling",
            sample=sample,
            conversations=(Conversation(teacher=teacher, toolsets=(tools,), messages=tuple(messages)),),
            answer=answer,
            stop_reason="answered",
            grade=Grade(correct=correct, method="exact"),
        )


def build(name: str, source: Path, out: Path) -> dict[str, Any]:
    """One build, measured; runs in a process of its own."""
    import msgspec

    import trajsynth.builders
    from trajsynth.cli import steps
    from trajsynth.config import BuildTarget

    kind, settings = BUILDS[name]
    target = msgspec.convert(settings, BuildTarget)
    if "parquet" in name or "verl" in name:
        import datasets  # noqa: F401
        import pyarrow.parquet  # noqa: F401
    assert trajsynth.builders
    before, clock = time.process_time(), time.perf_counter()
    report = steps.build(kind, target, [source], out, None)
    return {
        "rows": report.rows,
        "read": report.trajectories,
        "cpu": time.process_time() - before,
        "wall": time.perf_counter() - clock,
        "bytes": sum(path.stat().st_size for path in out.iterdir()),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--only", nargs="+", choices=BUILDS, default=list(BUILDS))
    parser.add_argument("--kilobytes", type=float, default=8)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--build", nargs=3, metavar=("NAME", "SOURCE", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        name, source, out = options.build
        print(json.dumps(build(name, Path(source), Path(out))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        table(options.keep or Path(scratch), options.sizes, options.only, options.kilobytes)


def table(folder: Path, sizes: list[int], names: list[str], kilobytes: float) -> None:
    from trajsynth.codec import encode

    columns = (
        "build", "trajectories", "rows", "CPU s", "rows/CPU s", "trajectories/CPU s", "wall s", "MB out", "peak MB"
    )  # fmt: skip
    print(("{:<13}" + " {:>12}" * 2 + " {:>7} {:>10} {:>18} {:>7} {:>7} {:>8}").format(*columns))
    folder.mkdir(parents=True, exist_ok=True)
    for size in sizes:
        for name in names:
            right = BUILDS[name][0] == "sft"
            source = folder / f"kept-{size}-{'right' if right else 'both'}.jsonl"
            if not source.exists():
                with source.open("wb") as file:
                    file.writelines(encode(t) + b"\n" for t in trajectories(size, kilobytes, all_right=right))
            command = [sys.executable, __file__, "--build", name, str(source), str(folder / f"{name}-{size}")]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            one = json.loads(out)
            cpu, read, rows = one["cpu"], one["read"], one["rows"]
            cells = f"{name:<13} {read:>12,} {rows:>12,} {cpu:>7.2f} {rows / cpu:>10,.0f} {read / cpu:>18,.0f}"
            print(f"{cells} {one['wall']:>7.1f} {one['bytes'] / 1e6:>7.0f} {one['peak']:>8.0f}", flush=True)


if __name__ == "__main__":
    main()
