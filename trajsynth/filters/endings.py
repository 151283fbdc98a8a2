"""How a trajectory ended: a refusal, a reply cut off, silence, giving up early (`refusal`, `truncated`, `ended.*`).

Level 2. Tests: tests/filters/test_filters_endings.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from trajsynth.filters.base import Filter
from trajsynth.filters.view import assistant_turns, excerpt, final_turn, imported
from trajsynth.protocols import Measures
from trajsynth.signals import after_thinking, is_refusal
from trajsynth.types import Finding, Trajectory

OWN_ACCORD = frozenset({"answered", "no_answer", "refused"})
"""Stop reasons of an agent that stopped by itself."""


@dataclass(frozen=True)
class Refusal(Filter):
    """The final turn refuses the task. The pattern is anchored: "time constraint" in a right answer is no refusal."""

    name: ClassVar = "refusal"
    codes: ClassVar = ("refusal",)

    def measure(self, trajectory: Trajectory) -> Measures:
        turn = final_turn(trajectory)
        if turn is None:
            return {"refused": trajectory.stop_reason == "refused"}
        refused = trajectory.stop_reason == "refused" or (not turn.tool_calls and is_refusal(turn.content))
        return {"refused": refused, "c": 0, "n": turn.n, "text": excerpt(turn.content) if refused else ""}

    def judge(self, measures: Measures) -> list[Finding]:
        if not measures["refused"]:
            return []
        return [self.finding("refusal", measures, detail=measures.get("text", "stopped by refusing"))]


@dataclass(frozen=True)
class Truncated(Filter):
    """A reply stopped by its token limit, or a conversation of ours that ends with somebody else's word.

    Of imported rows the ending alone says nothing (40 of 40 tau-bench rows end on a user or tool message): it is
    reported under its own code, `truncated.open`, which the shipped recipes only tag. A conversation that a typed
    failure ended is left to `infra.*`.
    """

    name: ClassVar = "truncated"
    codes: ClassVar = ("truncated", "truncated.open")

    def measure(self, trajectory: Trajectory) -> Measures:
        cut = [
            {"c": c, "n": m.n} for c, m in assistant_turns(trajectory) if m.turn and m.turn.finish_reason == "length"
        ]
        ends = []
        for c, conversation in enumerate(trajectory.conversations):
            failed = conversation.failure is not None or (c == 0 and trajectory.failure is not None)
            last = conversation.messages[-1] if conversation.messages else None
            if last is not None and last.role != "assistant" and not failed:
                ends.append({"c": c, "n": last.n, "role": last.role})
        return {"cut": cut, "ends": ends, "imported": imported(trajectory)}

    def judge(self, measures: Measures) -> list[Finding]:
        found = [self.finding("truncated", place, detail="finish_reason is length") for place in measures["cut"]]
        code = "truncated.open" if measures["imported"] else "truncated"
        found += [self.finding(code, end, detail=f"ends on a {end['role']} message") for end in measures["ends"]]
        return found


@dataclass(frozen=True)
class EndedSilent(Filter):
    """The main agent's last turn says nothing to the user: no text and no call, or thinking that never closes.

    Whatever grade such a row claims, there is no final answer to learn from. A record of ours whose answer was taken
    from elsewhere (a tool that submits it) has spoken.
    """

    name: ClassVar = "ended.silent"
    codes: ClassVar = ("ended.silent",)

    def measure(self, trajectory: Trajectory) -> Measures:
        turn = final_turn(trajectory)
        answered = trajectory.answer is not None and bool(trajectory.answer.strip())
        if turn is None or turn.tool_calls or trajectory.failure is not None or (answered and not imported(trajectory)):
            return {"silent": ""}
        if after_thinking(turn.content):
            return {"silent": ""}
        return {"silent": "is empty" if not turn.content.strip() else "holds thinking only", "c": 0, "n": turn.n}

    def judge(self, measures: Measures) -> list[Finding]:
        if not measures["silent"]:
            return []
        return [self.finding(self.name, measures, detail=f"the last turn {measures['silent']}")]


@dataclass(frozen=True)
class EndedEarly(Filter):
    """Stopped of its own accord, with tools at hand, before any of them gave a good result."""

    name: ClassVar = "ended.early"
    codes: ClassVar = ("ended.early",)

    def measure(self, trajectory: Trajectory) -> Measures:
        main = trajectory.conversations[0] if trajectory.conversations else None
        last = main.messages[-1] if main and main.messages else None
        spoke_last = last is not None and last.role == "assistant" and not last.tool_calls
        accord = trajectory.stop_reason in OWN_ACCORD or (trajectory.stop_reason == "unknown" and spoke_last)
        good = sum(m.outcome == "ok" for c in trajectory.conversations for m in c.messages if m.role == "tool")
        offered = main is not None and any(main.toolsets)
        return {"accord": accord and trajectory.failure is None, "good": good, "offered": offered}

    def judge(self, measures: Measures) -> list[Finding]:
        if not measures["accord"] or not measures["offered"] or measures["good"]:
            return []
        return [self.finding("ended.early", detail="stopped without a successful tool result")]
