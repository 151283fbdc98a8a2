"""A run over the machines of a Ray cluster: each actor makes one part of it (`Slice`) in the shared run folder.

Level 3; ray (extra `ray`) is imported when it is used. What is exactly once is so by the run folder alone: an actor
that dies with its process or node is started again elsewhere, opens its part as any resumed run does and goes on from
shards and journals. The driver only starts actors, reads their counters, passes a wish to stop on and adds up.
Tests: tests/generate/test_engine_ray.py, tests/cli/test_cli_ray.py; benchmarks/kill_ray.py.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from trajsynth.config import Budget, Config
from trajsynth.errors import InputError
from trajsynth.generate.jobs import Slice, count, jobs
from trajsynth.generate.plan import Summary
from trajsynth.generate.progress import Board, Meter, Progress
from trajsynth.generate.rundir import RunDir, RunInUse
from trajsynth.generate.shares import Share, allowances
from trajsynth.generate.spending import Totals, spent, total
from trajsynth.generate.stopping import Stop
from trajsynth.generate.store import read_ids, shards
from trajsynth.raycluster import joined
from trajsynth.types import Question, Usage

TICK = 0.5
"""Seconds between two looks at the actors."""
LOCK_WAIT = 180.0
"""Seconds a part's lock may stay with a process that died: NFS servers give a lost client's locks back after 90."""
LAST_WORDS = (60.0, 10.0)
"""Seconds that actors have to end after the first and the second wish to stop; calls in flight get 20 of them."""

RESTARTS = 100
"""Times a part may lose its process: preemptible nodes need some, a process that always dies at once needs an end."""

Work = Callable[[Share], Coroutine[Any, Any, Summary]]
"""Opens the run folder for a part, makes the part, closes everything. Travels to the actors by pickle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A run to be spread over actors."""

    work: Work
    folder: Path
    """Absolute; the same file system on every node."""
    config: Config
    questions: Sequence[Question]
    actors: int | None = None
    """One per node when absent; on a single node one per processor."""
    limit: int | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an actor's part ended: a summary, or the one line of an InputError."""

    summary: Summary | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An actor's counters as they stand, and the process they belong to."""

    board: Board
    process: str
    """Node and process id."""


class Actor:
    """One part of a run, in a process of its own; Ray executes `run` again when that process is lost."""

    def __init__(self, part: Slice) -> None:
        self._part = part
        self._board, self._stop = Board(), Stop()
        self._asked = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Work, allowance: Budget | None, folder: str) -> Ended:
        """Make the part, whatever of it is there already.

        `folder` is the driver's working directory, for relative paths in the config; used where it exists.
        """
        if Path(folder).is_dir():
            os.chdir(folder)
        share = Share(part=self._part, allowance=allowance, board=self._board, stop=self._stop)
        try:
            with asyncio.Runner() as runner:  # no method may be async: Ray would run them all in one loop of its own
                self._loop = runner.get_loop()
                return Ended(summary=runner.run(work(share)))
        except InputError as error:
            return Ended(error=str(error))
        finally:
            self._loop = None

    def poll(self, stop: int) -> News:
        """The counters, from another thread than the part's; `stop` is how often the user has asked to stop so far."""
        loop = self._loop
        while loop is not None and self._asked < stop:
            self._asked += 1
            with suppress(RuntimeError):  # the part has just ended
                loop.call_soon_threadsafe(self._stop.request)
        board = self._board
        counters = replace(board, meter=replace(board.meter), failed=dict(board.failed), said=list(board.said))
        return News(board=counters, process=f"{os.uname().nodename} pid {os.getpid()}")


async def open_part(folder: Path, config: Config, share: Share, *, accept_drift: bool = False) -> RunDir:
    """The run folder, opened for a share. A process that was lost may hold the part's lock for a moment: it is waited
    for. Raises what RunDir.open raises, RunInUse after LOCK_WAIT."""
    given_up = time.monotonic() + LOCK_WAIT
    while True:
        try:
            return RunDir.open(folder, config, part=share.part, accept_drift=accept_drift)
        except RunInUse:
            if share.stop.asked or time.monotonic() > given_up:
                raise
        await asyncio.sleep(TICK)


