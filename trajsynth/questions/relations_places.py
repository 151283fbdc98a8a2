"""What the encyclopedia says and asks about cities, countries and rivers.

Data only; `trajsynth.questions.wording` tells how to read it. Level 2; imports wording.
Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

from trajsynth.questions.wording import Relation

PLACES: dict[str, Relation] = {
    "city.country": Relation(
        object="country",
        shape="link",
        page=("{s} is a city in {o}.", "{s} lies in {o}.", "{s} belongs to {o}."),
        phrases=("the country in which {x} lies", "the country of {x}"),
        asks=("In which country is {x}?", "In what country is {x} located?"),
        clauses=("lies in {x}", "is located in {x}"),
        same=("Are {x} and {y} located in the same country?",),
    ),
    "city.river": Relation(
        object="river",
        shape="link",
        page=("{s} stands on {o}.", "{o} flows through {s}.", "{s} grew up on the banks of {o}."),
        phrases=("the river that flows through {x}", "the river on which {x} stands"),
        asks=("Which river flows through {x}?", "On which river does {x} stand?"),
        clauses=("stands on {x}", "lies on the banks of {x}"),
        back=("Cities on the banks of {o} include {list}.", "{o} flows through {list}."),
        same=("Do {x} and {y} stand on the same river?",),
    ),
    "city.founded": Relation(
        object="year",
        shape="year",
        page=("{s} was founded in {o}.", "{s} received its charter in {o} and counts that as its founding."),
        phrases=("the year in which {x} was founded",),
        asks=("In what year was {x} founded?", "When was {x} founded?"),
        years=("the year in which {x} was founded", "the founding year of {x}"),
        low=("Which city was founded first, {x} or {y}?", "Which city is older, {x} or {y}?"),
        high=("Which city was founded later, {x} or {y}?",),
        less=("Was {x} founded before {y}?",),
    ),
    "city.population": Relation(
        object="inhabitants",
        shape="number",
        page=("{s} has a population of {o}.", "{s} counts {o} inhabitants."),
        phrases=("the population of {x}", "the number of inhabitants of {x}"),
        asks=("What is the population of {x}?", "How many inhabitants does {x} have?"),
        low=("Which city has the smaller population, {x} or {y}?",),
        high=("Which city has the larger population, {x} or {y}?", "Which city has more inhabitants, {x} or {y}?"),
        less=("Does {x} have fewer inhabitants than {y}?",),
    ),
    "country.capital": Relation(
        object="city",
        shape="link",
        page=("The capital of {s} is {o}.", "{s} is governed from its capital, {o}."),
        phrases=("the capital of {x}", "the capital city of {x}"),
        asks=("What is the capital of {x}?", "Which city is the capital of {x}?"),
        clauses=("has its capital at {x}",),
        back=("{o} is the capital of {list}.",),
    ),
    "country.currency": Relation(
        object="currency",
        shape="word",
        page=("The currency of {s} is the {o}.", "{s} pays in its own currency, the {o}."),
        phrases=("the currency of {x}", "the currency used in {x}"),
        asks=("What is the currency of {x}?", "Which currency is used in {x}?"),
    ),
    "country.language": Relation(
        object="language",
        shape="word",
        page=("The official language of {s} is {o}.", "{o} is the official language of {s}."),
        phrases=("the official language of {x}",),
        asks=("What is the official language of {x}?",),
    ),
    "country.area": Relation(
        object="square kilometres",
        shape="number",
        page=("{s} covers an area of {o} square kilometres.", "The area of {s} is {o} square kilometres."),
        phrases=("the area in square kilometres of {x}",),
        asks=("What is the area in square kilometres of {x}?", "How many square kilometres does {x} cover?"),
        low=("Which country has the smaller area, {x} or {y}?",),
        high=("Which country has the larger area, {x} or {y}?",),
        less=("Is the area of {x} smaller than that of {y}?",),
    ),
    "river.source": Relation(
        object="source",
        shape="word",
        page=("{s} rises at {o}.", "The source of {s} is {o}."),
        phrases=("the source of {x}", "the place where {x} rises"),
        asks=("What is the source of {x}?", "Where does {x} rise?"),
    ),
    "river.mouth": Relation(
        object="city",
        shape="link",
        page=("{s} reaches the sea at {o}.", "The mouth of {s} is at {o}."),
        phrases=("the city at the mouth of {x}", "the city where {x} reaches the sea"),
        asks=("At which city does {x} reach the sea?",),
        clauses=("reaches the sea at {x}",),
        back=("Rivers that reach the sea at {o}: {list}.",),
    ),
    "river.length": Relation(
        object="kilometres",
        shape="number",
        page=("{s} is {o} kilometres long.", "The length of {s} is {o} kilometres."),
        phrases=("the length in kilometres of {x}",),
        asks=("How many kilometres long is {x}?", "What is the length in kilometres of {x}?"),
        low=("Which river is shorter, {x} or {y}?",),
        high=("Which river is longer, {x} or {y}?",),
        less=("Is {x} shorter than {y}?",),
    ),
}
