"""Steps that lead nowhere: failures in a row, the same call for the same observation, an agent that is stuck.

Level 3. Severity of `error.streak`: 3, 5, 10 failures of tools, or 6, 8, 12 of the network; of `retry.redundant`: 4, 6,
12 equal exchanges, in a row or between other work; of `loop.action`: 4, 6, 12 equal exchanges in a row, or a cycle of
two or three 3, 4, 8 times. Tests: tests/testing/test_testing_plant_steps.py.
"""

from __future__ import annotations

import json
from dataclasses import replace

from trajsynth.schemas import parse_arguments
from trajsynth.testing.edits import number_at, splice
from trajsynth.testing.place import Defect, Exchange, Place
from trajsynth.testing.wording import NETWORK_ERRORS, TOOL_ERRORS, TRYING_ON
from trajsynth.testing.writing import Said, exchange
from trajsynth.types import Message, Outcome, ToolCall, Trajectory


def error_streak(place: Place) -> Defect | None:
    """`error.streak`: failures in front of an exchange that then goes well."""
    candidates = [step for step in place.callable() if step.index == 0 and _went_well(step)]
    if not candidates:
        return None
    at = place.dice.choice(candidates)
    calls = [step.call for step in candidates]
    network = place.dice.random() < 0.3
    texts = NETWORK_ERRORS if network else TOOL_ERRORS
    times = place.pick(6, 8, 12) if network else place.pick(3, 5, 10)
    first = number_at(place.conversation, at.at)
    new: list[Message] = []
    for number in range(times):
        text = place.dice.choice(texts).format(place.dice.randrange(10, 90) * 10 + number)
        said = Said(text, _network_outcome(text) if network else "tool_error")
        new += _repeat(place, first + len(new), calls[number % len(calls)], at.message, said)
    return Defect(splice(place.trajectory, place.c, at.at, new), first)


def redundant_retry(place: Place) -> Defect | None:
    """`retry.redundant`: the same exchange again, its arguments' keys in another order now and then."""
    candidates = [step for step in place.callable() if _repeatable(place, step)]
    if not candidates:
        return None
    base = place.dice.choice(candidates)
    times = place.pick(4, 6, 12)
    if place.dice.random() < 0.5:
        ends = [place.after(base.at)] * (times - 1)
    else:
        later = [place.after(at) for at, m in enumerate(place.messages) if m.role == "assistant" and m.tool_calls]
        ends = sorted(place.dice.choice([end for end in later if end > base.at]) for _ in range(times - 1))
    trajectory = place.trajectory
    for end in reversed(ends):
        trajectory = _put_again(place, trajectory, end, base)
    return Defect(trajectory, base.message.n)


def action_loop(place: Place) -> Defect | None:
    """`loop.action`: behind the last call of some turn, the same steps round and round."""
    steps = [step for step in place.callable() if _repeatable(place, step) and step.last_of_turn]
    if not steps:
        return None
    base = place.dice.choice(steps)
    others = [s for s in steps if (s.call.name, s.call.arguments) != (base.call.name, base.call.arguments)]
    period = place.dice.choice((1, 2, 3)) if len(others) >= 2 else 1
    cycle = [base, *place.dice.sample(others, period - 1)] if period > 1 else [base]
    if len({(s.call.name, s.call.arguments) for s in cycle}) < period:
        cycle = [base]
    rounds = place.pick(3, 4, 8) if len(cycle) > 1 else place.pick(4, 6, 12)
    end = place.after(base.at)
    first = number_at(place.conversation, end)
    new: list[Message] = []
    for step in cycle * rounds:
        new += _repeat(place, first + len(new), step.call, base.message, _same(step))
    return Defect(splice(place.trajectory, place.c, end, new), first)


def _went_well(step: Exchange) -> bool:
    return step.result is not None and step.result.outcome == "ok"


def _repeatable(place: Place, step: Exchange) -> bool:
    """Doing it again brings nothing new: it went well, and its tool is none that is asked over and over."""
    spec = place.spec(step)
    return _went_well(step) and not (spec is not None and spec.poll)


def _network_outcome(text: str) -> Outcome:
    return "timeout" if "timed out" in text else "unavailable"


def _same(step: Exchange) -> Said:
    return Said(step.result.content if step.result else "", "ok")


def _put_again(place: Place, trajectory: Trajectory, end: int, base: Exchange) -> Trajectory:
    n = number_at(trajectory.conversations[place.c], end)
    call = _reordered(base.call) if place.dice.random() < 0.3 else base.call
    return splice(trajectory, place.c, end, _repeat(place, n, call, base.message, _same(base)))


def _reordered(call: ToolCall) -> ToolCall:
    """The same arguments, last first, in other white space."""
    arguments = parse_arguments(call.arguments).arguments or {}
    return replace(call, arguments=json.dumps(dict(reversed(arguments.items())), ensure_ascii=False, indent=1))


def _repeat(place: Place, n: int, call: ToolCall, like: Message, said: Said) -> list[Message]:
    return exchange(place, n, place.dice.choice(TRYING_ON), call, like, said)
