"""An RL prompt: what a question's rollouts began with, its ground truth, and how often they solved it.

Level 3, imports builders.rows. Tests: tests/builders/test_builders_rl.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question, ready for a format."""

    index: int
    group: str
    question: str
    """The question's id."""
    answers: tuple[str, ...]
    """Accepted forms, best first."""
    messages: list[dict[str, Any]]
    """System and user messages before the first assistant turn."""
    tools: list[dict[str, Any]]
    samples: int
    """Graded rollouts of the question, over all arms."""
    correct: int
    split: str = "train"
    """`train` or `validation`."""

    @property
    def solve_rate(self) -> float:
        """Share of rollouts that were right."""
        return self.correct / self.samples
