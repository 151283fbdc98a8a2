"""What the encyclopedia says and asks about novels and films.

Data only; `trajsynth.questions.wording` tells how to read it. Level 2; imports wording.
Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

from trajsynth.questions.wording import Relation

WORKS: dict[str, Relation] = {
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
}
