"""Terminal text: alignment, readable numbers, and warnings exactly from their limits on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trajsynth.report import ArmStats, Stats, render, stats, table, warnings
from trajsynth.report.text import cost
from trajsynth.tables import dollars, duration, human, percent, shorten, width
from trajsynth.types import Failure, Message, Rollback, Trajectory, Usage

Make = Callable[..., Trajectory]


def mixed(make: Make, n: int = 10, **fields: Any) -> list[Trajectory]:
    """Half right, half wrong, so that accuracy itself is nothing to warn of."""
    return [make(f"{i}", **{"correct": i % 2 == 0} | fields) for i in range(n)]


def test_columns_are_aligned_also_under_wide_characters() -> None:
    text = table(("name", "n"), [("模型", "1"), ("e\u0301", "10")])
    assert text.splitlines() == ["name   n", "----  --", "模型   1", "e\u0301     10"]
    assert {width(line) for line in text.splitlines()} == {8}


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (human(9999), "9999"),
        (human(12_345), "12.3k"),
        (human(4_600_000), "4.6M"),
        (human(1.2e9), "1.2B"),
        (dollars(0), "-"),
        (dollars(0.0042), "$0.0042"),
        (dollars(1234.5), "$1,234.50"),
        (percent(None), "-"),
        (percent(1.0), "100%"),
        (percent(0.99999), "99.9%"),
        (percent(0.0), "0%"),
        (percent(0.00001), "0.1%"),
        (percent(0.5), "50.0%"),
        (duration(119), "119 s"),
        (duration(600), "10 min"),
        (duration(12_240), "3.4 h"),
        (shorten("a\n  b"), "a b"),
        (shorten("x" * 101), "x" * 99 + "…"),
    ],
)
def test_numbers_read_well(shown: str, text: str) -> None:
    assert shown == text


def test_render_shows_arms_their_sum_and_what_failed(make: Make) -> None:
    runs = [*mixed(make, 4), make("d", teacher="deepseek", correct=None)]
    lost = make("f", failure=Failure(kind="network", message="lost\nconnection"))
    text = render(stats(runs, [lost]), {"qwen/react/mcp": 2})
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[:5]] == [
        "arm",
        "------------------",
        "deepseek/react/mcp",
        "qwen/react/mcp",
        "all",
    ]
    assert lines[2].split()[1:] == ["1", "-", "-", "2/2", "1.0", "100%", "120", "$0.01", "-"]
    assert lines[3].split()[1:] == ["4", "50.0%", "15-85", "2/2", "1.0", "100%", "600", "$0.05", "$0.03"]
    assert "failed: 1\n  1 network: lost connection" in text


def test_render_of_nothing(make: Make) -> None:
    assert render(stats([])) == "no trajectories"


def test_a_healthy_run_is_silent(make: Make) -> None:
    assert warnings(stats(mixed(make, 40))) == []


@pytest.mark.parametrize(
    ("failing", "calls", "warned"), [(2, 25, True), (1, 25, False), (19, 19, False), (20, 20, True)]
)
@pytest.mark.parametrize(
    ("outcome", "cure"), [("timeout", "tools.timeout"), ("unavailable", "server"), ("tool_error", "error texts")]
)
def test_a_tool_is_named_from_8_percent_of_20_calls_on(
    make: Make, outcome: str, cure: str, failing: int, calls: int, warned: bool
) -> None:
    found = warnings(stats([make("a", outcomes=(outcome,) * failing + ("ok",) * (calls - failing))]))
    assert bool(found) is warned
    if warned:
        assert "'search'" in found[0]
        assert cure in found[0]


@pytest.mark.parametrize(("n", "warned"), [(9, False), (10, True)])
@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"correct": False}, "none of 10 answers right"),
        ({"correct": True}, "all of 10 answers right"),
        ({"outcomes": ()}, "never calls a tool"),
        ({"correct": None}, "10 of 10 answers ungraded"),
        ({"stop_reason": "max_turns"}, "rollout.max_turns"),
        ({"stop_reason": "time_limit"}, "rollout.wall_clock"),
        ({"finish_reason": "length"}, "max_tokens"),
    ],
)
def test_an_arm_is_named_from_10_trajectories_on(
    make: Make, fields: dict[str, Any], part: str, n: int, warned: bool
) -> None:
    found = warnings(stats(mixed(make, n, **fields)))
    assert [part in line for line in found] == ([True] if warned else [])


@pytest.mark.parametrize(("discarded", "warned"), [(4, False), (5, True)])
def test_rollbacks_are_named_from_a_fifth_of_replies_on(make: Make, discarded: int, warned: bool) -> None:
    reply = Message(n=1, role="assistant")
    rollback = Rollback(conversation=0, before=1, attempt=0, reason="call.bad_json", reply=reply)
    runs = [*mixed(make, 9), make("last", correct=False, rollbacks=(rollback,) * discarded)]
    assert [("call.bad_json" in line) for line in warnings(stats(runs))] == ([True] if warned else [])


def test_judges_and_what_no_record_holds_are_part_of_the_cost() -> None:
    figures = Stats(total=ArmStats("all", n=4, correct=2))
    assert cost(figures) == ""
    figures.judges = Usage(calls=3, input=900, output=100, usd=0.5)
    figures.paid = Usage(calls=9, usd=2.0)
    assert cost(figures).splitlines() == [
        "judges: 3 calls, 1000 tokens, $0.50",
        "paid in all: $2.00, $1.00 a right trajectory (judges and discarded calls included)",
    ]
    assert "$0.50 a kept trajectory" in cost(figures, {"a": 3, "b": 1})
