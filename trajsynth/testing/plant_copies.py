"""Repetition that no block of equal words shows: between other sentences, with a counter, across turns.

Level 3. Severity of `repeat.interleaved`: 4, 6, 12 copies of a sentence of six words and more; of `repeat.drift`: 4, 8,
20 copies, at least 32 words together; of `repeat.cross_turn`: the response comes once, twice, three times more.
Variants: drift by `counter`, by another word at the same place (`slot`) or anywhere (`word`); a response `equal` to an
earlier one or `near` it (words changed as long as the Jaccard index of three-word shingles stays over .9).
Tests: tests/testing/test_testing_plant_copies.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from trajsynth.testing.edits import number_at, splice, with_message, with_text
from trajsynth.testing.place import Defect, Place
from trajsynth.testing.plant_repeats import put
from trajsynth.testing.prose import UNIT, is_running, plain, units
from trajsynth.testing.stock import END, JOINT, NOUNS, STUCK, language, sentence, sentences
from trajsynth.testing.writing import Said, result, turn, user
from trajsynth.types import Message

DRIFTS: Final = ("counter", "slot", "word")
CROSSINGS: Final = ("equal", "near")
SIMILARITY: Final = 0.92
"""Lowest Jaccard index of a near response: just over the .9 of the definition, whatever counts as a word."""
RESPONSE_WORDS: Final = 24
"""A response this long is worth comparing; below it the shared words are a habit of speech."""
NEAR_WORDS: Final = 75
"""So long that one changed word leaves it nearly equal."""

_GO_ON: Final = ("Please go on.", "And further?", "Is there more to it?")
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
                    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
                    "eighteenth", "nineteenth", "twentieth")  # fmt: skip
_COUNTED: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "On pass {i} the scanner reads the label and finds nothing new to report.",
        "Reading {i}: the gauge sits where it sat before, so I measure once more.",
        "That makes {i} times now that the ledger has refused to balance for me.",
        "Round {i} of checking the orchid catalogue ends exactly like the one before.",
        "Loop {i}/50: reopening the atlas at the page with the northern coast.",
        "For the {nth} time the archive sends back the letters of the consul unread.",
        "{stuck} (take {i}).",
        "{stuck}, that was check no. {i}.",
        "[{i}] {stuck}.",
        "Query #{i} -> {stuck}.",
    ),
    "zh": ("第{i}次核对：{stuck}。", "{stuck}（第{i}遍）。", "现在是第{i}轮，{stuck}。", "{i}、{stuck}。"),
    "ja": ("{i}回目の確認、{stuck}。", "{stuck}（{i}回目）。", "これで{i}巡目ですが、{stuck}。"),
    "th": ("รอบที่ {i} {stuck}", "{stuck} ครั้งที่ {i}", "ตรวจหมายเลข {i} แล้ว {stuck}"),
}
_SLOTTED: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "Next I would like to see whether the {} shows up anywhere in the county gazette",
        "There is no trace of the {} in the minutes that the council put online",
        "Could the {} have been what the letter writer meant when she complained of noise",
        "Going through the parish maps to find the {} has not brought me any further",
    ),
    "zh": ("接下来我想看看县志里有没有提到{}的记录", "议会放到网上的会议记录里找不到{}的踪影"),
    "ja": (
        "次に郡の公報に{}の記載があるかどうかを見てみたいと思います",
        "議会の議事録には{}の痕跡がまったくありません",
    ),
    "th": ("ต่อไปฉันอยากดูว่ามี{}ปรากฏในราชกิจจาของจังหวัดหรือไม่", "ไม่พบร่องรอยของ{}ในรายงานการประชุมของสภา"),
}
_COMMA: Final = {"zh": "，", "ja": "、", "th": " "}
_SENTENCE: Final = re.compile(r"[^.!?。！？\n]+")


def interleaved(place: Place) -> Defect | None:
    """`repeat.interleaved`: one sentence again and again, one to three others between."""
    lang, copies = language(place), place.pick(4, 6, 12)
    said = _said(place, lang)
    others = iter(sentences(place.dice, lang, copies * 3))
    parts: list[str] = []
    for _ in range(copies):
        parts.append(said)
        parts += [next(others) for _ in range(place.dice.randint(1, 3))]
    return put(place, _joint(place, lang).join(parts))


def drift(place: Place) -> Defect | None:
    """`repeat.drift`."""
    lang, copies = language(place), place.pick(4, 8, 20)
    made = {"counter": _counting, "slot": _slot, "word": _word}[place.way(*DRIFTS)](place, lang)
    return put(place, _joint(place, lang).join(made(i) for i in range(copies)))


def cross_turn(place: Place) -> Defect | None:
    """`repeat.cross_turn`: a turn, its calls and what they brought, once more; a plain response after a user's word.

    A turn whose calls brought nothing that is recorded is no place: nobody knows what was seen.
    """
    seen = {m.answers[0] for m in place.messages if m.answers is not None}
    turns = [m for m in place.assistant_turns() if not m.tool_calls or m.n in seen]
    if not place.imported:  # what ends a record of ours may say the answer twice: turn and summary
        turns = [m for m in turns if m.tool_calls] or turns
    if not turns:
        return None
    near = place.way(*CROSSINGS) == "near"
    long = [m for m in turns if len(_words(plain(m))) >= (NEAR_WORDS if near else RESPONSE_WORDS)]
    first = place.dice.choice(long or turns)
    trajectory = place.trajectory
    if not long:
        lang = language(place)
        more = JOINT[lang].join(sentences(place.dice, lang, 8 if near else 4))
        first = with_text(first, 0, f"{more}\n")
        trajectory = with_message(trajectory, place.c, first)
    for _ in range(place.pick(1, 2, 3)):
        at = next(i for i, m in enumerate(trajectory.conversations[place.c].messages) if m.n == first.n)
        here = replace(place, trajectory=trajectory)
        end = here.after(at)
        n = number_at(here.conversation, end)
        trajectory = splice(trajectory, place.c, end, _again(here, first, n, near))
    return Defect(trajectory, n)


# ---- sentences ----------------------------------------------------------------------------------------------------


def _said(place: Place, lang: str) -> str:
    """The sentence to come again: one of the trajectory's own now and then, else a stock one."""
    own = [
        text
        for message in place.assistant_turns()
        for part in _SENTENCE.findall(message.content)
        if 8 <= len(units(text := " ".join(part.split()))) <= 40 and is_running(text)
    ]
    text = place.dice.choice(own) if own and place.dice.random() < 0.5 else place.dice.choice(STUCK[lang])
    return text + END[lang]


