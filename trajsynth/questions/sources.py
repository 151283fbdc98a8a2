"""Where questions come from: a local JSONL or JSON file, a data set on the Hub, the encyclopedia, your own class.

    for question in load_questions(config.questions): ...

    source = open_questions(config.questions)            # the same, with what else there is to know:
    source.pages()                                       # pages that belong to no single question (encyclopedia)
    source.skipped                                       # identical duplicate rows left out so far

`all_documents(source, questions)` walks the questions once, gives every page and collects the questions without theirs.
Level 2; imports lower levels only. Tests: tests/questions/test_sources.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any, Protocol

from trajsynth.config import CustomQuestions, DatasetQuestions, EncyclopediaQuestions, Questions
from trajsynth.configload import make_target
from trajsynth.errors import InputError, RecordError
from trajsynth.questions import hub, localfile
from trajsynth.questions.rows import to_question
from trajsynth.types import Document, Question


class Source(Protocol):
    """Questions, and the pages that come with all of them."""

    skipped: int
    """Identical duplicates left out so far."""

    def __iter__(self) -> Iterator[Question]: ...

    def pages(self) -> Iterator[Document]:
        """Pages that belong to no single question; each question's own are in `Question.documents`."""
        ...


def load_questions(config: Questions) -> Iterator[Question]:
    """The questions of a config, one by one. Raises InputError (RecordError for a row, MissingExtra for `datasets`)."""
    yield from open_questions(config)


def open_questions(config: Questions) -> Source:
    """The source of a config; nothing is read before it is iterated."""
    if isinstance(config, EncyclopediaQuestions):
        return _Encyclopedia(config)
    if isinstance(config, CustomQuestions):
        return _Custom(config)
    return _Dataset(config)


def all_documents(source: Source, questions: list[Question]) -> Iterator[Document]:
    """Every page of a source in one walk; appends each question, its pages taken off, to `questions`."""
    yield from source.pages()
    for question in source:
        questions.append(dataclasses.replace(question, documents=()))
        yield from question.documents


class _Encyclopedia:
    def __init__(self, config: EncyclopediaQuestions) -> None:
        from trajsynth.questions.encyclopedia import generate  # here, so that `python -m` may run that module

        self.skipped = 0
        self._world = generate(config)

    def __iter__(self) -> Iterator[Question]:
        return self._world.questions()

    def pages(self) -> Iterator[Document]:
        return self._world.documents()


class _Custom:
    def __init__(self, config: CustomQuestions) -> None:
        self.skipped = 0
        self._config = config
        self._made = make_target(config.target, config.args, "questions")
        if not isinstance(self._made, Iterable):
            raise InputError(f"questions {config.target!r}: its instances must iterate over trajsynth.types.Question")

    def __iter__(self) -> Iterator[Question]:
        for number, question in enumerate(self._made):
            if self._config.limit is not None and number >= self._config.limit:
                return
            if not isinstance(question, Question):
                raise InputError(
                    f"questions {self._config.target!r}: item {number} is a {type(question).__name__}, "
                    "not a trajsynth.types.Question"
                )
            yield question

    def pages(self) -> Iterator[Document]:
        return iter(self._made.pages()) if hasattr(self._made, "pages") else iter(())


class _Dataset:
    def __init__(self, config: DatasetQuestions) -> None:
        if config.path is None and config.hf is None:
            raise InputError("questions: neither path nor hf is given; name a JSONL file or a Hub data set")
        self.skipped = 0
        self._config = config

    def __iter__(self) -> Iterator[Question]:
        config = self._config
        self.skipped = 0
        if config.limit == 0:
            return
        seen: dict[str, _Seen] = {}
        taken = 0
        for where, row in _rows(config):
            question = to_question(row, config.columns, where)
            mark = _Seen(hash((question.text, question.answers)), where)
            first = seen.setdefault(question.id, mark)
            if first is not mark:
                _check_same(question, first, mark)
                self.skipped += 1
                continue
            yield question
            taken += 1
            if taken == config.limit:
                return
        if not taken:
            raise InputError(f"questions: {config.path or config.hf!r} holds no row; check path, split and config")

    def pages(self) -> Iterator[Document]:
        return iter(())


@dataclasses.dataclass(frozen=True, slots=True)
class _Seen:
    content: int
    where: str


def _check_same(question: Question, first: _Seen, second: _Seen) -> None:
    if first.content != second.content:
        raise RecordError(
            f"{second.where}: id {question.id!r} is taken by another question at {first.where}; "
            "make ids unique or set questions.columns.id to a column that is absent"
        )


def _rows(config: DatasetQuestions) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, row) in the order asked for."""
    if config.path is None:
        yield from hub.rows(config)
        return
    if config.shuffle is None:
        yield from localfile.rows(config.path)
        return
    everything = list(localfile.rows(config.path))
    Random(config.shuffle).shuffle(everything)
    yield from everything
