"""How a scripted teacher works in a team: it plans, leads others by tasks, or does one task and reports.

The lead is the ordinary mind whose hands give tasks instead of searching; so it is right as often as one that works
alone. A team member reads the page its task names and reports what stands there. Imports this package only.
Tests: tests/teachers/scripted/test_scripted_roles.py.
"""

from __future__ import annotations

import re
from dataclasses import replace

from trajsynth.teachers.scripted.acting import Hands
from trajsynth.teachers.scripted.draft import Call, Draft
from trajsynth.teachers.scripted.knowledge import QUOTED, Knowledge, facts_in, sentences
from trajsynth.teachers.scripted.policy import Mind
from trajsynth.teachers.scripted.reading import View
from trajsynth.teachers.scripted.role_phrases import (
    FINISHED,
    LOOK_UP,
    NOT_THERE,
    OVERVIEW,
    PASSED_ON,
    REPORT_OPEN,
    SEARCH_FOR,
)
from trajsynth.teachers.scripted.solving import Evidence, Need, Outcome
from trajsynth.teachers.scripted.solving_encyclopedia import word

AT_ONCE = 2
"""Most tasks given in one message."""
TOLD = 8
"""Most sentences of a report."""


def mind_of(view: View) -> type[Mind]:
    """The kind of mind for a part."""
    return {"alone": Mind, "planner": Planner, "lead": Lead, "agent": Member}[view.part]


# ---- the lead -----------------------------------------------------------------------------------------------------


class Planner(Mind):
    """The first message of a lead: a plan and nothing else."""

    def work(self) -> Draft:
        """The plan."""
        hops = self.outcome.hops or (f"what there is on {self.hands.topic}",)
        return Draft(content=self.voice.plan(hops), reasoning=self.voice.first_reasoning(self.hands.topic))


class Tasks(Hands):
    """Hands that give tasks to other agents."""

    def for_needs(self, needs: tuple[Need, ...]) -> tuple[tuple[Call, ...], Need | None]:
        """Tasks for the first needs, side by side, and the need the first one serves."""
        chosen: list[Call] = []
        served: Need | None = None
        for need in needs:
            call = self._task(need)
            if call is not None and call not in chosen and len(chosen) < AT_ONCE:
                chosen.append(call)
                served = served or need
        return tuple(chosen), served

    def _task(self, need: Need) -> Call | None:
        if need.kind == "find":  # a report says what the page has
            return None
        about = need.about or f"what is known of {need.target}"
        return self._give(need.target, SEARCH_FOR if need.kind == "search" else LOOK_UP, about)

    def _give(self, target: str, pool: tuple[str, ...], about: str) -> Call | None:
        if target in self._known.hits and target not in self._known.opened:  # asked before, without success
            return None
        tool = next((t for t in self._view.tools if t.delegates and t.tool == "browsing"), None)
        tool = tool or next((t for t in self._view.tools if t.delegates), None)
        if tool is None:
            return None
        text = self._dice.pick(f"task {target}/{about}", pool).replace("<t>", target).replace("<a>", about)
        return self._unmade(Call.of(tool, {"task": text}))

    def spare(self, name: str, *, fixed: bool = False) -> Call | None:
        """A task nobody needs."""
        return self._give(self.topic, OVERVIEW, name)

    def verification(self, outcome: Outcome) -> Call | None:
        """None: the reports quote what decides."""
        return None


class Lead(Mind):
    """The main agent: thinks as one alone would, but on what others report."""

    def _hands(self) -> Hands:
        return Tasks(self.view, self.known, self.dice, cautious=self.settings.skill.verifies)

    def _say_calls(self, calls: tuple[Call, ...], need: Need) -> Draft:
        draft = super()._say_calls(calls, need)
        if any(step.calls for step in self.view.steps):
            return draft
        goals = " and ".join(dict.fromkeys(QUOTED.findall("".join(call.arguments for call in calls)))) or need.target
        return replace(draft, content=self.voice.say(PASSED_ON, goal=goals))


# ---- a member of the team -----------------------------------------------------------------------------------------


class Member(Mind):
    """Reads what the task names and reports."""

    def _solve(self) -> Outcome:
        named = QUOTED.findall(self.view.first)
        if not named:
            return super()._solve()
        target, about = named[0], self._about()
        searching = re.match(r"(?i)search", self.view.first) is not None
        read = [title for title in _titles(target, self.known) if title in self.known.opened]
        evidence = tuple(Evidence(p, s) for title in read for p, s in _told(title, about, self.known))
        found = [title for titles in self.known.hits.values() for title in titles]
        if searching and self.known.hits:
            told = tuple(
                Evidence(t, s) for t in dict.fromkeys(found) for s in sentences(self.known.snippets.get(t, ""))
            )
            return Outcome(answer=target, evidence=told[:TOLD], sure=True)
        if evidence:
            return Outcome(answer=target, evidence=evidence[:TOLD], sure=True)
        needs = [Need("search", target, about)] if searching else []
        needs += [Need("page", title, about) for title in _titles(target, self.known) if self._unread(title)]
        if not needs and target in self.known.missing and not any(target in query for query in self.known.hits):
            needs.append(Need("search", target, about))
        return Outcome(needs=tuple(needs))

    def _about(self) -> str:
        return " ".join(self.view.first.split()).casefold()

    def _unread(self, title: str) -> bool:
        return title not in self.known.opened and title not in self.known.missing

    def _say_calls(self, calls: tuple[Call, ...], need: Need) -> Draft:
        goal = f"the page on {need.target}"
        text = self.voice.next(goal, new=True) if self.step else self.voice.hasty_start(need.target)
        reasoning = self.voice.first_reasoning(need.target) if self._thinks() and not self.step else ""
        return Draft(content=text, reasoning=reasoning, calls=calls)

    def done(self) -> Draft:
        """The message without a call."""
        return Draft(content=self.voice.say(FINISHED if self.outcome.evidence else NOT_THERE, goal=self._target()))

    def summary(self, answer: str | None = None) -> Draft:
        """The report."""
        if not QUOTED.search(self.view.first):
            return super().summary(answer)
        evidence = self.outcome.evidence
        opening = self.voice.say(REPORT_OPEN if evidence else NOT_THERE, goal=self._target())
        lines = [opening, self.voice.notes(evidence)] if evidence else [opening]
        read = [title for title in dict.fromkeys(e.page for e in evidence) if title in self.known.opened]
        found = list(dict.fromkeys(t for titles in self.known.hits.values() for t in titles if t not in read))
        if read:
            lines.append(f"Pages read: {'; '.join(read)}.")
        if found and not read:
            lines.append(f"Pages found: {'; '.join(found[:8])}.")
        return Draft(content="\n".join(lines))

    def _target(self) -> str:
        return next(iter(QUOTED.findall(self.view.first)), "it")


def _titles(target: str, known: Knowledge) -> list[str]:
    """Pages a name may mean: itself, what it led to, and titles that only add a bracket."""
    longer = [t for t in known.titles() if re.sub(r"\s*\([^)]*\)$", "", t).casefold() == target.casefold()]
    return list(dict.fromkeys([known.names.get(target, target), *longer]))


def _told(title: str, about: str, known: Knowledge) -> list[tuple[str, str]]:
    """Sentences of a page worth reporting: what it is, and what was asked for, else all that states something."""
    lines = sentences(known.pages.get(title, ""))
    stating = [line for line in lines if facts_in(title, line)]
    asked = [line for line in stating if any(word(sense) in about for sense in facts_in(title, line))]
    chosen = asked or stating or list(lines)
    return [(title, line) for line in dict.fromkeys([*lines[:1], *chosen])]
