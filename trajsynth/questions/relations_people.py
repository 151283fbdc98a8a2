"""What the encyclopedia says and asks about people.

Data only; `trajsynth.questions.wording` tells how to read it. Level 2; imports wording.
Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

from trajsynth.questions.wording import Relation

PEOPLE: dict[str, Relation] = {
    "person.birthplace": Relation(
        object="city",
        shape="link",
        page=("{s} was born in {o}.", "{s} came into the world in {o}.", "{s} was a native of {o}."),
        phrases=("the birthplace of {x}", "the city where {x} was born"),
        asks=("Where was {x} born?", "In which city was {x} born?"),
        clauses=("was born in {x}",),
        back=("People born in {o} include {list}.", "{o} is the birthplace of {list}."),
        same=("Were {x} and {y} born in the same city?",),
    ),
    "person.birth_date": Relation(
        object="date",
        shape="date",
        page=("{s} was born on {o}.", "The date of birth of {s} is given as {o}."),
        phrases=("the date of birth of {x}", "the day on which {x} was born"),
        asks=("When was {x} born?", "On what date was {x} born?"),
        years=("the year of birth of {x}", "the year in which {x} was born"),
        low=("Who was born earlier, {x} or {y}?", "Which person is older, {x} or {y}?"),
        high=("Who was born later, {x} or {y}?", "Which person is younger, {x} or {y}?"),
        less=("Was {x} born before {y}?",),
    ),
    "person.death_date": Relation(
        object="date",
        shape="date",
        page=("{s} died on {o}.", "The death of {s} came on {o}."),
        phrases=("the date of death of {x}", "the day on which {x} died"),
        asks=("When did {x} die?", "On what date did {x} die?"),
        years=("the year of death of {x}", "the year in which {x} died"),
        low=("Who died first, {x} or {y}?",),
        high=("Who died later, {x} or {y}?",),
        less=("Did {x} die before {y}?",),
    ),
    "person.deathplace": Relation(
        object="city",
        shape="link",
        page=("{s} spent the last years in {o} and died there.", "{s} passed away in {o}."),
        phrases=("the place of death of {x}", "the city where {x} died"),
        asks=("Where did {x} die?", "In which city did {x} die?"),
        clauses=("died in {x}",),
        back=("People who died in {o} include {list}.", "{list} spent the last years in {o} and died there."),
    ),
    "person.occupation": Relation(
        object="occupation",
        shape="word",
        page=("{s} made a living as a {o}.", "By occupation {s} was a {o}.", "{s} worked as a {o}."),
        phrases=("the occupation of {x}", "the profession of {x}"),
        asks=("What was the occupation of {x}?", "What did {x} do for a living?"),
        clauses=("worked as a {x}",),
        same=("Did {x} and {y} have the same occupation?",),
    ),
    "person.alma_mater": Relation(
        object="university",
        shape="link",
        page=("{s} studied at {o}.", "{s} took a degree at {o}.", "{s} was educated at {o}."),
        phrases=("the alma mater of {x}", "the university where {x} studied"),
        asks=("Where did {x} study?", "At which university did {x} study?"),
        clauses=("studied at {x}", "was educated at {x}"),
        back=("Alumni of {o} include {list}.", "Among those who studied at {o} are {list}."),
        same=("Did {x} and {y} study at the same university?",),
    ),
    "person.spouse": Relation(
        object="person",
        shape="link",
        page=("{s} married {o}.", "{s} was married to {o}.", "{o} was the spouse of {s}."),
        phrases=("the spouse of {x}", "the person married to {x}"),
        asks=("Who was {x} married to?", "Who was the spouse of {x}?"),
    ),
    "person.mentor": Relation(
        object="person",
        shape="link",
        page=("{s} learned the craft from {o}.", "The mentor of {s} was {o}.", "{s} was a pupil of {o}."),
        phrases=("the mentor of {x}", "the person who taught {x}"),
        asks=("Who was the mentor of {x}?", "Who taught {x}?"),
        clauses=("was a pupil of {x}",),
        back=("The pupils of {o} include {list}.", "{o} was the mentor of {list}."),
    ),
    "person.employer": Relation(
        object="company",
        shape="link",
        page=("{s} was employed by {o} for many years.", "For a long time {s} worked for {o}."),
        phrases=("the employer of {x}", "the company that employed {x}"),
        asks=("Which company employed {x}?", "For which company did {x} work?"),
        clauses=("worked for {x}",),
        back=("People who worked for {o} include {list}.", "{o} employed {list}."),
    ),
}
