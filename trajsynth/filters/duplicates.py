"""Samples that say and do the same: within a question by exact comparison, across questions through a sketch.

Level 2; datasketch is imported only for `across`. Compared is what the agents said and did, never prompts, tool lists
or tool results: shared system prompts alone give unrelated pairs a similarity above .5.
Tests: tests/filters/test_filters_duplicates.py.
"""

from __future__ import annotations

import base64
import hashlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar
from zlib import crc32

from trajsynth.filters.base import CorpusFilter
from trajsynth.filters.view import assistant_turns, canonical
from trajsynth.filters.words import words
from trajsynth.protocols import Measures
from trajsynth.types import Finding, Trajectory

_SHINGLE = 5
_PERMUTATIONS = 128
_SLACK = 0.1
"""The sketch looks this far below the threshold, so that its estimate loses no true pair; candidates are compared
exactly."""


@dataclass(frozen=True)
class Duplicates(CorpusFilter):
    """Exact and near duplicates among the samples of one group; with `across`, among all groups too.

    Similarity is the Jaccard index of five-word shingles (characters in scripts without spaces). At .8 edits of up to
    2 % are caught, at .55 of up to 5 %; natural answers to one question have a p90 of .19-.25. Of
    duplicates stays: one the recipe does not drop anyway, a correct one, the one with fewest findings, the first.
    """

    name: ClassVar = "duplicates"
    codes: ClassVar = ("duplicate.exact", "duplicate.near")
    thresholds: ClassVar = {"duplicate.near": "threshold"}

    threshold: float = 0.8
    """Lowest similarity of near duplicates, 0 to 1."""
    across: bool = False
    """Also compare trajectories of different groups."""

    def sign(self, trajectory: Trajectory) -> Measures:
        told = words("\n".join(said_and_done(trajectory)))
        return {
            "id": trajectory.id,
            "group": trajectory.group,
            "correct": trajectory.correct,
            "exact": hashlib.blake2b(" ".join(told).encode(), digest_size=16).hexdigest() if told else "",
            "shingles": _pack(_shingles(told)),
        }

    def resolve(self, signatures: Sequence[Measures]) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for members in _groups(signatures):
            self._settle(signatures, members, found)
        if self.across:
            self._settle_across(signatures, found)
        return found

    def _settle(self, signatures: Sequence[Measures], members: list[int], found: dict[str, list[Finding]]) -> None:
        """Compare the members of a group, best first, with those that stay."""
        if len(members) < 2:
            return
        entries = {i: signatures[i] for i in members}
        stay: list[tuple[Measures, frozenset[int]]] = []
        for i in sorted(members, key=lambda i: _rank(entries[i], i)):
            entry = entries[i]
            mine = _unpack(entry["shingles"])
            match = next((hit for other, theirs in stay if (hit := self._compare(entry, mine, other, theirs))), None)
            if match is not None:
                found.setdefault(entry["id"], []).append(match)
            elif mine:
                stay.append((entry, mine))

    def _compare(
        self, entry: Measures, mine: frozenset[int], other: Measures, theirs: frozenset[int]
    ) -> Finding | None:
        """The finding that `entry` duplicates `other`, or None."""
        if entry["exact"] and entry["exact"] == other["exact"]:
            return self._finding("duplicate.exact", other["id"], 1.0)
        if not mine or min(len(mine), len(theirs)) < self.threshold * max(len(mine), len(theirs)):
            return None
        shared = len(mine & theirs)
        similarity = shared / (len(mine) + len(theirs) - shared)
        return self._finding("duplicate.near", other["id"], similarity) if similarity >= self.threshold else None

    def _finding(self, code: str, partner: str, similarity: float) -> Finding:
        return Finding(
            filter=self.name, code=code, detail=f"like {partner}: similarity {similarity:.3f}", value=partner
        )

    def _settle_across(self, signatures: Sequence[Measures], found: dict[str, list[Finding]]) -> None:
        """Compare what the groups left over, best first, with candidates from a MinHash index."""
        from datasketch import MinHashLSH

        looked = max(0.05, self.threshold - _SLACK)
        index = MinHashLSH(threshold=looked, num_perm=_PERMUTATIONS, weights=(0.2, 0.8))
        ranked = sorted((_rank(signature, i), i) for i, signature in enumerate(signatures))
        exact: dict[str, int] = {}
        for _, i in ranked:
            entry = signatures[i]
            mine = _unpack(entry["shingles"])
            if entry["id"] in found or not mine:
                continue
            sketch = _sketch(mine)
            rivals = [exact[entry["exact"]]] if entry["exact"] in exact else sorted(index.query(sketch))
            match = next((hit for j in rivals if (hit := self._compare_with(entry, mine, signatures[j]))), None)
            if match is not None:
                found.setdefault(entry["id"], []).append(match)
                continue
            exact[entry["exact"]] = i
            index.insert(i, sketch)

    def _compare_with(self, entry: Measures, mine: frozenset[int], other: Measures) -> Finding | None:
        return self._compare(entry, mine, other, _unpack(other["shingles"]))