def generate_on_ray(run: Spread) -> Summary:
    """Make the run on the Ray cluster this process is connected to, else on that of RAY_ADDRESS, else on this machine.

    Raises MissingExtra, InputError (the first that ended a part, once all parts have stopped), with everything kept.
    What RESTARTS cannot mend (a node without trajsynth, a process that always dies) is an InputError too.
    """
    with joined() as ray:
        crew = _Crew(ray, run)
        try:
            return crew.run()
        finally:
            crew.dismiss()


@dataclass(slots=True)
class _Member:
    """What the driver knows of one actor."""

    part: Slice
    actor: Any
    task: Any
    """Ref of the actor's `run`."""
    asked: Any = None
    """Ref of a `poll` that is under way."""
    board: Board = field(default_factory=Board)
    process: str = ""
    told: int = 0
    """Lines of its process that the user has been told."""
    earlier: Meter = field(default_factory=Meter)
    """What processes that were lost had counted."""
    ended: Ended | None = None

    def hear(self, news: News) -> list[str]:
        """Note the counters; gives what is new for the user."""
        lines: list[str] = []
        if self.process and news.process != self.process:
            self.earlier, self.told = _added(self.earlier, self.board.meter), 0
            lines.append(f"goes on in another process ({news.process}): its own was lost")
        self.board, self.process = news.board, news.process
        lines += news.board.said[self.told :]
        self.told = len(news.board.said)
        return lines


