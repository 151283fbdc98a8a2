"""Every model call of a run goes through here: held back by budget and outage, counted, written down.

Level 3. `Till` is the budget: what a call may cost is reserved before it is made and replaced by what it did cost. A
call that does not fit waits for others to come in cheaper; when none is left to wait for, the budget is spent and the
run stops. `Metered` is a teacher as rollouts and graders of a run see it. Tests: tests/generate/test_metering.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import time_ns

from trajsynth.config import Budget, Price
from trajsynth.errors import TeacherUnavailable
from trajsynth.generate.cost import OUTPUT_TOKENS
from trajsynth.generate.gate import Gate
from trajsynth.generate.outages import Outages
from trajsynth.generate.spending import Role
from trajsynth.protocols import ChatRequest, Reply, Teacher, TeacherProfile
from trajsynth.types import Usage

PING = ChatRequest(messages=(b'{"role":"user","content":"Say OK."}',), estimated_tokens=8)
"""What a teacher that was down is asked: the shortest request there is."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call takes out of the budget."""

    tokens: int = 0
    usd: float = 0.0


class Till:
    """The budget of a run, over all its sessions."""

    def __init__(
        self, budget: Budget, spent: Usage, gate: Gate, exhausted: Callable[[], object] = lambda: None, parts: int = 1
    ) -> None:
        """`spent` by earlier sessions; `exhausted` is called once when no further call fits. A run split into `parts`
        gives each of them an equal share."""
        self.usd = None if budget.usd is None else budget.usd / parts
        self.tokens = None if budget.tokens is None else budget.tokens // parts
        self.spent = Cost(spent.input + spent.output, spent.usd)
        self.reserved = Cost()
        self.empty = False
        """No further call fits."""
        self._gate = gate
        self._exhausted = exhausted
        self._queue: deque[tuple[Cost, asyncio.Future[None]]] = deque()
        self._holding = 0

    async def reserve(self, cost: Cost) -> None:
        """Hold the cost of a call back; waits until it fits, forever when it never will (the run is stopping then)."""
        if not self._queue and self._fits(cost):
            self._hold(cost)
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((cost, place))
        self._serve()
        try:
            await self._gate.aside(place)
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release(cost)
            raise

    def release(self, cost: Cost) -> None:
        """Give a reservation back."""
        self.reserved = Cost(self.reserved.tokens - cost.tokens, self.reserved.usd - cost.usd)
        self._holding -= 1
        if not self._holding:
            self.reserved = Cost()  # no rounding error outlives the calls it comes from
        self._serve()

    def settle(self, usage: Usage) -> None:
        """A call was made."""
        self.spent = Cost(self.spent.tokens + usage.input + usage.output, self.spent.usd + usage.usd)

    def verdict(self) -> str:
        """How much is spent of what, and the way out."""
        parts = []
        if self.usd is not None:
            parts.append(f"${self.spent.usd:.2f} of ${self.usd:.2f}")
        if self.tokens is not None:
            parts.append(f"{self.spent.tokens} of {self.tokens} tokens")
        return (
            f"budget spent: {', '.join(parts)}, and the next call may not fit; "
            "raise budget and run the same command again, nothing is lost"
        )

    def _fits(self, cost: Cost) -> bool:
        usd = self.usd is None or self.spent.usd + self.reserved.usd + cost.usd <= self.usd
        return usd and (self.tokens is None or self.spent.tokens + self.reserved.tokens + cost.tokens <= self.tokens)

    def _hold(self, cost: Cost) -> None:
        self.reserved = Cost(self.reserved.tokens + cost.tokens, self.reserved.usd + cost.usd)
        self._holding += 1

    def _serve(self) -> None:
        """Let those waiting go on, in order, as far as it fits."""
        while self._queue and not self._gate.closed:
            cost, place = self._queue[0]
            if place.done():
                self._queue.popleft()
                continue
            if not self._fits(cost):
                break
            self._queue.popleft()
            self._hold(cost)
            place.set_result(None)
        if self._queue and not self._holding and not self.empty and not self._gate.closed:
            self.empty = True
            self._exhausted()


class Metered:
    """A teacher in one role; opened and closed by whoever made it."""

    def __init__(
        self,
        teacher: Teacher,
        name: str,
        role: Role,
        *,
        price: Price,
        till: Till,
        outages: Outages,
        paid: Callable[[str, Role, Usage], object],
    ) -> None:
        """`paid` is told of every reply at once, before anybody sees it."""
        self._teacher, self._name, self._role, self._price = teacher, name, role, price
        self._till, self._outages, self._paid = till, outages, paid

    @property
    def profile(self) -> TeacherProfile:
        return self._teacher.profile

    async def open(self) -> None:
        """It is open already."""

    async def close(self) -> None:
        """Left to its owner."""

    async def complete(self, request: ChatRequest) -> Reply:
        """One reply; raises what the teacher raises, TeacherDown for TeacherUnavailable."""
        self._outages.check(self._name)
        cost = self._cost(request)
        await self._till.reserve(cost)
        try:
            self._outages.check(self._name)
            reply = await self._teacher.complete(request)
            self._count(reply, self._role)
        except TeacherUnavailable as error:
            raise self._outages.down(self._name, error) from error
        finally:
            self._till.release(cost)
        return reply

    async def ping(self) -> None:
        """Ask whether it is there, past budget and outage; raises what the teacher raises."""
        asked = replace(PING, route=f"ping {time_ns()}")  # never the same, or a cache would answer
        self._count(await self._teacher.complete(asked), "ping")

    def _count(self, reply: Reply, role: Role) -> None:
        usage = Usage() if reply.cached else replace(reply.usage, calls=reply.usage.calls or 1)
        self._till.settle(usage)
        self._paid(self._name, role, usage)

    def _cost(self, request: ChatRequest) -> Cost:
        """The most a call is expected to cost: its prompt as estimated and the longest reply."""
        output = self._teacher.profile.max_output_tokens or OUTPUT_TOKENS
        usd = (request.estimated_tokens * self._price.input + output * self._price.output) / 1e6
        return Cost(request.estimated_tokens + output, usd)
