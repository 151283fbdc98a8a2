"""How a scripted teacher says things: plans, thoughts, notes and answers in many wordings, chosen by the dice.

Two samples of a question should share facts, not sentences. Imports dice and solving. Nothing here may be a refusal or
repeat itself. Tests: tests/teachers/scripted/test_scripted_wording.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.phrases import (
    ANSWER,
    ANSWER_CLOSE,
    CHECK,
    CLOSING,
    FIRST_ACTION,
    HASTY_START,
    NEXT,
    NO_TOOLS,
    NOTE_LEADS,
    NOTHING_NEW,
    PLAN_OPEN,
    PLAN_STEP,
    PLAN_TAIL,
    REASON_FIRST,
    REASON_LATER,
    REASON_TAIL,
    RECAP,
    SUMMARY_OPEN,
    UNSURE,
)
from trajsynth.teachers.scripted.solving import Evidence


class Voice:
    """The wording of one reply."""

    def __init__(self, dice: Dice, step: int) -> None:
        self._dice, self._step = dice, step

    def say(self, pool: Sequence[str], **values: str) -> str:
        """One wording of a pool with its blanks filled; the pool's first entry names the draw."""
        text = self._dice.pick(f"{pool[0]}/{self._step}", pool)
        for name, value in values.items():
            text = text.replace(f"<{name}>", value)
        return text

    def plan(self, hops: Sequence[str]) -> str:
        """A numbered plan."""
        steps = [self.say_at(PLAN_STEP, i, hop=hop) for i, hop in enumerate(hops)]
        steps.append(self.say(PLAN_TAIL))
        mark = self._dice.pick("plan mark", ("{}. ", "{}) ", "Step {}: ", "({}) "))
        return "\n".join([self.say(PLAN_OPEN), *(mark.format(i) + text for i, text in enumerate(steps, 1))])

    def say_at(self, pool: Sequence[str], place: int, **values: str) -> str:
        """Like `say`, for the `place`-th of several lines: no wording twice in a row of lines."""
        order = self._dice.shuffled(f"{pool[0]}/{self._step}", pool)
        text = order[place % len(order)]
        for name, value in values.items():
            text = text.replace(f"<{name}>", value)
        return text

    def notes(self, evidence: Sequence[Evidence]) -> str:
        """What was read, with its page, so that it outlives the result it came from."""
        lines = [f"{self.say_at(NOTE_LEADS, i)} [{e.page}]: {e.sentence}" for i, e in enumerate(evidence)]
        return "\n".join(lines)

    def first_reasoning(self, topic: str) -> str:
        """Private thoughts before the first action."""
        return f"{self.say(REASON_FIRST, topic=topic)} {self.say(REASON_TAIL)}"

    def later_reasoning(self, goal: str, settled: Sequence[str]) -> str:
        """Private thoughts between actions."""
        parts = [self.say(REASON_LATER, goal=goal)]
        if settled:
            parts.insert(0, self.say_at(RECAP, 1, fact=settled[-1]))
        if self._dice.chance(f"tail/{self._step}") < 0.6:
            parts.append(self.say(REASON_TAIL))
        return " ".join(parts)

    def start(self, target: str) -> str:
        """The first action announced."""
        return self.say(FIRST_ACTION, target=target)

    def hasty_start(self, target: str) -> str:
        """The first action announced without a plan."""
        return self.say(HASTY_START, target=target)

    def next(self, goal: str, *, new: bool) -> str:
        """A later action announced; `new`: the last results brought something."""
        return self.say(NEXT, goal=goal) if new else f"{self.say(NOTHING_NEW)} {self.say(NEXT, goal=goal)}"

    def check(self, target: str) -> str:
        """An action that only confirms."""
        return self.say(CHECK, target=target)

    def done(self, answer: str, settled: Sequence[str], *, sure: bool) -> str:
        """The message without a call."""
        parts = [self.say_at(RECAP, 2, fact=fact) for fact in settled[-1:]]
        parts.append(self.say(ANSWER if sure else UNSURE, answer=answer))
        parts.append(self.say(CLOSING))
        return " ".join(parts)

    def summary(self, evidence: Sequence[Evidence], settled: Sequence[str], *, sure: bool) -> str:
        """What decided the question, before the boxed answer."""
        opening = (
            self.say(SUMMARY_OPEN) if sure else self.say(NO_TOOLS) if not evidence else self.say(UNSURE, answer="this")
        )
        facts = [self.say_at(RECAP, i + 3, fact=fact) for i, fact in enumerate(settled[-3:])]
        if not facts and evidence:
            facts = [f"{self.say(NOTE_LEADS)} “{evidence[-1].sentence}” ({evidence[-1].page})."]
        return " ".join([opening, *facts])

    def unboxed(self, answer: str) -> str:
        """The final answer without its box."""
        return self.say(ANSWER, answer=answer)

    def boxed(self, answer: str) -> str:
        """The sentence with the final answer."""
        return self.say(ANSWER_CLOSE).replace("<box>", f"\\boxed{{{answer}}}")
