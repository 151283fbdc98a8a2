"""The made-up world behind the encyclopedia: entities and a table of facts, a pure function of seed and size.

Level 2; imports relations and names. Facts agree with each other (nobody founds a university before being born).
Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from trajsynth.questions import encyclopedia_names as words
from trajsynth.questions.encyclopedia_names import Names
from trajsynth.questions.relations import KINDS

SMALLEST = 30
"""Fewest pages that hold every kind."""
LAST_YEAR = 2005


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """What one page is about."""

    index: int
    kind: str
    title: str
    name: str
    """The title without its disambiguation: `Ilva Torren` of `Ilva Torren (painter)`."""
    pronoun: str = "It"


Value: TypeAlias = Entity | str | int | datetime.date


@dataclass(slots=True)
class Facts:
    """Every fact, forwards (at most one value per subject and relation) and backwards."""

    entities: list[Entity] = field(default_factory=list)
    by_kind: dict[str, list[Entity]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    of: dict[int, dict[str, Value]] = field(default_factory=lambda: defaultdict(dict))
    """Entity index -> relation -> value."""
    subjects: dict[tuple[str, Value], list[Entity]] = field(default_factory=lambda: defaultdict(list))
    """(relation, value) -> subjects, in page order."""

    names: dict[str, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    """Name without disambiguation -> its bearers."""

    def add(self, kind: str, title: str, *, name: str = "", pronoun: str = "It") -> Entity:
        """A new entity."""
        entity = Entity(len(self.entities), kind, title, name or title, pronoun)
        self.entities.append(entity)
        self.by_kind[kind].append(entity)
        self.names[entity.name].append(entity)
        return entity

    def say(self, subject: Entity, relation: str, value: Value) -> None:
        """State a fact; `relation` without the kind."""
        key = f"{subject.kind}.{relation}"
        self.of[subject.index][key] = value
        self.subjects[key, value].append(subject)

    def get(self, subject: Entity, relation: str) -> Value | None:
        """The value of a relation (whole key), if stated."""
        return self.of[subject.index].get(relation)

    def inverse(self, relation: str, value: Value) -> list[Entity]:
        """Who has this value."""
        return self.subjects.get((relation, value), [])


def sizes(pages: int) -> dict[str, int]:
    """Pages per kind; they add up to `pages`."""
    count = {kind: max(2, round(pages * spec.share)) for kind, spec in KINDS.items()}
    count["person"] += pages - sum(count.values())
    return count


def build(seed: int, pages: int) -> Facts:
    """The world of this seed and size (at least SMALLEST pages)."""
    builder = _Builder(seed, pages)
    for step in (
        builder.places,
        builder.people,
        builder.institutions,
        builder.works,
        builder.lives,
    ):
        step()
    return builder.facts


class _Builder:
    def __init__(self, seed: int, pages: int) -> None:
        self.random = Random(f"trajsynth encyclopedia {seed} {pages}")
        self.names = Names(self.random)
        self.facts = Facts()
        self.count = sizes(pages)
        self.birth: dict[int, int] = {}
        self.people_by_birth: list[Entity] = []

    # ---- places ----

    def places(self) -> None:
        facts, draw, names = self.facts, self.random, self.names
        for _ in range(self.count["country"]):
            country = facts.add("country", names.root(words.COUNTRY_ENDS))
            facts.say(country, "currency", names.root().lower())
            facts.say(country, "language", names.root(("ish", "ese", "ic")))
            facts.say(country, "area", draw.randrange(9_000, 900_000))
        for _ in range(self.count["river"]):
            name = names.root()
            river = facts.add("river", f"{name} River", name=f"{name} River")
            facts.say(river, "source", draw.choice(("Mount {}", "Lake {}", "the {} Glacier")).format(names.root()))
            facts.say(river, "length", draw.randrange(60, 2_400))
        countries, rivers = facts.by_kind["country"], facts.by_kind["river"]
        for number in range(self.count["city"]):
            city = facts.add("city", names.root(words.CITY_ENDS))
            country = countries[number] if number < len(countries) else draw.choice(countries)
            if number < len(countries):
                facts.say(country, "capital", city)
            facts.say(city, "country", country)
            facts.say(city, "founded", draw.randrange(1050, 1735))
            facts.say(city, "population", draw.randrange(8_000, 900_000))
            if draw.random() < 0.75:
                facts.say(city, "river", draw.choice(rivers))
        for river in rivers:
            on_it = facts.inverse("city.river", river)
            facts.say(river, "mouth", draw.choice(on_it or facts.by_kind["city"]))

    # ---- people ----

    def people(self) -> None:
        draw, left = self.random, self.count["person"]
        while left:
            if left > 1 and draw.random() < 0.03:
                self._namesakes()
                left -= 2
            else:
                self._person(self.names.person(male := draw.random() < 0.5), male, draw.choice(words.OCCUPATIONS))
                left -= 1
        self.people_by_birth = sorted(self.facts.by_kind["person"], key=lambda one: (self.birth[one.index], one.index))

    def _namesakes(self) -> None:
        male = self.random.random() < 0.5
        name = self.names.person(male)
        for occupation in self.random.sample(words.OCCUPATIONS, 2):
            self._person(name, male, occupation, title=f"{name} ({occupation})")

    def _person(self, name: str, male: bool, occupation: str, *, title: str = "") -> None:
        facts, draw = self.facts, self.random
        one = facts.add("person", title or name, name=name, pronoun="He" if male else "She")
        year = draw.randrange(1740, 1966)
        self.birth[one.index] = year
        facts.say(one, "birthplace", draw.choice(facts.by_kind["city"]))
        facts.say(one, "birth_date", _date(draw, year))
        facts.say(one, "occupation", occupation)
        died = year + draw.randrange(48, 96)
        if died <= LAST_YEAR:
            facts.say(one, "death_date", _date(draw, died))
            if draw.random() < 0.8:
                facts.say(one, "deathplace", draw.choice(facts.by_kind["city"]))

    def _adult(self, youngest: int = 22, oldest: int = 70) -> tuple[Entity, int]:
        """Somebody, and a year in which they were of this age."""
        one = self.random.choice(self.facts.by_kind["person"])
        return one, min(LAST_YEAR, self.birth[one.index] + self.random.randrange(youngest, min(oldest, self._age(one))))

    def _age(self, one: Entity) -> int:
        """Age at death, or in the last year."""
        died = self.facts.get(one, "person.death_date")
        return (died.year if isinstance(died, datetime.date) else LAST_YEAR) - self.birth[one.index]

    # ---- institutions ----

    def institutions(self) -> None:
        for kind in ("university", "company", "museum", "festival"):
            for number in range(self.count[kind]):
                self._institution(kind, number)

    def _institution(self, kind: str, number: int) -> None:
        facts, draw, names = self.facts, self.random, self.names
        city = draw.choice(facts.by_kind["city"])
        person, year = self._adult()
        base = city.name if draw.random() < 0.3 else names.root()
        if kind == "university":
            plain = f"University of {base}"
            title = (
                plain if draw.random() < 0.4 and names.claim(plain) else names.two_words(base, words.UNIVERSITY_ENDS)
            )
            one = facts.add(kind, title)
            facts.say(one, "students", draw.randrange(800, 42_000))
        elif kind == "company":
            press = number % 3 == 0
            one = facts.add(kind, names.two_words(base, words.PRESS_ENDS if press else words.COMPANY_ENDS))
            facts.say(one, "industry", words.PUBLISHING if press else draw.choice(words.INDUSTRIES))
            facts.say(one, "employees", draw.randrange(30, 24_000))
        else:
            one = facts.add(kind, names.two_words(base, words.MUSEUM_ENDS if kind == "museum" else words.FESTIVAL_ENDS))
        facts.say(one, "headquarters" if kind == "company" else "city", city)
        facts.say(one, "architect" if kind == "museum" else "founder", person)
        facts.say(one, {"museum": "opened", "festival": "first_held"}.get(kind, "founded"), year)

    # ---- works ----

    def works(self) -> None:
        facts, draw = self.facts, self.random
        publishers = facts.inverse("company.industry", words.PUBLISHING)
        for number in range(self.count["book"]):
            filmed = number < self.count["film"] // 3
            name = self.names.work()
            one = facts.add("book", f"{name} (novel)" if filmed else name, name=name)
            author, year = self._adult()
            facts.say(one, "author", author)
            facts.say(one, "published", year)
            facts.say(one, "setting", draw.choice(facts.by_kind["city"]))
            facts.say(one, "pages", draw.randrange(90, 1_150))
            houses = [
                house for house in draw.sample(publishers, min(8, len(publishers))) if self._founded(house) <= year
            ]
            if houses:
                facts.say(one, "publisher", houses[0])
        for number in range(self.count["film"]):
            self._film(number)

    def _film(self, number: int) -> None:
        facts, draw, books = self.facts, self.random, self.facts.by_kind["book"]
        namesake = number < self.count["film"] // 3
        book = books[number] if namesake else draw.choice(books) if draw.random() < 0.5 else None
        name = book.name if namesake and book else self.names.work()
        one = facts.add("film", f"{name} (film)" if namesake else name, name=name)
        printed = facts.get(book, "book.published") if book else 0
        director, year = self._adult()
        for _ in range(50):
            if year >= max(1905, printed if isinstance(printed, int) else 0):
                break
            director, year = self._adult()
        else:
            year = LAST_YEAR
            director = self.people_by_birth[-1]
        facts.say(one, "director", director)
        facts.say(one, "released", year)
        facts.say(one, "runtime", draw.randrange(62, 215))
        if book:
            facts.say(one, "based_on", book)
        others = [who for who in self._near(director, 30) if who is not director]
        if others and draw.random() < 0.7:
            facts.say(one, "composer", draw.choice(others))

    def _founded(self, one: Entity) -> int:
        year = self.facts.get(one, f"{one.kind}.founded")
        return year if isinstance(year, int) else 0

    # ---- lives: what people have to do with institutions and each other ----

    def lives(self) -> None:
        facts, draw = self.facts, self.random
        for one in facts.by_kind["person"]:
            born = self.birth[one.index]
            for relation, kind, share, age in (
                ("alma_mater", "university", 0.75, 20),
                ("employer", "company", 0.5, 40),
            ):
                pool = facts.by_kind[kind]
                open_then = [
                    place
                    for place in draw.sample(pool, min(12, len(pool)))
                    if self._founded(place) <= born + age and facts.get(place, f"{kind}.founder") is not one
                ]
                if open_then and draw.random() < share:
                    facts.say(one, relation, open_then[0])
            near = self._near(one, 40)
            older = [who for who in near if 14 <= born - self.birth[who.index] <= 45]
            if older and draw.random() < 0.6:
                facts.say(one, "mentor", draw.choice(older))
            single = [who for who in near if self._could_marry(one, who)]
            if single and draw.random() < 0.4:
                other = draw.choice(single)
                facts.say(one, "spouse", other)
                facts.say(other, "spouse", one)

    def _near(self, one: Entity, count: int) -> list[Entity]:
        """Some people of the same age or older, drawn around and before them."""
        everyone = self.people_by_birth
        here = bisect_left(everyone, self.birth[one.index], key=lambda who: self.birth[who.index])
        low, high = max(0, here - len(everyone) // 4 - 4), min(len(everyone), here + len(everyone) // 12 + 4)
        window = range(low, high)
        return [everyone[at] for at in sorted(self.random.sample(window, min(count, len(window))))]

    def _could_marry(self, one: Entity, other: Entity) -> bool:
        facts = self.facts
        return (
            other is not one
            and other.name.split()[-1] != one.name.split()[-1]
            and facts.get(one, "person.spouse") is None
            and facts.get(other, "person.spouse") is None
            and facts.get(one, "person.mentor") is not other
            and abs(self.birth[one.index] - self.birth[other.index]) <= 12
        )


def _date(draw: Random, year: int) -> datetime.date:
    return datetime.date(year, 1, 1) + datetime.timedelta(days=draw.randrange(365))
