"""Reads a question of the encyclopedia's kind into what has to be looked up: hops, comparisons, sums, intersections.

Imports the lexicon only. A question it cannot read gives None, and the open solver takes over.
Tests: tests/teachers/scripted/test_scripted_lexicon.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from trajsynth.teachers.scripted.lexicon import SENSES


@dataclass(frozen=True, slots=True)
class Name:
    """An entity as the question names it."""

    text: str


@dataclass(frozen=True, slots=True)
class Attr:
    """The object of a relation: `the author of X`."""

    senses: tuple[str, ...]
    of: Phrase


@dataclass(frozen=True, slots=True)
class Where:
    """The entity of a kind that meets all conditions: `the person who was born in X and studied at Y`."""

    noun: str
    conditions: tuple[tuple[tuple[str, ...], Phrase], ...]


Phrase: TypeAlias = Name | Attr | Where


@dataclass(frozen=True, slots=True)
class Value:
    """What is asked for is the phrase itself."""

    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Compare:
    """Two entities and a relation: which is smaller or larger, is the first smaller, or do they share it."""

    senses: tuple[str, ...]
    how: Literal["low", "high", "less", "same"]
    x: Phrase
    y: Phrase


@dataclass(frozen=True, slots=True)
class Reckon:
    """A sum or difference of two values."""

    how: Literal["years", "difference", "sum"]
    x: Phrase
    y: Phrase


Ask: TypeAlias = Value | Compare | Reckon

_START = "founded|established|set up|published|released|first held"
_CHOICE: tuple[tuple[str, tuple[str, ...], Literal["low", "high"]], ...] = (
    (r"Who was born (?:earlier|first)|.*person is older", ("born",), "low"),
    (r"Who was born later|.*person is younger", ("born",), "high"),
    (r"Who died (?:first|earlier)", ("died",), "low"),
    (r"Who died later", ("died",), "high"),
    (rf".*(?:(?:{_START}) (?:first|earlier)|opened first|is older)", ("start",), "low"),
    (rf".*(?:(?:{_START}) later|opened later|is younger)", ("start",), "high"),
    (r".*smaller population", ("population",), "low"),
    (r".*(?:larger population|more inhabitants)", ("population",), "high"),
    (r".*smaller area", ("area",), "low"),
    (r".*larger area", ("area",), "high"),
    (r".*shorter", ("length", "runtime"), "low"),
    (r".*longer", ("length", "runtime"), "high"),
    (r".*fewer students", ("students",), "low"),
    (r".*more students", ("students",), "high"),
    (r".*fewer employees", ("employees",), "low"),
    (r".*more employees", ("employees",), "high"),
    (r".*fewer pages", ("pages",), "low"),
    (r".*more pages", ("pages",), "high"),
)
_PAIRS: tuple[tuple[str, tuple[str, ...], Literal["less", "same"]], ...] = (
    (r"Was {x} born before {y}", ("born",), "less"),
    (r"Did {x} die before {y}", ("died",), "less"),
    (rf"Was {{x}} (?:{_START}) before {{y}}", ("start",), "less"),
    (r"Did {x} open before {y}", ("start",), "less"),
    (r"Does {x} have fewer inhabitants than {y}", ("population",), "less"),
    (r"Does {x} have fewer students than {y}", ("students",), "less"),
    (r"Does {x} have fewer employees than {y}", ("employees",), "less"),
    (r"Does {x} have fewer pages than {y}", ("pages",), "less"),
    (r"Is the area of {x} smaller than that of {y}", ("area",), "less"),
    (r"Is {x} shorter than {y}", ("length", "runtime"), "less"),
    (r"Were {x} and {y} born in the same city", ("birthplace",), "same"),
    (r"Did {x} and {y} have the same occupation", ("occupation",), "same"),
    (r"Did {x} and {y} study at the same university", ("alma_mater",), "same"),
    (r"Are {x} and {y} located in the same country", ("country",), "same"),
    (r"Do {x} and {y} stand on the same river", ("river",), "same"),
    (r"Are {x} and {y} (?:located|held) in the same city", ("seat",), "same"),
    (r"Do {x} and {y} have their headquarters in the same city", ("seat",), "same"),
    (r"Do {x} and {y} work in the same industry", ("industry",), "same"),
    (r"Were {x} and {y} written by the same author", ("author",), "same"),
    (r"Did the same company publish {x} and {y}", ("publisher",), "same"),
    (r"Are {x} and {y} set in the same city", ("setting",), "same"),
    (r"Were {x} and {y} directed by the same person", ("director",), "same"),
)
_RECKON: tuple[tuple[str, Literal["years", "difference", "sum"]], ...] = (
    (r"How many years lie between {x} and {y}", "years"),
    (r"What is the difference, in years, between {x} and {y}", "years"),
    (r"What is the difference between {x} and {y}", "difference"),
    (r"By how much do {x} and {y} differ", "difference"),
    (r"What is the sum of {x} and {y}", "sum"),
    (r"What do {x} and {y} add up to", "sum"),
)
_NOUNS = "person|city|country|river|university|company|museum|novel|film|festival"
_SMALL = frozenset(str.split("of the de la and for in on at to a an & von van"))


def _compile(template: str) -> re.Pattern[str]:
    return re.compile(template.replace("{x}", "(?P<x>.+)").replace("{y}", "(?P<y>.+)"))


_PHRASES = [(_compile(t), s) for s, sense in SENSES.items() for t in sense.asks if not re.match(r"\(?\??:?[A-Z]", t)]
_WHOLE = [(_compile(t), s) for s, sense in SENSES.items() for t in sense.asks if re.match(r"(?:\(\?:)?[A-Z]", t)]
_CLAUSES = [(_compile(t), s) for s, sense in SENSES.items() for t in sense.clauses]
_PAIR = [(t, senses, how) for t, senses, how in _PAIRS]


@lru_cache(maxsize=4096)
def read_question(text: str) -> Ask | None:
    """The question as something to look up, or None when it is worded in no known way."""
    text = " ".join(text.replace("“", '"').replace("”", '"').split()).rstrip(" ?.")
    for reader in (_reckoning, _choice, _pair, _whole, _selection, _plain):
        ask = reader(text)
        if ask is not None:
            return ask
    return None


def _reckoning(text: str) -> Ask | None:
    for template, how in _RECKON:
        for x, y in _two(template, text):
            if isinstance(x, Attr) and isinstance(y, Attr):
                return Reckon(how, x, y)
    return None


def _choice(text: str) -> Ask | None:
    head, comma, rest = text.partition(", ")
    while comma:
        for pattern, senses, how in _CHOICE:
            if re.fullmatch(pattern, head):
                for x, y in _split(rest, " or "):
                    return Compare(_fit(senses, head), how, x, y)
        more, comma, rest = rest.partition(", ")
        head = f"{head}, {more}"
    return None


def _fit(senses: tuple[str, ...], head: str) -> tuple[str, ...]:
    """The senses whose subjects the question's noun allows."""
    noun = re.search(rf"\b({_NOUNS})\b", head)
    fitting = tuple(s for s in senses if noun and noun[1] in SENSES[s].nouns.split())
    return fitting or senses