def _joint(place: Place, lang: str) -> str:
    return place.dice.choice((JOINT[lang], "\n", "\n\n"))


def _counting(place: Place, lang: str) -> Callable[[int], str]:
    form, stuck = place.dice.choice(_COUNTED[lang]), place.dice.choice(STUCK[lang])
    start, step = place.dice.choice((1, 1, 2, 14, 96)), place.dice.choice((1, 1, 1, 10))
    ordinals = "{nth}" in form
    return lambda i: form.format(i=start + step * i, nth=_ORDINALS[i] if ordinals else "", stuck=stuck)


def _slot(place: Place, lang: str) -> Callable[[int], str]:
    form = place.dice.choice(_SLOTTED[lang]) + END[lang]
    nouns = place.dice.sample(NOUNS[lang], len(NOUNS[lang]))
    return lambda i: form.format(nouns[i % len(nouns)])


def _word(place: Place, lang: str) -> Callable[[int], str]:
    """In each copy one word or other (of a script without spaces: one character) is another noun."""
    base = place.dice.choice(STUCK[lang])
    if lang != "en" or place.dice.random() < 0.5:
        more = sentence(place.dice, lang).rstrip(".。")
        base += f", as {more[0].lower()}{more[1:]}" if lang == "en" else f"{_COMMA[lang]}{more}"
    marks = [m for m in UNIT.finditer(base) if m[0].isalnum()]

    def made(i: int) -> str:
        mark = marks[0] if lang == "th" else place.dice.choice(marks)
        return base[: mark.start()] + place.dice.choice(NOUNS[lang]) + base[mark.end() :] + END[lang]

    return made


# ---- responses ----------------------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return [unit for unit in units(text) if unit[0].isalnum()]


def _again(place: Place, first: Message, n: int, near: bool) -> list[Message]:
    """The turn once more with its results; a plain response with a user's word before it."""
    said = plain(first)
    content = _reworded(place.dice, said) if near else said
    if not first.tool_calls:
        asked = user(n, place.dice.choice(_GO_ON))
        return [asked, replace(turn(place, n + 1, "", [], first), content=content)]
    same = turn(place, n, content, first.tool_calls, first, first.reasoning)
    seen = {m.answers: m.content for m in place.messages if m.role == "tool"}
    results = [
        result(place, n + 1 + index, (n, index), Said(seen[first.n, index]))
        for index in range(len(first.tool_calls))
        if (first.n, index) in seen
    ]
    return [same, *results]


def _reworded(dice: Random, text: str) -> str:
    """As many words changed as leave the Jaccard index of three-word shingles over .9, at least one.

    Only what stands behind inline thoughts and in front of a box.
    """
    start, box = text.rfind("</think>") + 1, text.find("\\boxed")
    marks = [m for m in UNIT.finditer(text, start and start + 7, box if box > start else len(text)) if m[0].isalnum()]
    if not marks:
        return text
    shingles = len(marks) - 2
    count = int(shingles * (1 - SIMILARITY) / (1 + SIMILARITY) / 3)
    chosen = dice.sample(marks, max(1, count))
    for mark in sorted(chosen, key=lambda m: -m.start()):
        other = dice.choice([m[0] for m in marks if m[0].casefold() != mark[0].casefold()])
        text = text[: mark.start()] + other + text[mark.end() :]
    return text
