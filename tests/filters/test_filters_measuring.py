"""Keys of measures: equal exactly where the measures are."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from pathlib import Path
from typing import Any, ClassVar

import pytest

from trajsynth.filters import RepeatLoop, recipe
from trajsynth.filters.answers import Answer
from trajsynth.filters.base import Filter
from trajsynth.filters.benchmarks import LeakBenchmark
from trajsynth.filters.catalogue import FILTERS
from trajsynth.filters.measuring import measuring_key, mending_key
from trajsynth.protocols import Measures
from trajsynth.types import Finding, Trajectory


@pytest.mark.parametrize("kind", FILTERS.values(), ids=list(FILTERS))
def test_fields_that_measuring_reads_are_named(kind: type[Any]) -> None:
    methods = {
        node.name: node for node in ast.walk(ast.parse(inspect.getsource(kind))) if isinstance(node, ast.FunctionDef)
    }
    read: set[str] = set()
    todo = [name for name in ("measure", "sign") if name in methods]
    for name in todo:
        own = {
            n.attr for n in ast.walk(methods[name]) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"
        }
        read |= own
        todo += [other for other in own & methods.keys() if other not in todo]
    assert read & {field.name for field in dataclasses.fields(kind)} == set(getattr(kind, "measured_by", ()))


def test_thresholds_of_ours_do_not_count() -> None:
    assert measuring_key(RepeatLoop(copies=9, tokens=99, data=99)) == measuring_key(RepeatLoop())
    assert measuring_key(Answer(form="boxed")) != measuring_key(Answer(form="last_message"))


def test_files_named_in_a_parameter_count_with_their_content(tmp_path: Path) -> None:
    path = tmp_path / "questions.txt"
    path.write_text("Who built the bridge?\n")
    before = measuring_key(LeakBenchmark(questions=(str(path),)))
    assert before == measuring_key(LeakBenchmark(questions=(str(path),)))
    path.write_text("Who built the tower?\n")
    assert before != measuring_key(LeakBenchmark(questions=(str(path),)))


@dataclasses.dataclass(frozen=True)
class Own(Filter):
    """Somebody's filter: `word` is looked for, `times` is a threshold."""

    name: ClassVar = "own"
    codes: ClassVar = ("own",)
    thresholds: ClassVar = {"own": "times"}
    word: str = "x"
    times: int = 1

    def measure(self, trajectory: Trajectory) -> Measures:
        return {"count": trajectory.question.text.count(self.word)}

    def judge(self, measures: Measures) -> list[Finding]:
        return [] if measures["count"] < self.times else [self.finding("own")]


class Plain:
    """No dataclass."""

    name = "plain"
    codes = ("plain",)

    def __init__(self, word: str) -> None:
        self.word = word

    def measure(self, trajectory: Trajectory) -> Measures:
        return {"count": trajectory.question.text.count(self.word)}

    def judge(self, measures: Measures) -> list[Finding]:
        return []


def test_of_somebody_elses_filter_every_other_field_counts() -> None:
    assert measuring_key(Own(times=3)) == measuring_key(Own())
    assert measuring_key(Own(word="y")) != measuring_key(Own())
    assert measuring_key(Plain("x")) == measuring_key(Plain("x")) != measuring_key(Plain("y"))


def test_what_cannot_be_pickled_is_like_nothing_else() -> None:
    class Local(Plain):
        pass

    assert measuring_key(Local("x")) != measuring_key(Local("x"))


def test_ways_of_repairing() -> None:
    assert mending_key(recipe("none")) == "" != mending_key(recipe("sft"))
    assert mending_key(recipe("sft").with_thresholds({"repeat.loop": 9})) == mending_key(recipe("sft"))


def test_the_threshold_of_what_is_repaired_is_part_of_the_repair(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("filters:\n- {filter: repeat.loop, action: repair}\n")
    own = recipe(str(path))
    assert mending_key(own) != mending_key(own.with_thresholds({"repeat.loop": 9}))
