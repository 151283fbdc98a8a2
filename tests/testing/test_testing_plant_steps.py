"""Steps that lead nowhere come as often as promised and change nothing else."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from trajsynth.testing import plant
from trajsynth.types import Message, Trajectory

SEEDS = range(15)


def results(trajectory: Trajectory) -> list[Message]:
    return [m for m in trajectory.conversations[0].messages if m.role == "tool"]


def done(trajectory: Trajectory) -> list[tuple[str, str, str]]:
    """(name, sorted arguments, observation) of every exchange, in order."""
    answers = {m.answers: m.content for m in results(trajectory)}
    return [
        (call.name, json.dumps(json.loads(call.arguments), sort_keys=True), answers[message.n, i])
        for message in trajectory.conversations[0].messages
        for i, call in enumerate(message.tool_calls)
    ]


@pytest.mark.parametrize(("severity", "failures", "network"), [(1, 3, 6), (2, 5, 8), (3, 10, 12)])
def test_failures_in_a_row(own: Trajectory, severity: int, failures: int, network: int) -> None:
    seen = set()
    for seed in SEEDS:
        spoiled = plant(own, "error.streak", seed=seed, severity=severity)
        assert spoiled is not None
        failed = [m.outcome not in ("ok", None) for m in results(spoiled)]
        start = failed.index(True)
        times = sum(failed)
        assert all(failed[start : start + times]) and not failed[-1]
        seen.add(times)
        assert Counter(done(spoiled)) - Counter(done(own)) == Counter(done(spoiled)[start : start + times])
    assert seen == {failures, network}


@pytest.mark.parametrize(("severity", "times"), [(1, 4), (2, 6), (3, 12)])
def test_the_same_exchange_again(clean: Trajectory, severity: int, times: int) -> None:
    for seed in SEEDS:
        spoiled = plant(clean, "retry.redundant", seed=seed, severity=severity)
        assert spoiled is not None
        most = max(Counter(done(spoiled)).values()) if spoiled.run.planted[0].conversation == 0 else times
        assert most in (times, times + 1)  # one turn of the sample makes the same call twice


@pytest.mark.parametrize(("severity", "row", "rounds"), [(1, 4, 3), (2, 6, 4), (3, 12, 8)])
def test_round_and_round(own: Trajectory, severity: int, row: int, rounds: int) -> None:
    periods = set()
    for seed in SEEDS:
        spoiled = plant(own, "loop.action", seed=seed, severity=severity)
        assert spoiled is not None
        steps, extra = done(spoiled), len(done(spoiled)) - len(done(own))
        period = next(p for p in (1, 2, 3) if extra == (row if p == 1 else p * rounds) and _cycles(steps, extra, p))
        periods.add(period)
    assert periods == {1, 2, 3}


def _cycles(steps: list[tuple[str, str, str]], length: int, period: int) -> bool:
    windows = (steps[i : i + length] for i in range(len(steps) - length + 1))
    return any(window == window[:period] * (length // period) for window in windows)


def test_polling_and_failed_calls_are_no_place(own: Trajectory) -> None:
    polled = tuple(replace(spec, poll=True) for spec in own.conversations[0].toolsets[0])
    polling = replace(own, conversations=(replace(own.conversations[0], toolsets=(polled,)),))
    messages = tuple(replace(m, outcome="timeout") if m.role == "tool" else m for m in own.conversations[0].messages)
    failing = replace(own, conversations=(replace(own.conversations[0], messages=messages),))
    for code in ("retry.redundant", "loop.action"):
        assert plant(polling, code) is None
        assert plant(failing, code) is None
    assert plant(failing, "error.streak") is None
