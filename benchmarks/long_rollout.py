"""CPU of one rollout of 600 tool calls from end to end: loop, tool in memory, journal, store, 1,202 messages.

    python benchmarks/long_rollout.py [--calls 600] [--rounds 3]

The product's own `generate` with one question, at an endpoint in another process that answers at once. With the paper's
context policy (results of the last 5 steps shown) and with every result shown, results of 1 kB and of 8 kB. Prints the
process CPU (target: at most 6 s for 600 calls), bytes sent, and the finished record's size; medians of rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from canned_endpoint import MARK, Latency, endpoint, stats
from our_run import make_questions, make_run

QUESTION = "Who wrote the book about the lighthouse? (number {})"
SENTENCE = " says a thing or two about the question at hand."


class Cost(NamedTuple):
    """One rollout."""

    cpu: float
    """Seconds."""
    sent: float
    """Megabytes of requests."""
    record: float
    """Megabytes of the finished line."""


def rollout(calls: int, keep_results: int, result: str) -> Cost:
    """One rollout of `calls` tool calls; raises when it ended otherwise."""
    with endpoint(calls + 1, Latency(0.0)) as url, tempfile.TemporaryDirectory() as folder:
        limits = {"max_turns": calls + 10, "max_tool_calls": calls + 10, "keep_results": keep_results}

        def run(name: str, rollouts: int) -> float:
            before = time.process_time()
            questions = make_questions(QUESTION, rollouts)
            making = make_run(Path(folder) / name, url, questions, 1, result=result, **limits)
            if asyncio.run(making).done != rollouts:
                raise SystemExit("the rollout failed")
            return time.process_time() - before

        run("nothing", 0)
        idle, before = run("idle", 0), stats(url)
        cpu, after = run("one", 1) - idle, stats(url)
        if after.requests - before.requests != calls + 2:
            raise SystemExit(f"{after.requests - before.requests} requests instead of {calls + 2}")
        record = next((Path(folder) / "one").glob("run/trajectories-*.jsonl")).stat().st_size
        return Cost(cpu, (after.received - before.received) / 1e6, record / 1e6)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(f"one rollout of {given.calls} tool calls, medians of {given.rounds} (target for 600: at most 6 CPU s)")
    print(f"{'result':>7} {'shown':>6} {'CPU s':>7} {'ms/call':>8} {'MB sent':>8} {'MB record':>10}")
    for size in (1, 8):
        result = MARK.decode() + SENTENCE * (size * 20)
        for keep in (5, 0):
            found = [rollout(given.calls, keep, result) for _ in range(given.rounds)]
            cost = Cost(*(statistics.median(values) for values in zip(*found, strict=True)))
            shown, each = keep or "all", 1000 * cost.cpu / (given.calls + 2)
            print(f"{size:>4} kB {shown:>6} {cost.cpu:>7.2f} {each:>8.2f} {cost.sent:>8.0f} {cost.record:>10.1f}")


if __name__ == "__main__":
    main()
