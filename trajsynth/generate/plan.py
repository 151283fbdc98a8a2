"""What `generate` is given and what it gives back.

Level 3. Tests: tests/generate/test_runner.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from trajsynth.config import Budget, Config, Judge
from trajsynth.errors import ConfigError, unknown
from trajsynth.generate.jobs import Job, count, distinct, jobs
from trajsynth.generate.outages import FIRST_PING
from trajsynth.generate.progress import Board
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.stopping import Stop
from trajsynth.protocols import ContextPolicy, Grader, Invocation, Limits, Paradigm, Teacher, Toolbox
from trajsynth.types import Question, Usage


@dataclass(kw_only=True)
class Plan:
    """Everything `generate` needs; teachers and toolbox are open and stay the caller's to close."""

    config: Config
    rundir: RunDir
    questions: Iterable[Question]
    """With a length, progress knows the total."""
    teachers: Mapping[str, Teacher]
    toolbox: Toolbox
    paradigms: Mapping[str, Paradigm]
    invocations: Mapping[str, Invocation]
    context: Callable[[], ContextPolicy]
    """A fresh context policy for each rollout."""
    grader: Callable[[Mapping[str, Teacher]], Grader] | None = None
    """Makes the grader from the teachers its judges may ask; what they are paid is counted apart."""
    limit: int | None = None
    """Only the first so many jobs of the run (finished ones count)."""
    concurrency: int | None = None
    """Overrides the config's."""
    quiet: bool = False
    signals: bool = True
    """Let SIGINT and SIGTERM stop the run."""
    stop: Stop = field(default_factory=Stop)
    drain: float = 20.0
    """Seconds that calls in flight get to arrive after the first stop."""
    first_ping: float = FIRST_PING
    """Seconds after which a teacher found down is asked again the first time."""
    allowance: Budget | None = None
    """What a part of a split run may spend over all its sessions; its equal share of the budget when absent."""
    board: Board | None = None
    """Live counters to write into, for somebody who watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What one call of `generate` did."""

    planned: int
    """Rollouts of the run; when it was stopped and the number of questions is unknown, those looked at."""
    skipped: int
    """Finished by earlier calls."""
    done: int
    """Finished now."""
    failed: dict[str, int]
    """Failed now, by kind; the next call makes them again."""
    continued: int
    """Rollouts that went on from an earlier call's journal."""
    discarded: int
    """Journals that could not be continued; their rollouts started again."""
    notes: tuple[str, ...]
    """Lines for the user: why journals were discarded."""
    seconds: float
    turns: int
    """Model replies received now."""
    usage: Usage
    """Tokens and dollars of these replies, and dollars of tool calls."""
    interrupted: bool
    """Stopped by request before all was done."""
    graders: Usage = field(default_factory=Usage)
    """Tokens and dollars of the judges."""
    spared: int = 0
    """Rollouts that adaptive sampling found unnecessary; `planned` leaves them out."""
    out_of_budget: bool = False
    """Stopped because the next call might not fit the budget."""

    @property
    def finished(self) -> int:
        """Trajectories in the run now."""
        return self.skipped + self.done


def limits(config: Config) -> Limits:
    """Where each rollout must stop."""
    rollout = config.rollout
    return Limits(
        max_turns=rollout.max_turns,
        max_tool_calls=rollout.max_tool_calls,
        wall_clock=float(rollout.wall_clock),
        context_tokens=rollout.context_tokens or 0,
        rollback=rollout.rollback,
        one_call=rollout.calls_per_message == "one",
    )


def total(plan: Plan) -> int | None:
    """Number of rollouts, when the questions have a length."""
    if not isinstance(plan.questions, Sequence):
        return None
    if plan.rundir.part is not None:
        return sum(1 for _ in listed(plan))
    rollouts = count(plan.questions, plan.config)
    return rollouts if plan.limit is None else min(rollouts, plan.limit)


def listed(plan: Plan) -> Iterator[Job]:
    """The run's jobs up to its limit, those of this part of it."""
    part, config = plan.rundir.part, plan.config
    for job in islice(jobs(plan.questions, config), plan.limit):
        if part is None or part.has(job, config):
            yield job


def judges(config: Config) -> list[str]:
    """Names of the teachers that judge answers."""
    return [method.judge for method in config.grade if isinstance(method, Judge)]


def check_names(plan: Plan) -> None:
    """Raises ConfigError for an arm whose teacher, paradigm or invocation the plan does not hold."""
    for arm in distinct(plan.config.all_arms()):
        wanted = {"teacher": (arm.teacher, plan.teachers), "paradigm": (arm.paradigm, plan.paradigms)}
        wanted["invocation"] = (arm.invocation, plan.invocations)
        for kind, (name, known) in wanted.items():
            if name not in known:
                raise ConfigError(f"arms: {unknown(kind, name, known)}")
