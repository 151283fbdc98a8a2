"""The teacher's mind: from what the conversation shows to the next reply, without memory and without gold answers.

Imports the modules of this package only. Tests: tests/teachers/scripted/test_scripted_policy.py.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from trajsynth.teachers.scripted import solving_encyclopedia, solving_open
from trajsynth.teachers.scripted.asking import Compare, Reckon, read_question
from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.draft import Call, Draft
from trajsynth.teachers.scripted.knowledge import gather
from trajsynth.teachers.scripted.reading import PastCall, Tool, View
from trajsynth.teachers.scripted.settings import Settings
from trajsynth.teachers.scripted.solving import Evidence, Need, Outcome
from trajsynth.teachers.scripted.wording import Voice

_PLAIN_QUERIES = ("<t>", '"<t>"', "about <t>", "<t> page", "page on <t>", "<t> article", "what is <t>")
_QUERIES = (*_PLAIN_QUERIES, "<t> <a>", "<a> <t>", "<a> of <t>", "<t>: <a>", "<t>, <a>")


class Mind:
    """One request thought through. `seed` may differ from the request's (duplicates ignore it)."""

    def __init__(self, view: View, settings: Settings, *, seed: int, may_slip: bool = True) -> None:
        self.view, self.settings = view, settings
        self.dice = Dice(view.first, seed, settings.model)
        self.step = len(view.steps)
        self.voice = Voice(self.dice, self.step)
        self.known = gather(view)
        self.slips = may_slip and self.dice.chance("slip") < settings.skill.slip
        self.outcome = self._solve()

    # ---- thinking ----

    def _solve(self) -> Outcome:
        ask = read_question(self.view.question)
        if ask is None:
            depth = self.settings.skill.depth - 2 * self.slips
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
        return Outcome(
            answer=self.dice.pick("wrong", wrong),
            evidence=outcome.evidence,
            sure=True,
            others=outcome.others,
            hops=outcome.hops,
            settled=outcome.settled[:-1],
        )

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
        patient = sum(bool(step.calls) for step in self.view.steps) < self.settings.skill.patience
        calls, need = self._calls() if patient else ((), None)
        if not calls and self.outcome.answer and self.step and self._verifies():
            calls, need = self._verification()
        if not calls:
            return self.done()
        return self._say_calls(calls, need or Need("search", self.view.question))

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

    def spare_call(self, name: str, *, fixed: bool = False) -> Call | None:
        """A harmless call that was not made before (`fixed`: made or not): what faults that need a call stand on."""
        tool = self.view.tool("search", "find", "open", "other")
        if tool is None or not tool.texts:
            return None
        base = self.topic
        for tail in self.dice.shuffled(f"spare {name}", ("overview", "background", "summary", "details", "history", "")):
            call = Call.of(tool, self.arguments(tool, f"{base} {tail}".strip()))
            if fixed or not self._made(call):
                return call
        return None

    def spare(self, name: str) -> Draft:
        """A turn that confirms something with a spare call; without one, the end of the work."""
        call = self.spare_call(name)
        return self.done() if call is None else Draft(content=self.voice.check(self.topic), calls=(call,))

    def _say_calls(self, calls: tuple[Call, ...], need: Need) -> Draft:
        goal = need.about or need.target
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
        fresh = [e for e in self.outcome.evidence if e.sentence not in self.known.noted]
        return tuple(fresh[-4:])

    def _thinks(self) -> bool:
        return self.settings.skill.plans or self.dice.chance(f"thinks/{self.step}") < 0.6

    # ---- calls ----

    def _calls(self) -> tuple[tuple[Call, ...], Need | None]:
        """The next call, sometimes with a second independent one beside it, and the need it serves."""
        if self.outcome.answer or not self.view.tools:
            return (), None
        chosen: list[Call] = []
        served: Need | None = None
        for need in self.outcome.needs:
            call = self._call_for(need)
            if call is None or call in chosen:
                continue
            chosen.append(call)
            served = served or need
            pair = need.kind in ("page", "search") and self.dice.chance(f"parallel/{self.step}") < 0.45
            if len(chosen) == 2 or not pair:
                break
        if not chosen and not self.step and (spare := self.spare_call("first")) is not None:
            chosen.append(spare)
        return tuple(chosen), served

    def _call_for(self, need: Need) -> Call | None:
        """A call not made before that serves a need, or None."""
        search, opener, find = self.view.tool("search"), self.view.tool("open"), self.view.tool("find")
        if need.kind == "find" and find is not None:
            return self._unmade(Call.of(find, self.arguments(find, need.target, need.terms)))
        if need.kind == "page" and opener is not None and (search is None or self._goes_straight(need.target)):
            return self._unmade(Call.of(opener, self.arguments(opener, need.target)))
        if need.kind == "find" or search is None or not search.texts:
            return None
        for query in self._queries(need):
            call = Call.of(search, self.arguments(search, query, searching=True))
            if not self._searched(query) and not self._made(call):
                return call
        return None

    def _goes_straight(self, title: str) -> bool:
        """Open the page at once, or search for it first."""
        if title in self.known.missing:
            return False
        if any(title.casefold() in query.casefold() for query in self.known.hits):
            return True
        met = title in self.known.snippets or any(f.value == title or f.subject == title for f in self.known.facts.values())
        share = 0.9 if met else 0.3 if self.settings.skill.verifies else 0.55
        return self.dice.chance(f"straight {title}") < share

    def _queries(self, need: Need) -> list[str]:
        templates = _QUERIES if need.terms else _PLAIN_QUERIES
        texts = [q.replace("<t>", need.target).replace("<a>", need.terms) for q in templates]
        return self.dice.shuffled(f"query {need.target}", texts)[:4]

    def _searched(self, query: str) -> bool:
        return query in self.known.hits

    def _verifies(self) -> bool:
        if not self.settings.skill.verifies or self.dice.chance("verify") > 0.5:
            return False
        return True

    def _verification(self) -> tuple[tuple[Call, ...], Need | None]:
        call, need = self._verification_call()
        return ((call,), need) if call is not None and not self._made(call) else ((), None)

    def _verification_call(self) -> tuple[Call | None, Need | None]:
        if not self.outcome.evidence:
            return None, None
        last = self.outcome.evidence[-1]
        answer = self.outcome.answer
        find, search = self.view.tool("find"), self.view.tool("search")
        if find is not None and answer not in ("yes", "no") and answer in last.sentence and self.dice.chance("by find") < 0.6:
            return Call.of(find, self.arguments(find, last.page, answer)), Need("find", last.page)
        if search is not None and search.texts:
            target = f"{last.page} {answer}" if answer not in ("yes", "no", last.page) else f"{last.page} article"
            return Call.of(search, self.arguments(search, target, searching=True)), Need("search", last.page)
        return None, None

    def arguments(self, tool: Tool, main: str, second: str = "", *, searching: bool = False) -> dict[str, Any]:
        """Arguments under the tool's own names: the first text, then the second, other required ones by type."""
        texts = tool.texts
        order = [n for n in ("query", "q", "title", "url", "name") if n in texts] or list(texts)
        values: dict[str, Any] = {order[0]: main} if order else {}
        others = [n for n in texts if n not in values]
        if second and others:
            values[others[0]] = second
        for name in tool.required:
            if name not in values:
                values[name] = _sample(tool.properties.get(name), main)
        if searching and "limit" in tool.properties and self.dice.chance(f"limit {main}") < 0.5:
            values.setdefault("limit", self.dice.pick(f"limit of {main}", (3, 4, 5, 6, 8)))
        return values

    def key(self, call: Call) -> str:
        """The same for the same call; comparable with those of past calls."""
        return f"{call.tool.tool}\0{_sorted(call.arguments)}"

    def repeat(self, past: PastCall) -> Call | None:
        """A past call once more."""
        tool = next((tool for tool in self.view.tools if tool.tool == past.tool), None)
        return None if tool is None else Call.of(tool, past.arguments)

    def wrong_answer(self) -> str:
        """An answer of the right kind that is not the one found."""
        right = self.outcome.answer
        if right.replace(",", "").isdigit():
            return str(int(right.replace(",", "")) + self.dice.pick("wrong by", (1, 2, 3, 7, 10, 100)))
        options = [o for o in self.outcome.others if o != right]
        return self.dice.pick("wrong answer", options) if options else "none of them"

    def _made(self, call: Call) -> bool:
        return self.key(call) in self.known.calls

    def _unmade(self, call: Call) -> Call | None:
        return None if self._made(call) else call

    @property
    def topic(self) -> str:
        """What the question is about, briefly."""
        quoted = re.findall(r'"([^"]+)"', self.view.question)
        names = re.findall(r"(?<=\s)[A-Z][\w'-]+(?:\s[A-Z][\w'-]+)*", self.view.question)
        return (quoted or names or [" ".join(self.view.question.split()[:6])])[0]


def _sorted(arguments: str) -> str:
    return orjson.dumps(orjson.loads(arguments), option=orjson.OPT_SORT_KEYS).decode()


def _sample(schema: Any, text: str) -> Any:
    """A plausible value for a required argument."""
    if not isinstance(schema, dict):
        return text
    if schema.get("enum"):
        return schema["enum"][0]
    return {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}.get(str(schema.get("type")), text)
