"""Which of a teacher's base URLs a request goes to: the one that holds its trajectory's KV cache, unless it is down.

Rendezvous hashing keeps a route on its URL and moves only the routes of a URL that fell out. A circuit opens after
several lost connections in a row and lets one request through after a growing back-off. A URL that asked for a long
pause is passed over as well. Level 2, imports the limiter and pacing. Tests: tests/teachers/test_teachers_routing.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from trajsynth.pacing import loop_time
from trajsynth.teachers.limiter import Limiter

FAILURES_TO_OPEN = 3
"""Lost connections in a row that take a URL out of service."""
FIRST_REST = 2.0
LONGEST_REST = 60.0
"""Seconds a URL rests before one request tries it again; doubled each time that fails."""
LONG_PAUSE = 20.0
"""Seconds of an asked-for pause (Retry-After) worth losing a KV cache for: reading a long history again takes less."""


class Circuit:
    """Whether a URL is worth trying: closed (yes), open (not until its rest is over), half-open (one request tries)."""

    def __init__(self, clock: Callable[[], float] = loop_time) -> None:
        self._clock = clock
        self._failures = 0
        self._rest = FIRST_REST
        self._retry_at = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether requests should go elsewhere; also while a probe is under way."""
        return self._failures >= FAILURES_TO_OPEN and (self._probing or self._clock() < self._retry_at)

    @property
    def rest_left(self) -> float:
        """Seconds until the next request may try; 0 when it may now."""
        return max(0.0, self._retry_at - self._clock()) if self._failures >= FAILURES_TO_OPEN else 0.0

    def trying(self) -> None:
        """A request goes out; on an open circuit it is the probe."""
        self._probing = self._failures >= FAILURES_TO_OPEN

    def answered(self) -> None:
        """The URL is alive, whatever it said."""
        self._failures = 0
        self._rest = FIRST_REST
        self._probing = False

    def failed(self, *, at_once: bool = False) -> None:
        """A connection was refused or lost; `at_once`: the URL refuses us, no need to count."""
        was_open = self._failures >= FAILURES_TO_OPEN
        self._failures = max(FAILURES_TO_OPEN, self._failures) if at_once else self._failures + 1
        if self._failures < FAILURES_TO_OPEN:
            return
        if was_open and not self._probing:
            return  # sent before the circuit opened: says nothing new
        self._probing = False
        self._retry_at = self._clock() + self._rest * (0.75 + 0.5 * random.random())
        self._rest = min(LONGEST_REST, self._rest * 2)

    def let_go(self) -> None:
        """The probe was given up without learning anything (cancelled)."""
        self._probing = False


@dataclass(frozen=True, slots=True)
class Replica:
    """One base URL with its pace and its health."""

    url: str
    limiter: Limiter
    circuit: Circuit

    @property
    def in_service(self) -> bool:
        """Whether it is worth asking now: neither down nor paused for long."""
        return not self.circuit.is_open and self.limiter.pause_left <= LONG_PAUSE

    @property
    def back_in(self) -> float:
        """Seconds until it may be asked."""
        return max(self.circuit.rest_left, self.limiter.pause_left)


class Router:
    """Picks a replica for a route."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.replicas = tuple(replicas)

    def pick(self, route: str) -> Replica:
        """The route's own replica, the next in its order when that is down, or the one to come back first."""
        if len(self.replicas) == 1:
            return self.replicas[0]
        order = self.order(route)
        alive = next((replica for replica in order if replica.in_service), None)
        return alive or min(order, key=lambda replica: replica.back_in)

    def others_alive(self, replica: Replica) -> bool:
        """Whether any replica but this one is in service."""
        return any(other is not replica and other.in_service for other in self.replicas)

    def order(self, route: str) -> list[Replica]:
        """Replicas by preference for a route; without a route, the least busy first."""
        if not route:
            return sorted(self.replicas, key=lambda replica: replica.limiter.in_flight)
        return sorted(self.replicas, key=lambda replica: _score(route, replica.url), reverse=True)


def _score(route: str, url: str) -> bytes:
    return blake2b(f"{route}\n{url}".encode(errors="replace"), digest_size=8).digest()
