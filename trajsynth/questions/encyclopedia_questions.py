"""Asks about the made-up world: draws logical forms, proves each answer unique, and words them.

Level 2; imports relations, world and logic. A form is kept only if it denotes exactly one value, if neither the answer
nor a bridge is named in the question, and if some page on the way lists or links each next one.
Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from trajsynth.errors import InputError
from trajsynth.questions.encyclopedia_logic import Form, entity_id, evaluate, follow, one_step
from trajsynth.questions.encyclopedia_pages import LISTED, date_text
from trajsynth.questions.encyclopedia_world import Entity, Facts, Value
from trajsynth.questions.relations import CHAIN, DIFFERENCE, DIFFERENCE_YEARS, INTERSECTION, KINDS, RELATIONS, SUM
from trajsynth.questions.rows import stable_id
from trajsynth.types import Question

TRIES = 400
"""Draws for one question before the world counts as exhausted."""
PATIENCE = 40
"""Draws for one kind and number of hops before another is tried."""
WEIGHTS = {"chain": 6, "comparison": 2, "intersection": 2, "numeric": 2, "boolean": 2}
"""How often each kind is drawn where there are two hops or more; one hop is always a chain."""
SMALLEST_NUMBER = 5
"""Smaller results of a computation are not asked for: they are too easily guessed."""
FORWARD = {kind: tuple(key for key in RELATIONS if key.startswith(f"{kind}.")) for kind in KINDS}
BACKWARD = {
    kind: tuple(key for key, spec in RELATIONS.items() if spec.shape == "link" and spec.object == kind and spec.clauses)
    for kind in KINDS
}
INVERTIBLE = tuple(key for key, spec in RELATIONS.items() if spec.clauses)


@dataclass(frozen=True, slots=True)
class _Path:
    """A path under way: its form, its wording, where it leads, and what it passed."""

    form: Form
    phrase: str
    end: Value
    passed: tuple[Entity, ...] = ()
    """Bridges and end, the start left out."""
    hops: int = 0


@dataclass(frozen=True, slots=True)
class _Draft:
    kind: str
    form: Form
    text: str
    hops: int
    hidden: tuple[Entity, ...] = field(default=())
    """Entities that must not be named in the text."""


@dataclass(frozen=True, slots=True)
class _Plan:
    kind: str
    hops: int


def questions(facts: Facts, seed: int, count: int, hops: tuple[int, int]) -> Iterator[Question]:
    """`count` questions, no text twice; raises InputError when the world has no more to ask."""
    asked: set[str] = set()
    for number in range(count):
        found = None
        for attempt in range(TRIES):
            plan = _plan(Random(f"{seed} plan {number} {attempt // PATIENCE}"), hops)
            found = _attempt(facts, Random(f"{seed} question {number} {attempt}"), plan)
            if found is not None and found.text not in asked:
                break
            found = None
        if found is None:
            raise InputError(
                f"an encyclopedia of {len(facts.entities)} pages gives only {number} questions of "
                f"{hops[0]} to {hops[1]} hops, {count} were asked for; raise questions.pages or ask for fewer"
            )
        asked.add(found.text)
        yield found


def answer_forms(value: Value, unit: str = "") -> tuple[str, ...]:
    """Accepted forms of an answer, best first."""
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, Entity):
        return tuple(dict.fromkeys((value.title, value.name)))
    if isinstance(value, datetime.date):
        month_first = f"{date_text(value).split()[1]} {value.day}, {value.year}"
        return (date_text(value), month_first, value.isoformat())
    if isinstance(value, int) and unit != "year":
        units = (f"{value} {unit}", f"{value:,} {unit}") if unit else ()
        return tuple(dict.fromkeys((str(value), f"{value:,}", *units)))
    return (str(value),)


def _plan(draw: Random, hops: tuple[int, int]) -> _Plan:
    wanted = draw.randint(*hops)
    kinds = list(WEIGHTS) if wanted >= 2 else ["chain"]
    return _Plan(draw.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0], wanted)


def _attempt(facts: Facts, draw: Random, plan: _Plan) -> Question | None:
    draft = _MAKERS[plan.kind](facts, draw, plan.hops)
    if draft is None or draft.hops != plan.hops:
        return None
    values = evaluate(draft.form, facts)
    if len(values) != 1:
        return None
    answers = answer_forms(values[0], _unit(draft.form))
    hidden = [one.name for one in draft.hidden]
    if draft.kind != "comparison" and draft.kind != "boolean":
        hidden += answers
    if any(_names(text, draft.text) for text in hidden):
        return None
    meta = {"kind": draft.kind, "hops": draft.hops, "logic": draft.form}
    return Question(id=stable_id(draft.text, answers), text=draft.text, answers=answers, meta=meta)


def _unit(form: Form) -> str:
    if form[0] == "years":
        return "years"
    key = str(form[1] if form[0] in ("difference", "sum") else form[-1])
    return RELATIONS[key].object if key in RELATIONS and RELATIONS[key].shape in ("number", "year") else ""


def _names(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


# ---- paths --------------------------------------------------------------------------------------------------------


def _named(entity: Entity, draw: Random) -> str:
    kind = KINDS[entity.kind]
    if kind.quoted:
        return draw.choice((f'"{entity.title}"', f'the {kind.noun} "{entity.title}"'))
    return kind.article + entity.title


def _from(entity: Entity, draw: Random) -> _Path:
    return _Path(["at", entity_id(entity)], _named(entity, draw), entity)


def _any(facts: Facts, draw: Random, kind: str = "") -> Entity:
    return draw.choice(facts.by_kind[kind or draw.choice(list(KINDS))])


def _steps(path: _Path, facts: Facts) -> list[str]:
    """Steps that lead from the path's end to exactly one new thing."""
    if not isinstance(path.end, Entity):
        return []
    end = path.end
    forward = [key for key in FORWARD[end.kind] if facts.get(end, key) is not None]
    backward = ["~" + key for key in BACKWARD[end.kind] if len(facts.inverse(key, end)) == 1]
    said = path.form if path.form[0] == "both" else path.form[-1:]
    used = {part.removeprefix("~") for part in said if isinstance(part, str)}
    return [step for step in (*forward, *backward) if step.removeprefix("~") not in used]


