"""Turns that repeat themselves in ways nobody had in mind when the filters were written.

Written before the filters saw any of them; what they made of them at the first try stands in RESULTS.md. Used by
repetition.py (`--unseen`) and by tests/filters/test_filters_repetition_bench.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from repetition_samples import Sample, prose, sentence
from repetition_words import NOUNS, STUCK, WHY

RU = (
    "Мне нужно ещё раз открыть страницу музея и найти имя архитектора",
    "В результатах поиска не указан год постройки моста",
    "Попробую другой запрос о том же учреждении",
)
RU_PROSE = (
    "Мост построили после наводнения",
    "Письма хранятся в школе",
    "Инженер уехал зимой",
    "Картины отдали в галерею",
    "Башня стоит у гавани",
    "Крышу театра сделали из стекла",
    "Совет долго спорил",
    "Сад посадил ботаник",
)
KO = (
    "이 박물관의 설립 연도를 다시 한번 확인해야 합니다",
    "검색 결과에는 건축가의 이름이 나오지 않습니다",
    "같은 기관에 대해 다른 검색어를 써 보겠습니다",
)
KO_PROSE = (
    "다리는 홍수 뒤에 다시 세워졌다",
    "편지는 학교에 보관되어 있다",
    "기사는 겨울에 떠났다",
    "지붕은 유리로 되어 있다",
    "의회는 오래 논의했다",
    "정원에는 외국 식물이 있다",
    "그림은 화랑에 맡겨졌다",
    "탑은 항구 옆에 있다",
)
AR = (
    "يجب أن أفتح صفحة المتحف مرة أخرى وأبحث عن اسم المعماري",
    "لا تذكر نتائج البحث سنة بناء الجسر القديم",
)
AR_PROSE = (
    "بني الجسر بعد الفيضان",
    "الرسائل محفوظة في المدرسة",
    "غادر المهندس في الشتاء",
    "السقف من زجاج",
    "البرج قرب الميناء",
    "ناقش المجلس الأمر طويلا",
)
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI")


def _around(dice: Random, text: str, most: int = 8) -> str:
    after = " " + prose(dice, dice.randint(1, 5)) if dice.random() < 0.4 else ""
    return prose(dice, dice.randint(0, most)) + text + after


def _copies(dice: Random, grade: int, least: int) -> int:
    return (least + dice.randint(0, 1), 2 * least + dice.randint(0, 3), 5 * least + dice.randint(0, 20))[grade - 1]


# ---- loops --------------------------------------------------------------------------------------------------------


def _loop_layout(dice: Random, grade: int) -> str:
    """White space differs from copy to copy."""
    block = f"{dice.choice(STUCK)}. {sentence(dice)}"
    joints = (" ", "\n", "\n\n", "  ", " \n", "\n    ")
    return _around(dice, "".join(f"{block}{dice.choice(joints)}" for _ in range(_copies(dice, grade, 3))))


def _loop_long(dice: Random, grade: int) -> str:
    block = ""
    while len(block.split()) < 95:
        block += sentence(dice) + " "
    return _around(dice, block.strip() + " " + (block.strip() + "\n\n") * (_copies(dice, grade, 3) - 1))


def _loop_deep(dice: Random, grade: int) -> str:
    """Deep in a very long turn."""
    block = f"{dice.choice(STUCK)}. "
    return prose(dice, 250) + block * _copies(dice, grade, 3) + prose(dice, 250)


def _loop_pair(dice: Random, grade: int) -> str:
    pair = "\n\n".join(f"{said}." for said in dice.sample(STUCK, 2))
    return _around(dice, "\n\n".join([pair] * _copies(dice, grade, 3)))


def _loop_tail(dice: Random, grade: int) -> str:
    """A long tail of a short doubt."""
    unit = dice.choice(("Wait, no. ", "Hmm, let me see. ", "But wait. ", "Actually, no, wait. ", "OK so, again: "))
    return _around(dice, unit * _copies(dice, grade, 12))


def _loop_calls(dice: Random, grade: int) -> str:
    """The same call written as text, far too often."""
    call = '{"tool": "search", "query": "the bridge of Norby", "page": 1}\n'
    return _around(dice, "\n" + call * _copies(dice, grade, 14))


def _other(told: tuple[str, ...], fill: tuple[str, ...], kind: str) -> Callable[[Random, int], str]:
    def made(dice: Random, grade: int) -> str:
        said = dice.choice(told)
        lead = "".join(f"{s}. " for s in dice.sample(fill, 3))
        if kind == "loop":
            return lead + f"{said}. " * _copies(dice, grade, 3)
        if kind == "interleaved":
            n = _copies(dice, grade, 4)
            return lead + "".join(f"{said}. {fill[i * 3 % len(fill)]}. " for i in range(n))
        return lead + "".join(f"{said} ({i + 1}). " for i in range(_copies(dice, grade, 4)))

    return made


# ---- runaways -----------------------------------------------------------------------------------------------------


def _run(dice: Random, grade: int) -> str:
    units = (
        "ха",
        "ㅋ",
        "nope",
        "I ",
        "ah ",
        "A",
        "?",
        "\\n",
        "</br>",
        "<br>",
        ")",
        "▓",
        "。",
        "~",
        "5",
        "ฮ่า",
        "ه",
        "wow ",
        "x",
        "0",
        "no no ",
        "….",
        "👍🏽",
        "!!1",
        "yes, ",
        "_ ",
        "ลา ",
        "はは",
        "\u200b",
        "da-",
        "&nbsp;",
        "#",
        ". ",
    )
    unit = dice.choice(units)
    length = (dice.randint(700, 800), dice.randint(1_200, 2_000), dice.randint(3_000, 9_000))[grade - 1]
    return _around(dice, (unit * length)[:length])


# ---- interleaved --------------------------------------------------------------------------------------------------


def _sparse(dice: Random, grade: int) -> str:
    """Few copies in a very long turn."""
    said = dice.choice(STUCK)
    return "".join(f"{prose(dice, dice.randint(15, 60))} {said}. " for _ in range(_copies(dice, grade, 4)))


def _uneven(dice: Random, grade: int) -> str:
    """The copies differ in case, end mark or emphasis."""
    said = dice.choice(STUCK)
    forms = (f"{said}.", f"{said}!", f"{said}...", f"**{said}.**", f"{said.upper()}.", f"{said} .", f"({said}.)")
    return _around(dice, " ".join(f"{dice.choice(forms)} {sentence(dice)}" for _ in range(_copies(dice, grade, 4))))


def _answers(dice: Random, grade: int) -> str:
    """A conclusion drawn again and again in a long thought."""
    name = dice.choice(("Orsel", "the second bridge", "1871"))
    said = dice.choice(
        (f"So the answer must be {name} after all.", f"Therefore, I am going to answer with {name} now.")
    )
    between = lambda: " ".join(f"{s}." for s in dice.sample(STUCK, dice.randint(1, 3)))  # noqa: E731
    n = _copies(dice, grade, 4)
    return _around(dice, " ".join(f"{between()} {sentence(dice)} {said}" for _ in range(n)))


# ---- drift --------------------------------------------------------------------------------------------------------


def _counter(dice: Random, grade: int) -> str:
    """Counters of less usual form."""
    said = dice.choice(STUCK)
    low = said[0].lower() + said[1:]
    start, step = dice.choice((1, 3, 20)), dice.choice((1, 5, 10))
    forms: tuple[Callable[[int], str], ...] = (
        lambda i: f"At 10:{(start + i) % 60:02} {low}.",
        lambda i: f"{start + step * i} seconds later {low}.",
        lambda i: f"Attempt {ROMAN[i % 16]}: {low}.",
        lambda i: f"Attempt {i + 1} of 400, page {i + 1}: {low}.",
        lambda i: f"There are {900 - i} tries left, so {low}.",
        lambda i: f"I have now looked at {start + i} pages, and {low}.",
        lambda i: f"{low.capitalize()}, see result #{start + i}.",
        lambda i: f"**Iteration {i + 1}**\n{said}.\nNothing was found.",
        lambda i: f"Searching page {i + 1} ... nothing. {said}.",
        lambda i: f"({chr(97 + i % 26)}) {said}.",
    )
    form = dice.choice(forms)
    joint = dice.choice((" ", "\n", "\n\n"))
    return _around(dice, "\n" + joint.join(form(i) for i in range(_copies(dice, grade, 4))))


def _synonyms(dice: Random, grade: int) -> str:
    """Words toggle between synonyms."""
    verbs, again, page = ("open", "look at", "read", "check"), ("again", "once more"), ("page", "article", "entry")
    tail = dice.choice(WHY)
    told = [
        f"I will {dice.choice(verbs)} the {dice.choice(page)} of the museum {dice.choice(again)} {tail}."
        for _ in range(_copies(dice, grade, 5))
    ]
    return _around(dice, " ".join(told))


def _slot(dice: Random, grade: int) -> str:
    base = dice.choice(
        (
            "I wonder whether the {} could be what the question means here",
            "No result mentions the {} at all so I will go on looking",
            "Next I am going to search for the {} in the same archive again",
            "It might help to look for the {} on another page of the site",
        )
    )
    return _around(
        dice,
        dice.choice((" ", "\n\n")).join(f"{base.format(dice.choice(NOUNS))}." for _ in range(_copies(dice, grade, 5))),
    )


UNSEEN: dict[str, tuple[str, Callable[[Random, int], str]]] = {
    "loop, uneven layout": ("repeat.loop", _loop_layout),
    "loop, 100 words": ("repeat.loop", _loop_long),
    "loop, deep": ("repeat.loop", _loop_deep),
    "loop, two paragraphs": ("repeat.loop", _loop_pair),
    "loop, a doubt": ("repeat.loop", _loop_tail),
    "loop, written calls": ("repeat.loop", _loop_calls),
    "loop, Russian": ("repeat.loop", _other(RU, RU_PROSE, "loop")),
    "loop, Korean": ("repeat.loop", _other(KO, KO_PROSE, "loop")),
    "loop, Arabic": ("repeat.loop", _other(AR, AR_PROSE, "loop")),
    "runaway, other": ("repeat.run", _run),
    "interleaved, sparse": ("repeat.interleaved", _sparse),
    "interleaved, uneven": ("repeat.interleaved", _uneven),
    "interleaved, conclusions": ("repeat.interleaved", _answers),
    "interleaved, Russian": ("repeat.interleaved", _other(RU, RU_PROSE, "interleaved")),
    "interleaved, Korean": ("repeat.interleaved", _other(KO, KO_PROSE, "interleaved")),
    "drift, other counters": ("repeat.drift", _counter),
    "drift, synonyms": ("repeat.drift", _synonyms),
    "drift, slot": ("repeat.drift", _slot),
    "drift, Russian": ("repeat.drift", _other(RU, RU_PROSE, "drift")),
    "drift, Korean": ("repeat.drift", _other(KO, KO_PROSE, "drift")),
}


def unseen_positives(seed: int, each: int) -> Iterator[Sample]:
    """`each` samples of every kind and grade."""
    for kind, (code, made) in UNSEEN.items():
        for grade in (1, 2, 3):
            for i in range(each):
                dice = Random(f"{seed} {kind} {grade} {i}")
                yield Sample(kind, code, grade, made(dice, grade))
