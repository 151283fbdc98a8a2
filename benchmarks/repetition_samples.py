"""Assistant turns that repeat themselves, of many kinds and in three grades; all in our words.

Used by repetition.py and by tests/filters/test_filters_repetition_bench.py. Everything is made from a seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from repetition_words import DID, JA, JA_PROSE, NOUNS, ORDINALS, STUCK, TH, TH_PROSE, WHAT, WHEN, WHO, WHY, ZH, ZH_PROSE


@dataclass(frozen=True, slots=True)
class Sample:
    """One assistant turn."""

    kind: str
    code: str
    """The code it should give; empty: none."""
    grade: int
    """1 mild, 2 plain, 3 gross; 0 for clean ones."""
    text: str
    observed: str = ""
    """A tool result before the turn."""


# ---- prose --------------------------------------------------------------------------------------------------------


def sentence(dice: Random) -> str:
    """A sentence of 7 to 22 words, hardly ever the same twice."""
    parts = [dice.choice(WHO), dice.choice(DID), dice.choice(WHAT)]
    if dice.random() < 0.7:
        parts.append(dice.choice(WHEN))
    if dice.random() < 0.4:
        parts[-1] += ","
        parts.append(dice.choice(WHY))
    text = " ".join(parts)
    return text[0].upper() + text[1:] + dice.choice("....!?")


def prose(dice: Random, count: int) -> str:
    """Sentences in paragraphs."""
    text = ""
    for _ in range(count):
        text += sentence(dice) + (dice.choice(("\n\n", "\n")) if dice.random() < 0.2 else " ")
    return text


def _stuck(dice: Random) -> str:
    return dice.choice(STUCK) + "."


def _around(dice: Random, text: str) -> str:
    """The text between honest sentences; often nothing follows, because the token limit came."""
    before = prose(dice, dice.randint(0, 8))
    return before + text + (" " + prose(dice, dice.randint(1, 5)) if dice.random() < 0.4 else "")


def _copies(dice: Random, grade: int, least: int) -> int:
    return (least + dice.randint(0, 1), 2 * least + dice.randint(0, 3), 5 * least + dice.randint(0, 20))[grade - 1]


# ---- positives ----------------------------------------------------------------------------------------------------


def _loop_sentence(dice: Random, grade: int) -> str:
    joint = dice.choice((" ", "\n", "\n\n"))
    block = dice.choice((_stuck(dice), sentence(dice)))
    text = joint.join([block] * _copies(dice, grade, 3))
    return _around(dice, text + (joint + block[: len(block) // 2] if dice.random() < 0.5 else ""))


def _loop_paragraph(dice: Random, grade: int) -> str:
    block = " ".join(_stuck(dice) if dice.random() < 0.5 else sentence(dice) for _ in range(dice.randint(2, 6)))
    return _around(dice, "\n\n".join([block] * _copies(dice, grade, 3)))


def _loop_phrase(dice: Random, grade: int) -> str:
    phrase = " ".join(dice.choice(STUCK).split()[: dice.randint(3, 7)])
    least = max(3, -(-24 // len(phrase.split())))
    return _around(dice, " ".join([phrase] * _copies(dice, grade, least)))


def _loop_lines(dice: Random, grade: int) -> str:
    block = "\n".join(f"{mark} {dice.choice(STUCK)}" for mark in ("-", "-", "*")[: dice.randint(2, 3)])
    return _around(dice, "\n" + "\n".join([block] * _copies(dice, grade, 3)))


def _run(dice: Random, grade: int) -> str:
    unit = dice.choice(
        ("ha", "no ", "la ", "!", "?!", "啊", "哈哈", "✓", "🙂", "so ", "e", "the the ", "ok? ", "…", "嗯")
    )
    length = (dice.randint(200, 260), dice.randint(500, 900), dice.randint(2_000, 6_000))[grade - 1]
    return _around(dice, (unit * length)[:length])


def _interleaved(dice: Random, grade: int) -> str:
    said = dice.sample(STUCK, dice.choice((1, 1, 2)))
    text = ""
    for i in range(_copies(dice, grade, 4) * len(said)):
        text += said[i % len(said)] + ". " + prose(dice, dice.randint(1, 3))
    return _around(dice, text)


def _interleaved_lines(dice: Random, grade: int) -> str:
    said = dice.choice(STUCK)
    return _around(
        dice, "\n".join(f"{said}.\n\n{prose(dice, dice.randint(1, 4))}" for _ in range(_copies(dice, grade, 4)))
    )


def _counted(dice: Random) -> Callable[[int], str]:
    """A sentence with a counter."""
    said = dice.choice(STUCK)
    low = said[0].lower() + said[1:]
    forms: tuple[Callable[[int], str], ...] = (
        lambda i: f"Attempt {i}: {low}.",
        lambda i: f"{said} (try {i}).",
        lambda i: f"This is step {i}, and {low}.",
        lambda i: f"For the {ORDINALS[i % 12]} time, {low}.",
        lambda i: f"{i}. {said}.",
        lambda i: f"Query number {i} of 400 gave nothing, so {low}.",
        lambda i: f"{said} on page {i} of the results.",
    )
    return dice.choice(forms)


def _drift_counter(dice: Random, grade: int) -> str:
    line, start = _counted(dice), dice.choice((0, 1, 7, 97))
    joint = dice.choice((" ", "\n", "\n\n"))
    return _around(dice, "\n" + joint.join(line(start + i) for i in range(_copies(dice, grade, 4))))


def _drift_block(dice: Random, grade: int) -> str:
    line, more = _counted(dice), " ".join(sentence(dice) for _ in range(dice.randint(1, 3)))
    return _around(dice, "\n" + "\n".join(f"{line(i + 1)} {more}" for i in range(_copies(dice, grade, 4))))


def _drift_word(dice: Random, grade: int) -> str:
    """In each copy some word or other is changed."""
    base = f"{dice.choice(STUCK)} {dice.choice(WHY)}".split()
    told = []
    for _ in range(_copies(dice, grade, 4)):
        changed = list(base)
        changed[dice.randrange(len(base))] = dice.choice(NOUNS)
        told.append(" ".join(changed) + ".")
    return _around(dice, " ".join(told))


def _drift_slot(dice: Random, grade: int) -> str:
    """One place holds another word each time."""
    base = dice.choice(
        (
            "Let me search for the {} once more and see what comes up",
            "I could not find anything about the {} in these results so far",
            "Maybe the {} is mentioned somewhere on the page I read before",
            "The question asks about the {} so I will look it up again now",
        )
    )
    return _around(dice, " ".join(base.format(dice.choice(NOUNS)) + "." for _ in range(_copies(dice, grade, 4))))


def _drift_unpunctuated(dice: Random, grade: int) -> str:
    said = f"{dice.choice(STUCK)} and then".replace(",", "").lower()
    forms = (f"{said} try number {{}}", f"page {{}} {said}")
    form = dice.choice(forms)
    return _around(dice, " ".join(form.format(i + 3) for i in range(_copies(dice, grade, 5))))


def _unspaced(stuck: list[str], fill: list[str], end: str, joint: str, kind: str) -> Callable[[Random, int], str]:
    """The same kinds in a script without spaces."""

    def made(dice: Random, grade: int) -> str:
        said = dice.choice(stuck)
        lead = joint.join(f"{s}{end}" for s in dice.sample(fill, dice.randint(0, 5)))
        if kind == "loop":
            told = [f"{said}{end}"] * _copies(dice, grade, 3)
        elif kind == "interleaved":
            order = fill * 20  # never the same two fillers in a row
            told = [f"{said}{end}{joint}{order[i * 5 % len(order)]}{end}" for i in range(_copies(dice, grade, 4))]
        else:
            told = [f"{said}{joint}({i + 1}){end}" for i in range(_copies(dice, grade, 4))]
        return lead + joint + joint.join(told)

    return made


POSITIVES: dict[str, tuple[str, Callable[[Random, int], str]]] = {
    "loop, a sentence": ("repeat.loop", _loop_sentence),
    "loop, a paragraph": ("repeat.loop", _loop_paragraph),
    "loop, a phrase": ("repeat.loop", _loop_phrase),
    "loop, list lines": ("repeat.loop", _loop_lines),
    "loop, Chinese": ("repeat.loop", _unspaced(ZH, ZH_PROSE, "。", "", "loop")),
    "loop, Japanese": ("repeat.loop", _unspaced(JA, JA_PROSE, "。", "", "loop")),
    "loop, Thai": ("repeat.loop", _unspaced(TH, TH_PROSE, "", " ", "loop")),
    "runaway": ("repeat.run", _run),
    "interleaved": ("repeat.interleaved", _interleaved),
    "interleaved, paragraphs": ("repeat.interleaved", _interleaved_lines),
    "interleaved, Chinese": ("repeat.interleaved", _unspaced(ZH, ZH_PROSE, "。", "", "interleaved")),
    "interleaved, Japanese": ("repeat.interleaved", _unspaced(JA, JA_PROSE, "。", "", "interleaved")),
    "interleaved, Thai": ("repeat.interleaved", _unspaced(TH, TH_PROSE, "", " ", "interleaved")),
    "drift, a counter": ("repeat.drift", _drift_counter),
    "drift, a counted block": ("repeat.drift", _drift_block),
    "drift, no end marks": ("repeat.drift", _drift_unpunctuated),
    "drift, Chinese": ("repeat.drift", _unspaced(ZH, ZH_PROSE, "。", "", "drift")),
    "drift, Japanese": ("repeat.drift", _unspaced(JA, JA_PROSE, "。", "", "drift")),
    "drift, Thai": ("repeat.drift", _unspaced(TH, TH_PROSE, "", " ", "drift")),
    "one word changed": ("repeat.drift", _drift_word),
    "one slot changed": ("repeat.drift", _drift_slot),
}


def positives(seed: int, each: int) -> Iterator[Sample]:
    """`each` samples of every kind and grade."""
    for kind, (code, made) in POSITIVES.items():
        for grade in (1, 2, 3):
            for i in range(each):
                dice = Random(f"{seed} {kind} {grade} {i}")
                yield Sample(kind, code, grade, made(dice, grade))
