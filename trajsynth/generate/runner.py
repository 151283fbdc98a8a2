"""The runner: keeps N rollouts in flight until every job is done, and writes each down exactly once.

Level 3. Jobs are pulled lazily by N slots, with no batches, so a straggler never idles a slot. Whatever ends a single
rollout is data (failures.jsonl, made again on resume); whatever concerns the run (a full disk, a teacher nobody answers
for, Ctrl-C) stops it with everything kept. Tests: tests/generate/test_runner.py, test_kill.py.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from trajsynth.config import Arm
from trajsynth.errors import InputError, RolloutError
from trajsynth.generate.assemble import assemble, fingerprint, line
from trajsynth.generate.jobs import Job, digest, jobs
from trajsynth.generate.journal import FileJournal, Gate, Journals
from trajsynth.generate.plan import Plan, Summary, check_names, limits, total
from trajsynth.generate.progress import Board, Progress
from trajsynth.generate.rundir import DiskError, disk_error
from trajsynth.generate.stopping import Stop, on_signals
from trajsynth.generate.store import Store
from trajsynth.protocols import Episode, Rollout
from trajsynth.types import Failure, Grade, Question, Trajectory

GRACE = 900.0
"""Seconds past its wall clock after which a rollout is cut off (paradigms stop by themselves, with a summary turn)."""
GRADING_LIMIT = 1800.0
"""Longest grading of one answer, seconds: a judge's own retries fit in."""
OUTAGE_LIMIT = 20
"""Rollouts of an arm that find their teacher down, in a row, before the run stops."""
COMMIT_EVERY = 1.0
TICK_EVERY = 0.5


async def generate(plan: Plan) -> Summary:
    """Make every rollout that is not yet in the shards.

    Returns a Summary, also after a stop by request. Raises InputError, with everything kept, when the run cannot go on:
    DiskError, a broken question or shard line, a teacher that OUTAGE_LIMIT rollouts in a row found down.
    """
    return await _Session(plan).run()


