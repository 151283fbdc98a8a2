"""`filter --engine ray` on three simulated nodes, two of them lost on the way, must write what the local engine writes.

    python benchmarks/filter_ray.py [--rows 100000] [--recipes sft,strict] [--seed 1] [--kills 1] [--folder DIR]

Writes a seeded corpus of chat rows of 2-6 KB with planted duplicates (the same and nearly the same, within a question
and across, chains of them, one mould three hundred times over) and other defects; curates it with `--engine local` in
one process, then with `--engine ray` on a cluster of three nodes (Ray's own simulation: every node is a raylet of its
own on this machine). One node is killed with all its processes when half of the rows are measured, with `--kills 2`
another one while duplicates are settled. Compares every file of the two outputs byte for byte; exits 1 when one differs
or a node was idle when it was killed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from filter_corpus import Writer

NODES = 3
NOTICE = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 1000, "health_check_failure_threshold": 4}
"""A node that does not answer for 4 s is lost; Ray's own 15 s and more are only longer to watch."""
STORE = 400_000_000
"""Bytes of a node's object store."""
TOOL = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Find pages.",
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]},
    },
}
MOULD = 300
"""Rows that say the same but for one word."""


# ---- the corpus -----------------------------------------------------------------------------------------------------


class Corpus:
    """Rows of four samples a question."""

    def __init__(self, seed: int) -> None:
        self.writer = Writer(seed)
        self.dice = self.writer.dice
        self.told: list[list[str]] = []
        """Texts that may be told again."""
        self.mould = self.writer.words(150)

    def rows(self, number: int) -> Iterator[dict[str, Any]]:
        every = max(1, number // MOULD)
        before: list[str] = []
        for i in range(number):
            words = self.words(before if i % 4 else [], i % every == 0)
            before = words
            yield self.row(i, words)

    def words(self, sibling: list[str], moulded: bool) -> list[str]:
        """What the agent says: something new, the same, or nearly the same as another sample or row."""
        roll = self.dice.random()
        if moulded:
            return [*self.mould, *self.writer.words(1)]
        if sibling and roll < 0.03:
            return sibling
        if sibling and roll < 0.07:
            return self.edited(sibling)
        if self.told and roll < 0.11:
            return self.edited(self.dice.choice(self.told))
        words = self.writer.words(self.dice.randint(60, 350))
        if roll < 0.2:
            self.told = [*self.told[-400:], words]
        return words

    def edited(self, words: list[str]) -> list[str]:
        """With up to 6 % of the words changed."""
        share = self.dice.uniform(0, 0.06)
        return [self.writer.words(1)[0] if self.dice.random() < share else word for word in words]

    def row(self, i: int, words: list[str]) -> dict[str, Any]:
        dice = self.dice
        fault = dice.choice(("loop", "tool", "json", "errors", "secret", "refusal")) if dice.random() < 0.08 else ""
        third = len(words) // 3
        messages: list[dict[str, Any]] = [{"role": "user", "content": f"Question {i // 4}: {' '.join(words[:5])}?"}]
        for turn in range(3 if fault == "errors" else dice.randint(1, 2)):
            name = "serch" if fault == "tool" else "search"
            arguments = "{'q': 1" if fault == "json" else json.dumps({"q": " ".join(words[turn * 7 : turn * 7 + 4])})
            call = {"id": f"c{turn}", "type": "function", "function": {"name": name, "arguments": arguments}}
            said = " ".join(words[turn * third : (turn + 1) * third])
            messages.append({"role": "assistant", "content": said, "tool_calls": [call]})
            seen = self.writer.paragraph(dice.randint(300, 1200))
            messages.append({"role": "tool", "content": "Error: no answer" if fault == "errors" else seen})
        answer = " ".join(words[2 * third :])
        if fault == "loop":
            answer += " and then I look at the list of the county again," * 6
        if fault == "secret":
            messages[-1]["content"] += " api_key = 'q9Zt4LmW2xVb7RcK8sPd'"
        if fault == "refusal":
            answer = "I'm sorry, but I cannot help with that."
        messages.append({"role": "assistant", "content": answer})
        correct = None if dice.random() < 0.02 else dice.random() < 0.85
        return {"id": f"r{i}", "group": f"q{i // 4}", "correct": correct, "tools": [TOOL], "messages": messages}


def write(folder: Path, number: int, seed: int) -> list[Path]:
    """Two files of rows."""
    corpus = Corpus(seed).rows(number)
    paths = [folder / "one.jsonl", folder / "two.jsonl"]
    for path, count in zip(paths, (number // 3, number - number // 3), strict=True):
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(next(corpus)) + "\n" for _ in range(count))
    return paths


# ---- the runs -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ended:
    """What one curation took and did."""

    seconds: float = 0.0
    cpu: float = 0.0
    """Of this process, its workers apart."""
    peak_mb: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    """Seconds from the start until all was measured, settled, written."""
    kept: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    blows: list[str] = field(default_factory=list)
    idle: bool = False


class Watch:
    """Counts rows, keeps the times, and strikes where it is told to."""

    def __init__(self, rows: int, cluster: Any = None, kills: int = 0) -> None:
        self.rows, self.cluster, self.kills = rows, cluster, kills
        self.ended = Ended()
        self.done = {"examine": 0, "write": 0}
        self.began = time.monotonic()
        self.threads: list[threading.Thread] = []
        self.striking = threading.Lock()

    def tick(self, phase: str, count: int) -> None:
        if phase == "write" and not self.done["write"]:
            self.ended.phases["settled"] = time.monotonic() - self.began
        self.done[phase] += count
        if self.done[phase] == self.rows:
            name = "measured" if phase == "examine" else "written"
            self.ended.phases[name] = time.monotonic() - self.began
        if phase == "examine" and self.kills and self.done[phase] == self.rows // 2:
            self._later("measuring")
        if phase == "examine" and self.kills > 1 and self.done[phase] == self.rows:
            self._later("settling")

    def _later(self, when: str) -> None:
        self.threads.append(threading.Thread(target=self._strike, args=(when,), daemon=True))
        self.threads[-1].start()

    def _strike(self, when: str) -> None:
        """Take a node away that is at work."""
        given_up = time.monotonic() + 60
        while time.monotonic() < given_up and not self._too_late(when):
            with self.striking:
                for node in list(self.cluster.worker_nodes):
                    if tasks := at_work(node.all_processes["raylet"][0].process.pid):
                        self.cluster.remove_node(node, allow_graceful=False)
                        self.ended.blows.append(f"a node killed with {tasks} tasks running while {when}")
                        return
            time.sleep(0.002)
        self.ended.idle = True

    def _too_late(self, when: str) -> bool:
        return ("measured" if when == "measuring" else "settled") in self.ended.phases


def at_work(raylet: int) -> int:
    """Processes of a node that are executing a task: they call themselves so."""
    count = 0
    for thread in Path(f"/proc/{raylet}/task").glob("*/children"):
        for child in thread.read_text().split():
            with suppress(OSError):
                count += b"ray::_perform" in Path(f"/proc/{child}/cmdline").read_bytes()
    return count


def curate(engine: str, options: argparse.Namespace) -> Ended:
    """One curation in this process."""
    from trajsynth.curate.engine_local import curate as locally
    from trajsynth.curate.engine_ray import curate_on_ray
    from trajsynth.filters import recipe

    folder, rows = options.folder, options.rows
    chosen = [recipe(name) for name in options.recipes.split(",")]
    inputs = [folder / "one.jsonl", folder / "two.jsonl"]
    if engine == "local":
        watch = Watch(rows)
        reports = locally(inputs, chosen, folder / engine, 1, watch.tick)
    else:
        import ray
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 1, "include_dashboard": False, "_system_config": NOTICE, "object_store_memory": STORE}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for _ in range(NODES - 1):
                cluster.add_node(num_cpus=1, object_store_memory=STORE)
            ray.init(address=cluster.address, logging_level="error", log_to_driver=False)
            watch = Watch(rows, cluster, options.kills)
            reports = curate_on_ray(inputs, chosen, folder / engine, progress=watch.tick, batch=options.batch)
            for thread in watch.threads:
                thread.join()
        finally:
            ray.shutdown()
            cluster.shutdown()
    ended = watch.ended
    ended.seconds = ended.phases["written"]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    ended.cpu, ended.peak_mb = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000
    for name, report in reports.items():
        ended.kept[name] = report.kept
        ended.duplicates[name] = sum(n for code, n in report.found.items() if code in PAIRS)
    return ended


PAIRS = ("duplicate.exact", "duplicate.near")


def in_a_process(engine: str, folder: Path, options: argparse.Namespace) -> Ended:
    command = [sys.executable, __file__, "--inside", engine, "--folder", str(folder), "--rows", str(options.rows)]
    command += ["--recipes", options.recipes, "--kills", str(options.kills), "--batch", str(options.batch)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Ended(**json.loads(done.stdout.splitlines()[-1]))


def told(engine: str, ended: Ended) -> str:
    phases = ", ".join(f"{name} at {seconds:.0f} s" for name, seconds in ended.phases.items())
    return f"{engine}: {phases}; this process {ended.cpu:.0f} s CPU, peak {ended.peak_mb:.0f} MB"


def files(folder: Path) -> dict[str, bytes]:
    """All there is, the store of measurements included."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}


def compare(folder: Path, recipes: str) -> bool:
    """Whether both outputs have the same files; prints each."""
    here, there = files(folder / "local"), files(folder / "ray")
    expected = {"findings.jsonl"}
    for name in recipes.split(","):
        expected |= {f"{name}/kept.jsonl", f"{name}/rejected.jsonl", f"{name}/report.json"}
    equal = expected <= set(here) == set(there)
    for name in sorted(set(here) | set(there)):
        same = here.get(name) == there.get(name)
        equal = equal and same
        print(f"  {name:<24}{len(here.get(name, b'')):>12} bytes  {'equal' if same else 'DIFFERENT'}")
    return equal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--recipes", default="sft,strict")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, choices=(0, 1, 2), default=1)
    parser.add_argument("--batch", type=int, default=2_000_000, help="Bytes of rows a task measures.")
    parser.add_argument("--folder", type=Path, help="Kept afterwards.")
    parser.add_argument("--inside", choices=("local", "ray"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(asdict(curate(options.inside, options))))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        size = sum(path.stat().st_size for path in write(folder, options.rows, options.seed))
        print(f"{options.rows} rows, {size / 1e6:.0f} MB, {size / options.rows / 1000:.1f} kB each", flush=True)
        here = in_a_process("local", folder, options)
        print(told("local", here), flush=True)
        there = in_a_process("ray", folder, options)
        print(told(f"ray on {NODES} nodes", there))
        print(f"  {'; '.join(there.blows) or 'no node killed'}")
        print(f"  kept {there.kept}, duplicates found {there.duplicates}")
        equal = compare(folder, options.recipes)
    if there.idle or len(there.blows) != options.kills:
        raise SystemExit("a node was idle when it should be killed")
    if not equal or here.kept != there.kept:
        raise SystemExit("the outputs differ")


if __name__ == "__main__":
    main()
