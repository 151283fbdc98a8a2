"""Recipes: the shipped ones do what they say, actions act, wrong YAML is one clear line, the funnel adds up."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from rowfakes import asks, codes, record, row, says, sees

import trajsynth.filters
from trajsynth.errors import ConfigError, RecordError
from trajsynth.filters import FILTERS, SHIPPED, Filter, recipe
from trajsynth.protocols import Measures
from trajsynth.types import Failure, Finding, Outcome, Trajectory

ERR: tuple[str, str, Outcome] = ("x", "no", "tool_error")
OK: tuple[str, str, Outcome] = ("x", "yes", "ok")
LOOP = "all of it once again please. " * 6


@dataclasses.dataclass(frozen=True)
class Shouting(Filter):
    """A user's own filter."""

    name: ClassVar = "shouting"
    codes: ClassVar = ("style.shouting",)
    marks: int = 3

    def measure(self, trajectory: Trajectory) -> Measures:
        return {"marks": sum(m.content.count("!") for c in trajectory.conversations for m in c.messages)}

    def judge(self, measures: Measures) -> list[Finding]:
        return [self.finding("style.shouting")] if measures["marks"] >= self.marks else []


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("trajectory", "fates"),
    [
        (record(OK), {"sft": [], "dpo": [], "rl": []}),
        (record(OK, correct=False), {"sft": ["grade.wrong"], "dpo": [], "rl": []}),
        (record(OK, correct=None), {"sft": ["grade.unknown"], "dpo": ["grade.unknown"], "rl": ["grade.unknown"]}),
        (record(ERR, ERR, ERR), {"sft": ["error.streak"], "dpo": [], "rl": ["error.streak"]}),
        (record(*[OK] * 4), {"sft": ["retry.redundant"], "dpo": [], "rl": ["retry.redundant"]}),
        (record(*[OK] * 4, correct=False), {"sft": ["grade.wrong"], "dpo": [], "rl": ["loop.action"]}),
        (
            record(OK, correct=False, answer=None),
            {"sft": ["grade.wrong", "answer.missing"], "dpo": ["answer.missing"], "rl": ["answer.missing"]},
        ),
        (record(ERR, correct=False), {"sft": ["grade.wrong"], "dpo": [], "rl": ["ended.early"]}),
        (record(OK, final=LOOP), {"sft": ["repeat.loop"], "dpo": ["repeat.loop"], "rl": []}),
        (
            record(OK, failure=Failure(kind="teacher", message="down"), grade=None),
            {name: ["infra.teacher", "grade.unknown"] for name in ("sft", "dpo", "rl")},
        ),
    ],
)
def test_shipped_recipes(trajectory: Trajectory, fates: dict[str, list[str]]) -> None:
    for name, dropped in fates.items():
        curation = recipe(name).run([trajectory])
        assert [list(c.dropped) for c in [*curation.kept, *curation.rejected]] == [dropped], name
    assert len(recipe("none").run([trajectory]).kept) == 1


def test_shipped_recipes_write_every_threshold_down() -> None:
    for name in SHIPPED:
        path = Path(trajsynth.filters.__file__).parent / "recipes" / f"{name}.yaml"
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["filters"]:
            fields = {field.name for field in dataclasses.fields(FILTERS[entry["filter"]])}
            assert fields <= set(entry), f"{name}: {entry['filter']}"


def test_an_invalid_call_that_cannot_be_mended_masks_its_turn() -> None:
    again = {**asks(), "content": "Sorry, again."}
    given = row(asks("serch"), sees("Error: unknown"), again, sees("found"), {"role": "assistant", "content": "done"})
    curation = recipe("sft").run([given])
    (kept,) = curation.kept
    assert (
        kept.trajectory.masked == ((0, 1),) and kept.row is given and "call.unknown_tool" in codes(list(kept.findings))
    )
    assert (curation.report.masked, curation.report.masked_turns) == (1, 1)


def test_a_trajectory_with_nothing_left_to_learn_from_is_dropped() -> None:
    assert recipe("sft").run([row(asks("serch"))]).report.dropped == {"call.unknown_tool": 1}


