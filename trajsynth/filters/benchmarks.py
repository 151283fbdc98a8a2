"""Questions of a benchmark in the training set (`leak.benchmark`).

Level 2, standard library only. An index of hashed 13-word runs, 8 bytes each, is built once a process for a list of
files. Tests: tests/filters/test_filters_benchmarks.py.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

from trajsynth.errors import ConfigError
from trajsynth.filters.base import Filter
from trajsynth.filters.quantities import Quantity, highest
from trajsynth.filters.view import excerpt
from trajsynth.filters.words import words
from trajsynth.protocols import Measures
from trajsynth.types import Finding, Trajectory

_FIELDS: Final = ("question", "problem", "problem_statement", "prompt", "query", "instruction", "input", "text")
"""In this order, whatever their case: GAIA writes `Question`."""
_MOST: Final = 50_000_000
"""Most entries of an index: 400 MB."""


@dataclass(frozen=True)
class LeakBenchmark(Filter):
    """The question, or a message of the user, overlaps with a question of the sets that `questions` names.

    13-word runs are GPT-3's measure of contamination (Brown et al. 2020, appendix C); questions shorter than that are
    compared whole, case, punctuation and blanks aside. Files: `.jsonl` or `.json` with a field `question`, `problem`,
    `problem_statement`, `prompt`, `query`, `instruction`, `input` or `text` (text or a chat, case aside), else one
    question a line.
    """

    name: ClassVar = "leak.benchmark"
    codes: ClassVar = ("leak.benchmark",)
    thresholds: ClassVar = {"leak.benchmark": "runs"}
    measured_by: ClassVar = ("questions", "n", "short")
    quantities: ClassVar = (Quantity("leak.benchmark", "runs", "runs of words shared with a benchmark"),)

    questions: tuple[str, ...] = ()
    """Files with the benchmarks' questions; none: nothing is found."""
    n: int = 13
    """Words of a run; characters in scripts without spaces."""
    runs: int = 1
    """Fewest runs that overlap."""
    short: int = 4
    """Fewest words of a question that is compared whole."""

    def __post_init__(self) -> None:
        """Raises ConfigError for a file that is not there."""
        for path in self.questions:
            if not Path(path).is_file():
                raise ConfigError(f"leak.benchmark: no file {path!r}; give the paths of question files in `questions`")

    def measure(self, trajectory: Trajectory) -> Measures:
        if not self.questions:
            return {"overlaps": []}
        index = _index(self.questions, self.n, self.short)
        return {
            "overlaps": [found for place, text in _asked(trajectory) if (found := self._overlap(index, place, text))]
        }

    def _overlap(self, index: Index, place: dict[str, Any], text: str) -> dict[str, Any]:
        told = words(text)
        if len(told) >= self.short and _hash(told) in index.whole:
            return {**place, "runs": max(1, len(told) - self.n + 1), "exact": True, "text": excerpt(text)}
        hits = [i for i, value in enumerate(_grams(told, self.n)) if value in index.runs]
        if not hits:
            return {}
        return {**place, "runs": len(hits), "exact": False, "text": " ".join(told[hits[0] : hits[0] + self.n])}

    def judge(self, measures: Measures) -> list[Finding]:
        for overlap in measures["overlaps"]:
            if overlap["exact"] or overlap["runs"] >= self.runs:
                how = "is a benchmark's" if overlap["exact"] else f"shares {overlap['runs']} runs with a benchmark's"
                detail = f"the question {how}: {overlap['text']!r}"
                return [self.finding(self.name, overlap, detail=detail, value=float(overlap["runs"]))]
        return []

    def levels(self, measures: Measures) -> dict[str, float]:
        return highest(("runs", overlap["runs"]) for overlap in measures["overlaps"])


def _asked(trajectory: Trajectory) -> Iterator[tuple[dict[str, Any], str]]:
    """The question and every message of the main agent's user, each text once."""
    yield {"c": 0}, trajectory.question.text
    for message in trajectory.conversations[0].messages if trajectory.conversations else ():
        if message.role == "user" and message.content != trajectory.question.text:
            yield {"c": 0, "n": message.n}, message.content


# ---- the index ----------------------------------------------------------------------------------------------------


class Sorted:
    """A set of 64-bit numbers in 8 bytes each."""

    def __init__(self, values: array[int]) -> None:
        self._values = array("Q", sorted(set(values)))

    def __contains__(self, value: int) -> bool:
        at = bisect_left(self._values, value)
        return at < len(self._values) and self._values[at] == value

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True)
class Index:
    """Hashes of all runs, and of whole questions."""

    runs: Sorted
    whole: Sorted


@lru_cache(maxsize=4)
def _index(paths: tuple[str, ...], n: int, short: int) -> Index:
    runs, whole = array("Q"), array("Q")
    for path in paths:
        empty = True
        for text in _questions(Path(path)):
            told = words(text)
            empty = False
            if len(told) >= short:
                whole.append(_hash(told))
            runs.extend(_grams(told, n))
            if len(runs) > _MOST:
                raise ConfigError(f"leak.benchmark: {path!r}: more than {_MOST} runs of words; give fewer questions")
        if empty:
            raise ConfigError(f"leak.benchmark: {path!r} holds no question, so nothing would ever be found")
    return Index(Sorted(runs), Sorted(whole))


def _questions(path: Path) -> Iterator[str]:
    try:
        if path.suffix == ".json":
            data = json.loads(path.read_text("utf-8"))
            yield from (_text(item, path) for item in (data if isinstance(data, list) else [data]))
            return
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.strip():
                    yield _text(json.loads(line), path) if path.suffix == ".jsonl" else line
    except (OSError, ValueError) as error:
        raise ConfigError(f"leak.benchmark: cannot read {str(path)!r}: {error}") from None


def _text(item: Any, path: Path) -> str:
    if isinstance(item, str):
        return item
    named = {str(key).lower(): value for key, value in item.items()} if isinstance(item, dict) else {}
    text = next((asked for field in _FIELDS if (asked := _asked_by(named.get(field))) is not None), None)
    if text is None:
        raise ConfigError(f"leak.benchmark: {str(path)!r}: a question has none of the fields {', '.join(_FIELDS)}")
    return text


def _asked_by(value: Any) -> str | None:
    """A question from a text, or from a chat: what its user says."""
    if isinstance(value, list):
        said = [m.get("content") for m in value if isinstance(m, dict) and m.get("role") == "user"]
        value = "\n".join(text for text in said if isinstance(text, str)) or None
    return value if isinstance(value, str) else None


def _grams(told: list[str], n: int) -> Iterator[int]:
    return (_hash(told[i : i + n]) for i in range(len(told) - n + 1))


def _hash(told: list[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(told).encode(), digest_size=8).digest(), "little")
