"""Other thresholds from stored measures: the same funnel as filtering anew with them, and no text is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from curatefakes import Counting, telling_rows, write_rows, written
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from trajsynth.curate.engine_local import Local, curate
from trajsynth.curate.whatif import Change, render_change, what_if
from trajsynth.errors import InputError
from trajsynth.filters import Recipe, Report, recipe
from trajsynth.filters.base import Filter
from trajsynth.protocols import Measures
from trajsynth.types import Finding, Trajectory

REPAIRING = """filters:
- filter: calls
  action: {call.unknown_tool: repair}
- {filter: thought.missing, share: 0.5, action: drop}
- {filter: multi_call, calls: 2, action: tag}
- {filter: error.streak, failures: 3, action: drop}
- {filter: repeat.loop, copies: 3, action: drop}
- {filter: duplicates, threshold: 0.8, action: drop}
"""


@dataclass(frozen=True)
class World:
    """A set that was filtered, then lost."""

    rows: Path
    out: Path
    recipe: Recipe


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    own = folder / "own.yaml"
    own.write_text(REPAIRING)
    rows = write_rows(folder / "rows.jsonl", telling_rows(40))
    curate([rows], [recipe(str(own))], folder / "out")
    return World(rows, folder / "out", recipe(str(own)))


def asked(world: World, thresholds: Mapping[str, float], inputs: tuple[Path, ...] = ()) -> Change:
    return what_if(Local(), world.out, [world.recipe], thresholds, inputs=inputs)[world.recipe.name]


def without_text(report: Report) -> Report:
    """The report without what its examples quote: measures have no text."""
    for examples in report.examples.values():
        for i, example in enumerate(examples):
            examples[i] = type(example)(**{**fields(example), "text": ""})
    return report


def fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}  # type: ignore[attr-defined]


THRESHOLDS = st.fixed_dictionaries(
    {},
    optional={
        "repeat.loop": st.integers(2, 12),
        "error.streak": st.integers(1, 6),
        "thought.missing": st.floats(0, 1),
        "duplicate.near": st.floats(0.3, 1),
        "multi_call": st.integers(1, 3),
    },
).filter(bool)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(thresholds=THRESHOLDS)
def test_the_same_as_filtering_anew(
    world: World, tmp_path_factory: pytest.TempPathFactory, thresholds: dict[str, float]
) -> None:
    anew = tmp_path_factory.mktemp("anew") / "out"
    fresh = curate([world.rows], [world.recipe], anew, rethreshold=thresholds)[world.recipe.name].settled()
    assert asked(world, thresholds).after == without_text(fresh)


def test_once_the_same_as_filtering_anew(world: World, tmp_path: Path) -> None:
    thresholds = {"repeat.loop": 6, "thought.missing": 0.9, "duplicate.near": 0.6}
    change = asked(world, thresholds)
    fresh = curate([world.rows], [world.recipe], tmp_path, rethreshold=thresholds)[world.recipe.name].settled()
    assert change.after == without_text(fresh)
    assert change.after.kept != change.before.kept and change.after.repaired


def test_nothing_is_read_or_written(world: World, tmp_path: Path) -> None:
    before, stat, text = written(world.out), world.rows.stat(), world.rows.read_bytes()
    with_inputs = asked(world, {"repeat.loop": 6}, (world.rows,))
    world.rows.write_bytes(b"x" * stat.st_size)  # as large and as old as before: whoever parses it fails
    os.utime(world.rows, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    try:
        assert asked(world, {"repeat.loop": 6}, (world.rows,)) == with_inputs
        world.rows.unlink()
        said: list[str] = []
        gone = what_if(Local(), world.out, [world.recipe], {"repeat.loop": 6}, inputs=[world.rows], say=said.append)
        assert gone[world.recipe.name] == with_inputs
        assert said == [f"{str(world.rows)!r} is gone or changed since it was measured: this is about what it was"]
    finally:
        world.rows.write_bytes(text)
        os.utime(world.rows, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert written(world.out) == before


def test_what_was_not_measured_is_first(tmp_path: Path) -> None:
    rows, engine = write_rows(tmp_path / "rows.jsonl", telling_rows(6)), Counting()
    change = what_if(engine, tmp_path / "out", [recipe("none")], {"repeat.loop": 6}, inputs=[rows])["none"]
    assert len(engine.looked) == 6 and change.after.total == 6 and written(tmp_path / "out") == {}
    write_rows(rows, telling_rows(8))
    change = what_if(engine, tmp_path / "out", [recipe("none")], {"repeat.loop": 6}, inputs=[rows])["none"]
    assert len(engine.looked) == 8 and change.after.total == 8


def test_where_the_measures_do_not_suffice(world: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no finished measurements; run `trajsynth filter`"):
        what_if(Local(), tmp_path, [recipe("sft")], {"repeat.loop": 6})
    with pytest.raises(
        InputError, match=r"was measured without answer, ended\.early, .* and [0-9]+ more; run `trajsynth filter`"
    ):
        what_if(Local(), world.out, [recipe("rl")], {"error.streak": 6})
    with pytest.raises(InputError, match=r"did you mean 'repeat\.loop'"):
        what_if(Local(), world.out, [world.recipe], {"repeat.lop": 6})
    with pytest.raises(InputError, match="no such file or run folder"):
        what_if(Local(), tmp_path, [recipe("sft")], {"repeat.loop": 6}, inputs=[tmp_path / "gone"])


def test_what_is_repaired_needs_the_text(tmp_path: Path) -> None:
    own, rows = tmp_path / "own.yaml", write_rows(tmp_path / "rows.jsonl", telling_rows(10))
    own.write_text("filters:\n- {filter: repeat.loop, action: repair}\n")
    trimming = recipe(str(own))
    curate([rows], [trimming], tmp_path / "out")
    with pytest.raises(InputError, match="was measured without these repairs; run"):
        what_if(Local(), tmp_path / "out", [trimming], {"repeat.loop": 6})
    change = what_if(Local(), tmp_path / "out", [trimming], {"repeat.loop": 6}, inputs=[rows])["own"]
    assert change.before.repaired["trim_tail"] > change.after.repaired["trim_tail"]


@dataclass(frozen=True)
class Partial(Filter):
    """A filter that measures long texts only."""

    name: ClassVar = "long"
    codes: ClassVar = ("long",)
    thresholds: ClassVar = {"long": "words"}
    measured_from: ClassVar = {"long": 5}
    words: int = 9

    def measure(self, trajectory: Trajectory) -> Measures:
        return {}

    def judge(self, measures: Measures) -> list[Finding]:
        return []


def test_a_threshold_below_what_is_measured_is_refused(tmp_path: Path) -> None:
    own, rows = tmp_path / "own.yaml", write_rows(tmp_path / "rows.jsonl", telling_rows(2))
    own.write_text("filters:\n- {filter: long, action: drop}\n")
    long = recipe(str(own), {"long": Partial()})
    what_if(Local(), tmp_path / "out", [long], {"long": 5}, inputs=[rows])
    with pytest.raises(InputError, match="--rethreshold long=4: 'long' measures from 5 on"):
        what_if(Local(), tmp_path / "out", [long], {"long": 4}, inputs=[rows])


def test_as_a_table(world: World) -> None:
    text = render_change(asked(world, {"repeat.loop": 6, "multi_call": 2}), {"repeat.loop": 6, "multi_call": 2})
    told = [line.split() for line in text.splitlines()]
    assert told[0] == ["recipe", "own,", "what", "if", "repeat.loop=6,", "multi_call=2"]
    assert told[1] == ["now", "then", "change"] and told[2] == ["in", "40", "40"]
    (loop,) = [line for line in told if line[:2] == ["-", "repeat.loop"]]
    assert int(loop[3]) - int(loop[2]) == int(loop[4]) < 0
    assert ["found", "multi_call", "0", "0"] in told
    assert [line[0] for line in told][-1] in ("kept", "masked")