def test_codes_out_of_scope_or_of_unknown_verdict_only_tag(tmp_path: Path) -> None:
    path = write(tmp_path, "filters:\n- {filter: error.streak, action: drop}\n")
    curation = recipe(path).run([record(ERR, ERR, ERR, correct=c, identity=str(c)) for c in (True, False, None)])
    assert [c.trajectory.id for c in curation.rejected] == ["True"]
    assert [codes(list(c.findings)) for c in curation.kept] == [[], ["error.streak"]]


def test_the_funnel_adds_up_and_shows_arms() -> None:
    rows = [
        record(OK, identity="a"),
        record(ERR, ERR, ERR, final=LOOP, identity="b"),
        says("z", correct=False, model="m"),
    ]
    report = recipe("sft").run(rows).report
    assert (report.total, report.kept, report.rejected) == (3, 1, 2) and sum(report.dropped.values()) == 2
    assert report.dropped == {"repeat.loop": 1, "grade.wrong": 1}
    assert report.dropping == {"repeat.loop": 1, "error.streak": 1, "grade.wrong": 1}
    ours = report.arms["a/react/function_calling"]
    assert (ours.total, ours.correct, ours.graded, ours.kept, ours.found["repeat.loop"]) == (2, 2, 2, 1, 1)
    assert report.filters["repeat.loop"]["thresholds"] == {"copies": 3, "tokens": 24, "block": 150, "data": 12}


def test_repeated_ids_of_rows_are_told_apart() -> None:
    rows = [says(f"answer {i} " + "word " * i, id="same", group="g", correct=True) for i in (1, 1, 9)]
    assert [len(recipe("sft").run(rows).kept), recipe("sft").run(rows).report.dropped] == [2, {"duplicate.exact": 1}]


def test_order_changes_no_decision() -> None:
    rows = [
        record(OK, identity="a", final="one"),
        record(ERR, ERR, ERR, identity="b"),
        record(OK, identity="c", final=LOOP),
    ]
    forward, backward = recipe("sft").run(rows), recipe("sft").run(rows[::-1])
    assert {c.trajectory.id for c in forward.kept} == {c.trajectory.id for c in backward.kept} == {"a"}


def test_own_filters_and_unreadable_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "filters:\n- {filter: shout, action: drop}\n")
    curation = recipe(path, {"shout": Shouting(marks=2)}).run([says("No!"), says("No!!")])
    assert curation.report.dropped == {"style.shouting": 1} and curation.report.recipe == "mine"
    with pytest.raises(RecordError, match=r"row 1: no `messages`"):
        recipe("none").run([says("x"), {}])


def test_other_thresholds_by_code() -> None:
    changed = recipe("sft").with_thresholds({"error.streak": 4, "duplicate.near": 0.5, "loop.action": 9})
    assert changed.run([record(ERR, ERR, ERR)]).report.kept == 1
    assert [f.threshold for f in changed.corpus_filters if hasattr(f, "threshold")] == [0.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("filters: [", "not YAML"),
        ("filter: []", "must have one key, `filters`"),
        ("filters:\n- repeat.lop", "filters[0]: unknown filter 'repeat.lop'; did you mean 'repeat.loop'?"),
        ("filters:\n- {filter: repeat.loop, copys: 3}", "did you mean 'copies'?"),
        ("filters:\n- {filter: repeat.loop, copies: many}", "filters[0].copies: Expected `int`, got 'many'"),
        ("filters:\n- {filter: repeat.loop, copies: -1}", "must not be negative"),
        ("filters:\n- {filter: duplicates, across: 3}", "Expected `bool`"),
        ("filters:\n- {filter: calls, action: {call.schem: drop}}", "did you mean 'call.schema'?"),
        ("filters:\n- {filter: calls, action: dorp}", "unknown action 'dorp'; did you mean 'drop'?"),
        ("filters:\n- {filter: calls, action: repair}", "'schema.unusable' cannot be repaired"),
        ("filters:\n- {filter: answer, form: '('}", "answer form"),
        ("filters:\n- infra\n- infra", "listed twice"),
        ("filters:\n- 3", "filters[0]: must be a filter's name"),
    ],
)
def test_wrong_recipes_are_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recipe(write(tmp_path, text))
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"), [("stf", "unknown recipe 'stf'; did you mean 'sft'?"), ("gone/mine.yaml", "cannot read recipe")]
)
def test_unknown_recipes(name: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recipe(name)
    assert words in str(caught.value)