def _extend(path: _Path, step: str, facts: Facts, draw: Random) -> _Path | None:
    reached = one_step(path.end, step, facts)
    if len(reached) != 1 or reached[0] is path.end or reached[0] in path.passed:
        return None
    passed = (*path.passed, reached[0]) if isinstance(reached[0], Entity) else path.passed
    return _Path([*path.form, step], _phrase(step, path, draw), reached[0], passed, path.hops + 1)


def _phrase(step: str, path: _Path, draw: Random) -> str:
    relation = RELATIONS[step.removeprefix("~")]
    if step.startswith("~"):
        kind = KINDS[step[1:].split(".")[0]]
        return f"the {kind.noun} {kind.joiner} {draw.choice(relation.clauses).format(x=path.phrase)}"
    phrases = relation.phrases
    if path.hops:  # inside a longer phrase, what ends in {x} reads better than what closes around it
        phrases = tuple(one for one in phrases if one.endswith("{x}")) or phrases
    return draw.choice(phrases).format(x=path.phrase)


def _walk(
    facts: Facts, draw: Random, path: _Path, hops: int, last: Callable[[str], bool] | None = None
) -> _Path | None:
    """Goes on for `hops` more steps between entities; `last` says which steps may end it."""
    for left in range(hops, 0, -1):
        allowed = [step for step in _steps(path, facts) if _fits(step, left, last)]
        links = [step for step in allowed if RELATIONS[step.removeprefix("~")].shape == "link"]
        if not allowed:
            return None
        step = draw.choice(links if links and (left > 1 or draw.random() < 0.5) else allowed)
        longer = _extend(path, step, facts, draw)
        if longer is None:
            return None
        path = longer
    return path


