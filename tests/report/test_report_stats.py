"""Figures of a run, counted once and in the right place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.report import stats, wilson
from trajsynth.report.stats import percentile
from trajsynth.types import Failure, Message, Rollback, Trajectory

Make = Callable[..., Trajectory]


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (80, 100, 0.7112, 0.8666)],
)
def test_wilson_gives_the_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson(successes, n)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)


def test_wilson_of_nothing_is_none() -> None:
    assert wilson(0, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=60, deadline=None)
def test_wilson_contains_the_share(case: tuple[int, int]) -> None:
    interval = wilson(*case)
    assert interval is not None
    assert 0 <= interval.low <= interval.value + 1e-12
    assert interval.value <= interval.high + 1e-12 <= 1 + 1e-12


@pytest.mark.parametrize(("percent", "value"), [(50, 10), (95, 19), (96, 20), (100, 20), (1, 1)])
def test_percentile_is_the_nearest_rank(percent: int, value: int) -> None:
    assert percentile(range(20, 0, -1), percent) == value
    assert percentile([], percent) == 0


def test_an_arm_counts_grades_turns_calls_and_money(make: Make) -> None:
    discarded = Rollback(conversation=0, before=1, attempt=0, reason="refusal", reply=Message(n=1, role="assistant"))
    result = stats(
        [
            make("a"),
            make("b", correct=False, outcomes=("ok", "timeout", "invalid_call", "blocked"), finish_reason="length"),
            make("c", correct=None, outcomes=(), rollbacks=(discarded,)),
            make("d", teacher="deepseek"),
        ]
    )
    arm = result.arms["qwen/react/mcp"]
    assert list(result.arms) == ["deepseek/react/mcp", "qwen/react/mcp"]
    assert (arm.n, arm.correct, arm.wrong, arm.unknown) == (3, 1, 1, 1)
    assert arm.accuracy is not None
    assert arm.accuracy.value == 0.5
    assert (arm.calls, arm.with_tools, arm.without_calls, arm.cut) == (5, 3, 1, 1)
    assert arm.turns == [2, 2, 2]
    assert arm.tools_ok == pytest.approx(2 / 3)
    assert (result.tools["search"].executed, result.tools["search"].errors) == (4, 1)
    assert arm.usage.usd == pytest.approx(0.03)
    assert arm.rollbacks == {"refusal": 1}
    assert (result.total.n, result.total.usage.input) == (4, 400)


def test_failures_cost_but_do_not_count_as_answers_and_ids_count_once(make: Make) -> None:
    lost = Failure(kind="network", message="connection lost")
    result = stats(
        [make("a"), make("a")],
        [
            make("a", failure=lost),
            make("x", failure=lost),
            make("x", failure=lost),
            make("y", failure=Failure(kind="bug")),
        ],
    )
    assert result.repeated == 1
    assert result.failures == {"network": 1, "bug": 1}
    assert result.messages["network"] == "connection lost"
    assert (result.total.n, result.total.failed, result.total.usage.calls) == (1, 2, 6)
