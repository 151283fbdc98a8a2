"""What a solver hands the policy: the next things to look up, or an answer, with the evidence it rests on.

Imports nothing of the package. Tests: tests/teachers/scripted/test_scripted_encyclopedia.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Need:
    """Something to look up."""

    kind: Literal["page", "search", "find"]
    target: str
    """Page title, or what to search for."""
    about: str = ""
    """What is hoped for, in words."""
    terms: str = ""
    """Words that a query may add to the target, or that are to be found on the page."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence and its page."""

    page: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the solving stands."""

    answer: str = ""
    needs: tuple[Need, ...] = ()
    """In order of use; independent ones may be called side by side. Empty: nothing more to try."""
    evidence: tuple[Evidence, ...] = ()
    sure: bool = False
    """The answer follows from the evidence."""
    exact: bool = False
    """The question was understood, so that `others` are certainly wrong once there is an answer."""
    others: tuple[str, ...] = ()
    """Other things of the answer's kind that were met: wrong answers that look right."""
    hops: tuple[str, ...] = ()
    """What is to be found out, in words, for the plan."""
    settled: tuple[str, ...] = ()
    """Intermediate results in words."""
