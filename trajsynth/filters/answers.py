"""No final answer, or an empty one (`answer.missing`, `answer.empty`).

Level 2. Records of ours carry their answer; of imported rows the last assistant message is it, unless a form is asked
for. Tests: tests/filters/test_filters_endings.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from trajsynth.answers import final_answer
from trajsynth.filters.base import Filter
from trajsynth.filters.view import final_turn, imported
from trajsynth.protocols import Measures
from trajsynth.signals import after_thinking
from trajsynth.types import Finding, Trajectory


@dataclass(frozen=True)
class Answer(Filter):
    """The final answer in the required form.

    A trajectory that an infrastructure failure ended is left to `infra.*`. The paper drops such trivial failures from
    RL data and wants a valid final answer in rejected ones too.
    """

    name: ClassVar = "answer"
    codes: ClassVar = ("answer.missing", "answer.empty")

    form: str = "recorded"
    r"""`recorded` (of imported rows: `last_message`), `boxed`, `last_message`, or a regular expression."""

    def __post_init__(self) -> None:
        """Raises ConfigError for an expression that does not compile."""
        if self.form != "recorded":
            final_answer("", self.form)

    def measure(self, trajectory: Trajectory) -> Measures:
        turn = final_turn(trajectory)
        if self.form == "recorded" and not imported(trajectory):
            answer = trajectory.answer
        else:
            form = "last_message" if self.form == "recorded" else self.form
            closed = turn is not None and not (turn.tool_calls and form == "last_message")
            answer = final_answer(after_thinking(turn.content), form) if turn and closed else None
        found = "missing" if answer is None else ("given" if answer.strip() else "empty")
        where = {} if turn is None else {"n": turn.n}
        return {
            "answer": found,
            "failed": trajectory.failure is not None,
            "stop": trajectory.stop_reason,
            "c": 0,
            **where,
        }

    def judge(self, measures: Measures) -> list[Finding]:
        if measures["failed"] or measures["answer"] == "given":
            return []
        detail = f"no final answer (stopped: {measures['stop']})"
        if measures["answer"] == "empty":
            return [self.finding("answer.empty", measures, detail="the final answer is empty")]
        return [self.finding("answer.missing", measures, detail=detail)]
