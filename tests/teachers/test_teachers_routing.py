"""Routes stay on their replica, move when it falls out, and come back."""

from __future__ import annotations

from collections import Counter

import pytest

from trajsynth.teachers.limiter import Limiter
from trajsynth.teachers.routing import FAILURES_TO_OPEN, FIRST_REST, Circuit, Replica, Router


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make_router(urls: str, clock: Clock) -> Router:
    return Router([Replica(url, Limiter(8, clock), Circuit(clock)) for url in urls])


ROUTES = [f"trajectory-{number}" for number in range(300)]


def test_routes_spread_and_stick() -> None:
    router = make_router("abc", Clock())
    picked = {route: router.pick(route).url for route in ROUTES}
    assert all(60 < count < 140 for count in Counter(picked.values()).values())
    assert all(router.pick(route).url == url for route, url in picked.items())


def test_only_the_routes_of_a_lost_replica_move_and_they_come_back() -> None:
    clock = Clock()
    router = make_router("abc", clock)
    before = {route: router.pick(route).url for route in ROUTES}
    lost = router.replicas[0]
    for _ in range(FAILURES_TO_OPEN):
        lost.circuit.failed()
    during = {route: router.pick(route).url for route in ROUTES}
    assert all(during[route] == url for route, url in before.items() if url != "a")
    assert "a" not in during.values()
    lost.circuit.answered()
    assert {route: router.pick(route).url for route in ROUTES} == before


def test_without_a_route_the_least_busy_is_taken() -> None:
    router = make_router("ab", Clock())
    router.replicas[0].limiter._in_flight = 3
    assert router.pick("").url == "b"


def test_when_all_are_down_the_first_to_come_back_is_taken() -> None:
    clock = Clock()
    router = make_router("ab", clock)
    router.replicas[1].circuit.failed(at_once=True)
    clock.now += FIRST_REST / 2
    router.replicas[0].circuit.failed(at_once=True)
    clock.now += FIRST_REST / 5
    assert all(router.pick(route).circuit.rest_left <= FIRST_REST for route in ROUTES)
    assert not router.others_alive(router.replicas[0])


@pytest.mark.parametrize(("failures", "is_open"), [(FAILURES_TO_OPEN - 1, False), (FAILURES_TO_OPEN, True)])
def test_a_circuit_opens_after_failures_in_a_row(failures: int, is_open: bool) -> None:
    circuit = Circuit(Clock())
    circuit.failed()
    circuit.answered()
    for _ in range(failures):
        circuit.failed()
    assert circuit.is_open is is_open
    assert (circuit.rest_left > 0) is is_open


def test_half_open_lets_one_probe_through_and_rests_longer_when_it_fails() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    circuit.failed(at_once=True)
    first = circuit.rest_left
    clock.now += first
    assert not circuit.is_open
    circuit.trying()
    assert circuit.is_open
    circuit.failed()
    assert circuit.rest_left > first
    clock.now += circuit.rest_left
    circuit.trying()
    circuit.let_go()
    assert not circuit.is_open
    circuit.trying()
    circuit.answered()
    assert not circuit.is_open


def test_late_failures_do_not_prolong_the_rest() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    circuit.failed(at_once=True)
    rest = circuit.rest_left
    for _ in range(50):
        circuit.failed()
    assert circuit.rest_left == rest
