"""Teachers whose endpoint is down or refuses us: who waits for them, and when they are back.

Level 3. The first call that finds a teacher down pauses every arm of it; its rollouts wait without a slot, their
journals kept, and nothing fails. A ping with growing pauses finds out when the teacher is back. A job that is refused
again and again although pings are answered is refused for its own sake. Tests: tests/generate/test_outages.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from trajsynth.config import Arm
from trajsynth.errors import NetworkError, RolloutError, RolloutTimeout, TeacherUnavailable
from trajsynth.generate.jobs import Job

FIRST_PING = 2.0
"""Seconds after which a teacher found down is asked again; doubled each time it does not answer."""
LONGEST_REST = 60.0
REFUSALS = 3
"""Times a job may find its teacher down, with answered pings in between, before it fails by itself."""


class TeacherDown(TeacherUnavailable):
    """A teacher's endpoint as a whole is down or closed to us; raised to rollouts in place of TeacherUnavailable."""

    def __init__(self, teacher: str, said: str, *, asked: bool) -> None:
        super().__init__(said)
        self.teacher = teacher
        self.asked = asked
        """Whether this call was sent: others are held back while the teacher is known to be down."""


@dataclass(slots=True)
class Outage:
    """One teacher's outage, from the first call that met it."""

    said: str
    since: float
    arms: set[str] = field(default_factory=set)
    """Names of arms that depend on the teacher without being its own (sub-agents, a judge)."""
    waiting: list[Job] = field(default_factory=list)


class Outages:
    """All teachers that are down now."""

    def __init__(
        self,
        ping: Callable[[str], Awaitable[object]],
        *,
        wait: float,
        first: float = FIRST_PING,
        changed: Callable[[], object] = lambda: None,
        say: Callable[[str], object] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ping` asks a teacher by name and raises as `complete` does; `wait` is the longest outage in seconds;
        `changed` is called when somebody may go on, `say` gets lines for the user."""
        self._ping = ping
        self._wait = wait
        self._first = first
        self._changed = changed
        self._say = say
        self._clock = clock
        self._down: dict[str, Outage] = {}
        self._recoveries: dict[str, int] = {}
        self._refused: dict[str, tuple[int, int]] = {}
        self._new = asyncio.Event()
        self._back: list[Job] = []

    # ---- what calls find ----

    def check(self, teacher: str) -> None:
        """Raises TeacherDown while a teacher is known to be down."""
        if outage := self._down.get(teacher):
            raise TeacherDown(teacher, outage.said, asked=False)

    def down(self, teacher: str, error: TeacherUnavailable) -> TeacherDown:
        """A call found it down."""
        said = str(error).removeprefix(f"teacher {teacher!r} ") or type(error).__name__
        if teacher not in self._down:
            self._down[teacher] = Outage(said, self._clock())
            self._say(f"teacher {teacher!r} is down or refuses us, its arms wait: {said}")
            self._new.set()
        return TeacherDown(teacher, said, asked=True)

    def is_down(self, teacher: str) -> bool:
        return teacher in self._down

    # ---- who waits ----

    def pausing(self, arm: Arm) -> str:
        """The teacher an arm has to wait for, or empty."""
        if not self._down:
            return ""
        if arm.teacher in self._down:
            return arm.teacher
        return next((name for name, outage in self._down.items() if arm.name in outage.arms), "")

    def park(self, job: Job, teacher: str) -> None:
        """The job waits until the teacher is back."""
        outage = self._down.get(teacher)
        if outage is None:  # back already
            self._back.append(job)
            self._changed()
            return
        outage.waiting.append(job)
        outage.arms.add(job.arm.name)

    def refuses(self, job: Job, error: TeacherDown) -> bool:
        """Whether it is this job's own request that is refused: the teacher answered pings each time in between."""
        times, last = self._refused.get(job.id, (0, -1))
        recoveries = self._recoveries.get(error.teacher, 0)
        if error.asked and recoveries > last:
            times += 1
            self._refused[job.id] = (times, recoveries)
        return times > REFUSALS

    def take(self) -> Job | None:
        """A job whose teacher has come back."""
        return self._back.pop() if self._back else None

    @property
    def waiting(self) -> int:
        """Jobs that wait or may go on."""
        return len(self._back) + sum(len(outage.waiting) for outage in self._down.values())

    def time_left(self) -> float:
        """Seconds until every outage has lasted too long; 0 when that is so."""
        begun = max((outage.since for outage in self._down.values()), default=self._clock())
        return max(0.0, begun + self._wait - self._clock())

    def verdict(self) -> str:
        """The line the run stops with."""
        name, outage = min(self._down.items(), key=lambda item: item[1].since)
        minutes = (self._clock() - outage.since) / 60
        lasted = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
        others = f" (and {len(self._down) - 1} more teachers)" if len(self._down) > 1 else ""
        return (
            f"teacher {name!r}{others} is down or refuses us for {lasted} now (outage.wait): {outage.said}; "
            f"{self.waiting} rollouts wait. Mend it and run the same command again, nothing is lost"
        )

    # ---- when they are back ----

    async def watch(self) -> None:
        """Ask every teacher that is down until it answers; runs until cancelled."""
        nursed: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                await self._new.wait()
                self._new.clear()
                for teacher in self._down:
                    if teacher not in nursed or nursed[teacher].done():
                        nursed[teacher] = group.create_task(self._nurse(teacher))

    async def _nurse(self, teacher: str) -> None:
        rest = self._first
        while True:
            await asyncio.sleep(rest)
            try:
                await self._ping(teacher)
            except (TeacherUnavailable, NetworkError, RolloutTimeout) as error:
                self._down[teacher].said = str(error).removeprefix(f"teacher {teacher!r} ")
                rest = min(LONGEST_REST, rest * 2)
            except RolloutError:
                break  # it answers, though it does not like the question
            else:
                break
        outage = self._down.pop(teacher)
        self._recoveries[teacher] = self._recoveries.get(teacher, 0) + 1
        self._back += reversed(outage.waiting)
        seconds = self._clock() - outage.since
        self._say(f"teacher {teacher!r} is back after {seconds:.0f} s, {len(outage.waiting)} rollouts go on")
        self._changed()
