"""Writes the page of an entity: each fact in a sentence, links as `[[Title]]`, and sentences that lead astray.

Level 2; imports relations and the world. A page is a pure function of seed, facts and entity, so pages may be written
one by one, in any order. Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from random import Random

from trajsynth.questions.encyclopedia_names import MONTHS
from trajsynth.questions.encyclopedia_world import LAST_YEAR, Entity, Facts, Value
from trajsynth.questions.relations import KINDS, RELATIONS
from trajsynth.types import Document

SHORTEST = 85
"""Words; asides are added until a page has as many."""
LISTED = 5
"""Most subjects a page lists per relation; longer lists end in `and others`."""

INTRO: dict[str, tuple[str, ...]] = {
    "country": ("{t} is a country known for its {f}.", "{t} is a country whose {f} draw travellers."),
    "city": ("{t} is a city known for its {f}.", "{t} is an old city, famous for its {f}."),
    "river": ("{t} is a river known for its {f}.", "{t} is a river that painters love for its {f}."),
    "person": ("{t} was a person of many interests, known for a love of {f}.", "{t} is remembered for a love of {f}."),
    "university": ("{t} is a university known for its {f}.", "{t} is a university that prides itself on its {f}."),
    "company": ("{t} is a company known for its {f}.", "{t} is a company whose {f} became proverbial."),
    "museum": ("{t} is a museum known for its {f}.", "{t} is a museum; its {f} are the main attraction."),
    "book": ("{t} is a novel admired for its {f}.", "{t} is a novel that critics praised for its {f}."),
    "film": ("{t} is a film admired for its {f}.", "{t} is a film that divided the critics with its {f}."),
    "festival": ("{t} is a festival known for its {f}.", "{t} is a festival that people visit for its {f}."),
}

FLAVOURS: dict[str, tuple[str, ...]] = {
    "country": ("stone terraces", "hot springs", "wide heaths", "salt lakes", "beech forests"),
    "city": ("covered bridges", "tiled roofs", "night markets", "crooked stairways", "brick towers", "rose gardens"),
    "river": ("sandbanks", "willows", "slow bends", "waterfalls", "floating mills"),
    "person": ("long walks", "chess", "old coins", "beekeeping", "mountain air", "riddles", "folk songs", "letters"),
    "university": ("evening lectures", "botanical garden", "library of maps", "rowing crews", "debating halls"),
    "company": ("careful bookkeeping", "generous holidays", "blue delivery carts", "yearly almanacs"),
    "museum": ("mosaics", "mechanical toys", "painted ceilings", "ship models", "tapestries"),
    "book": ("dry humour", "long dialogues", "unhurried descriptions", "sudden turns"),
    "film": ("long silent scenes", "painted backdrops", "crowd scenes", "uncommon camera angles"),
    "festival": ("torchlight processions", "puppet plays", "open-air kitchens", "choirs", "fireworks"),
}

ASIDES: dict[str, tuple[str, ...]] = {
    "country": (
        "Its postal service sorted {n} thousand parcels on a single day of {year}, a record that stood for decades.",
        "Every child there learns the ballad of the ferryman who would not cross in fog.",
        "Maps drawn before {year} show its northern coast far too wide.",
        "A census of {year} was burned by mistake, and its figures had to be asked for again.",
        "A survey of {year} counted {n} lighthouses and watchtowers along its borders.",
        "Travellers of {year} compared its hills with those of {country}.",
        "A stamp of {year} shows {museum}.",
        "Its best-known travel account ends, to everybody's surprise, in {city}.",
    ),
    "city": (
        "A clock in the market hall has stood still since {year}, and nobody may wind it.",
        "The town council once debated the colour of a single door for {n} days.",
        "A flood in {year} carried away {n} houses of the lower town.",
        "The tram to the hills has run since {year}.",
        "A square in the old town is named after {person}, who never came here.",
        "Its fire brigade of {n} volunteers won a contest in {city} in {year}.",
        "Bakers here sell a ring-shaped bread that is also known in {country}.",
    ),
    "river": (
        "Its upper course was first mapped by volunteers in {year}, on foot and in bad weather.",
        "Rafts of timber went down it until {year}, when the last sawmill closed.",
        "A local saying holds that nobody crosses it twice with the same hat.",
        "Herons returned to its banks after {year}, at first only {n} pairs.",
        "In the winter of {year} it froze for {n} days.",
        "A ferry accident of {year} is the subject of a ballad that is still sung in {city}.",
        "Anglers compare its trout with those of {river}.",
        "A bridge planned in {year} was never built.",
    ),
    "person": (
        "Neighbours remembered a quiet house, an untidy desk and {n} umbrellas.",
        "An autobiography was announced for {year} but never finished.",
        "Later biographers disagree about almost everything else, including the colour of the famous coat.",
        "In {year} a journey led through {city}, but it lasted only {n} days.",
        "A street in {city} carries the name to this day.",
        "Some letters to {person} are kept in a private collection.",
        "A portrait, painted in {year}, was lost for decades.",
        "Critics have often drawn comparisons with {person}, though the two never met.",
        "The diary for {year} mentions a visit to {museum} and a bad cold.",
    ),
    "university": (
        "Its boathouse burned down in {year} and was rebuilt from donated doors.",
        "Examinations there are still opened with the ringing of a ship's bell.",
        "A student prank of {year} left {n} garden chairs on the roof of the great hall.",
        "A fire in {year} destroyed {n} manuscripts.",
        "Its choir toured {country} in {year}.",
        "A lecture that {person} was to give in {year} had to be called off.",
        "The clock above the gate has been slow since {year}.",
    ),
    "company": (
        "Its night watchman became a local celebrity in {year} after catching the same burglar twice.",
        "The office cat of {year} is buried under a small plaque in the courtyard.",
        "A brochure of {year} promised delivery within {n} hours, which was never achieved.",
        "A strike in {year} lasted {n} days.",
        "An offer to move the warehouse to {city} was turned down in {year}.",
        "Its calendar of {year} showed views of {river}.",
        "A lawsuit against {company} was settled in {year}.",
    ),
    "museum": (
        "Its oldest label, handwritten and misspelt, is now an exhibit itself.",
        "A school class of {year} got lost in the cellars for an afternoon.",
        "The guard of the third room has counted {n} yawns on an average Sunday.",
        "Its guest book of {year} contains a drawing that nobody has been able to explain.",
        "A theft in {year} concerned {n} coins, all of which came back by post.",
        "In {year} it lent part of the collection to {museum}.",
        "The cloakroom attendant of {year} later wrote memoirs that were read as far as {country}.",
        "A bust of {person} stands in the garden.",
    ),
    "book": (
        "Its dedication, to a dog, has puzzled readers since the first printing.",
        "A reading in {year} lasted {n} minutes longer than announced.",
        "Collectors look for copies in which two chapters were bound in the wrong order.",
        "A stage version was planned in {year} but came to nothing.",
        "A review of {year} compared it, unfavourably, with {book}.",
        "The manuscript, {n} loose leaves in a hatbox, was found in {city}.",
        "A pirated edition circulated in {country} around {year}.",
    ),
    "film": (
        "Its trailer was cut in a single night and shows {n} faces, none of them an actor's.",
        "A restored print was shown in {year} in a tent.",
        "The posters were drawn by hand, and no two of them are alike.",
        "Its most famous line is a mistake that nobody dared to correct.",
        "A fire in {year} destroyed all but {n} of the costumes.",
        "Some scenes were shot near {city}, on {river}.",
        "A planned sequel was given up in {year}.",
        "Viewers have often confused it with {film}.",
    ),
    "festival": (
        "Its opening is announced by a trumpet that has been out of tune since {year}.",
        "Visitors of {year} left {n} umbrellas behind.",
        "Nobody knows why the last evening always ends with the same song.",
        "Sales of paper lanterns have paid for its stage since {year}.",
        "In {year} heavy rain sent all but {n} guests home.",
        "The poster of {year} showed {river} at night.",
        "Guests of honour have included {person}.",
        "A similar event in {city} was given up in {year}.",
    ),
}


def page(facts: Facts, entity: Entity, seed: int) -> Document:
    """The page: introduction, facts, lists of what points here, asides; 80 to 300 words."""
    draw = Random(f"{seed} page {entity.title}")
    voice = _Voice(entity, draw)
    intro = _begin(draw.choice(INTRO[entity.kind]).format(t=voice.full(), f=draw.choice(FLAVOURS[entity.kind])))
    stated = [
        voice.say(draw.choice(RELATIONS[key].page), o=_shown(value, RELATIONS[key].shape))
        for key, value in _shuffled(list(facts.of[entity.index].items()), draw)
    ]
    lists = [_listing(facts, entity, key, voice, draw) for key in RELATIONS]
    templates = draw.sample(ASIDES[entity.kind], len(ASIDES[entity.kind]))
    asides = [_aside(facts, entity, template, draw) for template in templates[:3]]
    kept = [text for text in lists if text]
    for template in templates[3:]:
        if len(" ".join([intro, *stated, *kept, *asides]).split()) >= SHORTEST:
            break
        asides.append(_aside(facts, entity, template, draw))
    half = len(asides) // 2
    first, second = _woven([intro, *stated], asides[:half], draw), kept + asides[half:]
    blocks = [*_hatnote(facts, entity), " ".join(first), " ".join(second)]
    return Document(title=entity.title, text="\n\n".join(blocks))


def mention(entity: Entity) -> str:
    """A link as it stands inside a sentence."""
    return f"{KINDS[entity.kind].article}[[{entity.title}]]"


def date_text(day: datetime.date) -> str:
    """`14 March 1873`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _shown(value: Value, shape: str) -> str:
    if isinstance(value, Entity):
        return mention(value)
    if isinstance(value, datetime.date):
        return date_text(value)
    return f"{value:,}" if shape == "number" else str(value)