def _pair(text: str) -> Ask | None:
    for template, senses, how in _PAIR:
        for x, y in _two(template, text):
            return Compare(senses, how, x, y)
    return None


def _whole(text: str) -> Ask | None:
    for pattern, sense in _WHOLE:
        match = pattern.fullmatch(text)
        if match and (inner := _phrase(match["x"])) is not None:
            return Value(Attr((sense,), inner))
    return None


def _selection(text: str) -> Ask | None:
    match = re.fullmatch(
        rf"(?:Which|What is the name of the|Name the) (?P<noun>{_NOUNS}) (?:that |who |which )?(?P<c>.+)", text
    )
    noun, clause = (match["noun"], match["c"]) if match else ("person", text[4:] if text.startswith("Who ") else "")
    where = _where(noun, clause) if clause else None
    return Value(where) if where is not None else None


def _plain(text: str) -> Ask | None:
    match = re.fullmatch(r"(?:(?:What|Who|Which) (?:is|was|are|were)|Name|Give) (?P<x>.+)", text)
    inner = _phrase(match["x"]) if match else None
    return Value(inner) if isinstance(inner, Attr | Where) else None


@lru_cache(maxsize=4096)
def _phrase(text: str) -> Phrase | None:
    """A noun phrase: nested relations, a description by clauses, or a name."""
    text = text.strip()
    if re.fullmatch(r'"[^"]+"', text):
        return Name(text[1:-1])
    if text.startswith(("the ", "The ")):
        body = text[4:]
        senses: dict[Phrase, list[str]] = {}
        for pattern, sense in _PHRASES:
            match = pattern.fullmatch(body)
            if match and (inner := _phrase(match["x"])) is not None:
                senses.setdefault(inner, []).append(sense)
        if senses:
            inner, found = next(iter(senses.items()))
            return Attr(tuple(found), inner)
        titled = re.fullmatch(rf'(?:{_NOUNS}|book|river) "([^"]+)"', body)
        if titled:
            return Name(titled[1])
        described = re.fullmatch(rf"(?P<noun>{_NOUNS}) (?:that|who|which) (?P<c>.+)", body)
        if described:
            return _where(described["noun"], described["c"])
        return _phrase(body) if body[:1].isupper() and _is_name(body) else None
    return Name(text) if _is_name(text) else None


