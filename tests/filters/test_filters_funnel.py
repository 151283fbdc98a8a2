"""The report as a value: order changes nothing, memory stays flat, shares by arm, distributions and examples add up."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any, ClassVar

import pytest
from rowfakes import asks, record, row, says

from trajsynth.errors import ConfigError
from trajsynth.filters import Quantity, RepeatLoop, Report, recipe
from trajsynth.filters.funnel import MOST_ARMS, OTHERS
from trajsynth.filters.recipe import Weighed
from trajsynth.types import Finding, Outcome, Question, Trajectory

ERR: tuple[str, str, Outcome] = ("x", "no", "tool_error")
OK: tuple[str, str, Outcome] = ("x", "yes", "ok")


def mixed() -> list[Trajectory]:
    """Streaks of different lengths, right, wrong and ungraded, by two teachers."""
    made = []
    for i in range(36):
        verdict = (True, True, False, None)[i % 4]
        errors = [(f"{i} {k}", "no", ERR[2]) for k in range(i % 6)]
        asked = Question(id=f"q{i}", text=f"What is number {i}?")
        arm: dict[str, Any] = {"teacher": "ab"[i % 2], "group": f"g{i}", "question": asked}
        made.append(record(*errors, OK, final=f"answer number {i}", correct=verdict, identity=f"t{i}", **arm))
    return made


def empty() -> Weighed:
    return Weighed(findings=(), dropped=(), masks=())


def test_the_order_of_the_input_changes_nothing() -> None:
    rows = mixed()
    first = recipe("sft").run(rows).report
    second = recipe("sft").run(random.Random(4).sample(rows, len(rows))).report
    assert first == second and first.json() == second.json()


def test_distributions_hold_the_trajectories_a_code_applies_to() -> None:
    report = recipe("sft").run(mixed()).report.settled()
    streak = report.distributions["error.streak"]["failures"]
    assert streak.rows + streak.without == 27  # right ones and those nobody graded
    assert streak.flagged == report.found["error.streak"] == sum(i % 6 >= 3 and i % 4 != 2 for i in range(36))
    assert streak.counts[:6] == [0, 0, *(sum(i % 6 == k and i % 4 != 2 for i in range(36)) for k in (2, 3, 4, 5))]
    assert (streak.threshold, streak.tunable, report.distributions["error.streak"]["network"].tunable) == (
        3,
        True,
        False,
    )


def test_other_thresholds_move_the_line_and_not_the_counts() -> None:
    rows = mixed()
    changed = recipe("sft").with_thresholds({"error.streak": 5}).run(rows).report.settled()
    streak = changed.distributions["error.streak"]["failures"]
    assert streak.threshold == 5 and streak.flagged == changed.found["error.streak"]
    assert streak.rows == recipe("sft").run(rows).report.distributions["error.streak"]["failures"].rows


def test_arms_say_what_dropped_theirs() -> None:
    arms = recipe("sft").run(mixed()).report.settled().arms
    assert list(arms) == ["a/react/function_calling", "b/react/function_calling"]
    assert sum(arm.dropping.get("error.streak", 0) for arm in arms.values()) == 9  # right ones with 3 and more
    assert all(arm.kept + sum(arm.dropping.values()) >= arm.total == 18 for arm in arms.values())


def test_examples_show_place_evidence_and_fate() -> None:
    rows = [says("a" * 4 + " words repeated as they are. " * 8, id=f"r{i}", group=str(i)) for i in range(30)]
    report = recipe("sft").run([*rows, row(asks("serch"), id="call")]).report
    loops = report.examples["repeat.loop"]
    assert len(loops) == 10 and loops == sorted(loops, key=lambda one: one.lot)
    assert {(one.conversation, one.message, one.kept) for one in loops} == {(0, 1, False)}
    assert "words repeated as they are." in loops[0].text and "back to back" in loops[0].detail
    assert report.examples["call.unknown_tool"][0].text == 'serch({"q": "x"})'


def test_a_row_without_text_at_hand_gives_examples_without_text() -> None:
    report = Report(recipe="mine")
    finding = Finding(filter="f", code="a.b", message=3, detail="seen\x1b")
    report.add("//", None, Weighed(findings=(finding, finding), dropped=("a.b",), masks=()), id="x")
    (example,) = report.examples["a.b"]
    assert (example.text, example.detail, example.more, example.kept) == ("", "seen\\x1b", 1, False)


def test_arms_beyond_the_most_are_counted_together() -> None:
    report = Report(recipe="mine")
    for i in range(MOST_ARMS + 50):
        report.add(f"teacher {i}//", True, empty())
    assert len(report.arms) == MOST_ARMS + 1 and report.arms[OTHERS].total == 50
    assert sum(arm.total for arm in report.arms.values()) == report.total


def test_a_quantity_without_a_threshold_is_refused() -> None:
    @dataclasses.dataclass(frozen=True)
    class Odd(RepeatLoop):
        quantities: ClassVar = (Quantity("repeat.loop", "copy", "copies"),)

    with pytest.raises(ConfigError, match="'copy' is no field of it that holds a number"):
        Report(recipe="mine").add_quantities(Odd())


def test_clusters_of_samples_and_how_alike_they_are() -> None:
    rows = [record(OK, identity=f"t{i}", final="the same answer in quite a few of the same words") for i in range(3)]
    report = recipe("sft").run([*rows, record(OK, identity="u", group="other")]).report
    clusters = report.clusters["duplicates"]
    assert (clusters.count, clusters.members, clusters.largest[0].kept) == (1, 3, "t0")
    assert report.distributions["duplicates"]["threshold"].rows == report.found["duplicate.exact"] == 2


def test_json_has_a_version_and_every_part() -> None:
    written = json.loads(recipe("sft").run(mixed()).report.json())
    assert written["version"] == 2 and written["kept"] + written["rejected"] == written["total"] == 36
    streak = written["distributions"]["error.streak"]["failures"]
    assert {"edges", "counts", "threshold", "quantiles", "flagged", "without"} <= set(streak)
    assert list(written["filters"])[:2] == ["infra", "grade"]  # the recipe's order
    assert list(written["found"]) == sorted(written["found"])
