"""RL: one prompt a question, with its ground truth and how often its rollouts solved it.

A question that all rollouts got right, or none, gives a group-relative method nothing to prefer: `drop_uniform` leaves
those out. Prompts wait in a temporary file, memory holds a few numbers a question. Level 3, imports builders.mixture,
rows, spool, building, formats, ledger and prompts. Tests: tests/builders/test_builders_rl.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from trajsynth.builders.building import Meters, Target, build
from trajsynth.builders.eligible import infra
from trajsynth.builders.formats import Format
from trajsynth.builders.ledger import Ledger
from trajsynth.builders.prompts import Prompt
from trajsynth.builders.report import BuildReport
from trajsynth.builders.rows import Refusal, Row, render
from trajsynth.config import Mixture
from trajsynth.errors import ConfigError
from trajsynth.paradigms.offer import AGENTS
from trajsynth.spool import Spool, drawn
from trajsynth.types import Trajectory

ANSWER_FORM = "When you know the answer, end with a message that states it as \\boxed{answer}."
"""Added to a prompt that says nothing of a box: our own rollouts are asked for it in a last turn that RL lacks."""

_IN_PROMPT = "rl.in_prompt"


@dataclass(slots=True)
class _Group:
    """What is known of one question so far."""

    samples: int = 0
    correct: int = 0
    place: int = -1
    """Of its prompt in the spool; -1 while there is none."""
    key: int = 0
    """Of the rollout that gave the prompt, or the reason why there is none."""
    reason: str = _IN_PROMPT


def build_rl(
    trajectories: Iterable[Trajectory], out: Path, format: str | Target = "trl", *, drop_uniform: bool = False
) -> BuildReport:
    """Write the prompts and stats.json into folder `out`, replacing an earlier build.

    The solve rate counts every graded rollout of a question, over all arms; the prompt is that of a rollout whose calls
    are native (trainers run tools through the chat template's own calls), the first in drawn order. Raises ConfigError
    for an unknown format, and for a mixture by what a prompt has not got.
    """
    target = format if isinstance(format, Target) else Target(format=format)
    _check(target.mixture)

    def fill(rows: Iterable[Trajectory], layout: Format, book: Ledger) -> Meters:
        with Spool(book.folder) as spool:
            groups = _collect(rows, spool, book, target.seed)
            total = target.mixture.total if target.mixture else None
            for name in groups if target.mixture is None else sorted(groups, key=lambda name: drawn(target.seed, name)):
                _write(groups[name], name, spool, layout, book, drop_uniform=drop_uniform, total=total)
            book.notes += _told(groups)
        return {}

    return build("rl", trajectories, out, target, fill)


def _check(mixture: Mixture | None) -> None:
    """A prompt is one of its question and belongs to no arm."""
    if mixture is not None and mixture != Mixture(total=mixture.total):
        raise ConfigError("mixture: rl has one prompt a question, made by no teacher; only `total` applies to it")


def _collect(trajectories: Iterable[Trajectory], spool: Spool, book: Ledger, seed: int) -> dict[str, _Group]:
    """Questions in order of first appearance."""
    groups: dict[str, _Group] = {}
    for trajectory in trajectories:
        book.trajectories += 1
        refusal = _ineligible(trajectory)
        if refusal is not None:
            book.refuse(refusal)
            continue
        group = groups.setdefault(trajectory.group, _Group())
        group.samples += 1
        group.correct += bool(trajectory.correct)
        key = drawn(seed, trajectory.id)
        if trajectory.invocation != "mcp" and (group.place < 0 or key < group.key):
            _take_prompt(group, key, trajectory, spool)
    return groups


def _ineligible(trajectory: Trajectory) -> Refusal | None:
    failed = infra(trajectory)
    if failed is not None:
        return failed
    if trajectory.correct is None:
        return Refusal(reason="grade.unknown")
    gold = any(answer.strip() for answer in trajectory.question.answers)
    return None if gold else Refusal(reason="answer.no_gold")


def _take_prompt(group: _Group, key: int, trajectory: Trajectory, spool: Spool) -> None:
    row = _executable(trajectory) or render(trajectory)
    if isinstance(row, Refusal):
        if group.place < 0 and (group.reason == _IN_PROMPT or key < group.key):
            group.reason, group.key = row.reason, key
        return
    group.place, group.key = spool.put(_prompt(trajectory, row)), key


def _executable(trajectory: Trajectory) -> Refusal | None:
    """Refused where some tool is another agent: no trainer has one."""
    toolsets = trajectory.conversations[0].toolsets if trajectory.conversations else ()
    agents = any(spec.server == AGENTS for tools in toolsets for spec in tools)
    return Refusal(reason="rl.sub_agents", detail="a tool is an agent of its own") if agents else None


def _prompt(trajectory: Trajectory, row: Row) -> Prompt:
    messages = [{"role": m["role"], "content": m["content"]} for m in row.messages[: row.prompt_length]]
    if not any("\\boxed" in message["content"] for message in messages):
        messages[-1]["content"] += f"\n\n{ANSWER_FORM}"
    return Prompt(
        index=0,
        group=trajectory.group,
        question=trajectory.question.id,
        answers=tuple(answer for answer in trajectory.question.answers if answer.strip()),
        messages=messages,
        tools=row.tools,
        samples=0,
        correct=0,
    )


def _write(
    group: _Group, name: str, spool: Spool, layout: Format, book: Ledger, *, drop_uniform: bool, total: int | None
) -> None:
    book.solve_rates[f"{group.correct}/{group.samples}"] += 1
    reason = _left_out(group, drop_uniform)
    if not reason and total is not None and sum(book.rows.values()) >= total:
        reason = "mixture.total"
    if reason:
        book.refuse(Refusal(reason=reason), group.samples)
        return
    prompt = replace(
        spool.get(group.place, Prompt),
        index=sum(book.rows.values()),
        samples=group.samples,
        correct=group.correct,
        split=book.split(name),
    )
    laid = layout.rl(prompt)
    if isinstance(laid, Refusal):
        book.refuse(laid, group.samples)
        return
    book.write(laid, group=name)
    book.used += group.samples


def _told(groups: dict[str, _Group]) -> list[str]:
    """What the questions are worth to a group-relative method."""
    if not groups:
        return []
    right = sum(group.correct == group.samples for group in groups.values())
    wrong = sum(not group.correct for group in groups.values())
    rest = len(groups) - right - wrong
    return [f"{len(groups)} questions: {rest} solved now and then, {right} by every rollout, {wrong} by none"]


def _left_out(group: _Group, drop_uniform: bool) -> str:
    """Why a question gives no prompt, empty when it does."""
    if drop_uniform and group.correct in (0, group.samples):
        return "group.all_right" if group.correct else "group.all_wrong"
    return group.reason if group.place < 0 else ""