def _is_name(text: str) -> bool:
    words = text.replace("(", " ").replace(")", " ").split()
    if (
        text.endswith(")") and "(" in text
    ):  # a disambiguated title: only the part before the bracket must look like a name
        words = text[: text.rindex("(")].split()
    return (
        bool(words) and words[0][:1].isupper() and all(w[:1].isupper() or w[:1].isdigit() or w in _SMALL for w in words)
    )


def _where(noun: str, clause: str) -> Where | None:
    single = _clause(noun, clause)
    for i in [m.start() for m in re.finditer(" and ", clause)]:
        a, b = _clause(noun, clause[:i]), _clause(noun, clause[i + 5 :].removeprefix("that ").removeprefix("who "))
        if a is not None and b is not None and a[0] != b[0]:  # nobody asks for two objects of one relation
            return Where(noun, (a, b))
    return Where(noun, (single,)) if single is not None else None


def _clause(noun: str, text: str) -> tuple[tuple[str, ...], Phrase] | None:
    found: dict[Phrase, list[str]] = {}
    for pattern, sense in _CLAUSES:
        match = pattern.fullmatch(text)
        if not match or noun not in SENSES[sense].nouns.split():
            continue
        word = SENSES[sense].shape == "word" and re.fullmatch(r"[a-z][\w -]*", match["x"])
        inner = Name(match["x"]) if word else _phrase(match["x"])
        if inner is not None:
            found.setdefault(inner, []).append(sense)
    for inner, senses in found.items():
        return tuple(senses), inner
    return None


def _two(template: str, text: str) -> Iterator[tuple[Phrase, Phrase]]:
    """Every way to read `text` as the template with two phrases."""
    before, _, rest = template.partition("{x}")
    between, _, after = rest.partition("{y}")
    match = re.fullmatch(f"{before}(?P<m>.+){after}", text)
    if match:
        yield from _split(match["m"], between)


def _split(text: str, between: str) -> Iterator[tuple[Phrase, Phrase]]:
    for match in re.finditer(between, text):
        x, y = _phrase(text[: match.start()]), _phrase(text[match.end() :])
        if x is not None and y is not None:
            yield x, y
