"""What a question in free wording asks for: its kind of answer, the names it gives, and its telling words.

Standard library only. Tests: tests/teachers/scripted/test_scripted_open.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal["yesno", "choice", "date", "year", "number", "person", "place", "thing"]

STOP = frozenset(
    str.split(
        "a an the of in on at to for from by with and or is are was were be been being do does did has have had that "
        "this these those which what who whom whose when where why how many much long it its his her their they he she "
        "as than into also one same both between after before during first last name named called out up not there "
        "will would can could you find"
    )
)
_SMALL = "of|the|de|la|van|von|der|du|del|&"
_SPAN = re.compile(
    rf"[A-Z][\w'’.&!-]*(?: (?:(?:{_SMALL}) ){{0,2}}[A-Z0-9][\w'’.&!-]*)*(?: \((?:[a-z]+|[^()]*(?:film|album))\))?"
)
_MONTH = re.compile(r"(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Sept|Nov|Dec)ember|October")
_AUXILIARY = r"(?:is|are|was|were|did|do|does|has|have|had|can|could|will)\b"
_ASKING = frozenset(
    str.split("Which What Who Whose When Where How In Are Is Was Were Did Do Does The Of On At For A An")
)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question taken apart."""

    text: str
    kind: Kind
    names: tuple[str, ...]
    """Quoted and capitalised phrases, most telling first."""
    words: frozenset[str]
    """Stems of the other telling words."""
    options: tuple[str, ...]
    """The two things of an `A or B` question."""
    latest: bool
    """Choices: the later, larger or younger one is asked for."""
    noun: str
    """What is to be counted or named: the word after `how many`, `which`, `what`."""


@lru_cache(maxsize=4096)
def take_apart(text: str) -> OpenQuestion:
    """Read a question; any text gives something."""
    plain = text.replace("“", '"').replace("”", '"')
    options = _options(plain)
    noun = re.search(
        r"(?i)\b(?:how many|which|what)\s+(?:(?:other|former|american|british|american)\s+)?([a-z]+)", plain
    )
    lower = plain.casefold()
    return OpenQuestion(
        text=plain,
        kind=_kind(lower, options),
        names=tuple(dict.fromkeys([*options, *_names(plain)])),
        words=frozenset(stem(w) for w in re.findall(r"[a-z0-9]+", lower) if w not in STOP and len(w) > 2),
        options=options,
        latest=bool(
            re.search(
                r"\b(?:later|latest|younger|youngest|more recently|larger|longer|more|most|last|taller|higher)\b", lower
            )
        ),
        noun=noun[1].casefold() if noun else "",
    )


def stem(word: str) -> str:
    """A word without its commonest endings."""
    word = word.casefold()
    for end in ("ing", "ed", "es", "s", "e"):
        if word.endswith(end) and len(word) - len(end) > 3:
            return word[: -len(end)]
    return word


def spans(text: str) -> list[str]:
    """Capitalised phrases of a text."""
    found = (re.sub(r"['’]s$", "", m[0].strip(" .,'’")) for m in _SPAN.finditer(text))
    return [span for span in found if not _MONTH.match(span)]


def _kind(lower: str, options: tuple[str, ...]) -> Kind:
    if options:
        return "choice"
    if re.match(_AUXILIARY, lower):
        return "yesno"
    if re.search(r"\b(?:what|which|in what|in which) year\b", lower):
        return "year"
    if lower.startswith("when") or "date of" in lower or re.search(r"\bwhen (?:was|did|were|is)\b", lower):
        return "date"
    if re.search(r"\bhow (?:many|much|long|old|far|tall|large|big)\b|\bpopulation\b|\bage difference\b", lower):
        return "number"
    if re.match(r"who(?:se)?\b|.*\bby who(?:m)?\b", lower) or re.search(
        r"\b(?:which|what) (?:\w+ ){0,4}"
        r"(?:actor|actress|singer|director|player|person|man|woman|author|writer|nobleman)\b",
        lower,
    ):
        return "person"
    if re.search(
        r"^where\b|\b(?:which|what) (?:\w+ )?(?:country|county|city|state|region|province|town|place|continent)\b",
        lower,
    ):
        return "place"
    return "thing"


def _options(text: str) -> tuple[str, ...]:
    match = re.search(
        r"(?:[,:?]|\bout of|\bDoes|\bbetween)\s+([^,:?]{2,70}?),? (?:or|and) ([^,?]{2,70}?)"
        r"(?: (?:have|has|had)\b[^?]*)?\s*\?\s*$",
        text,
    )
    tail = re.search(
        r"\b(?:older|first|earlier|later|younger)\s+([A-Z][^,:?]{2,60}?) or ([A-Z][^,?]{2,60}?)\s*\?\s*$", text
    )
    match = tail or match
    if match is None or (" or " not in match[0] and "out of" not in match[0]):
        return ()
    found = tuple(part.strip(' "') for part in match.groups())
    return found if all(part[:1].isupper() or part[:1].isdigit() for part in found) else ()


def _names(text: str) -> list[str]:
    quoted = re.findall(r'"([^"]{2,80})"', text)
    rest = re.sub(r'"[^"]{2,80}"', " , ", text)
    found = []
    for span in spans(rest):
        words = span.split()
        while words and words[0] in _ASKING:
            words.pop(0)
        phrase = " ".join(words)
        if len(phrase) > 2 and phrase.casefold() not in STOP:
            found.append(phrase)
    quoted += [
        re.sub(r"['’]s$", "", m[1])
        for m in re.finditer(
            r"\b(?:film|album|song) ([A-Z0-9][^?]*?)(?= \w+ (?:die|born|release)|\?| and |'s | die| born)", rest
        )
    ]
    return list(dict.fromkeys([*quoted, *sorted(dict.fromkeys(found), key=lambda p: -len(p.split()))]))
