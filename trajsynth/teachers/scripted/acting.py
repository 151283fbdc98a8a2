"""Turns what a solver wants to know into calls of the tools that are offered, never the same call twice.

Imports the modules of this package only. Tests: tests/teachers/scripted/test_scripted_reading.py.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.draft import Call
from trajsynth.teachers.scripted.knowledge import Knowledge
from trajsynth.teachers.scripted.reading import PastCall, Tool, View
from trajsynth.teachers.scripted.solving import Need, Outcome

_PLAIN_QUERIES = ("<t>", '"<t>"', "about <t>", "<t> page", "page on <t>", "<t> article", "what is <t>")
_QUERIES = (*_PLAIN_QUERIES, "<t> <a>", "<a> <t>", "<a> of <t>", "<t>: <a>", "<t>, <a>")
_TAILS = ("overview", "background", "summary", "details", "history", "")
PARALLEL = 0.45
"""Share of turns that send a second, independent call beside the first."""


class Hands:
    """The tools of a conversation and the calls that can still be made."""

    def __init__(self, view: View, known: Knowledge, dice: Dice, *, cautious: bool) -> None:
        self._view, self._known, self._dice, self._cautious = view, known, dice, cautious
        self._step = len(view.steps)
        self._risky = False
        """A page that may not exist is already asked for in this turn."""
        self._search, self._open, self._find = view.tool("search"), view.tool("open"), view.tool("find")

    def for_needs(self, needs: tuple[Need, ...]) -> tuple[tuple[Call, ...], Need | None]:
        """The next call, sometimes with a second one beside it, and the need it serves."""
        chosen: list[Call] = []
        served: Need | None = None
        for need in needs:
            call = self._for_need(need)
            if call is None or call in chosen:
                continue
            chosen.append(call)
            served = served or need
            self._risky = not self._met(need.target)
            single = need.kind == "find" or self._dice.chance(f"parallel/{self._step}") >= PARALLEL
            if len(chosen) == 2 or single:
                break
        if not chosen and not self._step and (spare := self.spare("first")) is not None:
            chosen.append(spare)
        return tuple(chosen), served

    def verification(self, outcome: Outcome) -> Call | None:
        """A call that confirms the last piece of evidence; None when that was done or cannot be."""
        if not outcome.evidence:
            return None
        last, answer = outcome.evidence[-1], outcome.answer
        named = answer not in ("yes", "no") and answer in last.sentence
        if self._find is not None and named and self._dice.chance("by find") < 0.6:
            return self._unmade(Call.of(self._find, self.arguments(self._find, last.page, answer)))
        if self._search is not None and self._search.texts:
            target = f"{last.page} {answer}" if answer not in ("yes", "no", last.page) else f"{last.page} article"
            return self._unmade(Call.of(self._search, self.arguments(self._search, target)))
        return None

    def spare(self, name: str, *, fixed: bool = False) -> Call | None:
        """A harmless call that was not made before (`fixed`: made or not): what faults that need a call stand on."""
        tool = self._view.tool("search", "find", "open", "other")
        if tool is None or not tool.texts:
            return None
        for tail in self._dice.shuffled(f"spare {name}", _TAILS):
            call = Call.of(tool, self.arguments(tool, f"{self.topic} {tail}".strip()))
            if fixed or self._unmade(call) is not None:
                return call
        return None

    def opening(self, title: str) -> Call | None:
        """A call that opens a page, whether it exists or not."""
        return None if self._open is None else Call.of(self._open, self.arguments(self._open, title))

    def repeat(self, past: PastCall) -> Call | None:
        """A past call once more."""
        tool = next((tool for tool in self._view.tools if tool.tool == past.tool), None)
        return None if tool is None else Call.of(tool, past.arguments)

    def arguments(self, tool: Tool, main: str, second: str = "") -> dict[str, Any]:
        """Arguments under the tool's own names: the first text, then the second, other required ones by type."""
        texts = tool.texts
        order = [name for name in ("query", "q", "title", "url", "name") if name in texts]
        names = [*order, *(name for name in texts if name not in order)]
        values: dict[str, Any] = {names[0]: main} if names else {}
        if second and len(names) > 1:
            values[names[1]] = second
        for name in tool.required:
            if name not in values:
                values[name] = _sample(tool.properties.get(name), main)
        if tool.kind == "search" and "limit" in tool.properties and self._dice.chance(f"limit {main}") < 0.5:
            values.setdefault("limit", self._dice.pick(f"limit of {main}", (3, 4, 5, 6, 8)))
        return values

    @property
    def topic(self) -> str:
        """What the question is about, briefly."""
        quoted: list[str] = re.findall(r'"([^"]+)"', self._view.question)
        names: list[str] = re.findall(r"(?<=\s)[A-Z][\w'-]+(?:\s[A-Z][\w'-]+)*", self._view.question)
        return (quoted or names or [" ".join(self._view.question.split()[:6])])[0]

    def _for_need(self, need: Need) -> Call | None:
        """A call not made before that serves a need, or None."""
        if need.kind == "find" and self._find is not None:
            return self._unmade(Call.of(self._find, self.arguments(self._find, need.target, need.terms)))
        if need.kind == "page" and self._open is not None and (self._search is None or self._straight(need.target)):
            return self._unmade(Call.of(self._open, self.arguments(self._open, need.target)))
        if need.kind == "find" or self._search is None or not self._search.texts:
            return None
        for query in self._queries(need):
            call = Call.of(self._search, self.arguments(self._search, query))
            if query not in self._known.hits and self._unmade(call) is not None:
                return call
        return None

    def _straight(self, title: str) -> bool:
        """Open the page at once, or search for it first."""
        if title in self._known.missing:
            return False
        met = self._met(title)
        if not met and (self._risky or (self._view.steps and self._view.steps[-1].stumbled)):
            return False
        if met and any(title.casefold() in query.casefold() for query in self._known.hits):
            return True
        share = 0.9 if met else 0.3 if self._cautious else 0.55
        return self._dice.chance(f"straight {title}") < share

    def _met(self, title: str) -> bool:
        """The page was seen in a search or behind a link, so it exists."""
        facts = self._known.facts.values()
        return title in self._known.snippets or any(title in (fact.value, fact.subject) for fact in facts)

    def _queries(self, need: Need) -> list[str]:
        templates = _QUERIES if need.terms else _PLAIN_QUERIES
        texts = [query.replace("<t>", need.target).replace("<a>", need.terms) for query in templates]
        return self._dice.shuffled(f"query {need.target}", texts)[:4]

    def _unmade(self, call: Call) -> Call | None:
        return None if key(call) in self._known.calls else call


def key(call: Call) -> str:
    """The same for the same call; comparable with `PastCall.key`."""
    arguments = orjson.dumps(orjson.loads(call.arguments), option=orjson.OPT_SORT_KEYS)
    return f"{call.tool.tool}\0{arguments.decode()}"


def _sample(schema: Any, text: str) -> Any:
    """A plausible value for a required argument."""
    if not isinstance(schema, dict):
        return text
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    return {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}.get(str(schema.get("type")), text)