class _Voice:
    """Names the subject: in full at first, later by a short form that fits the place in the sentence."""

    def __init__(self, entity: Entity, draw: Random) -> None:
        self._entity, self._draw = entity, draw
        self._full_left = 2
        short = KINDS[entity.kind].short or (entity.name.split()[-1], entity.pronoun)
        self._short = short
        self._nouns = tuple(name for name in short if name not in ("It", "He", "She"))

    def full(self) -> str:
        return KINDS[self._entity.kind].article + self._entity.name

    def say(self, template: str, **values: str) -> str:
        """The sentence with `{s}` (or `{o}` of a list) filled in."""
        slot = "{s}" if "{s}" in template else "{o}"
        name = self._name(first=template.startswith(slot))
        return _begin(template.replace(slot, name).format(**values))

    def _name(self, first: bool) -> str:
        if self._full_left and self._draw.random() < 0.6:
            self._full_left -= 1
            return self.full()
        name = self._draw.choice(self._short if first else self._nouns)
        return name if first or not name.startswith("The ") else "the " + name[4:]


def _begin(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _shuffled(items: list[tuple[str, Value]], draw: Random) -> list[tuple[str, Value]]:
    draw.shuffle(items)
    return items


def _woven(sentences: list[str], asides: Sequence[str], draw: Random) -> list[str]:
    """Asides put between the sentences, never before the first."""
    woven = list(sentences)
    for aside in asides:
        woven.insert(draw.randrange(1, len(woven) + 1), aside)
    return woven


def _listing(facts: Facts, entity: Entity, key: str, voice: _Voice, draw: Random) -> str:
    relation = RELATIONS[key]
    if relation.shape != "link" or relation.object != entity.kind or not relation.back:
        return ""
    subjects = facts.inverse(key, entity)
    if not subjects:
        return ""
    shown = [mention(one) for one in subjects[:LISTED]]
    if len(subjects) > LISTED:
        shown.append("others")
    text = shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]
    return voice.say(draw.choice(relation.back), list=text)


