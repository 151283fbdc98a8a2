"""What the generated encyclopedia can say and ask: its kinds of entities and relations, with every wording. Data only.

Level 2; imports the standard library. `encyclopedia_pages` writes pages from it, `encyclopedia_questions` asks with it.
Tests: tests/questions/test_encyclopedia.py.

How to read a relation. `{s}` is the subject on its own page (its title, then a short name or pronoun), `{o}` the
object: a `[[link]]` (after the kind's article) or a value. `{x}` in a question is either a name (`Ilva Torren`, `"The Salt Ladder"` for works) or
a nested noun phrase (`the author of "The Salt Ladder"`). A clause follows `who`/`that`/`which` and describes the
subject by its object: `the person who was born in {x}`. Every relation has at most one object per subject.
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

RELATIONS: dict[str, Relation] = {
    # ---- people ----
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
    # ---- cities, countries, rivers ----
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
    # ---- institutions ----
    "university.city": Relation(
        object="city",
        shape="link",
        page=("{s} is a university in {o}.", "{s} has its campus in {o}.", "{s} is located in {o}."),
        phrases=("the city where {x} is located", "the home city of {x}"),
        asks=("In which city is {x} located?", "Where is {x} located?"),
        clauses=("is located in {x}",),
        back=("{o} is home to {list}.", "Higher learning in {o} has its seat at {list}."),
        same=("Are {x} and {y} located in the same city?",),
    ),
    "university.founder": Relation(
        object="person",
        shape="link",
        page=("{s} was founded by {o}.", "{o} founded {s}.", "The founder of {s} was {o}."),
        phrases=("the founder of {x}", "the person who founded {x}"),
        asks=("Who founded {x}?", "Who was the founder of {x}?"),
        clauses=("was founded by {x}",),
        back=("{o} founded {list}.", "{o} is remembered as the founder of {list}."),
    ),
    "university.founded": Relation(
        object="year",
        shape="year",
        page=("{s} was established in {o}.", "{s} opened its doors to students in {o}."),
        phrases=("the year in which {x} was established",),
        asks=("In what year was {x} established?", "When was {x} established?"),
        years=("the year in which {x} was established",),
        low=("Which university was established first, {x} or {y}?", "Which university is older, {x} or {y}?"),
        high=("Which university was established later, {x} or {y}?",),
        less=("Was {x} established before {y}?",),
    ),
    "university.students": Relation(
        object="students",
        shape="number",
        page=("{s} has {o} students.", "{s} enrols {o} students."),
        phrases=("the number of students of {x}", "the number of students at {x}"),
        asks=("How many students does {x} have?",),
        low=("Which university has fewer students, {x} or {y}?",),
        high=("Which university has more students, {x} or {y}?",),
        less=("Does {x} have fewer students than {y}?",),
    ),
    "company.headquarters": Relation(
        object="city",
        shape="link",
        page=("{s} has its headquarters in {o}.", "{s} is run from its head office in {o}.", "{s} is based in {o}."),
        phrases=("the city where {x} has its headquarters", "the home city of {x}"),
        asks=("In which city does {x} have its headquarters?", "Where is {x} based?"),
        clauses=("has its headquarters in {x}", "is based in {x}"),
        back=("Companies based in {o} include {list}.", "With headquarters in {o}: {list}."),
        same=("Do {x} and {y} have their headquarters in the same city?",),
    ),
    "company.founder": Relation(
        object="person",
        shape="link",
        page=("{s} was founded by {o}.", "{o} founded {s}.", "The founder of {s} was {o}."),
        phrases=("the founder of {x}", "the person who founded {x}"),
        asks=("Who founded {x}?", "Who was the founder of {x}?"),
        clauses=("was founded by {x}",),
        back=("{o} founded {list}.", "{o} was the founder of {list}."),
    ),
    "company.founded": Relation(
        object="year",
        shape="year",
        page=("{s} was set up in {o}.", "{s} began trading in {o}, the year it was set up."),
        phrases=("the year in which {x} was set up",),
        asks=("In what year was {x} set up?", "When was {x} set up?"),
        years=("the year in which {x} was set up",),
        low=("Which company was set up first, {x} or {y}?", "Which company is older, {x} or {y}?"),
        high=("Which company was set up later, {x} or {y}?",),
        less=("Was {x} set up before {y}?",),
    ),
    "company.industry": Relation(
        object="industry",
        shape="word",
        page=("The industry of {s} is {o}.", "{s} earns its money with {o}.", "{s} is a company in the {o} industry."),
        phrases=("the industry of {x}", "the industry in which {x} works"),
        asks=("In which industry does {x} work?", "What is the industry of {x}?"),
        clauses=("works in the {x} industry",),
        same=("Do {x} and {y} work in the same industry?",),
    ),
    "company.employees": Relation(
        object="employees",
        shape="number",
        page=("{s} has {o} employees.", "{s} gives work to {o} employees."),
        phrases=("the number of employees of {x}",),
        asks=("How many employees does {x} have?",),
        low=("Which company has fewer employees, {x} or {y}?",),
        high=("Which company has more employees, {x} or {y}?",),
        less=("Does {x} have fewer employees than {y}?",),
    ),
    "museum.city": Relation(
        object="city",
        shape="link",
        page=("{s} is a museum in {o}.", "{s} can be visited in {o}.", "{s} is located in {o}."),
        phrases=("the city where {x} is located", "the home city of {x}"),
        asks=("In which city is {x} located?", "Where is {x} located?"),
        clauses=("is located in {x}",),
        back=("Museums in {o} include {list}.", "Visitors to {o} go to {list}."),
        same=("Are {x} and {y} located in the same city?",),
    ),
    "museum.architect": Relation(
        object="person",
        shape="link",
        page=("The building of {s} was designed by {o}.", "The architect of {s} was {o}."),
        phrases=("the architect of {x}", "the person who designed the building of {x}"),
        asks=("Who designed the building of {x}?", "Who was the architect of {x}?"),
        clauses=("was designed by {x}",),
        back=("{o} designed the building of {list}.", "{o} was the architect of {list}."),
    ),
    "museum.opened": Relation(
        object="year",
        shape="year",
        page=("{s} opened in {o}.", "{s} first opened to the public in {o}."),
        phrases=("the year in which {x} opened",),
        asks=("In what year did {x} open?", "When did {x} open?"),
        years=("the year in which {x} opened",),
        low=("Which museum opened first, {x} or {y}?",),
        high=("Which museum opened later, {x} or {y}?",),
        less=("Did {x} open before {y}?",),
    ),
    # ---- works and events ----
    "book.author": Relation(
        object="person",
        shape="link",
        page=("{s} is a novel by {o}.", "{s} was written by {o}.", "The author of {s} is {o}."),
        phrases=("the author of {x}", "the writer of {x}", "the person who wrote {x}"),
        asks=("Who wrote {x}?", "Who is the author of {x}?"),
        clauses=("was written by {x}",),
        back=("{o} wrote {list}.", "{o} is the author of {list}."),
        same=("Were {x} and {y} written by the same author?",),
    ),
    "book.published": Relation(
        object="year",
        shape="year",
        page=("{s} was published in {o}.", "{s} first appeared in print in {o}."),
        phrases=("the year in which {x} was published",),
        asks=("In what year was {x} published?", "When was {x} published?"),
        years=("the year in which {x} was published", "the year of publication of {x}"),
        low=("Which novel was published first, {x} or {y}?",),
        high=("Which novel was published later, {x} or {y}?",),
        less=("Was {x} published before {y}?",),
    ),
    "book.publisher": Relation(
        object="company",
        shape="link",
        page=("The publisher of {s} was {o}.", "{s} was brought out by {o}, its publisher."),
        phrases=("the publisher of {x}", "the company that published {x}"),
        asks=("Which company published {x}?", "Who was the publisher of {x}?"),
        clauses=("was published by {x}",),
        back=("Novels published by {o} include {list}.", "{o} published {list}."),
        same=("Did the same company publish {x} and {y}?",),
    ),
    "book.setting": Relation(
        object="city",
        shape="link",
        page=("{s} is set in {o}.", "The story of {s} is set in {o}."),
        phrases=("the city in which {x} is set", "the setting of {x}"),
        asks=("In which city is {x} set?", "Where is {x} set?"),
        clauses=("is set in {x}",),
        back=("Novels set in {o} include {list}.", "{o} is the setting of {list}."),
        same=("Are {x} and {y} set in the same city?",),
    ),
    "book.pages": Relation(
        object="pages",
        shape="number",
        page=("{s} has {o} pages.", "The first edition of {s} runs to {o} pages."),
        phrases=("the number of pages of {x}",),
        asks=("How many pages does {x} have?",),
        low=("Which novel has fewer pages, {x} or {y}?",),
        high=("Which novel has more pages, {x} or {y}?",),
        less=("Does {x} have fewer pages than {y}?",),
    ),
    "film.director": Relation(
        object="person",
        shape="link",
        page=("{s} is a film directed by {o}.", "{o} directed {s}.", "The director of {s} was {o}."),
        phrases=("the director of {x}", "the person who directed {x}"),
        asks=("Who directed {x}?", "Who was the director of {x}?"),
        clauses=("was directed by {x}",),
        back=("{o} directed {list}.", "{o} was the director of {list}."),
        same=("Were {x} and {y} directed by the same person?",),
    ),
    "film.based_on": Relation(
        object="book",
        shape="link",
        page=("{s} is based on {o}.", "{s} is an adaptation of {o}."),
        phrases=("the novel on which {x} is based", "the novel that was adapted into {x}"),
        asks=("On which novel is {x} based?",),
        clauses=("is based on {x}", "was adapted from {x}"),
        back=("{o} was adapted into {list}.", "{o} is the basis of {list}."),
    ),
    "film.composer": Relation(
        object="person",
        shape="link",
        page=("The music of {s} was composed by {o}.", "The composer of {s} was {o}."),
        phrases=("the composer of {x}", "the person who composed the music of {x}"),
        asks=("Who composed the music of {x}?", "Who was the composer of {x}?"),
        clauses=("has music by {x}",),
        back=("{o} composed the music of {list}.",),
    ),
    "film.released": Relation(
        object="year",
        shape="year",
        page=("{s} was released in {o}.", "{s} reached the cinemas in {o}, the year of its release."),
        phrases=("the year in which {x} was released",),
        asks=("In what year was {x} released?", "When was {x} released?"),
        years=("the year in which {x} was released", "the release year of {x}"),
        low=("Which film was released first, {x} or {y}?",),
        high=("Which film was released later, {x} or {y}?",),
        less=("Was {x} released before {y}?",),
    ),
    "film.runtime": Relation(
        object="minutes",
        shape="number",
        page=("{s} runs for {o} minutes.", "The running time of {s} is {o} minutes."),
        phrases=("the running time in minutes of {x}",),
        asks=("How many minutes does {x} run?", "What is the running time in minutes of {x}?"),
        low=("Which film is shorter, {x} or {y}?",),
        high=("Which film is longer, {x} or {y}?",),
        less=("Is {x} shorter than {y}?",),
    ),
    "festival.city": Relation(
        object="city",
        shape="link",
        page=("{s} is a festival in {o}.", "{s} is held in {o}.", "{s} takes place in {o}."),
        phrases=("the city where {x} is held", "the host city of {x}"),
        asks=("In which city is {x} held?", "Where does {x} take place?"),
        clauses=("is held in {x}", "takes place in {x}"),
        back=("Festivals held in {o} include {list}.", "{o} hosts {list}."),
        same=("Are {x} and {y} held in the same city?",),
    ),
    "festival.founder": Relation(
        object="person",
        shape="link",
        page=("{s} was founded by {o}.", "The founder of {s} was {o}."),
        phrases=("the founder of {x}", "the person who founded {x}"),
        asks=("Who founded {x}?", "Who was the founder of {x}?"),
        clauses=("was founded by {x}",),
        back=("{o} founded {list}.", "{o} was the founder of {list}."),
    ),
    "festival.first_held": Relation(
        object="year",
        shape="year",
        page=("{s} was first held in {o}.", "{s} took place for the first time in {o}."),
        phrases=("the year in which {x} was first held",),
        asks=("In what year was {x} first held?", "When was {x} first held?"),
        years=("the year in which {x} was first held",),
        low=("Which festival was first held earlier, {x} or {y}?",),
        high=("Which festival was first held later, {x} or {y}?",),
        less=("Was {x} first held before {y}?",),
    ),
}

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
