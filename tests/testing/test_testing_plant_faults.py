"""Time-outs, misuse, missing servers and several calls: as many as promised, and within the schema."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from plantsamples import OPEN, our_trajectory

from trajsynth.errors import InputError
from trajsynth.schemas import check_call
from trajsynth.testing import plant
from trajsynth.types import ToolSpec, Trajectory


def outcomes(trajectory: Trajectory) -> list[str | None]:
    return [m.outcome for m in trajectory.conversations[0].messages if m.role == "tool"]


@pytest.mark.parametrize(("severity", "times"), [(1, 3), (2, 5), (3, 10)])
def test_so_many_time_outs(own: Trajectory, severity: int, times: int) -> None:
    spoiled = plant(own, "error.timeouts", severity=severity, variant="count")
    assert spoiled is not None and outcomes(spoiled).count("timeout") == times
    assert [o for o in outcomes(spoiled) if o != "timeout"] == outcomes(own)


def test_a_share_of_the_results(own: Trajectory) -> None:
    spoiled = plant(own, "error.timeouts", severity=2, variant="share")
    assert spoiled is not None
    share = outcomes(spoiled).count("timeout") / len(outcomes(spoiled))
    assert len(outcomes(spoiled)) >= 5 and share > 0.2 and outcomes(spoiled).count("timeout") == 2
    assert plant(own, "error.timeouts", severity=3, variant="share") is None  # four results: two are a third


@pytest.mark.parametrize("severity", [1, 2])
def test_misuse_fits_the_schema(own: Trajectory, severity: int) -> None:
    for seed in range(10):
        spoiled = plant(own, "tool.misuse", seed=seed, severity=severity)
        assert spoiled is not None
        message = next(m for m in spoiled.conversations[0].messages if m.n == spoiled.run.planted[0].n)
        assert check_call(message.tool_calls[0], own.conversations[0].toolsets[0]).code == ""
        said = json.dumps(json.loads(message.tool_calls[0].arguments))
        assert said not in [c.arguments for m in own.conversations[0].messages for c in m.tool_calls]


def test_no_url_needs_an_argument_for_one(own: Trajectory) -> None:
    assert plant(own, "tool.misuse", severity=3) is None
    by_url = ToolSpec(name="pages__open", parameters={**OPEN, "properties": {"url": {"type": "string"}}})
    messages = tuple(
        replace(m, tool_calls=tuple(replace(c, arguments='{"url": "https://a.example"}') for c in m.tool_calls))
        for m in own.conversations[0].messages
    )
    main = replace(own.conversations[0], messages=messages, toolsets=((by_url,),))
    spoiled = plant(replace(own, conversations=(main,)), "tool.misuse", severity=3)
    assert spoiled is not None
    message = next(m for m in spoiled.conversations[0].messages if m.n == spoiled.run.planted[0].n)
    assert "://" not in message.tool_calls[0].arguments


@pytest.mark.parametrize(("severity", "calls"), [(1, 2), (2, 4), (3, 8)])
def test_so_many_calls_in_a_turn(own: Trajectory, severity: int, calls: int) -> None:
    spoiled = plant(own, "multi_call", severity=severity)
    assert spoiled is not None
    message = next(m for m in spoiled.conversations[0].messages if m.n == spoiled.run.planted[0].n)
    assert len(message.tool_calls) == calls and len({c.id for c in message.tool_calls}) == calls
    answered = [m.answers for m in spoiled.conversations[0].messages if m.answers and m.answers[0] == message.n]
    assert answered == [(message.n, i) for i in range(calls)]


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_a_server_without_tools(severity: int) -> None:
    for seed in range(8):
        own = our_trajectory()
        spoiled = plant(own, "tool.missing", seed=seed, severity=severity)
        assert spoiled is not None
        sets = spoiled.conversations[0].toolsets
        lost = len(sets) == 2 and sets[1] == ()
        assert lost or "## Server name: " in spoiled.conversations[0].messages[0].content
        assert not (lost and severity > 1)


def test_variants_are_known(own: Trajectory) -> None:
    with pytest.raises(InputError, match="did you mean 'share'"):
        plant(own, "error.timeouts", variant="shar")
    with pytest.raises(InputError, match=r"unknown variant of repeat\.loop"):
        plant(own, "repeat.loop", variant="counter")
