"""An actor killed, then a node lost, in a run on a simulated Ray cluster: it must equal an undisturbed local run.

    python benchmarks/kill_ray.py [--questions 17]

Makes one run with `--engine local`, then one with `--engine ray` and three actors on a cluster of three nodes (Ray's
own simulation: every node is a raylet of its own on this machine). Once a tenth is finished one actor's process gets
SIGKILL; once a third is, a node that has an unfinished part is taken away with everything on it. Compares ids and
contents (timings aside) and counts requests, as kill_resume.py does: a rollout may repeat the one call it had in
flight, at each of the two blows. Exits 1 when anything of this fails.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import yaml
from kill_resume import Counting, compare, config, in_flight, lines, start

from trajsynth.cli.main import main as trajsynth
from trajsynth.generate.jobs import Slice
from trajsynth.generate.store import read_ids, shards

ACTORS = 3
NOTICE = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 1000, "health_check_failure_threshold": 4}
"""A node that does not answer for 4 s is lost; Ray's own 15 s and more are only longer to watch."""
PARTS = [Slice(index, ACTORS) for index in range(1, ACTORS + 1)]


class Blows(threading.Thread):
    """Strikes while the run goes on; `told` says what it did."""

    def __init__(self, folder: Path, cluster: Any, calm: set[str], server: Counting) -> None:
        super().__init__(daemon=True)
        self.told: list[str] = []
        self._folder, self._cluster, self._calm, self._server = folder, cluster, calm, server

    def run(self) -> None:
        self._finished(0.1)
        part = self._unfinished()[0]
        journals = in_flight(self._folder)
        os.kill(self._pid(part), signal.SIGKILL)
        self._server.session += 1
        self.told.append(f"killed the actor of part {part.index} with {journals} rollouts unfinished")
        self._finished(0.33)
        node, parts = self._worth_losing()
        journals = in_flight(self._folder)
        pids = [self._pid(PARTS[index - 1]) for index in parts]
        removal = threading.Thread(target=self._cluster.remove_node, args=(node, False))
        removal.start()
        while any(parent(pid) for pid in pids):
            time.sleep(0.005)
        self._server.session += 1
        removal.join()
        self.told.append(f"removed a node that made parts {parts} with {journals} rollouts unfinished")

    def _done(self) -> set[str]:
        return {identity for path in shards(self._folder) for _, identity in read_ids(path)}

    def _finished(self, share: float) -> None:
        while len(self._done()) < share * len(self._calm):
            time.sleep(0.02)

    def _unfinished(self) -> list[Slice]:
        left = self._calm - self._done()
        return [part for part in PARTS if any(int(identity, 16) % ACTORS == part.index - 1 for identity in left)]

    def _pid(self, part: Slice) -> int:
        """Of the process that holds the part's lock, or held it last."""
        return int((self._folder / f".lock{part.mark}").read_text() or 0)

    def _worth_losing(self) -> tuple[Any, list[int]]:
        """A node other than the driver's, with the unfinished parts made there."""
        while True:
            parents = {part.index: parent(self._pid(part)) for part in self._unfinished()}
            for node in self._cluster.worker_nodes:
                raylet = node.all_processes["raylet"][0].process.pid
                if parts := [index for index, pid in parents.items() if pid == raylet]:
                    return node, parts
            time.sleep(0.02)


def parent(pid: int) -> int:
    """Process id of a process's parent, 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def on_a_cluster(path: Path, folder: Path, calm: set[str], server: Counting) -> list[str]:
    """The run on three nodes, struck twice; what was done to it."""
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": NOTICE}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(ACTORS - 1):
            cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, logging_level="error", log_to_driver=False)
        blows = Blows(folder, cluster, calm, server)
        blows.start()
        try:
            trajsynth(["generate", str(path), "-o", str(folder), "--engine", "ray", "--actors", str(ACTORS), "--quiet"])
        except SystemExit as end:
            assert not end.code, f"exit code {end.code}"
        blows.join(10)
        return blows.told
    finally:
        ray.shutdown()
        cluster.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=17)
    options = parser.parse_args()
    server = Counting()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        path = root / "kill.yaml"
        small = config(options.questions, server) | {"concurrency": 24}
        path.write_text(yaml.safe_dump(small), encoding="utf-8")
        began = time.monotonic()
        assert start(path, root / "calm").wait(900) == 0
        seconds, needed = time.monotonic() - began, len(server.take())
        calm = lines(root / "calm")
        began = time.monotonic()
        told = on_a_cluster(path, root / "struck", {record["id"] for record in calm}, server)
        print(f"undisturbed, local: {len(calm)} trajectories, {needed} requests, {seconds:.0f} s")
        print(f"{ACTORS} actors, {ACTORS} nodes: {'; '.join(told)}; {time.monotonic() - began:.0f} s")
        assert len(told) == 2, "the run was over before both blows"
        compare(calm, lines(root / "struck"), server.take(), needed)


if __name__ == "__main__":
    main()
