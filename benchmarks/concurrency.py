"""Many rollouts at once in one process: throughput, slots kept busy, time-outs and memory a rollout.

    python benchmarks/concurrency.py [--concurrent 64 512 2000] [--latency fixed tailed] [--scale 1] [--generations 2]

The product's own `generate` (ReAct, journal, store) against an endpoint in another process that answers after 50 ms
(`fixed`) or after a lognormal time of median 3 s and 99th percentile 30 s (`tailed`; at most 120 s; `--scale 0.1` makes
all of it ten times shorter). Every rollout makes nine calls; there are as many rollouts as slots times generations.
Each load runs in a process of its own. With the defaults this takes about fifteen minutes, nearly all of it waiting.

Columns: calls a second, the run's tail included; CPU ms a call; `busy`, the mean share of slots with a request at the
endpoint, from when 99 % of them first had one (`ramp` seconds after the start) until the last rollout was begun. The
ideal schedule, in which tools and client take no time, has 100 %; at 50 ms one core cannot follow, there `busy` says
nothing. `kB each` is how much resident memory grew to its peak, a slot, less the slot's own record.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from canned_endpoint import MARK, Latency, endpoint, stats
from our_run import make_questions, make_run

from trajsynth.types import Question

TURNS = 8
QUESTION = "Who wrote the book about the lighthouse? (number {})"
RESULT = MARK.decode() + ": a search result says a thing or two about the question at hand. " * 16
LATENCIES = {"fixed": Latency(0.05), "tailed": Latency(3.0, 30.0, longest=120.0)}
ALMOST_ALL = 0.99
PAGE_KB = resource.getpagesize() / 1024


class Load(NamedTuple):
    """What one process found."""

    done: int
    failed: dict[str, int]
    calls: int
    wall: float
    cpu: float
    ramp: float
    """Seconds to 99 % of the slots busy; of the whole run when that never was."""
    busy: float
    each: float
    """kB of memory a slot."""
    record: float
    """kB of a finished trajectory."""


class Memory(threading.Thread):
    """The peak of resident memory, kB, while it runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = self.first = resident()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, resident())

    def stop(self) -> float:
        """Growth from the start to the peak."""
        self._over.set()
        self.join()
        return max(self.peak, resident()) - self.first


def resident() -> float:
    """Resident memory of this process, kB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB


class Pulled(list[Question]):
    """Questions that note when the first and the last of them were taken."""

    first = last = 0.0

    def __iter__(self) -> Iterator[Question]:
        self.first = time.monotonic()
        yield from super().__iter__()
        self.last = time.monotonic()


def child(url: str, slots: int, rollouts: int) -> Load:
    """One load in this process."""
    questions = Pulled(make_questions(QUESTION, rollouts))
    with tempfile.TemporaryDirectory() as folder:
        with endpoint(TURNS, Latency(0.0)) as quick:
            asyncio.run(make_run(Path(folder) / "warm", quick, make_questions(QUESTION, 1), 1, result=RESULT))
        memory = Memory()
        memory.start()
        wall, cpu = time.monotonic(), time.process_time()
        made = asyncio.run(make_run(Path(folder) / "load", url, questions, slots, result=RESULT))
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        grown = memory.stop()
        record = sum(path.stat().st_size for path in Path(folder).glob("load/run/*.jsonl")) / rollouts / 1024
    seen = stats(url)
    full = next((at for at, n in seen.in_flight if n >= ALMOST_ALL * slots), questions.last)
    busy = [min(n, slots) / slots for at, n in seen.in_flight if full <= at <= questions.last]
    return Load(
        done=made.done,
        failed=made.failed,
        calls=seen.requests,
        wall=wall,
        cpu=cpu,
        ramp=full - questions.first,
        busy=sum(busy) / len(busy) if busy else 0.0,
        each=grown / slots - record,
        record=record,
    )


def measured(latency: Latency, slots: int, rollouts: int) -> Load:
    """What `child` found, in a process of its own."""
    with endpoint(TURNS, latency) as url:
        command = [sys.executable, __file__, "--child", url, str(slots), str(rollouts)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise SystemExit(f"{slots} slots failed:\n{done.stderr[-2000:]}")
    return Load(**json.loads(done.stdout.splitlines()[-1]))


def table(name: str, latency: Latency, concurrencies: Sequence[int], generations: int) -> None:
    """Measure and print one latency."""
    tail = "" if latency.p99 is None else f", p99 {latency.p99:g} s"
    print(f"\n{name}: median {latency.median:g} s{tail}")
    print("slots  rollouts  failed  calls/s  CPU ms/call  ramp s   busy  kB each  kB record  wall s")
    for slots in concurrencies:
        load = measured(latency, slots, slots * generations)
        rate, each = load.calls / load.wall, 1000 * load.cpu / load.calls
        print(
            f"{slots:>5} {load.done:>9} {sum(load.failed.values()):>7} {rate:>8.0f} {each:>12.2f} {load.ramp:>7.1f} "
            f"{load.busy:>6.1%} {load.each:>8.0f} {load.record:>10.1f} {load.wall:>7.1f}",
            flush=True,
        )


def main() -> None:
    """Parse and measure; or be one load."""
    if sys.argv[1:2] == ["--child"]:
        url, slots, rollouts = sys.argv[2:]
        print(json.dumps(child(url, int(slots), int(rollouts))._asdict()))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrent", type=int, nargs="+", default=[64, 512, 2000])
    parser.add_argument("--latency", nargs="+", choices=list(LATENCIES), default=list(LATENCIES))
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the long-tailed latency")
    parser.add_argument("--generations", type=int, default=2, help="rollouts a slot")
    given = parser.parse_args()
    for name in given.latency:
        latency = LATENCIES[name]
        if latency.p99 is not None:
            latency = Latency(latency.median * given.scale, latency.p99 * given.scale, latency.longest * given.scale)
        table(name, latency, given.concurrent, given.generations)


if __name__ == "__main__":
    main()
