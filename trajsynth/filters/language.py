"""Another language in the middle of the agent's own text (`language.mixed`).

Level 2, standard library only. Told apart by script, which needs no model: Latin, Han and kana, Hangul, Cyrillic,
Arabic, Hebrew, Thai, Devanagari, Greek. Tests: tests/filters/test_filters_language.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final

from trajsynth.filters.base import Filter
from trajsynth.filters.layout import lines
from trajsynth.filters.quantities import Quantity
from trajsynth.filters.view import assistant_turns, excerpt
from trajsynth.protocols import Measures
from trajsynth.types import Finding, Trajectory

_SCRIPTS: Final = {
    "Latin": "A-Za-z\u00c0-\u024f",
    "Han": "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "Hangul": "\u1100-\u11ff\uac00-\ud7af",
    "Cyrillic": "\u0400-\u04ff",
    "Arabic": "\u0600-\u06ff",
    "Hebrew": "\u0590-\u05ff",
    "Thai": "\u0e00-\u0e7f",
    "Devanagari": "\u0900-\u097f",
    "Greek": "\u0370-\u03ff",
}
_LETTERS = {name: re.compile(f"[{signs}]+") for name, signs in _SCRIPTS.items()}
_FOREIGN = re.compile("[" + "".join(signs for name, signs in _SCRIPTS.items() if name != "Latin") + "]")
_URLS = re.compile(r"https?://\S+|`[^`]*`|\\[a-z]+")


_MOST_RUNS: Final = 500
"""Different runs of the second script that are looked up in what the agent was told."""


@dataclass(slots=True)
class _Run:
    """Where some letters stand first, and how often they do."""

    c: int
    n: int
    times: int = 0


@dataclass(frozen=True)
class LanguageMixed(Filter):
    """A second script in what the agent writes that neither its prompts nor its tool results brought in.

    MiroThinker names mixing of languages as a limit of its models. Names quoted from a source, code, tables and URLs
    are left out. English words inside other languages are common and need `latin` of the letters.
    """

    name: ClassVar = "language.mixed"
    codes: ClassVar = ("language.mixed",)
    thresholds: ClassVar = {"language.mixed": "share"}
    quantities: ClassVar = (
        Quantity("language.mixed", "share", "share of letters of a second script", scale="share"),
        Quantity("language.mixed", "latin", "share of Latin letters in another script", scale="share"),
    )

    share: float = 0.02
    """The second script has at least this share of the letters."""
    letters: int = 12
    """Fewest letters of it."""
    latin: float = 0.4
    """The share when the second script is Latin."""

    def measure(self, trajectory: Trajectory) -> Measures:
        told: Counter[str] = Counter()
        runs: dict[str, dict[str, _Run]] = {}
        for c, message in assistant_turns(trajectory):
            text = f"{message.reasoning}\n{message.content}"
            if text.isascii() or not _FOREIGN.search(text):
                told["Latin"] += len(text) * 4 // 5
                continue
            for script, run in _runs(text):
                told[script] += len(run)
                seen = runs.setdefault(script, {}).setdefault(run, _Run(c, message.n))
                seen.times += 1
        if len(told) < 2:
            return {"letters": told.total(), "second": None}
        (main, _), (second, _) = told.most_common(2)
        own = runs.get(second, {})
        if second != "Latin":
            known = _brought(trajectory)
            own = {run: seen for run, seen in islice(own.items(), _MOST_RUNS) if run not in known}
        count = sum(len(run) * seen.times for run, seen in own.items())
        first = next(({"c": seen.c, "n": seen.n, "text": excerpt(run)} for run, seen in own.items()), {})
        return {"letters": told.total(), "main": main, "second": second, "count": count, **first}

    def judge(self, measures: Measures) -> list[Finding]:
        second = measures["second"]
        if second is None or measures["count"] < self.letters:
            return []
        share = measures["count"] / measures["letters"]
        if share < (self.latin if second == "Latin" else self.share):
            return []
        detail = f"{share:.0%} {second} in {measures['main']} text: {measures.get('text', '')!r}"
        return [self.finding(self.name, measures, detail=detail, value=round(share, 4))]

    def levels(self, measures: Measures) -> dict[str, float]:
        if measures["second"] is None or not measures["letters"] or measures["count"] < self.letters:
            return {}
        field = "latin" if measures["second"] == "Latin" else "share"
        return {field: measures["count"] / measures["letters"]}


def _brought(trajectory: Trajectory) -> str:
    """All that was said to the agents."""
    said = [trajectory.question.text]
    for conversation in trajectory.conversations:
        said += [m.content for m in conversation.messages if m.role != "assistant"]
        said += [tool.description for tools in conversation.toolsets for tool in tools]
    return "\n".join(said)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """(script, letters in a row) of the prose of a text."""
    prose = "\n".join(text[line.start : line.end] for line in lines(text) if line.kind != "data")
    bare = _URLS.sub(" ", prose)
    for script, letters in _LETTERS.items():
        yield from ((script, run) for run in letters.findall(bare))
