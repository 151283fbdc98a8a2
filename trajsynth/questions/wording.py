"""The shape of the encyclopedia's wordings: a kind of entity, and a relation with its sentences and questions.

A relation: `{s}` is the subject on its own page (its title, then a short name or pronoun), `{o}` the object:
a `[[link]]` (after its kind's article) or a value. `{x}` in a question is either a name (`Ilva Torren`, `"The Salt
Ladder"` for works) or a nested noun phrase (`the author of "The Salt Ladder"`). A clause follows `who`, `that` or
`which` and describes the subject by its object: `the person who was born in {x}`. Every relation has at most one object
per subject. Level 2; imports the standard library. Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = Literal["link", "word", "date", "year", "number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of entity and how it is spoken of."""

    noun: str
    """After `the`/`which`: `the novel that ...`."""
    pronoun: str = "which"
    """Opens a question about it: `who` or `which`."""
    joiner: str = "that"
    """Joins the noun and a clause: `the person who was born in ...`."""
    quoted: bool = False
    """Titles stand in double quotes in questions."""
    article: str = ""
    """Written before the title inside a sentence: `the Ovenna River`."""
    short: tuple[str, ...] = ()
    """What the page calls its subject after the first sentence (people: surname, `He`/`She`)."""
    share: float = 0.0
    """Share of all pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One fact a page may state about its subject; the key's first part is the subject's kind."""

    object: str
    """Kind of the object (shape `link`), else the unit or class of the value."""
    shape: Shape
    page: tuple[str, ...]
    """Sentences of the subject's page, with `{s}` and `{o}`."""
    phrases: tuple[str, ...]
    """Noun phrases for the object, with `{x}` for the subject."""
    asks: tuple[str, ...] = ()
    """Whole questions for the object; `What is <phrase>?` is always possible."""
    clauses: tuple[str, ...] = ()
    """Predicates of the subject with `{x}` for the object: the inverse direction. Empty: never asked backwards."""
    back: tuple[str, ...] = ()
    """Sentences of the object's page that list the subjects, with `{o}` (page's own subject) and `{list}`."""
    years: tuple[str, ...] = ()
    """Noun phrases for the calendar year of a date or year, with `{x}`."""
    low: tuple[str, ...] = ()
    """Comparisons won by the smaller or earlier value, with `{x}` and `{y}`."""
    high: tuple[str, ...] = ()
    """Comparisons won by the larger or later value."""
    less: tuple[str, ...] = ()
    """Yes/no: is x's value smaller or earlier than y's?"""
    same: tuple[str, ...] = ()
    """Yes/no: do x and y share the object?"""
