"""A made-up encyclopedia of any size and questions over it: no key, no network, the same seed gives the same bytes.

    world = generate(EncyclopediaQuestions(pages=300, questions=50, seed=7))
    world.documents()   # hyperlinked pages, written one by one
    world.questions()   # 1 to 4 hops; comparison, intersection, numeric, yes/no; each answer proved unique

`python -m trajsynth.questions.encyclopedia --seed 1 --pages 60 --questions 20 --out DIR` writes documents.jsonl and
questions.jsonl. Level 2; imports the encyclopedia's parts. Tests: tests/questions/test_encyclopedia.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trajsynth.codec import atomic_write, encode
from trajsynth.config import EncyclopediaQuestions
from trajsynth.errors import InputError
from trajsynth.questions.encyclopedia_logic import evaluate
from trajsynth.questions.encyclopedia_pages import page
from trajsynth.questions.encyclopedia_questions import questions
from trajsynth.questions.encyclopedia_world import SMALLEST, Facts, Value, build
from trajsynth.types import Document, Question


@dataclass(frozen=True, slots=True)
class World:
    """Pages and questions of one config; both may be walked any number of times."""

    config: EncyclopediaQuestions
    facts: Facts

    def documents(self) -> Iterator[Document]:
        """Every page, written as it is asked for."""
        return (page(self.facts, entity, self.config.seed) for entity in self.facts.entities)

    def questions(self) -> Iterator[Question]:
        """The questions; raises InputError when the world has fewer to ask than the config wants."""
        config = self.config
        count = config.questions if config.limit is None else min(config.limit, config.questions)
        return questions(self.facts, config.seed, count, config.hops)

    def values(self, question: Question) -> list[Value]:
        """What the question's logical form (`meta["logic"]`) denotes in this world: always exactly one value."""
        return evaluate(question.meta["logic"], self.facts)


def generate(config: EncyclopediaQuestions) -> World:
    """The world of a config: 10,000 pages are built in half a second. Raises InputError for sizes that cannot be."""
    if config.pages < SMALLEST:
        raise InputError(f"questions.pages: {config.pages} is too small for every kind of page; use {SMALLEST} or more")
    low, high = config.hops
    if low > high:
        raise InputError(f"questions.hops: [{low}, {high}] has its smaller number last; write [{high}, {low}]")
    return World(config, build(config.seed, config.pages))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write an encyclopedia as JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m trajsynth.questions.encyclopedia", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--hops", type=int, nargs=2, default=(1, 4), metavar=("FROM", "TO"))
    parser.add_argument("--out", type=Path, required=True, help="folder for documents.jsonl and questions.jsonl")
    given = parser.parse_args(arguments)
    try:
        low, high = given.hops
        world = generate(
            EncyclopediaQuestions(seed=given.seed, pages=given.pages, questions=given.questions, hops=(low, high))
        )
        _write(given.out / "documents.jsonl", world.documents())
        _write(given.out / "questions.jsonl", world.questions())
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _write(path: Path, records: Iterator[Document] | Iterator[Question]) -> None:
    with atomic_write(path) as file:
        for record in records:
            file.write(encode(record) + b"\n")


if __name__ == "__main__":
    raise SystemExit(main())
