"""The scripted reader understands every wording of the generated encyclopedia."""

from __future__ import annotations

import pytest

from trajsynth.questions.relations import KINDS, RELATIONS
from trajsynth.teachers.scripted.asking import Attr, Compare, Name, Reckon, Value, Where, read_question
from trajsynth.teachers.scripted.knowledge import Knowledge, _learn

NAMES = {"river": "the Vel River", "university": "the University of Karsk", "festival": "the Karsk Choir Days"}
VALUES = {"link": "[[Orm Vale]]", "word": "painter", "date": "14 March 1873", "year": "1873", "number": "12,345"}
PLAIN = {"link": "Orm Vale", "word": "painter", "date": "14 March 1873", "year": "1873", "number": "12,345"}


def named(kind: str) -> str:
    return '"The Salt Ladder"' if KINDS[kind].quoted else NAMES.get(kind, "Ilva Torren")


@pytest.mark.parametrize("key", RELATIONS)
def test_questions_are_read(key: str) -> None:
    relation, kind = RELATIONS[key], key.split(".")[0]
    x, y = named(kind), '"Blue Day"' if KINDS[kind].quoted else "Orm Vale"
    plain = [ask.format(x=x) for ask in relation.asks] + [
        f"What is {phrase.format(x=x)}?" for phrase in relation.phrases
    ]
    for text in plain:
        ask = read_question(text)
        assert isinstance(ask, Value), text
        assert isinstance(ask.phrase, Attr), text
        assert isinstance(ask.phrase.of, Name), text
        assert ask.phrase.of.text in x, text
    for wording in relation.low + relation.high + relation.less + relation.same:
        text = wording.format(x=x, y=y)
        assert isinstance(read_question(text), Compare), text
    for phrase in relation.years:
        text = f"How many years lie between {phrase.format(x=x)} and {phrase.format(x=y)}?"
        assert isinstance(read_question(text), Reckon), text
    for clause in relation.clauses:
        words = clause.format(x="painter" if relation.shape == "word" else "Karsk")
        text = f"What is the name of the {KINDS[kind].noun} {KINDS[kind].joiner} {words}?"
        ask = read_question(text)
        assert isinstance(ask, Value), text
        assert isinstance(ask.phrase, Where), text


@pytest.mark.parametrize("key", RELATIONS)
def test_pages_are_read(key: str) -> None:
    relation, kind = RELATIONS[key], key.split(".")[0]
    for short in ("Karsk", *KINDS[kind].short[:1]):
        for template in relation.page:
            sentence = template.format(s=short, o=VALUES[relation.shape])
            known = Knowledge()
            _learn(known, "Karsk", (sentence[0].upper() + sentence[1:],))
            found = {
                fact.value.replace("Painter", "painter") for fact in known.facts.values() if fact.subject == "Karsk"
            }
            assert PLAIN[relation.shape] in found, sentence
        for template in relation.back:
            for links, subjects in (
                ("[[A Vale]]", ["A Vale"]),
                ("the [[A Vale]], [[B Vale]] and others", ["A Vale", "B Vale"]),
            ):
                sentence = template.format(o=short, list=links)
                known = Knowledge()
                _learn(known, "Karsk", (sentence[0].upper() + sentence[1:],))
                lists = [listing for listings in known.lists.values() for listing in listings]
                assert [list(listing.subjects) for listing in lists] == [subjects], sentence
                assert lists[0].whole == ("others" not in links), sentence
