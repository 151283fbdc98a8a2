"""RL: one prompt a question, with its ground truth and how often its rollouts solved it.

A question that all rollouts got right, or none, gives a group-relative method nothing to prefer: `drop_uniform` leaves
those out. Level 3, imports builders.rows, building, formats, ledger and prompts.
Tests: tests/builders/test_builders_rl.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trajsynth.builders.building import Meters, Target, build
from trajsynth.builders.formats import Format
from trajsynth.builders.ledger import Ledger
from trajsynth.builders.prompts import Prompt
from trajsynth.builders.report import BuildReport
from trajsynth.builders.rows import Refusal, Row, render
from trajsynth.types import Question, Trajectory

ANSWER_FORM = "When you know the answer, end with a message that states it as \\boxed{answer}."
"""Added to a prompt that says nothing of a box: our own rollouts are asked for it in a last turn that RL lacks."""


@dataclass(slots=True)
class _Group:
    """What is known of one question so far."""

    question: Question
    samples: int = 0
    correct: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Of the first rollout whose calls are native; empty without one."""
    tools: list[dict[str, Any]] = field(default_factory=list)
    refusal: Refusal = field(default_factory=lambda: Refusal(reason="rl.in_prompt"))
    """Why there are no messages yet."""


def build_rl(
    trajectories: Iterable[Trajectory], out: Path, format: str | Target = "trl", *, drop_uniform: bool = False
) -> BuildReport:
    """Write the prompts and stats.json into folder `out`, replacing an earlier build.

    The solve rate counts every graded rollout of a question, over all arms; the prompt is the first one whose calls are
    native (trainers run tools through the chat template's own calls). Raises ConfigError for an unknown format.
    """
    target = format if isinstance(format, Target) else Target(format=format)

    def fill(rows: Iterable[Trajectory], layout: Format, book: Ledger) -> Meters:
        for group_id, group in _collect(rows, book).items():
            _write(group_id, group, layout, book, drop_uniform=drop_uniform)
        return {}

    return build("rl", trajectories, out, target, fill)


def _collect(trajectories: Iterable[Trajectory], book: Ledger) -> dict[str, _Group]:
    groups: dict[str, _Group] = {}
    for trajectory in trajectories:
        book.trajectories += 1
        refusal = _ineligible(trajectory)
        if refusal is not None:
            book.refuse(refusal)
            continue
        group = groups.setdefault(trajectory.group, _Group(trajectory.question))
        group.samples += 1
        group.correct += bool(trajectory.correct)
        if not group.messages and trajectory.invocation != "mcp":
            _take_prompt(group, render(trajectory))
    return groups


def _ineligible(trajectory: Trajectory) -> Refusal | None:
    if trajectory.failure is not None or trajectory.stop_reason == "failed":
        return Refusal(reason=f"infra.{trajectory.failure.kind if trajectory.failure else 'unknown'}")
    if trajectory.correct is None:
        return Refusal(reason="grade.unknown")
    gold = any(answer.strip() for answer in trajectory.question.answers)
    return None if gold else Refusal(reason="answer.no_gold")


def _take_prompt(group: _Group, row: Row | Refusal) -> None:
    if isinstance(row, Refusal):
        group.refusal = row
        return
    group.messages = [{"role": m["role"], "content": m["content"]} for m in row.messages[: row.prompt_length]]
    if not any("\\boxed" in message["content"] for message in group.messages):
        group.messages[-1]["content"] += f"\n\n{ANSWER_FORM}"
    group.tools = row.tools


def _write(group_id: str, group: _Group, layout: Format, book: Ledger, *, drop_uniform: bool) -> None:
    book.solve_rates[f"{group.correct}/{group.samples}"] += 1
    if drop_uniform and group.correct in (0, group.samples):
        reason = "group.all_right" if group.correct else "group.all_wrong"
        book.refuse(Refusal(reason=reason), group.samples)
        return
    if not group.messages:
        book.refuse(group.refusal, group.samples)
        return
    prompt = Prompt(
        index=sum(book.rows.values()),
        group=group_id,
        question=group.question.id,
        answers=tuple(answer for answer in group.question.answers if answer.strip()),
        messages=group.messages,
        tools=group.tools,
        samples=group.samples,
        correct=group.correct,
        split=book.split(group_id),
    )
    laid = layout.rl(prompt)
    if isinstance(laid, Refusal):
        book.refuse(laid, group.samples)
        return
    book.write(laid, group=group_id)
    book.used += group.samples
