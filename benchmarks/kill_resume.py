"""kill -9 at random moments, then resume: the run must equal an undisturbed one, timings aside.

    python benchmarks/kill_resume.py [--kills 20] [--seed 0]

Makes one undisturbed run, then one that is killed (the whole process group) at random moments and started again until
it is done, and compares ids and contents. Prints how many kills hit with 50 or more rollouts in flight, counted by the
journals of unfinished rollouts at the moment of death.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import yaml

from trajsynth.generate.rundir import RUN_FILE

TIMINGS = ("latency", "started", "seconds", "fingerprint")
PROFILES = ("careful", "hasty", "sloppy")


def config(questions: int) -> dict[str, Any]:
    """192 rollouts in flight against teachers that take 50 ms a reply."""
    return {
        "questions": {"kind": "encyclopedia", "seed": 5, "pages": 800, "questions": questions},
        "teachers": {name: {"kind": "scripted", "profile": name, "latency": 0.05} for name in PROFILES},
        "tools": {"corpus": {}},
        "arms": [
            {"teacher": name, "invocation": invocation}
            for name in PROFILES
            for invocation in ("function_calling", "mcp")
        ],
        "assign": "grid",
        "samples": 2,
        "concurrency": 192,
    }


def start(path: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "trajsynth", "generate", str(path), "-o", str(folder), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)


def lines(folder: Path) -> list[Any]:
    """Every line of the shards; raises on one that does not parse."""
    found = []
    for shard in sorted(folder.glob("trajectories-*.jsonl")):
        data = shard.read_bytes()
        assert not data or data.endswith(b"\n"), f"{shard}: torn last line"
        found += [orjson.loads(line) for line in data.splitlines()]
    return found


def timeless(value: Any) -> Any:
    """The record without what differs between any two runs."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in TIMINGS}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def in_flight(folder: Path) -> int:
    return sum(1 for _ in folder.glob("journal/*"))


def killed_run(path: Path, folder: Path, kills: int, seed: int, seconds: float) -> list[int]:
    """Kill and restart until `kills` kills were made, then let it finish; rollouts in flight at each kill."""
    dice = random.Random(seed)
    struck: list[int] = []
    while len(struck) < kills:
        process = start(path, folder)
        before = len(struck)
        while process.poll() is None and not (folder / RUN_FILE).exists():
            time.sleep(0.02)
        deadline = time.monotonic() + 1.5 + dice.expovariate(2 * kills / seconds)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if process.poll() is None:
            struck.append(in_flight(folder))
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if len(struck) == before:
            break  # finished before the next kill
    final = start(path, folder)
    assert final.wait(600) == 0, f"exit code {final.returncode}"
    return struck


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        path = root / "kill.yaml"
        path.write_text(yaml.safe_dump(config(options.questions)), encoding="utf-8")
        began = time.monotonic()
        assert start(path, root / "calm").wait(900) == 0
        seconds = time.monotonic() - began
        struck = killed_run(path, root / "killed", options.kills, options.seed, seconds)
        calm, killed = lines(root / "calm"), lines(root / "killed")
        by_id = {record["id"]: timeless(record) for record in killed}
        assert len(by_id) == len(killed), "an id stands twice"
        same = sum(by_id.get(record["id"]) == timeless(record) for record in calm)
        print(f"undisturbed: {len(calm)} trajectories in {seconds:.0f} s")
        print(f"kills: {len(struck)}, in flight at each: {struck}; with 50 or more: {sum(n >= 50 for n in struck)}")
        print(f"killed and resumed: {len(killed)} trajectories, {same} equal, ids twice: {len(killed) - len(by_id)}")
        assert same == len(calm) == len(killed), "the runs differ"


if __name__ == "__main__":
    main()
