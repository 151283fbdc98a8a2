"""The teacher's mind: from what the conversation shows to the next reply, without memory and without gold answers.

Imports the modules of this package only. Tests: tests/teachers/scripted/test_scripted_encyclopedia.py.
"""

from __future__ import annotations

import re
from dataclasses import replace

from trajsynth.teachers.scripted import solving_encyclopedia, solving_open
from trajsynth.teachers.scripted.acting import Hands
from trajsynth.teachers.scripted.asking import Compare, Reckon, read_question
from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.draft import Call, Draft
from trajsynth.teachers.scripted.knowledge import gather
from trajsynth.teachers.scripted.reading import View
from trajsynth.teachers.scripted.settings import Settings
from trajsynth.teachers.scripted.solving import Evidence, Need, Outcome
from trajsynth.teachers.scripted.wording import Voice

NOTE_HEAD = 40
"""Characters by which two notes count as the same."""
VERIFIED = 0.5
"""Share of rollouts in which a profile that verifies confirms its answer with one more call."""


class Mind:
    """One request thought through; `key` is what its chance depends on (duplicates leave the seed out)."""

    def __init__(self, view: View, settings: Settings, *, key: tuple[object, ...], may_slip: bool = True) -> None:
        self.view, self.settings = view, settings
        self.dice = Dice(view.first, settings.model, settings.name, *key)
        self.step = len(view.steps)
        self.voice = Voice(self.dice, self.step)
        self.known = gather(view)
        self.hands = self._hands()
        self.slips = may_slip and self.dice.chance("slip") < settings.skill.slip
        self.outcome = self._solve()

    # ---- thinking ----

    def _hands(self) -> Hands:
        return Hands(self.view, self.known, self.dice, cautious=self.settings.skill.verifies)

    def _solve(self) -> Outcome:
        ask = read_question(self.view.question)
        if ask is None:
            depth = self.settings.skill.depth - self.slips
            return solving_open.solve(self.view.question, self.known, self.dice, careless=self.slips, depth=depth)
        short = self.slips and self.dice.chance("cut short") < 0.6
        taken = solving_encyclopedia.cut_short(ask) if short else ask
        outcome = solving_encyclopedia.solve(taken, self.known)
        if not self.slips or (taken is not ask and taken != ask) or not outcome.answer:
            return outcome
        wrong = outcome.others
        if isinstance(ask, Reckon):
            off = self.dice.pick("off by", (1, -1, 10, -10, 100))
            wrong = (str(abs(int(outcome.answer) + off)),)
        if isinstance(ask, Compare) and ask.how in ("less", "same"):
            wrong = ("no" if outcome.answer == "yes" else "yes",)
        if not wrong:
            return outcome
        return replace(outcome, answer=self.dice.pick("wrong", wrong), settled=outcome.settled[:-1])

    @property
    def answer(self) -> str:
        """The answer as far as it is known, else the best guess."""
        return self.outcome.answer or self._guess()

    def _guess(self) -> str:
        if self.outcome.others:
            return self.dice.pick("guess", self.outcome.others)
        question = self.view.question
        if re.match(r"(?i)(?:is|are|was|were|did|do|does|has|have|had|can)\b", question):
            return self.dice.pick("guess", ("yes", "no"))
        choice = re.search(r",? ([A-Z\"][^,?]*?),? or ([^,?]+)\?", question)
        if choice and (self.view.tools or self.dice.chance("knows") < 0.5):
            return self.dice.pick("guess", (choice[1].strip(' "'), choice[2].strip(' "')))
        return "unknown"

    # ---- replies ----

    def work(self) -> Draft:
        """The next turn of the loop: calls, or a message without any when done."""
        if self.view.summary:
            return self.summary()
        calls, need = self._next_calls()
        return self._say_calls(calls, need) if calls else self.done()

    def _next_calls(self) -> tuple[tuple[Call, ...], Need]:
        topic = Need("search", self.hands.topic)
        if not self.view.tools:
            return (), topic
        if not self.outcome.answer:
            patient = sum(bool(step.calls) for step in self.view.steps) < self.settings.skill.patience
            calls, need = self.hands.for_needs(self.outcome.needs) if patient else ((), None)
            return calls, need or topic
        checks = self.step and self.settings.skill.verifies and self.dice.chance("verify") < VERIFIED
        call = self.hands.verification(self.outcome) if checks else None
        return ((call,), Need("search", self.outcome.evidence[-1].page)) if call is not None else ((), topic)

    def done(self) -> Draft:
        """The message without a call."""
        content = self.voice.done(self.answer, self.outcome.settled, sure=self.outcome.sure)
        fresh = self._fresh_notes()
        parts = [self.voice.notes(fresh), content] if fresh else [content]
        reasoning = self.voice.later_reasoning("the final wording", self.outcome.settled) if self._thinks() else ""
        return Draft(content="\n\n".join(parts), reasoning=reasoning)

    def summary(self, answer: str | None = None) -> Draft:
        """The closing turn with the boxed answer."""
        return Draft(content=f"{self.summary_text()} {self.voice.boxed(self.answer if answer is None else answer)}")

    def summary_text(self) -> str:
        """The closing turn without its answer."""
        return self.voice.summary(self.outcome.evidence, self.outcome.settled, sure=self.outcome.sure)

    def spare(self, name: str) -> Draft:
        """A turn that confirms something with a spare call; without one, the end of the work."""
        call = self.hands.spare(name)
        return self.done() if call is None else Draft(content=self.voice.check(self.hands.topic), calls=(call,))

    def _say_calls(self, calls: tuple[Call, ...], need: Need) -> Draft:
        goal = need.about or f"a second word on {need.target}"
        fresh = self._fresh_notes()
        if self.step == 0:
            topic = need.target
            if self.settings.skill.plans:
                content = f"{self.voice.plan(self.outcome.hops or (goal,))}\n\n{self.voice.start(topic)}"
            else:
                content = self.voice.hasty_start(topic)
            return Draft(content=content, reasoning=self.voice.first_reasoning(topic), calls=calls)
        lead = self.voice.check(need.target) if self.outcome.answer else self.voice.next(goal, new=bool(fresh))
        parts = [self.voice.notes(fresh), lead] if fresh else [lead]
        reasoning = self.voice.later_reasoning(goal, self.outcome.settled) if self._thinks() else ""
        return Draft(content="\n\n".join(parts), reasoning=reasoning, calls=calls)

    def _fresh_notes(self) -> tuple[Evidence, ...]:
        """Evidence not written down yet; a snippet and its page saying the same counts once."""
        fresh: list[Evidence] = []
        for evidence in reversed(self.outcome.evidence):
            told = [*self.known.noted, *(e.sentence for e in fresh)]
            head = evidence.sentence[:NOTE_HEAD]
            if not any(head in text or text[:NOTE_HEAD] in evidence.sentence for text in told):
                fresh.append(evidence)
        return tuple(fresh[:4][::-1])

    def _thinks(self) -> bool:
        return self.settings.skill.plans or self.dice.chance(f"thinks/{self.step}") < 0.6

    def wrong_answer(self) -> str:
        """An answer of the right kind that is not the one found."""
        right = self.outcome.answer
        if not self.outcome.exact or not right:
            return self.dice.pick("no answer", ("unknown", "none of them", "not stated", "cannot be determined"))
        if right.replace(",", "").isdigit():
            return str(int(right.replace(",", "")) + self.dice.pick("wrong by", (1, 2, 3, 7, 10, 100)))
        options = [o for o in self.outcome.others if o != right]
        return self.dice.pick("wrong answer", options) if options else "none of them"