class _Crew:
    """The driver's side of a run."""

    def __init__(self, ray: Any, run: Spread) -> None:
        self._ray = ray
        self._run = run
        self._board = Board()
        self._stops = 0
        self._deadline: float | None = None
        self._error = ""
        self._members: list[_Member] = []

    def run(self) -> Summary:
        run, began = self._run, time.monotonic()
        planned = count(run.questions, run.config)
        planned = planned if run.limit is None else min(planned, run.limit)
        before, skipped = spent(run.folder), self._finished()
        progress = Progress(self._board, planned, run.quiet)
        try:
            with _on_signals(self._ask):
                self._start()
                while self._waited_for():
                    self._look(progress)
        finally:
            progress.close()
        if self._error:
            raise InputError(self._error)
        return self._summary(planned, skipped, before, time.monotonic() - began)

    def dismiss(self) -> None:
        """End every actor; all that matters is on disk."""
        for member in self._members:
            with suppress(self._ray.exceptions.RayError):
                self._ray.kill(member.actor)

    def _finished(self) -> int:
        """Rollouts of this run that stand in its shards."""
        done = {identity for path in shards(self._run.folder) for _, identity in read_ids(path)}
        listed = islice(jobs(self._run.questions, self._run.config), self._run.limit)
        return sum(job.id in done for job in listed) if done else 0

    def _start(self) -> None:
        ray, run = self._ray, self._run
        number = run.actors or _places(ray)
        parts = [Slice(index, number) for index in range(1, number + 1)]
        work = ray.put(run.work)
        # by default an actor asks for one CPU to be placed and none to run: those of a lost node fit on the others
        options = {"max_restarts": RESTARTS, "concurrency_groups": {"control": 1}, "scheduling_strategy": "SPREAD"}
        remote = ray.remote(**options)(Actor)
        for part, allowance in zip(parts, allowances(run.config.budget, run.folder, parts), strict=True):
            actor = remote.remote(part)  # what is large goes to `run`: Ray keeps a task's arguments while it may retry
            task = actor.run.options(max_task_retries=-1).remote(work, allowance, str(Path.cwd()))
            self._members.append(_Member(part, actor, task))

    def _ask(self) -> None:
        """The user, or a part that cannot go on, wants all to stop; the second time at once."""
        self._stops += 1
        self._deadline = time.monotonic() + LAST_WORDS[min(self._stops, len(LAST_WORDS)) - 1]

    def _waited_for(self) -> list[_Member]:
        if self._deadline is not None and time.monotonic() > self._deadline:
            return []
        return [member for member in self._members if member.ended is None]

    def _look(self, progress: Progress) -> None:
        """Wait a moment for actors to end, and read the others' counters."""
        waited_for = self._waited_for()
        tasks = [member.task for member in waited_for]
        ready, _ = self._ray.wait(tasks, num_returns=len(tasks), timeout=TICK)
        for member in waited_for:
            if member.task in ready:
                self._end(member, self._outcome(member))
            elif (news := self._poll(member)) is not None:
                for line in member.hear(news):
                    progress.say(f"part {_name(member)}: {line}")
        _add_up(self._board, self._members)
        progress.tick()

    def _outcome(self, member: _Member) -> Ended:
        """Raises, with its traceback, what is a bug."""
        try:
            ended: Ended = self._ray.get(member.task)
        except self._ray.exceptions.RayActorError as error:
            said = next((line for line in reversed(str(error).splitlines()) if line.strip()), "lost").strip()[:200]
            return Ended(
                error=f"ray: the actor of part {_name(member)} is lost for good: {said}; "
                "mend it and run the same command again, nothing is lost"
            )
        return ended

    def _end(self, member: _Member, ended: Ended) -> None:
        member.ended = ended
        if ended.error:
            if not self._error:
                self._ask()
            self._error = self._error or ended.error

    def _poll(self, member: _Member) -> News | None:
        """What the actor answers to the poll before; None while it does not."""
        ray, news = self._ray, None
        if member.asked is not None:
            ready, _ = ray.wait([member.asked], timeout=0)
            if not ready:
                return None
            with suppress(ray.exceptions.RayError):  # it is being started again
                news = ray.get(member.asked)
        member.asked = member.actor.poll.options(concurrency_group="control").remote(self._stops)
        return news

    def _summary(self, planned: int, skipped: int, before: Totals, seconds: float) -> Summary:
        summaries = [
            (member, member.ended.summary) for member in self._members if member.ended and member.ended.summary
        ]
        made = [summary for _, summary in summaries]
        spared = sum(summary.spared for summary in made)
        after = spent(self._run.folder)
        rollouts = _less(total(after, "rollout"), total(before, "rollout"))
        failed: dict[str, int] = {}
        for summary in made:
            for kind, number in summary.failed.items():
                failed[kind] = failed.get(kind, 0) + number
        return Summary(
            planned=planned - spared,
            skipped=skipped,
            done=self._finished() - skipped,
            failed=failed,
            continued=sum(summary.continued for summary in made),
            discarded=sum(summary.discarded for summary in made),
            notes=tuple(f"part {_name(member)}: {note}" for member, summary in summaries for note in summary.notes),
            seconds=seconds,
            turns=max(rollouts.calls, sum(summary.turns for summary in made)),
            usage=rollouts + _less(total(after, "tool"), total(before, "tool")),
            graders=_less(total(after, "judge"), total(before, "judge")),
            spared=spared,
            interrupted=len(made) < len(self._members) or any(summary.interrupted for summary in made),
            out_of_budget=any(summary.out_of_budget for summary in made),
        )


def _places(ray: Any) -> int:
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    return len(nodes) if len(nodes) > 1 else max(1, int(ray.cluster_resources().get("CPU", 1)))


def _name(member: _Member) -> str:
    return f"{member.part.index}/{member.part.count}"


def _add_up(board: Board, members: Sequence[_Member]) -> None:
    """Put the sum of the members' counters on the board."""
    boards = [member.board for member in members]
    for name in ("planned", "skipped", "spared", "done", "running", "waiting", "cancelled", "continued"):
        setattr(board, name, sum(getattr(one, name) for one in boards))
    board.failed = {kind: sum(one.failed.get(kind, 0) for one in boards) for one in boards for kind in one.failed}
    meter = Meter()
    for member in members:
        meter = _added(_added(meter, member.earlier), member.board.meter)
    board.meter = meter


def _added(one: Meter, other: Meter) -> Meter:
    return Meter(one.turns + other.turns, one.usage + other.usage, one.graders + other.graders)


def _less(one: Usage, other: Usage) -> Usage:
    return Usage(**{name: getattr(one, name) - getattr(other, name) for name in Usage.__slots__})


@contextmanager
def _on_signals(ask: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `ask` while the block runs; outside the main thread signals are left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_: ask())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
