"""Plans, thoughts and languages: as much is taken or put in as promised, and calls stay."""

from __future__ import annotations

import re

import pytest

from trajsynth.testing import in_prompt, plant
from trajsynth.testing.prose import plain
from trajsynth.types import Trajectory


def calls(trajectory: Trajectory) -> list[tuple[str, str]]:
    return [(c.name, c.arguments) for t in trajectory.conversations for m in t.messages for c in m.tool_calls]


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_no_plan_before_the_first_call(clean: Trajectory, severity: int) -> None:
    spoiled = plant(clean, "plan.missing", severity=severity)
    assert spoiled is not None and calls(spoiled) == calls(clean)
    talk = spoiled.conversations[spoiled.run.planted[0].conversation].messages
    first = next(m for m in talk if m.tool_calls)
    assert len(plain(first).split()) <= 3 - severity + 1 and not first.reasoning
    assert all(m.content[slice(*c.span)].startswith("<use_mcp") for m in talk for c in m.tool_calls if c.span)


@pytest.mark.parametrize(("severity", "silent"), [(1, 2), (2, 3), (3, 3)])
def test_so_many_turns_say_nothing(own: Trajectory, severity: int, silent: int) -> None:
    for trajectory in (own, in_prompt(own)):
        spoiled = plant(trajectory, "thought.missing", severity=severity)
        assert spoiled is not None and calls(spoiled) == calls(trajectory)
        turns = [m for m in spoiled.conversations[0].messages if m.tool_calls]
        assert sum(not plain(m).strip() and not m.reasoning for m in turns) == silent


@pytest.mark.parametrize(("severity", "share"), [(1, 0.03), (2, 0.1), (3, 0.4)])
def test_so_much_in_another_script(own: Trajectory, severity: int, share: float) -> None:
    for seed in range(6):
        spoiled = plant(own, "language.mixed", seed=seed, severity=severity)
        assert spoiled is not None
        text = "".join(m.content for m in spoiled.conversations[0].messages if m.role == "assistant")
        foreign = len(re.findall(r"[^\W\d_a-zA-Z]", text))
        latin = sum(
            len(re.findall(r"[a-zA-Z]", m.content + m.reasoning))
            for m in own.conversations[0].messages
            if m.role == "assistant"
        )
        assert max(14, share * latin) <= foreign <= share * latin + 60
