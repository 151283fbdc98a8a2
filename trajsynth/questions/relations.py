"""What the generated encyclopedia can say and ask: entities, relations, forms of questions.

Data only; `trajsynth.questions.wording` tells how to read it. `encyclopedia_pages` writes pages from them,
`encyclopedia_questions` asks with them. Level 2; imports wording and the tables of relations.
Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

from trajsynth.questions.relations_institutions import INSTITUTIONS
from trajsynth.questions.relations_people import PEOPLE
from trajsynth.questions.relations_places import PLACES
from trajsynth.questions.relations_works import WORKS
from trajsynth.questions.wording import Kind, Relation

KINDS: dict[str, Kind] = {
    "country": Kind(noun="country", short=("The country", "It"), share=0.03),
    "city": Kind(noun="city", short=("The city", "It"), share=0.14),
    "river": Kind(noun="river", article="the ", short=("The river", "It"), share=0.05),
    "person": Kind(noun="person", pronoun="who", joiner="who", share=0.36),
    "university": Kind(noun="university", article="the ", short=("The university", "It"), share=0.06),
    "company": Kind(noun="company", short=("The company", "The firm", "It"), share=0.07),
    "museum": Kind(noun="museum", article="the ", short=("The museum", "It"), share=0.05),
    "book": Kind(noun="novel", quoted=True, short=("The novel", "The book", "It"), share=0.13),
    "film": Kind(noun="film", quoted=True, short=("The film", "The picture", "It"), share=0.07),
    "festival": Kind(noun="festival", article="the ", short=("The festival", "It"), share=0.04),
}

RELATIONS: dict[str, Relation] = {**PEOPLE, **PLACES, **INSTITUTIONS, **WORKS}
"""Key (subject's kind and name) -> relation."""

CHAIN = ("What is {phrase}?", "Name {phrase}.")
"""Fallback questions around a noun phrase (`phrases`); `Who is {phrase}?` when the object is a person."""

INTERSECTION = ("Which {noun} {a} and {b}?", "What is the name of the {noun} that {a} and {b}?")
"""`{a}`, `{b}`: clauses. For people `Who {a} and {b}?` and `... the person who {a} and {b}?`. As a noun phrase inside a
longer question: `the {noun} that {a} and {b}`."""

DIFFERENCE_YEARS = (
    "How many years lie between {x} and {y}?",
    "What is the difference, in years, between {x} and {y}?",
)
"""`{x}`, `{y}`: `years` phrases. The answer is the absolute difference of the two calendar years."""

DIFFERENCE = ("What is the difference between {x} and {y}?", "By how much do {x} and {y} differ?")
"""`{x}`, `{y}`: number phrases of one relation. The answer is the absolute difference."""

SUM = ("What is the sum of {x} and {y}?", "What do {x} and {y} add up to?")
"""`{x}`, `{y}`: number phrases of one relation."""
