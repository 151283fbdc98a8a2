"""Config sections: where questions come from.

Level 1; import from `trajsynth.config`. Tests: tests/test_config.py.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from trajsynth.config.base import Count, Positive, Section


class Columns(Section, frozen=True, kw_only=True):
    """Which column holds what; nested columns are written with dots."""

    id: str = "id"
    """Made from the question's text where the column is missing."""
    question: str = "question"
    """The question's text."""
    answer: str = "answer"
    """A string, or a list of accepted answers."""
    aliases: str = "aliases"
    """Further accepted answers, where there is such a column."""
    documents: str = "context"
    """Paragraphs: HotpotQA's `{title: [...], sentences: [[...]]}`, or a list of `{title, text}`."""


class DatasetQuestions(Section, frozen=True, kw_only=True, tag_field="kind", tag="dataset"):
    """Questions from a local file (`path`: JSONL or JSON) or from a Hugging Face dataset (`hf`). `path` wins."""

    path: str | None = None
    """A local file: JSON lines, or one JSON array."""
    hf: str | None = None
    """A data set of the Hugging Face Hub (needs `trajsynth[hub]`)."""
    config: str | None = None
    """Its configuration, where it has several."""
    split: str = "train"
    """Its split."""
    revision: str | None = None
    """Its branch, tag or commit."""
    limit: Count | None = None
    """Only the first so many questions."""
    shuffle: int | None = None
    """Seed: draw the questions in this random order instead of the file's."""
    columns: Columns = Columns()
    """Which column holds what."""


class EncyclopediaQuestions(Section, frozen=True, kw_only=True, tag_field="kind", tag="encyclopedia"):
    """The generated encyclopedia and its multi-hop questions; the same seed and sizes give the same bytes."""

    pages: Positive = 300
    """Pages of the encyclopedia."""
    questions: Positive = 50
    """Questions asked about it."""
    seed: int = 0
    """Another seed is another world."""
    hops: tuple[Positive, Positive] = (1, 4)
    """Smallest and largest number of hops asked for."""
    limit: Count | None = None
    """Only the first so many questions."""


class CustomQuestions(Section, frozen=True, kw_only=True, tag_field="kind", tag="custom"):
    """Your own source: a class whose instances iterate over `trajsynth.types.Question`."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""
    limit: Count | None = None
    """Only the first so many questions."""


Questions: TypeAlias = DatasetQuestions | EncyclopediaQuestions | CustomQuestions
