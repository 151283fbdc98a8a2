"""kill -9 at random moments, then resume: the run must equal an undisturbed one, and no call is made twice in vain.

    python benchmarks/kill_resume.py [--kills 50] [--seed 0] [--questions 60]

Makes one undisturbed run, then one that is killed (the whole process group) at random moments and started again until
it is done, against scripted teachers behind a counting server of our own that outlives the kills. Compares ids and
contents (timings aside), and counts requests: what a session asks that an earlier one had asked already is a repeated
call. Each rollout may repeat at most the one call it had in flight at the kill. Exits 1 when anything of this fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import yaml
from aiohttp import web

from trajsynth.generate.rundir import RUN_FILE
from trajsynth.teachers.scripted.server import Server
from trajsynth.teachers.scripted.settings import Settings

TIMINGS = ("latency", "started", "seconds", "fingerprint")
PROFILES = ("careful", "hasty", "sloppy")
SEED_STEP = 1_000_003
"""Between the seeds of a turn's attempts (trajsynth.paradigms.loop)."""


class Counting:
    """The scripted teachers' server, in a thread; remembers which session asked what."""

    def __init__(self) -> None:
        self.session = 0
        self.asked: list[tuple[int, bytes, int]] = []
        """(session, hash of the body, seed) of every chat request."""
        self.port = 0
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait()

    def url(self, profile: str) -> str:
        """Where a profile is served, 50 ms a reply."""
        return f"http://127.0.0.1:{self.port}/{Settings(profile=profile, latency=0.05).segment()}/v1"

    def take(self) -> list[tuple[int, bytes, int]]:
        """What was asked so far; forgets it and counts sessions from 0 again."""
        asked, self.asked, self.session = self.asked, [], 0
        return asked

    async def _serve(self) -> None:
        app = Server().app()
        app.middlewares.append(self._count)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await asyncio.Event().wait()

    @web.middleware
    async def _count(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.method == "POST":
            session, body = self.session, await request.read()
            digest = blake2b(request.path.encode() + body, digest_size=12).digest()
            self.asked.append((session, digest, int(orjson.loads(body).get("seed") or 0)))
        return await handler(request)


def config(questions: int, server: Counting) -> dict[str, Any]:
    """192 rollouts in flight, two samples of every question for every arm."""
    return {
        "questions": {"kind": "encyclopedia", "seed": 5, "pages": 400, "questions": questions},
        "teachers": {
            name: {"base_urls": [server.url(name)], "model": f"scripted-{name}", "max_tokens": 4096}
            for name in PROFILES
        },
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


def killed_run(path: Path, folder: Path, kills: int, seed: int, server: Counting) -> list[int]:
    """Kill and restart until `kills` kills were made, then let it finish; unfinished rollouts at each kill.

    A kill strikes between the moment the session first asks a teacher and a second later, most of them early.
    """
    dice = random.Random(seed)
    struck: list[int] = []
    while len(struck) < kills:
        before, asked = len(struck), len(server.asked)
        process = start(path, folder)
        while process.poll() is None and (not (folder / RUN_FILE).exists() or len(server.asked) == asked):
            time.sleep(0.005)
        deadline = time.monotonic() + min(1.0, dice.expovariate(5.0))
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            struck.append(in_flight(folder))
        process.wait()
        time.sleep(0.1)  # what the server still works on belongs to this session
        server.session += 1
        if len(struck) == before:
            break  # finished before the next kill
    final = start(path, folder)
    assert final.wait(600) == 0, f"exit code {final.returncode}"
    return struck


def repeats(asked: list[tuple[int, bytes, int]], seeds: set[int]) -> tuple[Counter[int], int]:
    """Repeated calls by session, and the most that any rollout repeated in one session.

    A rollout is known by its seed; attempts that were rolled back add SEED_STEP to it.
    """
    before: set[bytes] = set()
    by_session: Counter[int] = Counter()
    by_rollout: Counter[tuple[int, int]] = Counter()
    for session in range(max((s for s, _, _ in asked), default=0) + 1):
        now = [(digest, seed) for s, digest, seed in asked if s == session]
        for digest, seed in now:
            if digest in before:
                rollout = next((seed - a * SEED_STEP for a in range(6) if seed - a * SEED_STEP in seeds), seed)
                by_session[session] += 1
                by_rollout[session, rollout] += 1
        before.update(digest for digest, _ in now)
    return by_session, max(by_rollout.values(), default=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--questions", type=int, default=60)
    options = parser.parse_args()
    server = Counting()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        path = root / "kill.yaml"
        path.write_text(yaml.safe_dump(config(options.questions, server)), encoding="utf-8")
        began = time.monotonic()
        assert start(path, root / "calm").wait(900) == 0
        seconds, needed = time.monotonic() - began, len(server.take())
        struck = killed_run(path, root / "killed", options.kills, options.seed, server)
        asked = server.take()
        calm, killed = lines(root / "calm"), lines(root / "killed")
    print(f"undisturbed: {len(calm)} trajectories, {needed} requests, {seconds:.0f} s")
    print(
        f"kills: {len(struck)}; unfinished rollouts at each: {struck}; with 50 or more: {sum(n >= 50 for n in struck)}"
    )
    compare(calm, killed, asked, needed)


def compare(calm: list[Any], killed: list[Any], asked: list[tuple[int, bytes, int]], needed: int) -> None:
    """Print and assert that the disturbed run (`killed`, its requests `asked`) equals the calm one, which needed so
    many requests."""
    by_id = {record["id"]: timeless(record) for record in killed}
    same = sum(by_id.get(record["id"]) == timeless(record) for record in calm)
    seeds = {m["turn"]["seed"] for r in calm for m in r["conversations"][0]["messages"] if m["turn"]}
    seeds -= {seed for seed in seeds if seed - SEED_STEP in seeds}
    by_session, most = repeats(asked, seeds)
    print(f"killed and resumed: {len(killed)} trajectories, {same} equal, ids twice: {len(killed) - len(by_id)}")
    print(
        f"requests: {len(asked)}, needed {needed}, repeated {sum(by_session.values())}; "
        f"most in one session: {max(by_session.values(), default=0)}; most of one rollout in one session: {most}"
    )
    assert len(by_id) == len(killed), "an id stands twice"
    assert same == len(calm) == len(killed), "the runs differ"
    assert len({digest for _, digest, _ in asked}) == needed, "the killed run asked something else"
    assert most <= 1, "a rollout repeated more than the call it had in flight"
    assert max(by_session.values(), default=0) <= 192, "more calls were repeated than rollouts were in flight"


if __name__ == "__main__":
    main()
