"""Chooses an answer to a free question from the sentences read: candidates of the asked kind, best surroundings first.

Imports open_question and dice. Tests: tests/teachers/scripted/test_scripted_open.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.open_question import OpenQuestion, spans, stem

_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    rf"(?:\d{{1,2}} (?:{_MONTH}) \d{{3,4}}|(?:{_MONTH}) \d{{1,2}}, \d{{3,4}}|(?:{_MONTH}) \d{{4}}"
    r"|\b1\d{3}\b|\b20\d\d\b)"
)
_YEAR = re.compile(r"\b(?:1\d{3}|20\d\d)\b")
_NUMBER = re.compile(r"\b\d[\d,]*(?:\.\d+)?\b|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)\b")
_LANDS = {
    "usa": "american|united states", "uk": "british|english|england|scottish", "germany": "german|germany",
    "france": "french|france", "italy": "italian|italy", "india": "indian|india", "russia": "russian|soviet|russia",
    "china": "chinese|china", "japan": "japanese|japan", "canada": "canadian|canada", "mexico": "mexican|mexico",
    "spain": "spanish|spain", "pakistan": "pakistan|pakistani", "austria": "austrian|austria",
    "switzerland": "swiss|switzerland", "netherlands": "dutch|netherlands", "poland": "polish|poland",
    "georgia": "georgian|georgia", "macedonia": "macedonian|macedonia", "bulgaria": "bulgarian|bulgaria",
    "australia": "australian|australia", "brazil": "brazilian|brazil", "sweden": "swedish|sweden",
    "turkey": "turkish|turkey", "iran": "iranian|iran", "kenya": "kenyan|kenya", "chile": "chilean|chile",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence read, and how much it has to do with the question."""

    page: str
    text: str
    score: float


def answers(question: OpenQuestion, passages: Sequence[Passage], dice: Dice, *, careless: bool) -> list[str]:
    """Candidates, best first; a careless reader takes the second where there is one. Empty when nothing fits."""
    if not passages:
        return []
    if question.kind == "choice":
        ranked = _chosen(question, passages)
    elif question.kind == "yesno":
        ranked = _yes_or_no(question, passages)
    else:
        ranked = _candidates(question, passages, dice)
    return [*ranked[1:2], *ranked[:1], *ranked[2:]] if careless else ranked


def _about(name: str, passages: Sequence[Passage]) -> list[str]:
    """Sentences of the page of a name, and others that give the name."""
    key = re.sub(r"\s*\([^)]*\)$", "", name).casefold()
    own = [p.text for p in passages if key in p.page.casefold() or p.page.casefold() in key]
    return own or [p.text for p in passages if key in p.text.casefold()]


def _chosen(question: OpenQuestion, passages: Sequence[Passage]) -> list[str]:
    """Of two things, the one with the earlier (or later) first year or number; else the one with more in common."""
    first, second = question.options
    lower = question.text.casefold()
    counted = re.search(r"\bmore (\w+)", lower)
    values = []
    for name in (first, second):
        text = " ".join(_about(name, passages))
        years = [int(y) for y in _YEAR.findall(text)]
        members = len(spans(text)) if counted else 0
        values.append(float(members or (max(years) if "died" in lower and years else min(years, default=0))))
    if re.search(r"\b(?:first|earlier|older|later|younger|recently|oldest|more|larger|longer)\b", lower) and all(
        values
    ):
        earlier = values[0] <= values[1]
        return [first, second] if earlier != question.latest else [second, first]
    shared = [
        sum(len({stem(w) for w in re.findall(r"\w+", t.casefold())} & question.words) for t in _about(n, passages))
        for n in (first, second)
    ]
    return [first, second] if shared[0] >= shared[1] else [second, first]


def _yes_or_no(question: OpenQuestion, passages: Sequence[Passage]) -> list[str]:
    """Sameness by shared nationality or country; anything else by the years named."""
    lands = []
    for name in question.names[:2]:
        text = " ".join(_about(name, passages)).casefold()
        lands.append({land for land, words in _LANDS.items() if re.search(rf"\b(?:{words})\b", text)})
    if len(lands) == 2 and re.search(r"\b(?:same|both)\b", question.text) and all(lands):
        return ["yes", "no"] if lands[0] & lands[1] else ["no", "yes"]
    decade = re.search(r"\b(\d{3})0s\b", question.text)
    if decade:
        starts = [min(map(int, _YEAR.findall(" ".join(_about(n, passages)))), default=0) for n in question.names[:2]]
        return ["yes", "no"] if all(str(start)[:3] == decade[1] for start in starts) else ["no", "yes"]
    return ["no", "yes"] if "same" in question.text else ["yes", "no"]


def _candidates(question: OpenQuestion, passages: Sequence[Passage], dice: Dice) -> list[str]:
    scores: dict[str, float] = {}
    asked = question.text.casefold()
    for place, passage in enumerate(passages[:12]):
        for text, fit in _of_kind(question, passage):
            if not text or text.casefold() in asked or len(text) > 80:
                continue
            value = passage.score * fit - place * 0.05
            scores[text] = max(scores.get(text, 0.0), value) + 0.3
    jitter = {text: value * (0.9 + 0.2 * dice.chance(f"candidate {text}")) for text, value in scores.items()}
    return sorted(jitter, key=lambda text: (-jitter[text], text))


def _of_kind(question: OpenQuestion, passage: Passage) -> Iterator[tuple[str, float]]:
    """Candidates in a sentence and how well each fits what is asked."""
    text, lower = passage.text, question.text.casefold()
    if question.kind in ("date", "year"):
        found = _DATE.findall(text) if question.kind == "date" else _YEAR.findall(text)
        life = re.search(r"\(([^()]*\d{3,4}[^()]*)\)", text)
        for i, date in enumerate(found):
            fit = 1.0 + 0.2 * (len(date) > 4) - 0.05 * i
            if life and date in life[1]:
                second = life[1].rfind(date) > 6 and i > 0
                fit += (
                    1.0
                    if ("die" in lower or "death" in lower) == second
                    and ("born" in lower or "birth" in lower or second)
                    else 0.0
                )
            yield date, fit
    elif question.kind == "number":
        for match in _NUMBER.finditer(text):
            near = {stem(w) for w in re.findall(r"[a-z]+", text[match.end() : match.end() + 40].casefold())}
            year = bool(_YEAR.fullmatch(match[0]))
            yield match[0], (1.6 if stem(question.noun) in near else 1.0) * (0.5 if year else 1.0)
    else:
        yield from _named(question, passage)


def _named(question: OpenQuestion, passage: Passage) -> Iterator[tuple[str, float]]:
    text, kind = passage.text, question.kind
    title = re.sub(r"\s*\([^)]*\)$", "", passage.page)
    yield (
        title,
        0.95
        + (
            0.25
            if question.noun
            and re.search(rf"\b(?:is|was|are|were) (?:an?|the)\b[^.]*\b{re.escape(question.noun)}", text)
            else 0
        ),
    )
    for span in spans(text):
        before = text[: text.find(span)][-12:].casefold()
        fit = 0.8
        if kind == "person":
            fit = 1.1 if 2 <= len(span.split()) <= 4 and not re.search(r"\d", span) else 0.5
            fit += 0.15 if re.search(r"\b(?:by|named|called|and)\s*$", before) else 0
        elif kind == "place":
            fit = 1.1 if re.search(r"\b(?:in|at|of|near|to)\s+(?:the )?$", before) else 0.7
        if span in ("It", "He", "She", "The", "This", "In", "They", "His", "Her", "Its") or re.fullmatch(
            r"[\d,. ]+", span
        ):
            continue
        yield span, fit
