"""The codes: what a finding can say, for which trajectories it matters, and its meaning in one line.

Level 2, imports nothing of ours. Scope A: any trajectory; C: correct ones; I: incorrect ones. Only codes some filter
here gives are listed. Tests: tests/filters/test_filters_base.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["A", "C", "I"]


@dataclass(frozen=True, slots=True)
class Code:
    """One code."""

    name: str
    scope: Scope
    meaning: str


_TABLE: tuple[tuple[str, Scope, str], ...] = (
    ("repeat.loop", "A", "a block is repeated back to back inside one assistant turn"),
    ("repeat.run", "A", "a few characters are repeated over a long run"),
    ("repeat.interleaved", "A", "a sentence comes again and again between others in one assistant turn"),
    ("repeat.drift", "A", "copies in one assistant turn differ only in a counter or a word"),
    ("repeat.cross_turn", "A", "a response says what an earlier one of the conversation said"),
    ("duplicate.exact", "A", "another sample of the question says and does the same"),
    ("duplicate.near", "A", "another sample says and does nearly the same"),
    ("duplicate.question", "A", "another group asks the same question"),
    ("call.unknown_tool", "A", "the called tool is not in that conversation's own list"),
    ("call.bad_json", "A", "a call's arguments are not JSON"),
    ("call.not_object", "A", "a call's arguments are JSON but no object"),
    ("call.schema", "A", "a call's arguments do not fit the tool's schema"),
    ("call.malformed", "A", "call markup without a complete call"),
    ("call.misplaced", "A", "a call inside the reasoning"),
    ("schema.unusable", "A", "a tool's schema is not valid JSON Schema"),
    ("error.streak", "C", "tool results failed in a row"),
    ("error.timeouts", "C", "many tool calls timed out"),
    ("retry.redundant", "C", "the same call gave the same observation again and again"),
    ("loop.action", "I", "stuck repeating the same call or a short cycle of calls"),
    ("answer.missing", "I", "no final answer in the required form"),
    ("answer.empty", "I", "the final answer is empty"),
    ("ended.early", "I", "stopped of its own accord with no successful tool result"),
    ("grade.wrong", "A", "the final answer is wrong"),
    ("grade.unknown", "A", "nobody could tell whether the final answer is right"),
    ("refusal", "A", "the final turn is a refusal"),
    ("truncated", "A", "a reply was cut off, or a conversation of ours ends on a user or tool message"),
    ("truncated.open", "A", "an imported conversation ends on a user or tool message"),
    ("infra.teacher", "A", "ended by the teacher's endpoint"),
    ("infra.tool_server", "A", "ended by a tool server"),
    ("infra.network", "A", "ended by the network"),
    ("infra.timeout", "A", "ended by the wall clock with nothing to keep"),
    ("infra.budget", "A", "ended by the run's budget"),
    ("infra.bug", "A", "ended by a fault of the program"),
)

CODES: dict[str, Code] = {name: Code(name, scope, meaning) for name, scope, meaning in _TABLE}


def scope_of(code: str) -> Scope:
    """The scope of a code; one from a filter of the user's own matters for any trajectory."""
    known = CODES.get(code)
    return known.scope if known else "A"
