"""The runner: keeps N rollouts in flight until every job is done, and writes each down exactly once.

Level 3. Jobs are taken from the schedule as slots free up, with no batches, so a straggler never idles a slot. Whatever
ends a single rollout is data (failures.jsonl, made again on resume); a teacher that is down makes its rollouts wait;
whatever concerns the run (a full disk, an outage without end, the budget, Ctrl-C) stops it with everything kept.
Tests: tests/generate/test_runner.py, test_runner_outage.py, test_runner_budget.py, test_kill.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from trajsynth.errors import InputError
from trajsynth.generate.assemble import assemble, fingerprint, line
from trajsynth.generate.cost import price_of
from trajsynth.generate.drift import made_with
from trajsynth.generate.gate import Gate
from trajsynth.generate.jobs import Job, digest
from trajsynth.generate.journal import RESULT_CHARS, FileJournal, Journals
from trajsynth.generate.metering import Metered, Till
from trajsynth.generate.outages import Outages, TeacherDown
from trajsynth.generate.performing import Performer
from trajsynth.generate.plan import Plan, Summary, check_names, listed, total
from trajsynth.generate.process import fit_for_many
from trajsynth.generate.progress import Board, Progress
from trajsynth.generate.rundir import DiskError
from trajsynth.generate.sampling import DecisionFile
from trajsynth.generate.schedule import Schedule
from trajsynth.generate.spending import Role, SpentFile, spent
from trajsynth.generate.spending import total as sum_of
from trajsynth.generate.stopping import Stop, on_signals
from trajsynth.generate.store import Store, verdict
from trajsynth.protocols import forget
from trajsynth.types import Trajectory, Usage

COMMIT_EVERY = 1.0
TICK_EVERY = 0.5


async def generate(plan: Plan) -> Summary:
    """Make every rollout that is not yet in the shards.

    Returns a Summary, also after a stop by request or for the budget. Raises InputError, with everything kept, when the
    run cannot go on: DiskError, RunConflict (prompts, models or tools are others than before), a broken question or
    shard line, an outage that outlasts `outage.wait`.
    """
    check_names(plan)
    plan.rundir.pin(made_with(plan.teachers, plan.toolbox))
    return await _Session(plan).run()


class _Session:
    """One call of `generate`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stop = plan.stop
        self.total = total(plan)
        self.board = plan.board or Board()
        self.progress = Progress(self.board, self.total, plan.quiet)
        self.halted: InputError | None = None
        self.out_of_budget = False
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._requeued: set[str] = set()
        self._files: list[Store | SpentFile | DecisionFile | Journals] = []
        try:
            self._open()
        except BaseException:
            self._close()
            raise

    def _open(self) -> None:
        """Everything a session keeps; raises InputError."""
        plan, config, rundir = self.plan, self.plan.config, self.plan.rundir
        self.gate = Gate()
        self.store = Store(rundir.path, mark=rundir.mark)
        self._files.append(self.store)
        self.spent = SpentFile(rundir.file("spent"))
        self._files.append(self.spent)
        decisions = None if isinstance(config.samples, int) else DecisionFile(rundir.file("decisions"))
        if decisions is not None:
            self._files.append(decisions)
        paid = sum_of(self.spent.totals if rundir.part else spent(rundir.path))
        parts = rundir.part.count if rundir.part and plan.allowance is None else 1
        self.till = Till(plan.allowance or config.budget, paid, self.gate, self._budget_spent, parts)
        rollouts: dict[str, Metered] = {}
        self.outages = Outages(
            lambda teacher: rollouts[teacher].ping(),
            wait=float(config.outage.wait),
            first=plan.first_ping,
            changed=self._wake.set,
            say=self.progress.say,
        )
        rollouts |= self._metered("rollout")
        longest = max(RESULT_CHARS, config.rollout.max_result_chars + 1)
        stateful = any(server.state == "session" for server in config.tools.servers.values())
        self.journals = Journals(
            rundir.journal,
            self.gate,
            result_chars=longest,
            tool_paid=self._tool_paid,
            stateful=stateful,
            gone=lambda rollout: forget(plan.toolbox, rollout),
        )
        self._files.append(self.journals)  # after the store, which tells it what is finished
        grader = plan.grader(self._metered("judge")) if plan.grader else None
        self.performer = Performer(plan, rollouts, grader, self.journals, self.outages)
        decide = decisions.write if decisions else None
        self.schedule = Schedule(listed(plan), config, self.store.ids, self.board, self.outages, decide)

    def _metered(self, role: Role) -> dict[str, Metered]:
        """The teachers in a role."""
        return {
            name: Metered(
                teacher,
                name,
                role,
                price=price_of(self.plan.config, name),
                till=self.till,
                outages=self.outages,
                paid=self._paid,
            )
            for name, teacher in self.plan.teachers.items()
        }

    async def run(self) -> Summary:
        began = time.monotonic()
        width = self.plan.concurrency or self.plan.config.concurrency
        try:
            self.journals.sweep(self.store.ids)
            with fit_for_many(width), on_signals(self.stop if self.plan.signals else Stop()):
                async with asyncio.TaskGroup() as group:
                    keepers = (self._commit(), self._tick(), self._drain(), self.outages.watch())
                    tasks = [group.create_task(keeper) for keeper in keepers]
                    await self._dispatch(group, width)
                    for task in tasks:
                        task.cancel()
        finally:
            self._close()
            self.progress.close()
        if self.halted is not None:
            raise self.halted
        return self._summary(time.monotonic() - began)

    def _summary(self, seconds: float) -> Summary:
        board, complete = self.board, self.schedule.complete
        unfinished = self.stop.asked and not (complete and board.cancelled + self.outages.waiting == 0)
        return Summary(
            planned=(board.planned if complete or self.total is None else self.total) - board.spared,
            skipped=board.skipped,
            done=board.done,
            failed=dict(board.failed),
            continued=board.continued,
            discarded=len(board.discarded),
            notes=(*_notes(board.discarded), *([self.till.verdict()] if self.out_of_budget else [])),
            seconds=seconds,
            turns=board.meter.turns,
            usage=board.meter.usage,
            graders=board.meter.graders,
            spared=board.spared,
            interrupted=unfinished and not self.out_of_budget,
            out_of_budget=self.out_of_budget,
        )

    def _close(self) -> None:
        for file in self._files:
            try:
                file.close()
            except InputError as error:
                self.halted = self.halted or error

    # ---- the tasks of a session ----

    async def _dispatch(self, group: asyncio.TaskGroup, width: int) -> None:
        """Fill the slots until nothing is left to do, or the run is stopped and its rollouts have ended."""
        while True:
            while len(self._running) < width and (job := self._next()) is not None:
                task = group.create_task(self._slot(job))
                self._running.add(task)
                task.add_done_callback(self._freed)
            if not self._running and (self.stop.asked or not self.outages.waiting):
                return
            if not self._running and not self.outages.time_left():
                self._halt(InputError(self.outages.verdict()))
                return
            self._wake.clear()
            patience = None if self._running else self.outages.time_left()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._wake.wait()

    def _next(self) -> Job | None:
        if self.stop.asked:
            return None
        try:
            return self.schedule.take()
        except InputError as error:
            self._halt(error)
            return None

    def _freed(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _slot(self, job: Job) -> None:
        try:
            await self._rollout(job)
        except InputError as error:
            self._halt(error)

    async def _commit(self) -> None:
        try:
            while True:
                await asyncio.sleep(COMMIT_EVERY)
                await self.store.commit()
                await self.journals.sync()
                await asyncio.to_thread(self.spent.sync)
        except InputError as error:
            self._halt(error)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_EVERY)
            self.board.waiting = self.outages.waiting
            self.progress.tick()

    async def _drain(self) -> None:
        """Once asked to stop: let calls in flight arrive, then cancel what is still running."""
        await self.stop.wait()
        self._wake.set()
        self.gate.close()
        calls, wait = self.gate.in_flight, self.plan.drain
        if calls and self.halted is None and not self.stop.at_once:
            self.progress.say(
                f"stopping: {calls} calls in flight get {wait:.0f} s to arrive; Ctrl-C again leaves at once"
            )
        ends = [asyncio.create_task(end) for end in (self.gate.idle(), self.stop.wait_at_once())]
        try:
            await asyncio.wait(ends, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        for task in list(self._running):
            task.cancel()

    def _halt(self, error: InputError) -> None:
        """Stop the run because of `error`; the first one is reported."""
        self.halted = self.halted or error
        self.stop.request(at_once=isinstance(error, DiskError))

    def _budget_spent(self) -> None:
        self.out_of_budget = True
        self.stop.request()

    # ---- money ----

    def _paid(self, teacher: str, role: Role, usage: Usage) -> None:
        if role != "ping":
            self.board.meter.add(usage, grader=role == "judge")
        self._write_down(teacher, role, usage)

    def _tool_paid(self, usd: float) -> None:
        if usd:
            self.board.meter.add_tool(usd)
            usage = Usage(usd=usd, tools_usd=usd)
            self.till.settle(usage)
            self._write_down("", "tool", usage)

    def _write_down(self, teacher: str, role: Role, usage: Usage) -> None:
        try:
            self.spent.add(teacher, role, usage)
        except DiskError as error:
            self._halt(error)

    # ---- one rollout ----

    async def _rollout(self, job: Job) -> None:
        board, started = self.board, time.time()
        journal = self.journals.open(job.id, self._stamp(job))
        if journal.discarded:
            board.discarded.append(journal.discarded)
        task = asyncio.current_task()
        assert task is not None

        def abandon(error: TeacherDown) -> bool:
            return not self.outages.refuses(job, error) and task.cancel()

        journal.abandon = abandon
        board.running += 1
        try:
            ended = await self.performer.perform(job, journal)
        except asyncio.CancelledError:
            if journal.down is None or self.stop.asked:
                board.cancelled += 1
                raise
            task.uncancel()
            self._requeued.add(job.id)
            self.outages.park(job, journal.down.teacher)
            return
        finally:
            board.running -= 1
        board.continued += journal.served > 0 and job.id not in self._requeued
        trajectory = assemble(
            job,
            ended.episode,
            ended.grade,
            identity=self.plan.rundir.fingerprint,
            started=started,
            seconds=journal.elapsed(),
            tools_usd=journal.tools_usd,
        )
        self._write(job, trajectory, journal, ended.keep_journal)

    def _write(self, job: Job, trajectory: Trajectory, journal: FileJournal, keep_journal: bool) -> None:
        record = line(trajectory)
        failure = record.failure
        if failure is None:
            meant = verdict(trajectory.correct, trajectory.answer)
            self.store.append(job.id, record.data, journal.finish, meant)
            self.board.done += 1
            self.schedule.finished(job, meant)
            return
        self.store.fail(record.data)
        self.board.failed[failure.kind] = self.board.failed.get(failure.kind, 0) + 1
        self.schedule.failed(job)
        if not keep_journal:
            journal.drop()
        elif failure.kind == "tool_server":
            journal.rewind()

    def _stamp(self, job: Job) -> str:
        """What a journal must have been written for: arm and settings, this question, this seed."""
        return digest(fingerprint(self.plan.rundir.fingerprint, job), job.question.text, job.seed)


def _notes(discarded: Sequence[str]) -> tuple[str, ...]:
    """One line for each reason why journals were thrown away."""
    return tuple(
        f"{discarded.count(reason)} unfinished rollouts started again: their journal {reason}"
        for reason in sorted(set(discarded))
    )
