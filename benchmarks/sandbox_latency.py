"""What a sandboxed program costs: seconds from call to result, and how many a machine does side by side.

    python benchmarks/sandbox_latency.py [--calls 50] [--at-once 100]

Needs bubblewrap. Prints p50 and p95 of each tool called one at a time, and calls a second with a rollout each. The
programs do nothing, so what is measured is the sandbox (and Python's own start).
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from trajsynth.tools.sandbox import SandboxTools

CALLS: dict[str, dict[str, Any]] = {
    "run_command": {"command": "true"},
    "run_python": {"code": "print(1)"},
    "write_file": {"path": "a", "content": "x"},
    "read_file": {"path": "a"},
}


async def one_at_a_time(sandbox: SandboxTools, tool: str, calls: int) -> list[float]:
    """Seconds of each call, sorted."""
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        result = await sandbox.call(tool, CALLS[tool], rollout="bench")
        assert result.outcome == "ok", result
        taken.append(time.perf_counter() - began)
    return sorted(taken)


async def side_by_side(sandbox: SandboxTools, calls: int) -> tuple[float, float]:
    """Calls a second, and milliseconds of this process's CPU a call."""
    began, cpu = time.perf_counter(), time.process_time()
    made = (sandbox.call("run_python", CALLS["run_python"], rollout=f"bench-{n}") for n in range(calls))
    results = await asyncio.gather(*made)
    assert all(result.outcome == "ok" for result in results)
    return calls / (time.perf_counter() - began), (time.process_time() - cpu) / calls * 1000


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sandbox = SandboxTools(Path(folder) / "workspaces")
        await sandbox.open()
        for tool in CALLS:
            taken = await one_at_a_time(sandbox, tool, given.calls)
            p50, p95 = taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.95)] * 1000
            print(f"{tool:12} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms")
        rate, cpu = await side_by_side(sandbox, given.at_once)
        print(
            f"{given.at_once} rollouts at once: {rate:.0f} run_python a second, {cpu:.1f} ms CPU each in this process"
        )
        await sandbox.close()


if __name__ == "__main__":
    asyncio.run(main())
