"""Invented names and the word lists of the generated encyclopedia: every name is unique and belongs to nothing real.

Level 2; imports the standard library. Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ONSETS = _words("b br c cl d dr f fl g gr h j k kr l m n p pr qu r s sh sk st t tr v w y z")
VOWELS = ("a", "e", "i", "o", "u", "ae", "ei", "ia", "ou")
CODAS = ("", "", "", "l", "m", "n", "r", "s", "th", "nd", "rk", "ss", "lt", "sk", "v")

CITY_ENDS = ("wick", "haven", "stad", "mere", "ona", "burg", "vale", "port", "minster", "holm")
COUNTRY_ENDS = ("ia", "land", "ova", "mark", "eth", "una")
UNIVERSITY_ENDS = ("Institute", "College", "Academy", "Polytechnic")
COMPANY_ENDS = ("Works", "Company", "Brothers", "Partners", "& Daughters", "Union")
PRESS_ENDS = ("Press", "House", "Books", "Editions")
MUSEUM_ENDS = ("Museum", "Gallery", "Collection", "Hall of Antiquities")
FESTIVAL_ENDS = ("Lantern Fair", "Festival", "Summer Regatta", "Music Week", "Harvest Feast", "Book Fair")
HE_ENDS = ("or", "an", "us", "ek", "im")
SHE_ENDS = ("a", "ea", "ine", "is", "elle")

OCCUPATIONS = _words(
    "painter sculptor botanist chemist geologist cartographer lawyer surgeon violinist pianist playwright poet "
    "journalist mathematician physicist shipbuilder clockmaker banker merchant translator historian librarian "
    "philosopher bridge-builder photographer watchmaker goldsmith linguist midwife teacher"
)
INDUSTRIES = ("glass", "paper", "clock", "shipping", "porcelain", "textile", "tea", "railway", "dye", "instrument")
PUBLISHING = "publishing"
MONTHS = _words("January February March April May June July August September October November December")
ADJECTIVES = _words(
    "Amber Ashen Bitter Borrowed Brass Broken Burning Cold Copper Crooked Distant Drowned Empty Faithful Fallen "
    "Feathered Forgotten Frozen Gentle Gilded Green Hidden Hollow Idle Iron Ivory Last Late Lonely Lost Marble "
    "Narrow Pale Paper Patient Quiet Restless Sable Salt Scarlet Second Secret Seventh Silent Silver Sleeping "
    "Stolen Stubborn Thirsty Tidal Unlit Velvet Wandering Winter Wooden"
)
NOUNS = _words(
    "Anchor Apprentice Archive Atlas Balcony Ballad Beacon Bell Bridge Candle Canal Caravan Cellar Choir Clock "
    "Comet Compass Corridor Courier Crown Curtain Dial Door Engine Feather Ferry Fiddle Garden Glacier Granary "
    "Harbour Heron Hour Inkwell Island Kettle Key Kite Ladder Lamp Lantern Ledger Letter Lighthouse Loom Map "
    "Market Meadow Mill Mirror Needle Nightfall Oath Orchard Parade Passage Pilgrim Quarry Raven Reed Rope Sail "
    "Sextant Shadow Shore Signal Sparrow Staircase Station Tailor Thread Threshold Tide Tower Valley Veil Violin "
    "Voyage Well Windmill Witness"
)


class Names:
    """Draws names from one random stream; what was drawn once never comes again, whatever its upper and lower case."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._used: set[str] = set()
        self._given = {True: self._first_names(HE_ENDS), False: self._first_names(SHE_ENDS)}

    def claim(self, name: str) -> bool:
        """Take this very name; False when it is taken."""
        folded = name.casefold()
        fresh = folded not in self._used
        self._used.add(folded)
        return fresh

    def root(self, ends: tuple[str, ...] = ("",)) -> str:
        """A new invented word such as `Brethosk`, with one of the endings."""
        pick = self._random.choice
        for syllables in range(2, 12):
            for _ in range(40):
                word = "".join(self._syllable() for _ in range(syllables if not ends[0] else syllables - 1))
                name = (word + pick(ends)).capitalize()
                if len(name) > 3 and self.claim(name):
                    return name
        raise AssertionError("eleven syllables are more names than memory holds")

    def two_words(self, base: str, ends: tuple[str, ...]) -> str:
        """`base` with one of the endings as a word of its own; a new base when that is taken."""
        name = f"{base} {self._random.choice(ends)}"
        while not self.claim(name):
            name = f"{self.root()} {self._random.choice(ends)}"
        return name

    def person(self, male: bool) -> str:
        """Given name and a surname nobody else bears."""
        return f"{self._random.choice(self._given[male])} {self.root()}"

    def work(self) -> str:
        """Title of a novel or film."""
        pick = self._random.choice
        for _ in range(20):
            adjective, noun, other = pick(ADJECTIVES), pick(NOUNS), pick(NOUNS)
            forms = (
                f"The {adjective} {noun}",
                f"The {noun} and the {other}",
                f"The {noun} of the {adjective} {other}",
                f"One {noun} for the {other}",
            )
            title = pick(forms)
            if noun != other and self.claim(title):
                return title
        return f"The {pick(ADJECTIVES)} {pick(NOUNS)} of {self.root()}"

    def _syllable(self) -> str:
        pick = self._random.choice
        return pick(ONSETS) + pick(VOWELS) + pick(CODAS)

    def _first_names(self, ends: tuple[str, ...]) -> tuple[str, ...]:
        names = dict.fromkeys((self._syllable() + self._random.choice(ends)).capitalize() for _ in range(300))
        return tuple(names)