def _fits(step: str, left: int, last: Callable[[str], bool] | None) -> bool:
    if left > 1:
        return RELATIONS[step.removeprefix("~")].shape == "link"
    return last is None or last(step)


def _ending_in(kind: str) -> Callable[[str], bool]:
    def ends(step: str) -> bool:
        if step.startswith("~"):
            return step[1:].split(".")[0] == kind
        return RELATIONS[step].shape == "link" and RELATIONS[step].object == kind

    return ends


# ---- kinds of questions -------------------------------------------------------------------------------------------


def _chain(facts: Facts, draw: Random, hops: int) -> _Draft | None:
    start = _any(facts, draw)
    path = _walk(facts, draw, _from(start, draw), hops - 1)
    return None if path is None else _ask(facts, draw, path, "chain", 0)


def _ask(facts: Facts, draw: Random, path: _Path, kind: str, offset: int) -> _Draft | None:
    """One more hop from the path's end, as a whole question."""
    steps = _steps(path, facts)
    links = [step for step in steps if RELATIONS[step.removeprefix("~")].shape == "link"]
    if not steps:
        return None
    step = draw.choice(links if links and draw.random() < 0.5 else steps)
    whole = _extend(path, step, facts, draw)
    if whole is None:
        return None
    relation = RELATIONS[step.removeprefix("~")]
    if step.startswith("~"):
        noun = KINDS[step[1:].split(".")[0]]
        clause = draw.choice(relation.clauses).format(x=path.phrase)
        opening = "Who" if noun.pronoun == "who" else f"Which {noun.noun}"
        text = draw.choice((f"{opening} {clause}?", f"What is the name of the {noun.noun} {noun.joiner} {clause}?"))
    elif draw.random() < 0.75:
        text = draw.choice(relation.asks).format(x=path.phrase)
    else:
        text = draw.choice(CHAIN).format(phrase=whole.phrase)
        if relation.object == "person":
            text = text.replace("What is", "Who is", 1)
    return _Draft(kind, whole.form, text, whole.hops + offset, whole.passed)


def _pair(facts: Facts, draw: Random, hops: int, kind: str, relation: str) -> tuple[_Path, _Path] | None:
    """Two paths to different entities of a kind that have the relation; together `hops - 2` long."""
    first = draw.randint(0, hops - 2)
    ends = []
    for length in (first, hops - 2 - first):
        path: _Path | None = _from(_any(facts, draw, "" if length else kind), draw)
        path = _walk(facts, draw, path, length, _ending_in(kind)) if path else None
        if path is None or not isinstance(path.end, Entity) or facts.get(path.end, relation) is None:
            return None
        ends.append(path)
    return None if ends[0].end is ends[1].end else (ends[0], ends[1])


def _comparison(facts: Facts, draw: Random, hops: int) -> _Draft | None:
    relation = draw.choice([key for key, spec in RELATIONS.items() if spec.low])
    pair = _pair(facts, draw, hops, relation.split(".")[0], relation)
    if pair is None:
        return None
    head = draw.choice(("low", "high"))
    wording = draw.choice(RELATIONS[relation].low if head == "low" else RELATIONS[relation].high)
    return _both_sides("comparison", [head, relation], wording, pair)


def _boolean(facts: Facts, draw: Random, hops: int) -> _Draft | None:
    head = draw.choice(("less", "same"))
    relation = draw.choice([key for key, spec in RELATIONS.items() if (spec.less if head == "less" else spec.same)])
    pair = _pair(facts, draw, hops, relation.split(".")[0], relation)
    if pair is None:
        return None
    wording = draw.choice(RELATIONS[relation].less if head == "less" else RELATIONS[relation].same)
    draft = _both_sides("boolean", [head, relation], wording, pair)
    true = evaluate(draft.form, facts) == [True]
    return draft if true or head == "less" or draw.random() < 0.1 else None


def _both_sides(kind: str, head: Form, wording: str, pair: tuple[_Path, _Path]) -> _Draft:
    one, two = pair
    text = wording.format(x=one.phrase, y=two.phrase)
    return _Draft(kind, [*head, one.form, two.form], text, 2 + one.hops + two.hops, (*one.passed, *two.passed))


