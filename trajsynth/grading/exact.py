"""Exact grading: the answer is one of the accepted forms of the gold answer, however written.

What counts as the same is `trajsynth.answers.match`. Level 2, imports answers and types. Tests: tests/grading/.
"""

from __future__ import annotations

from trajsynth.answers import match
from trajsynth.types import Grade, Question


def unanswered(question: Question, answer: str) -> Grade | None:
    """The grade that needs no comparison: no gold answer (unknown), or gold but no answer (wrong); else None."""
    if not any(gold.strip() for gold in question.answers):
        return Grade(correct=None, method="no_gold", rationale="the question has no gold answer")
    if not answer.strip():
        return Grade(correct=False, method="no_answer", score=0.0, rationale="there is no answer")
    return None


class ExactGrader:
    """Right when the answer matches any alias."""

    name = "exact"

    async def grade(self, question: Question, answer: str) -> Grade:
        """`score` is 1 or 0; the rationale names the alias that matched."""
        plain = unanswered(question, answer)
        if plain is not None:
            return plain
        met = next((gold for gold in question.answers if match(answer, gold)), None)
        if met is None:
            return Grade(correct=False, method=self.name, score=0.0)
        return Grade(correct=True, method=self.name, score=1.0, rationale=f"matches {met!r}")