class _Session:
    """One call of `generate`."""

    def __init__(self, plan: Plan) -> None:
        check_names(plan)
        self.plan = plan
        self.stop = plan.stop
        self.board = Board()
        self.gate = Gate()
        self.store = Store(plan.rundir.path)
        self.journals = Journals(plan.rundir.journal, self.gate, self.board.meter)
        self.total = total(plan)
        self.limits = limits(plan.config)
        self.halted: InputError | None = None
        self.complete = False
        self._todo = self._pending()
        self._down: dict[str, int] = {}
        self._bugs: set[str] = set()

    async def run(self) -> Summary:
        began = time.monotonic()
        progress = Progress(self.board, self.total, self.plan.quiet)
        width = self.plan.concurrency or self.plan.config.concurrency
        if self.total is not None:
            width = max(1, min(width, self.total))
        try:
            self.journals.sweep(self.store.ids)
            with on_signals(self.stop if self.plan.signals else Stop()):
                async with asyncio.TaskGroup() as group:
                    slots = [group.create_task(self._slot()) for _ in range(width)]
                    keepers = (self._commit(), self._tick(progress), self._drain(slots, progress))
                    tasks = [group.create_task(keeper) for keeper in keepers]
                    await asyncio.wait(slots)
                    for task in tasks:
                        task.cancel()
        finally:
            self._close()
            progress.close()
        if self.halted is not None:
            raise self.halted
        return self._summary(time.monotonic() - began)

    def _summary(self, seconds: float) -> Summary:
        board = self.board
        return Summary(
            planned=board.planned if self.complete or self.total is None else self.total,
            skipped=board.skipped,
            done=board.done,
            failed=dict(board.failed),
            continued=board.continued,
            discarded=len(board.discarded),
            notes=_notes(board.discarded),
            seconds=seconds,
            turns=board.meter.turns,
            usage=board.meter.usage,
            interrupted=self.stop.asked and not (self.complete and board.cancelled == 0),
        )

    def _close(self) -> None:
        try:
            self.store.close()
        except InputError as error:
            self.halted = self.halted or error

    # ---- the tasks of a session ----

    def _pending(self) -> Iterator[Job]:
        """Jobs still to be done; every slot pulls from here."""
        for job in islice(jobs(self.plan.questions, self.plan.config), self.plan.limit):
            if self.stop.asked:
                return
            self.board.planned += 1
            if job.id in self.store.ids:
                self.board.skipped += 1
            else:
                yield job
        self.complete = True

    async def _slot(self) -> None:
        try:
            for job in self._todo:
                await self._rollout(job)
        except InputError as error:
            self._halt(error)

    async def _commit(self) -> None:
        try:
            while True:
                await asyncio.sleep(COMMIT_EVERY)
                await self.store.commit()
                await self.journals.sync()
        except InputError as error:
            self._halt(error)

    async def _tick(self, progress: Progress) -> None:
        while True:
            await asyncio.sleep(TICK_EVERY)
            progress.tick()

    async def _drain(self, slots: Sequence[asyncio.Task[None]], progress: Progress) -> None:
        """Once asked to stop: let calls in flight arrive, then cancel what is still running."""
        await self.stop.wait()
        self.gate.close()
        calls, wait = self.gate.in_flight, self.plan.drain
        if calls and self.halted is None and not self.stop.at_once:
            progress.say(f"stopping: {calls} calls in flight get {wait:.0f} s to arrive; Ctrl-C again leaves at once")
        ends = [asyncio.create_task(end) for end in (self.gate.idle(), self.stop.wait_at_once())]
        try:
            await asyncio.wait(ends, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        for slot in slots:
            slot.cancel()

    def _halt(self, error: InputError) -> None:
        """Stop the run because of `error`; the first one is reported."""
        self.halted = self.halted or error
        self.stop.request(at_once=isinstance(error, DiskError))

    # ---- one rollout ----

    async def _rollout(self, job: Job) -> None:
        board = self.board
        started, clock = time.time(), time.monotonic()
        journal = self.journals.open(job.id, self._stamp(job))
        if journal.discarded:
            board.discarded.append(journal.discarded)
        board.running += 1
        try:
            ended = await self._perform(job, journal)
        except asyncio.CancelledError:
            board.cancelled += 1
            raise
        finally:
            board.running -= 1
        board.continued += journal.served > 0
        identity = self.plan.rundir.fingerprint
        seconds = time.monotonic() - clock
        trajectory = assemble(job, ended.episode, ended.grade, identity=identity, started=started, seconds=seconds)
        self._write(trajectory, journal, ended.keep_journal)
        self._watch_outage(job.arm, journal, trajectory.failure)

    async def _perform(self, job: Job, journal: FileJournal) -> _Ended:
        """Run the paradigm and grade its answer; whatever goes wrong becomes a typed failure here, and only here."""
        episode: Episode | None = None
        clock = asyncio.timeout(self.limits.wall_clock + GRACE if self.limits.wall_clock else None)
        try:
            async with clock:
                episode = await self.plan.paradigms[job.arm.paradigm].run(self._task(job, journal))
            _heed_cancellation()
            ended = _Ended(episode, await self._grade(job.question, episode), keep_journal=episode.failure is not None)
        except RolloutError as error:
            ended = _Ended(_failed(episode, error.failure()), keep_journal=True)
        except Exception as error:  # noqa: BLE001  (the product's only one: a bug ends its rollout, not the run)
            if self.journals.broken is None:
                late = clock.expired() and isinstance(error, TimeoutError)
                failure = self._late() if late else self._bug(job, error)
                # Recorded replies may be what a paradigm's bug or endless run comes from; a grader's cannot be.
                ended = _Ended(_failed(episode, failure), keep_journal=episode is not None)
        if self.journals.broken is not None:
            raise self.journals.broken
        _heed_cancellation()
        return ended

    def _task(self, job: Job, journal: FileJournal) -> Rollout:
        plan = self.plan
        return Rollout(
            id=job.id,
            question=job.question,
            seed=job.seed,
            teacher=plan.teachers[job.arm.teacher],
            toolbox=plan.toolbox,
            invocation=plan.invocations[job.arm.invocation],
            context=plan.context(),
            journal=journal,
            limits=self.limits,
            teachers=plan.teachers,
        )

    async def _grade(self, question: Question, episode: Episode) -> Grade | None:
        grader = self.plan.grader
        if grader is None or episode.failure is not None:
            return None
        try:
            async with asyncio.timeout(GRADING_LIMIT):
                return await self.gate.last(lambda: grader.grade(question, episode.answer or ""))
        except (RolloutError, TimeoutError) as error:
            return Grade(correct=None, method=grader.name, rationale=f"not graded: {error or type(error).__name__}")

    def _write(self, trajectory: Trajectory, journal: FileJournal, keep_journal: bool) -> None:
        record = line(trajectory)
        failure = record.failure
        if failure is None:
            self.store.append(trajectory.id, record.data, on_disk=journal.drop)
            self.board.done += 1
            return
        self.store.fail(record.data)
        self.board.failed[failure.kind] = self.board.failed.get(failure.kind, 0) + 1
        if not keep_journal:
            journal.drop()
        elif failure.kind == "tool_server":
            journal.rewind()

    # ---- failures ----

    def _late(self) -> Failure:
        seconds = self.limits.wall_clock + GRACE
        return Failure(kind="timeout", message=f"the rollout was cut off after {seconds:.0f} s (rollout.wall_clock)")

    def _bug(self, job: Job, error: Exception) -> Failure:
        """The failure record; the traceback goes to bugs.log, the same one only once."""
        text = "".join(traceback.format_exception(error))
        mark = digest(text)
        if mark not in self._bugs:
            self._bugs.add(mark)
            path = self.plan.rundir.bugs
            try:
                with path.open("a", encoding="utf-8", errors="replace") as file:
                    file.write(f"rollout {job.id}, question {job.question.id!r}, arm {job.arm.name}\n{text}\n")
            except OSError as problem:
                raise disk_error(path, problem) from None
        return Failure(kind="bug", message=f"{type(error).__name__}: {error}")

    def _watch_outage(self, arm: Arm, journal: FileJournal, failure: Failure | None) -> None:
        """Stop the run when nobody has answered for an arm many times in a row."""
        if failure is None or not journal.outage:
            self._down[arm.name] = 0
            return
        self._down[arm.name] = times = self._down.get(arm.name, 0) + 1
        if times >= OUTAGE_LIMIT:
            self._halt(
                InputError(
                    f"teacher {arm.teacher!r} is down or refuses us: {journal.outage}; {times} rollouts in a row "
                    "failed by it. Mend it and run the same command again, nothing is lost"
                )
            )

    def _stamp(self, job: Job) -> str:
        """What a journal must have been written for: arm and settings, this question, this seed."""
        return digest(fingerprint(self.plan.rundir.fingerprint, job), job.question.text, job.seed)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a rollout ended."""

    episode: Episode
    grade: Grade | None = None
    keep_journal: bool = False
    """Resume continues from the journal: what it holds is paid for and not to blame."""


def _heed_cancellation() -> None:
    """What a paradigm or grader returns after swallowing our cancellation is no result."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _failed(episode: Episode | None, failure: Failure) -> Episode:
    return replace(episode or Episode(), stop_reason="failed", failure=failure)


def _notes(discarded: Sequence[str]) -> tuple[str, ...]:
    """One line for each reason why journals were thrown away."""
    return tuple(
        f"{discarded.count(reason)} unfinished rollouts started again: their journal {reason}"
        for reason in sorted(set(discarded))
    )
