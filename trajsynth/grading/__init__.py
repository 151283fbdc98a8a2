"""Grading: is the final answer right? By exact matching, by an LLM judge, or by one after the other.

Level 2, imports protocols, answers, config, errors and types. Tests: tests/grading/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from trajsynth.config import Judge
from trajsynth.errors import ConfigError, unknown
from trajsynth.grading.exact import ExactGrader, unanswered
from trajsynth.grading.judge import JudgeGrader
from trajsynth.protocols import Grader, Teacher
from trajsynth.types import Grade, Question

__all__ = ["ExactGrader", "GraderChain", "JudgeGrader", "build_graders", "grade_chain"]


class GraderChain:
    """Graders in order: each sees what those before it did not accept, and the last one asked has the last word.

    So an answer that exact matching rejected and the judge could not judge is unknown, not wrong. A missing answer is
    wrong at once (method `no_answer`) and costs no judge.
    """

    def __init__(self, graders: Sequence[Grader]) -> None:
        if not graders:
            raise ConfigError("grade: needs at least one method, e.g. grade: [exact]")
        self.graders = tuple(graders)

    @property
    def name(self) -> str:
        return "+".join(grader.name for grader in self.graders)

    async def grade(self, question: Question, answer: str) -> Grade:
        """Never raises RolloutError: a judge that fails leaves `correct` None and says why in the rationale."""
        plain = unanswered(question, answer)
        if plain is not None:
            return plain
        *earlier, last = self.graders
        for grader in earlier:
            grade = await grader.grade(question, answer)
            if grade.correct:
                return grade
        return await last.grade(question, answer)


def grade_chain(graders: Sequence[Grader]) -> GraderChain:
    """Several graders as one."""
    return GraderChain(graders)


def build_graders(methods: Sequence[Literal["exact"] | Judge], teachers: Mapping[str, Teacher]) -> GraderChain:
    """The grader of a config's `grade:`; raises ConfigError when a judge is no teacher of the run."""
    graders: list[Grader] = []
    for method in methods:
        if not isinstance(method, Judge):
            graders.append(ExactGrader())
        elif method.judge in teachers:
            graders.append(JudgeGrader(teachers[method.judge], method.judge))
        else:
            raise ConfigError(f"grade: {unknown('teacher', method.judge, teachers)}")
    return GraderChain(graders)