def _numeric(facts: Facts, draw: Random, hops: int) -> _Draft | None:
    head = draw.choice(("years", "difference", "sum"))
    keys = [key for key, spec in RELATIONS.items() if (spec.years if head == "years" else spec.shape == "number")]
    relation = draw.choice(keys)
    other = draw.choice(keys) if head == "years" else relation
    pair = _numbers(facts, draw, hops, relation, other)
    if pair is None:
        return None
    one, two = pair
    form: Form = [head, relation, one.form, other, two.form]
    result = evaluate(form, facts)
    if not result or not isinstance(result[0], int) or result[0] < SMALLEST_NUMBER:
        return None
    phrases = [
        draw.choice(RELATIONS[key].years if head == "years" else RELATIONS[key].phrases).format(x=path.phrase)
        for key, path in ((relation, one), (other, two))
    ]
    templates = {"years": DIFFERENCE_YEARS, "difference": DIFFERENCE, "sum": SUM}[head]
    text = draw.choice(templates).format(x=phrases[0], y=phrases[1])
    return _Draft("numeric", form, text, hops, (*one.passed, *two.passed))


def _numbers(facts: Facts, draw: Random, hops: int, relation: str, other: str) -> tuple[_Path, _Path] | None:
    first = draw.randint(0, hops - 2)
    found = []
    for key, length in ((relation, first), (other, hops - 2 - first)):
        kind = key.split(".")[0]
        start = _from(_any(facts, draw, "" if length else kind), draw)
        path = _walk(facts, draw, start, length, _ending_in(kind))
        if path is None or not isinstance(path.end, Entity) or facts.get(path.end, key) is None:
            return None
        found.append(path)
    return None if found[0].end is found[1].end and relation == other else (found[0], found[1])


def _intersection(facts: Facts, draw: Random, hops: int) -> _Draft | None:
    """Somebody who has two things in common with others, each alone not enough; then perhaps on from there."""
    target = _any(facts, draw)
    keys = [key for key in INVERTIBLE if key in facts.of[target.index]]
    if len(keys) < 2:
        return None
    keys = draw.sample(keys, 2)
    values = [facts.of[target.index][key] for key in keys]
    crowds = [len(facts.inverse(key, value)) for key, value in zip(keys, values, strict=True)]
    if min(crowds) < 2 or min(_listed(key, size) for key, size in zip(keys, crowds, strict=True)) > LISTED:
        return None
    form: Form = ["both"]
    clauses = []
    for key, value in zip(keys, values, strict=True):
        form += [key, ["at", entity_id(value) if isinstance(value, Entity) else f"={value}"]]
        shown = _named(value, draw) if isinstance(value, Entity) else str(value)
        clauses.append(draw.choice(RELATIONS[key].clauses).format(x=shown))
    if len(follow(form, facts)) != 1:
        return None
    kind = KINDS[target.kind]
    phrase = f"the {kind.noun} {kind.joiner} {clauses[0]} and {clauses[1]}"
    path = _Path(form, phrase, target, (target,), 2)
    if hops == 2:
        text = draw.choice(INTERSECTION).format(noun=kind.noun, a=clauses[0], b=clauses[1])
        if kind.pronoun == "who":
            text = text.replace("Which person", "Who").replace("person that", "person who")
        return _Draft("intersection", form, text, 2, (target,))
    longer = _walk(facts, draw, path, hops - 3)
    return None if longer is None else _ask(facts, draw, longer, "intersection", 0)


def _listed(key: str, size: int) -> int:
    """Size of a list that stands whole on a page; words and relations without lists are on none."""
    return size if RELATIONS[key].shape == "link" and RELATIONS[key].back else LISTED + 1


_MAKERS: dict[str, Callable[[Facts, Random, int], _Draft | None]] = {
    "chain": _chain,
    "comparison": _comparison,
    "intersection": _intersection,
    "numeric": _numeric,
    "boolean": _boolean,
}