@dataclass(frozen=True)
class DuplicateQuestions(CorpusFilter):
    """The same question under another group: compared by its words alone. The first group of the input stays."""

    name: ClassVar = "duplicate.question"
    codes: ClassVar = ("duplicate.question",)

    def sign(self, trajectory: Trajectory) -> Measures:
        text = " ".join(words(trajectory.question.text))
        question = hashlib.blake2b(text.encode(), digest_size=16).hexdigest() if text else ""
        return {"id": trajectory.id, "group": trajectory.group, "correct": trajectory.correct, "question": question}

    def resolve(self, signatures: Sequence[Measures]) -> dict[str, list[Finding]]:
        first: dict[str, tuple[str, str]] = {}
        found: dict[str, list[Finding]] = {}
        for signature in signatures:
            if not signature["question"]:
                continue
            group, partner = first.setdefault(signature["question"], (signature["group"], signature["id"]))
            if group != signature["group"]:
                detail = f"the question of {partner}"
                finding = Finding(filter=self.name, code="duplicate.question", detail=detail, value=partner)
                found.setdefault(signature["id"], []).append(finding)
        return found


def said_and_done(trajectory: Trajectory) -> Iterator[str]:
    """The agents' own texts and native calls, in order (calls in the prompt's grammar stand in the content)."""
    for _, message in assistant_turns(trajectory):
        yield message.reasoning
        yield message.content
        for call in message.tool_calls:
            if call.span is None:
                yield canonical(call)


def _groups(signatures: Sequence[Measures]) -> list[list[int]]:
    """Indices by group, in order of first appearance."""
    groups: dict[str, list[int]] = {}
    for i, signature in enumerate(signatures):
        groups.setdefault(signature["group"], []).append(i)
    return list(groups.values())


def _rank(signature: Measures, index: int) -> tuple[bool, bool, int, int]:
    """Smaller is worthier to stay."""
    return (bool(signature.get("dropped")), signature["correct"] is not True, signature.get("findings", 0), index)


def _shingles(told: list[str]) -> set[int]:
    """32-bit hashes of every five words in a row; of a shorter text one shingle, of none nothing."""
    if not told:
        return set()
    count = max(1, len(told) - _SHINGLE + 1)
    return {crc32("\x1f".join(told[i : i + _SHINGLE]).encode()) for i in range(count)}


def _pack(shingles: set[int]) -> str:
    return base64.b64encode(array("I", sorted(shingles)).tobytes()).decode()


@lru_cache(maxsize=64)
def _unpack(packed: str) -> frozenset[int]:
    numbers = array("I")
    numbers.frombytes(base64.b64decode(packed))
    return frozenset(numbers)


def _sketch(shingles: frozenset[int]) -> Any:
    from datasketch import MinHash

    sketch = MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=_itself)
    sketch.update_batch(sorted(shingles))
    return sketch


def _itself(number: int) -> int:
    return number
