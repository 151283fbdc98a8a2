"""How relations are worded in questions and on pages, as the scripted reader understands them. Data only.

`{x}` is an entity or a nested noun phrase, `{s}` the subject on its own page, `{o}` the object there, `{l}` a list of
links. `a|b` are alternatives. Imports nothing. Tests: tests/teachers/scripted/test_scripted_lexicon.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """One relation, over every kind of subject that is spoken of in the same words."""

    shape: Literal["link", "word", "date", "year", "number"]
    nouns: str = ""
    """What a subject may be called after `the`/`which`."""
    asks: tuple[str, ...] = ()
    """Noun phrases and whole questions for the object."""
    clauses: tuple[str, ...] = ()
    """What a subject does with its object `{x}`."""
    page: tuple[str, ...] = ()
    """Sentences on the subject's page."""
    back: tuple[str, ...] = ()
    """Sentences on the object's page that list subjects; `noun: sentence` restricts them to one kind."""


SENSES: dict[str, Sense] = {
    "birthplace": Sense(
        shape="link",
        nouns="person",
        asks=("birthplace of {x}", "city where {x} was born", "Where was {x} born", "In which city was {x} born"),
        clauses=("was born in {x}",),
        page=("{s} was born in {o}", "{s} came into the world in {o}", "{s} was a native of {o}"),
        back=("People born in {o} include {l}", "{o} is the birthplace of {l}"),
    ),
    "born": Sense(
        shape="date",
        nouns="person",
        asks=(
            "date of birth of {x}",
            "day on which {x} was born",
            "year of birth of {x}",
            "year in which {x} was born",
            "When was {x} born",
            "On what date was {x} born",
        ),
        page=("{s} was born on {o}", "The date of birth of {s} is given as {o}"),
    ),
    "died": Sense(
        shape="date",
        nouns="person",
        asks=(
            "date of death of {x}",
            "day on which {x} died",
            "year of death of {x}",
            "year in which {x} died",
            "When did {x} die",
            "On what date did {x} die",
        ),
        page=("{s} died on {o}", "The death of {s} came on {o}"),
    ),
    "deathplace": Sense(
        shape="link",
        nouns="person",
        asks=("place of death of {x}", "city where {x} died", "Where did {x} die", "In which city did {x} die"),
        clauses=("died in {x}",),
        page=("{s} spent the last years in {o} and died there", "{s} passed away in {o}"),
        back=("People who died in {o} include {l}", "{l} spent the last years in {o} and died there"),
    ),
    "occupation": Sense(
        shape="word",
        nouns="person",
        asks=(
            "occupation of {x}",
            "profession of {x}",
            "What was the occupation of {x}",
            "What did {x} do for a living",
        ),
        clauses=("worked as a {x}", "worked as an {x}"),
        page=(
            "{s} made a living as an? {o}",
            "By occupation {s} was an? {o}",
            "{s} worked as an? {o}",
        ),
    ),
    "alma_mater": Sense(
        shape="link",
        nouns="person",
        asks=(
            "alma mater of {x}",
            "university where {x} studied",
            "Where did {x} study",
            "At which university did {x} study",
        ),
        clauses=("studied at {x}", "was educated at {x}"),
        page=("{s} studied at {o}", "{s} took a degree at {o}", "{s} was educated at {o}"),
        back=("Alumni of {o} include {l}", "Among those who studied at {o} are {l}"),
    ),
    "spouse": Sense(
        shape="link",
        nouns="person",
        asks=("spouse of {x}", "person married to {x}", "Who was {x} married to", "Who was the spouse of {x}"),
        page=("{s} married {o}", "{s} was married to {o}", "{o} was the spouse of {s}"),
    ),
    "mentor": Sense(
        shape="link",
        nouns="person",
        asks=("mentor of {x}", "person who taught {x}", "Who was the mentor of {x}", "Who taught {x}"),
        clauses=("was a pupil of {x}",),
        page=("{s} learned the craft from {o}", "The mentor of {s} was {o}", "{s} was a pupil of {o}"),
        back=("The pupils of {o} include {l}", "{o} was the mentor of {l}"),
    ),
    "employer": Sense(
        shape="link",
        nouns="person",
        asks=(
            "employer of {x}",
            "company that employed {x}",
            "Which company employed {x}",
            "For which company did {x} work",
        ),
        clauses=("worked for {x}",),
        page=("{s} was employed by {o} for many years", "For a long time {s} worked for {o}"),
        back=("People who worked for {o} include {l}", "{o} employed {l}"),
    ),
    "country": Sense(
        shape="link",
        nouns="city",
        asks=(
            "country in which {x} lies",
            "country of {x}",
            "In which country is {x}",
            "In what country is {x} located",
        ),
        clauses=("lies in {x}", "is located in {x}"),
        page=("{s} is a city in {o}", "{s} lies in {o}", "{s} belongs to {o}"),
        back=("Cities (?:in|of) {o} include {l}", "The cities of {o} are {l}"),
    ),
    "river": Sense(
        shape="link",
        nouns="city",
        asks=(
            "river that flows through {x}",
            "river on which {x} stands",
            "Which river flows through {x}",
            "On which river does {x} stand",
        ),
        clauses=("stands on {x}", "stands on the {x}", "lies on the banks of {x}", "lies on the banks of the {x}"),
        page=(
            "{s} stands on (?:the )?{o}",
            "(?:The )?{o} flows through {s}",
            "{s} grew up on the banks of (?:the )?{o}",
        ),
        back=("Cities on the banks of (?:the )?{o} include {l}", "(?:The )?{o} flows through {l}"),
    ),
    "start": Sense(
        shape="year",
        asks=(
            "year in which {x} was (?:founded|established|set up|published|released|first held)",
            "year in which {x} opened",
            "(?:founding|release) year of {x}",
            "year of publication of {x}",
            "(?:In what year|When) was {x} (?:founded|established|set up|published|released|first held)",
            "(?:In what year|When) did {x} open",
        ),
        page=(
            "{s} was (?:founded|established|set up|published|released|first held) in {o}",
            "{s} received its charter in {o} and counts that as its founding",
            "{s} opened its doors to students in {o}",
            "{s} began trading in {o}, the year it was set up",
            "{s} (?:first )?opened (?:to the public )?in {o}",
            "{s} first appeared in print in {o}",
            "{s} reached the cinemas in {o}, the year of its release",
            "{s} took place for the first time in {o}",
        ),
    ),
    "population": Sense(
        shape="number",
        nouns="city",
        asks=("population of {x}", "number of inhabitants of {x}", "How many inhabitants does {x} have"),
        page=("{s} has a population of {o}", "{s} counts {o} inhabitants"),
    ),
    "capital": Sense(
        shape="link",
        nouns="country",
        asks=("capital of {x}", "capital city of {x}", "Which city is the capital of {x}"),
        clauses=("has its capital at {x}",),
        page=("The capital of {s} is {o}", "{s} is governed from its capital, {o}"),
        back=("{o} is the capital of {l}",),
    ),
    "currency": Sense(
        shape="word",
        nouns="country",
        asks=("currency of {x}", "currency used in {x}", "Which currency is used in {x}"),
        page=("The currency of {s} is the {o}", "{s} pays in its own currency, the {o}"),
    ),
    "language": Sense(
        shape="word",
        nouns="country",
        asks=("official language of {x}",),
        page=("The official language of {s} is {o}", "{o} is the official language of {s}"),
    ),
    "area": Sense(
        shape="number",
        nouns="country",
        asks=(
            "area of {x} in square kilometres",
            "area in square kilometres of {x}",
            "How many square kilometres does {x} cover",
        ),
        page=("{s} covers an area of {o} square kilometres", "The area of {s} is {o} square kilometres"),
    ),
    "source": Sense(
        shape="word",
        nouns="river",
        asks=("source of {x}", "place where {x} rises", "Where does {x} rise"),
        page=("{s} rises at {o}", "The source of {s} is {o}"),
    ),
    "mouth": Sense(
        shape="link",
        nouns="river",
        asks=("city at the mouth of {x}", "city where {x} reaches the sea", "At which city does {x} reach the sea"),
        clauses=("reaches the sea at {x}",),
        page=("{s} reaches the sea at {o}", "The mouth of {s} is at {o}"),
        back=("Rivers that reach the sea at {o}: {l}", "At {o} (?:the )?{l} reaches? the sea"),
    ),
    "length": Sense(
        shape="number",
        nouns="river",
        asks=(
            "length of {x} in kilometres",
            "length in kilometres of {x}",
            "How long is {x} in kilometres",
            "How many kilometres long is {x}",
        ),
        page=("{s} is {o} kilometres long", "The length of {s} is {o} kilometres"),
    ),
    "seat": Sense(
        shape="link",
        nouns="university company museum festival",
        asks=(
            "city where {x} is (?:located|held)",
            "city where {x} has its headquarters",
            "(?:home|host) city of {x}",
            "In which city is {x} (?:located|held)",
            "Where is {x} (?:located|based)",
            "In which city does {x} have its headquarters",
            "Where does {x} take place",
        ),
        clauses=(
            "is (?:located|based|held) in {x}",
            "has its headquarters in {x}",
            "takes place in {x}",
        ),
        page=(
            "{s} is a (?:university|museum|festival) in {o}",
            "{s} has its (?:campus|headquarters) in {o}",
            "{s} is (?:located|based|held) in {o}",
            "{s} is run from its head office in {o}",
            "{s} can be visited in {o}",
            "{s} takes place in {o}",
        ),
        back=(
            "university: {o} is home to {l}",
            "university: Higher learning in {o} has its seat at {l}",
            "company: Companies based in {o} include {l}",
            "company: With headquarters in {o}: {l}",
            "museum: Museums in {o} include {l}",
            "museum: Visitors to {o} go to {l}",
            "festival: Festivals held in {o} include {l}",
            "festival: {o} hosts {l}",
        ),
    ),
    "founder": Sense(
        shape="link",
        nouns="university company festival",
        asks=("founder of {x}", "person who founded {x}", "Who founded {x}", "Who was the founder of {x}"),
        clauses=("was founded by {x}",),
        page=("{s} was founded by {o}", "{o} founded {s}", "The founder of {s} was {o}"),
        back=("{o} founded {l}", "{o} (?:is remembered as|was) the founder of {l}"),
    ),
    "students": Sense(
        shape="number",
        nouns="university",
        asks=("number of students (?:of|at) {x}", "How many students does {x} have"),
        page=("{s} (?:has|enrols) {o} students",),
    ),
    "industry": Sense(
        shape="word",
        nouns="company",
        asks=("industry of {x}", "industry in which {x} works", "In which industry does {x} work"),
        clauses=("works in the {x} industry",),
        page=(
            "The industry of {s} is {o}",
            "{s} earns its money with {o}",
            "{s} is a company in the {o} industry",
        ),
    ),
    "employees": Sense(
        shape="number",
        nouns="company",
        asks=("number of employees of {x}", "How many employees does {x} have"),
        page=("{s} (?:has|gives work to) {o} employees",),
    ),
    "architect": Sense(
        shape="link",
        nouns="museum",
        asks=(
            "architect of {x}",
            "person who designed the building of {x}",
            "Who designed the building of {x}",
            "Who was the architect of {x}",
        ),
        clauses=("was designed by {x}",),
        page=("The building of {s} was designed by {o}", "The architect of {s} was {o}"),
        back=("{o} designed the building of {l}", "{o} was the architect of {l}"),
    ),
    "author": Sense(
        shape="link",
        nouns="novel",
        asks=("(?:author|writer) of {x}", "person who wrote {x}", "Who wrote {x}", "Who is the author of {x}"),
        clauses=("was written by {x}",),
        page=("{s} is a novel by {o}", "{s} was written by {o}", "The author of {s} is {o}"),
        back=("{o} wrote {l}", "{o} is the author of {l}"),
    ),
    "publisher": Sense(
        shape="link",
        nouns="novel",
        asks=(
            "publisher of {x}",
            "company that published {x}",
            "Which company published {x}",
            "Who was the publisher of {x}",
        ),
        clauses=("was published by {x}",),
        page=("The publisher of {s} was {o}", "{s} was brought out by {o}, its publisher"),
        back=("Novels published by {o} include {l}", "{o} published {l}"),
    ),
    "setting": Sense(
        shape="link",
        nouns="novel",
        asks=("city in which {x} is set", "setting of {x}", "In which city is {x} set", "Where is {x} set"),
        clauses=("is set in {x}",),
        page=("{s} is set in {o}", "The story of {s} is set in {o}"),
        back=("Novels set in {o} include {l}", "{o} is the setting of {l}"),
    ),
    "pages": Sense(
        shape="number",
        nouns="novel",
        asks=("number of pages of {x}", "How many pages does {x} have"),
        page=("{s} has {o} pages", "The first edition of {s} runs to {o} pages"),
    ),
    "director": Sense(
        shape="link",
        nouns="film",
        asks=("director of {x}", "person who directed {x}", "Who directed {x}", "Who was the director of {x}"),
        clauses=("was directed by {x}",),
        page=("{s} is a film directed by {o}", "{o} directed {s}", "The director of {s} was {o}"),
        back=("{o} directed {l}", "{o} was the director of {l}"),
    ),
    "based_on": Sense(
        shape="link",
        nouns="film",
        asks=(
            "novel on which {x} is based",
            "novel that was adapted into {x}",
            "On which novel is {x} based",
        ),
        clauses=("is based on {x}", "was adapted from {x}"),
        page=("{s} is (?:based on|an adaptation of) {o}",),
        back=("{o} was adapted into {l}", "{o} is the basis of {l}"),
    ),
    "composer": Sense(
        shape="link",
        nouns="film",
        asks=(
            "composer of {x}",
            "person who composed the music of {x}",
            "Who composed the music of {x}",
            "Who was the composer of {x}",
        ),
        clauses=("has music by {x}",),
        page=("The music of {s} was composed by {o}", "The composer of {s} was {o}"),
        back=("{o} composed the music of {l}",),
    ),
    "runtime": Sense(
        shape="number",
        nouns="film",
        asks=("running time of {x} in minutes", "running time in minutes of {x}", "How many minutes does {x} run"),
        page=("{s} runs for {o} minutes", "The running time of {s} is {o} minutes"),
    ),
}