def _aside(facts: Facts, entity: Entity, template: str, draw: Random) -> str:
    near = {entity, *(value for value in facts.of[entity.index].values() if isinstance(value, Entity))}
    others = {}
    for kind, pool in facts.by_kind.items():
        if "{" + kind + "}" in template:
            drawn = draw.sample(pool, min(12, len(pool)))
            others[kind] = mention(next((one for one in drawn if one not in near), drawn[0]))
    first, last = _lifetime(facts, entity)
    return template.format(year=draw.randrange(first, last), n=draw.randrange(11, 190), **others)


def _lifetime(facts: Facts, entity: Entity) -> tuple[int, int]:
    """Years in which an aside about the entity may happen."""
    first = 1745
    for key, value in facts.of[entity.index].items():
        if key == "person.birth_date" and isinstance(value, datetime.date):
            return value.year + 18, value.year + 40
        if RELATIONS[key].shape == "year" and isinstance(value, int) and entity.kind != "city":
            first = value
    return first, LAST_YEAR + 10


def _hatnote(facts: Facts, entity: Entity) -> list[str]:
    """Points from a disambiguated title to its namesakes."""
    if entity.title == entity.name:
        return []
    others = [one for one in facts.names[entity.name] if one is not entity]
    return [f"Not to be confused with {' or '.join(mention(one) for one in others)}."] if others else []
