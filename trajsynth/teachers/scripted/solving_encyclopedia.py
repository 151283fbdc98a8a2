"""Solves questions it can read: looks up relation by relation, compares, counts and intersects on what was seen.

Stateless: each time the whole question is evaluated on what the conversation has shown, and the first gaps are what to
look up next. Imports asking, knowledge, lexicon, solving. Tests: tests/teachers/scripted/test_scripted_encyclopedia.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from trajsynth.teachers.scripted.asking import Ask, Attr, Compare, Name, Phrase, Reckon, Value, Where
from trajsynth.teachers.scripted.knowledge import Fact, Knowledge
from trajsynth.teachers.scripted.lexicon import SENSES
from trajsynth.teachers.scripted.solving import Evidence, Need, Outcome

_MONTHS = str.split("january february march april may june july august september october november december")
_WORDS = {
    "born": "date of birth",
    "died": "date of death",
    "deathplace": "place of death",
    "alma_mater": "university",
    "seat": "home city",
    "start": "founding year",
    "based_on": "underlying novel",
    "pages": "number of pages",
    "employees": "number of employees",
    "students": "number of students",
    "runtime": "running time",
}


def solve(ask: Ask, known: Knowledge) -> Outcome:
    """How far the question is answered by what is known."""
    solver = _Solver(known)
    answer = solver.answer(ask)
    return Outcome(
        answer=answer or "",
        needs=() if answer else tuple(dict.fromkeys(solver.needs)),
        evidence=tuple(dict.fromkeys(solver.evidence)),
        sure=bool(answer),
        exact=True,
        others=solver.others(ask, answer or ""),
        hops=tuple(hops(ask)),
        settled=tuple(dict.fromkeys(solver.settled)),
    )


def cut_short(ask: Ask) -> Ask:
    """The question with its last hop left out, as a hasty reader would take it; unchanged when it has only one."""
    if isinstance(ask, Value) and isinstance(ask.phrase, Attr) and not isinstance(ask.phrase.of, Name):
        return Value(ask.phrase.of)
    if isinstance(ask, Value) and isinstance(ask.phrase, Where) and len(ask.phrase.conditions) > 1:
        return Value(replace(ask.phrase, conditions=ask.phrase.conditions[:1]))
    return ask


def hops(ask: Ask) -> list[str]:
    """What is to be found out, one phrase a hop, innermost first."""
    if isinstance(ask, Value):
        return list(dict.fromkeys(_hops(ask.phrase)))
    tail = {
        "low": "which of the two is smaller or earlier",
        "high": "which of the two is larger or later",
        "less": "whether the first comes before the second",
        "same": "whether both agree",
        "years": "the distance in years",
        "difference": "the difference",
        "sum": "the sum",
    }[ask.how]
    found = _hops(ask.x) + _hops(ask.y)
    if isinstance(ask, Compare):
        found += [f"the {word(ask.senses[0])} of {spoken(ask.x)}", f"the {word(ask.senses[0])} of {spoken(ask.y)}"]
    return [*dict.fromkeys(found), tail]


def _hops(phrase: Phrase) -> list[str]:
    if isinstance(phrase, Attr):
        return [*_hops(phrase.of), f"the {word(phrase.senses[0])} of {spoken(phrase.of)}"]
    if isinstance(phrase, Where):
        inner = [hop for _, of in phrase.conditions for hop in _hops(of)]
        return [*inner, f"the {phrase.noun} that fits {spoken(phrase.conditions[0][1])}"]
    return []


def word(sense: str) -> str:
    """A relation in words."""
    return _WORDS.get(sense, sense)


def spoken(phrase: Phrase) -> str:
    """A phrase, briefly."""
    if isinstance(phrase, Name):
        return phrase.text
    if isinstance(phrase, Attr):
        return f"the {word(phrase.senses[0])}"
    return f"that {phrase.noun}"


@dataclass(frozen=True, slots=True)
class _Condition:
    """A condition of a description with its object resolved."""

    senses: tuple[str, ...]
    value: str
    pool: tuple[str, ...]
    """Known subjects."""
    whole: bool
    """There are no others."""


class _Solver:
    def __init__(self, known: Knowledge) -> None:
        self.known = known
        self.needs: list[Need] = []
        self.evidence: list[Evidence] = []
        self.settled: list[str] = []

    def answer(self, ask: Ask) -> str | None:
        if isinstance(ask, Value):
            return self.resolve(ask.phrase)
        if isinstance(ask, Compare):
            return self._compare(ask)
        return self._reckon(ask)

    def others(self, ask: Ask, answer: str) -> tuple[str, ...]:
        """Wrong answers of the right kind."""
        if answer in ("yes", "no"):
            return ("no" if answer == "yes" else "yes",)
        if isinstance(ask, Compare) and ask.how in ("low", "high"):
            pair = [self.title(p.text) if isinstance(p, Name) else self.resolve(p) for p in (ask.x, ask.y)]
            return tuple(p for p in pair if p and p != answer)
        if isinstance(ask, Value):
            senses = ask.phrase.senses if isinstance(ask.phrase, Attr) else ()
            near = [f.value for f in self.known.facts.values() if f.sense in senses]
            shape = SENSES[senses[0]].shape if senses else "link"
            near += [f.value for f in self.known.facts.values() if SENSES[f.sense].shape == shape]
            near += [f.subject for f in self.known.facts.values()] if shape == "link" else []
            return tuple(dict.fromkeys(v for v in near if v != answer and not v.startswith(answer)))[:8]
        return ()

    # ---- comparisons and sums ----

    def _compare(self, ask: Compare) -> str | None:
        x, y = self.resolve(ask.x), self.resolve(ask.y)
        if not x or not y:
            return None
        for sense in ask.senses:
            a, b = self.fact(x, (sense,)), self.fact(y, (sense,))
            for fact in (a, b):
                if fact is not None:
                    self._use(fact)
            if a is None or b is None:
                continue
            if ask.how == "same":
                return "yes" if a.value == b.value else "no"
            smaller = number(a.value) < number(b.value)
            if ask.how == "less":
                return "yes" if smaller else "no"
            return x if smaller == (ask.how == "low") else y
        for title in (x, y):
            if self.fact(title, ask.senses) is None:
                self._look_up(title, ask.senses)
        return None

    def _reckon(self, ask: Reckon) -> str | None:
        x, y = self.resolve(ask.x), self.resolve(ask.y)
        if not x or not y:
            return None
        if ask.how == "years":
            return str(abs(year(x) - year(y)))
        a, b = int(number(x)), int(number(y))
        return str(a + b if ask.how == "sum" else abs(a - b))

    # ---- phrases ----

    def resolve(self, phrase: Phrase) -> str | None:
        """Title or value of a phrase; None when something has to be looked up first."""
        if isinstance(phrase, Name):
            return self.title(phrase.text)
        if isinstance(phrase, Where):
            return self._where(phrase)
        subject = self.resolve(phrase.of)
        if not subject:
            return None
        fact = self.fact(subject, phrase.senses)
        if fact is None:
            self._look_up(subject, phrase.senses)
            return None
        self._use(fact)
        self.settled.append(f"the {word(fact.sense)} of {subject} is {fact.value}")
        return fact.value

    def title(self, name: str) -> str:
        """The page a name means, as far as search hits tell."""
        if name in self.known.names:
            return self.known.names[name]
        if name not in self.known.missing:
            return name
        longer = [t for t in self.known.titles() if re.sub(r"\s*\([^)]*\)$", "", t).casefold() == name.casefold()]
        return longer[0] if longer else name

    def fact(self, subject: str, senses: tuple[str, ...]) -> Fact | None:
        return next((f for s in senses if (f := self.known.facts.get((subject, s))) is not None), None)

    def _where(self, phrase: Where) -> str | None:
        """The one candidate that meets all conditions, or what to look up to find it."""
        objects = [(senses, self.resolve(of)) for senses, of in phrase.conditions]
        if any(value is None for _, value in objects):
            return None
        conditions = [
            _Condition(senses, value or "", *self._pool(phrase.noun, senses, value or "")) for senses, value in objects
        ]
        unknown = []
        for candidate in dict.fromkeys(name for condition in conditions for name in condition.pool):
            verdict = self._fits(candidate, phrase.noun, conditions)
            if verdict:
                self._prove(candidate, conditions)
                self.settled.append(f"the {phrase.noun} in question is {candidate}")
                return candidate
            if verdict is None and self._openable(candidate):
                unknown.append(candidate)
        self.needs += self._wanted(phrase.noun, conditions, unknown)
        return None

    def _wanted(self, noun: str, conditions: list[_Condition], unknown: list[str]) -> list[Need]:
        """Pages that may list candidates or decide about one; else a search, and what it brought."""
        lists = [
            Need("page", c.value, f"the {noun} in question", noun)
            for c in conditions
            if SENSES[c.senses[0]].shape == "link" and self._openable(c.value)
        ]
        pages = [Need("page", name, f"whether {name} fits") for name in unknown]
        if any(c.whole for c in conditions) and pages:
            return [*pages, *lists]
        if lists or pages:
            return [*lists, *pages]
        named = {name for c in conditions for name in (*c.pool, c.value)}
        heard = [title for title in self.known.titles() if self._openable(title) and title not in named]
        search = Need("search", " ".join([noun, *(c.value for c in conditions)]), f"the {noun} in question")
        return [search, *(Need("page", title, f"whether {title} fits") for title in heard[:6])]

    def _pool(self, noun: str, senses: tuple[str, ...], value: str) -> tuple[tuple[str, ...], bool]:
        """Known subjects of a condition, and whether the list is known to be complete."""
        lists = [
            listing
            for sense in senses
            for listing in self.known.lists.get((value, sense), ())
            if listing.noun in ("", noun)
        ]
        self.evidence += [Evidence(value, listing.sentence) for listing in lists]
        stated = [f.subject for f in self.known.facts.values() if f.sense in senses and f.value == value]
        listed = [subject for listing in lists for subject in listing.subjects]
        foreign = {
            subject
            for sense in senses
            for listing in self.known.lists.get((value, sense), ())
            if listing.noun not in ("", noun)
            for subject in listing.subjects
        }
        stated = [subject for subject in stated if subject not in foreign]
        return tuple(dict.fromkeys(listed + stated)), bool(lists) and all(listing.whole for listing in lists)

    def _fits(self, candidate: str, noun: str, conditions: list[_Condition]) -> bool | None:
        """Whether a candidate is of the kind and meets all conditions; None when a fact is missing."""
        verdict: bool | None = True
        if any(SENSES[sense].nouns != noun for c in conditions for sense in c.senses):
            kind = self.known.kind(candidate)
            if kind not in ("", noun):
                return False
            verdict = True if kind or not self._openable(candidate) else None
        for condition in conditions:
            fact = self.fact(candidate, condition.senses)
            if (fact is not None and fact.value == condition.value) or candidate in condition.pool:
                continue
            if fact is not None or condition.whole or candidate in self.known.opened:
                return False
            verdict = None
        return verdict

    def _prove(self, candidate: str, conditions: list[_Condition]) -> None:
        for condition in conditions:
            fact = self.fact(candidate, condition.senses)
            if fact is not None:
                self._use(fact)

    # ---- what to look up ----

    def _openable(self, title: str) -> bool:
        return title not in self.known.opened and title not in self.known.missing

    def _look_up(self, title: str, senses: tuple[str, ...]) -> None:
        about = f"the {word(senses[0])} of {title}"
        if self._openable(title):
            self.needs.append(Need("page", title, about, word(senses[0])))
        elif title in self.known.missing:
            self.needs.append(Need("search", title, about, word(senses[0])))
        else:
            self.needs += [
                Need("find", title, about, word(senses[0])),
                Need("search", f"{title} {word(senses[0])}", about),
            ]

    def _use(self, fact: Fact) -> None:
        self.evidence.append(Evidence(fact.page, fact.sentence))


def number(text: str) -> float:
    """Order of a value: dates by day, numbers by size."""
    words = text.replace(",", " ").split()
    months = [i for i, w in enumerate(words) if w.lower() in _MONTHS]
    if months:
        day = next((int(w) for i, w in enumerate(words) if w.isdigit() and len(w) <= 2), 0)
        return year(text) * 372 + (_MONTHS.index(words[months[0]].lower()) + 1) * 31 + day
    digits = re.search(r"-?\d[\d,]*(?:\.\d+)?", text)
    return float(digits[0].replace(",", "")) if digits else 0.0


def year(text: str) -> int:
    """The calendar year in a value, 0 without one."""
    found = re.findall(r"\b\d{3,4}\b", text)
    return int(found[-1]) if found else 0
