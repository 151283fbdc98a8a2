"""What a training set is mixed from: caps and shares, by question, teacher, paradigm and invocation.

Level 1; import from `trajsynth.config`. The builders use it as it is. Tests: tests/builders/test_builders_mixture.py.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from trajsynth.config.base import Positive, Section

Cap: TypeAlias = Positive | dict[str, Positive]
"""A number for each, or numbers by name (names that are not there have no cap)."""
Dimension: TypeAlias = Literal["teacher", "paradigm", "invocation", "arm"]


class Mixture(Section, frozen=True, kw_only=True):
    """What a data set is mixed from. It counts trajectories for sft and pairs for dpo; rl has only `total`."""

    per_question: Positive | None = None
    """Most of one question."""
    per_teacher: Cap | None = None
    """Most of each teacher: a number, or numbers by name."""
    per_paradigm: Cap | None = None
    """Most of each paradigm."""
    per_invocation: Cap | None = None
    """Most of each invocation."""
    total: Positive | None = None
    """Most in all (questions, for rl)."""
    shares: dict[Dimension, dict[str, Annotated[float, Meta(gt=0)]]] = {}
    """Parts of the whole by name, such as `{teacher: {qwen: 3, deepseek: 1}}` (`arm`: `teacher/paradigm/invocation`);
    one dimension only, and what it does not name is left out. The scarcest decides how much there is of the others."""
