"""What parts of a run get of the budget and of the endpoints' places."""

from __future__ import annotations

from pathlib import Path

import pytest
from generatefakes import make_config
from msgspec.structs import replace

from trajsynth.config import Budget, OpenAITeacher, ScriptedTeacher, ToolLimits, Tools
from trajsynth.generate.jobs import Slice
from trajsynth.generate.shares import allowances, divided, fewer
from trajsynth.generate.spending import SpentFile
from trajsynth.types import Usage

PARTS = [Slice(1, 2), Slice(2, 2)]


def pay(path: Path, usd: float, tokens: int) -> None:
    file = SpentFile(path)
    file.add("a", "rollout", Usage(calls=1, input=tokens, usd=usd))
    file.close()


def test_without_a_budget_nothing_is_allotted(tmp_path: Path) -> None:
    assert allowances(Budget(), tmp_path, PARTS) == [None, None]


def test_what_is_left_is_divided_whoever_spent_the_rest(tmp_path: Path) -> None:
    pay(tmp_path / "spent-s1of2.jsonl", 3.0, 300)
    pay(tmp_path / "spent-s5of7.jsonl", 1.0, 101)
    given = allowances(Budget(usd=10.0, tokens=1000), tmp_path, PARTS)
    assert given == [Budget(usd=6.0, tokens=300 + 299), Budget(usd=3.0, tokens=299)]


def test_nothing_is_left_of_a_spent_budget(tmp_path: Path) -> None:
    pay(tmp_path / "spent-s1of2.jsonl", 12.0, 0)
    assert allowances(Budget(usd=10.0), tmp_path, PARTS) == [Budget(usd=12.0), Budget(usd=0.0)]


@pytest.mark.parametrize(("number", "parts", "share"), [(7, 2, 3), (2, 3, 1), (3, 3, 1), (1, 1, 1)])
def test_a_share_is_never_nothing(number: int, parts: int, share: int) -> None:
    assert fewer(number, parts) == share


def test_places_and_rates_are_divided() -> None:
    config = replace(
        make_config(),
        teachers={
            "a": OpenAITeacher(base_urls=["http://h/v1"], concurrency=100, rpm=60, tpm=None),
            "b": ScriptedTeacher(concurrency=2),
        },
        tools=Tools(limits={"search": ToolLimits(concurrency=9, rpm=2, price=0.5)}),
    )
    own = divided(config, 4)
    a, b, search = own.teachers["a"], own.teachers["b"], own.tools.limits["search"]
    assert isinstance(a, OpenAITeacher) and (a.concurrency, a.rpm, a.tpm) == (25, 15, None)
    assert isinstance(b, ScriptedTeacher) and b.concurrency == 1
    assert (search.concurrency, search.rpm, search.price) == (2, 1, 0.5)
    assert divided(config, 1) is config
