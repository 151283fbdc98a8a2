"""Logical forms of the encyclopedia's questions and the evaluator that proves their answers unique.

    path      ["at", entity, step, ...]                          a step is a relation, or `~` relation for its inverse
              ["both", relation, path, relation, path, step, ...] who has both; then on along the steps
    question  path                                               -> what it leads to
              ["low" | "high", relation, path, path]             -> the end of the path with the smaller / larger value
              ["difference" | "years" | "sum", relation, path, relation, path] -> a number
              ["less" | "same", relation, path, path]            -> True or False
    entity    `@` and letters: the entity's number (never its name, so a form does not give an answer away)
    word      `=painter`: a value that is a word

A definite description must hold: each stage of a path has exactly one value, otherwise the whole has none.
Level 2; imports the world only. Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, TypeAlias

from trajsynth.questions.encyclopedia_world import Entity, Facts, Value

Form: TypeAlias = list[Any]
_LETTERS = "bcdfghjk"


def entity_id(entity: Entity) -> str:
    """`@` and the entity's number in base 8, written with consonants."""
    digits = f"{entity.index:o}"
    return "@" + "".join(_LETTERS[int(digit)] for digit in digits)


def find_entity(text: str, facts: Facts) -> Entity:
    """The entity of an id; raises IndexError or ValueError for one that is none."""
    return facts.entities[int("".join(str(_LETTERS.index(letter)) for letter in text.removeprefix("@")), 8)]


def evaluate(form: Form, facts: Facts) -> list[Value]:
    """Every value the form may denote: one for a well-made question, none where a description fails or is tied."""
    head = form[0]
    if head in ("at", "both"):
        return follow(form, facts)
    if head in ("low", "high"):
        return _extreme(form, facts)
    if head in ("difference", "years", "sum"):
        return _computed(form, facts)
    return _judged(form, facts)


def follow(path: Form, facts: Facts) -> list[Value]:
    """Ends of a path; empty when any stage before the last is not exactly one value."""
    if path[0] == "at":
        values: list[Value] = [_start(path[1], facts)]
        steps = path[2:]
    else:
        values = list(_having_both(path[1], path[2], path[3], path[4], facts))
        steps = path[5:]
    for step in steps:
        if len(values) != 1:
            return []
        values = one_step(values[0], step, facts)
    return values


def one_step(value: Value, step: str, facts: Facts) -> list[Value]:
    """All values one step away."""
    if step.startswith("~"):
        return list(facts.inverse(step[1:], value))
    reached = facts.get(value, step) if isinstance(value, Entity) else None
    return [] if reached is None else [reached]


def _start(text: str, facts: Facts) -> Value:
    return text[1:] if text.startswith("=") else find_entity(text, facts)


def _single(path: Form, facts: Facts) -> Value | None:
    values = follow(path, facts)
    return values[0] if len(values) == 1 else None


def _having_both(first: str, path: Form, second: str, other: Form, facts: Facts) -> Sequence[Entity]:
    one, two = _single(path, facts), _single(other, facts)
    if one is None or two is None:
        return ()
    return [who for who in facts.inverse(first, one) if facts.get(who, second) == two]


def _number(path: Form, relation: str, facts: Facts) -> Any:
    end = _single(path, facts)
    return facts.get(end, relation) if isinstance(end, Entity) else None


def _year(value: Any) -> Any:
    return value.year if isinstance(value, datetime.date) else value


def _extreme(form: Form, facts: Facts) -> list[Value]:
    head, relation, *paths = form
    ends = [_single(path, facts) for path in paths]
    values = [_number(path, relation, facts) for path in paths]
    if None in values or len(set(values)) < len(values):
        return []
    best = min(values) if head == "low" else max(values)
    return [end for end, value in zip(ends, values, strict=True) if value == best and end is not None]


def _computed(form: Form, facts: Facts) -> list[Value]:
    head, relation, path, other_relation, other = form
    one, two = _number(path, relation, facts), _number(other, other_relation, facts)
    if one is None or two is None:
        return []
    if head == "years":
        return [abs(_year(one) - _year(two))]
    return [one + two] if head == "sum" else [abs(one - two)]


def _judged(form: Form, facts: Facts) -> list[Value]:
    head, relation, path, other = form
    one, two = _number(path, relation, facts), _number(other, relation, facts)
    if one is None or two is None or (head == "less" and one == two):
        return []
    return [one < two] if head == "less" else [one == two]
