"""Drift: what a run is made with is recorded, a difference is shown and refused, and accepted when asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from generatefakes import FakeTeacher, FakeToolbox, make_config, make_plan

from trajsynth.errors import RunConflict
from trajsynth.generate.drift import made_with
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.store import read_trajectories
from trajsynth.paradigms.prompts import fingerprint
from trajsynth.protocols import TeacherProfile
from trajsynth.types import Toolset, ToolSpec

SEARCH = ToolSpec(name="search", description="Look up.", parameters={"type": "object"})


class Tools(FakeToolbox):
    def __init__(self, *specs: ToolSpec) -> None:
        self.specs = specs

    def tools(self) -> Toolset:
        return self.specs


class Updated(FakeTeacher):
    @property
    def profile(self) -> TeacherProfile:
        return TeacherProfile(name=self.name, model="fake-2")


async def run(folder: Path, accept: bool = False, config: Any = None, **changes: Any) -> None:
    config = config or make_config(arms=[{"teacher": "a"}])
    with RunDir.open(folder, config, accept_drift=accept) as rundir:
        await generate(make_plan(rundir, config, **changes))


def test_prompts_models_and_tools_are_told_apart() -> None:
    teachers = {"a": FakeTeacher()}
    before = made_with(teachers, Tools(SEARCH))
    assert before["prompts"] == fingerprint() and before["models"] == {"a": "fake"}
    for other in (
        Tools(replace(SEARCH, description="Look it up.")),
        Tools(replace(SEARCH, parameters={"type": "object", "properties": {}})),
        Tools(SEARCH, replace(SEARCH, name="open")),
        Tools(),
    ):
        assert made_with(teachers, other) != before
    assert made_with(teachers, Tools(replace(SEARCH))) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"toolbox": Tools(replace(SEARCH, description="!"))}, r"tools\.search: '\w{16}' -> '\w{16}'"),
        ({"toolbox": Tools(SEARCH, replace(SEARCH, name="open"))}, r"tools\.open: \(absent\) -> '\w{16}'"),
        ({"teachers": {"a": Updated("a"), "b": FakeTeacher("b")}}, "models.a: 'fake' -> 'fake-2'"),
    ],
)
async def test_a_run_resumed_with_other_parts_is_refused_until_it_is_accepted(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    await run(tmp_path, limit=2, toolbox=Tools(SEARCH))
    changes = {"toolbox": Tools(SEARCH)} | changes
    with pytest.raises(RunConflict, match=rf"{said}; go on in spite of it with --accept-drift"):
        await run(tmp_path, **changes)
    await run(tmp_path, limit=2, toolbox=Tools(SEARCH))  # the refusal changed nothing
    await run(tmp_path, accept=True, **changes)
    marks = [trajectory.run.fingerprint for trajectory in read_trajectories(tmp_path)]
    assert len(set(marks[:2])) == 1 and set(marks[:2]).isdisjoint(marks[2:]) and len(marks) == 6
    record = yaml.safe_load((tmp_path / "run.yaml").read_text())
    assert len(record["drift"]) == 1 and record["drift"][0]["differences"]
    await run(tmp_path, **changes)  # accepted once is accepted


async def test_accepted_drift_of_the_config_is_noted_too(tmp_path: Path) -> None:
    await run(tmp_path, limit=1)
    other = make_config(arms=[{"teacher": "a"}], rollout={"keep_results": 3})
    with pytest.raises(RunConflict, match="keep_results: 5 -> 3"):
        await run(tmp_path, config=other)
    await run(tmp_path, accept=True, config=other)
    record = yaml.safe_load((tmp_path / "run.yaml").read_text())
    assert record["drift"][0]["differences"] == ["rollout.keep_results: 5 -> 3"]
    assert record["config"]["rollout"]["keep_results"] == 3


async def test_a_run_of_a_time_before_this_was_recorded_goes_on(tmp_path: Path) -> None:
    await run(tmp_path, limit=1)
    record = yaml.safe_load((tmp_path / "run.yaml").read_text())
    del record["made_with"]
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(record, sort_keys=False))
    await run(tmp_path, toolbox=Tools(SEARCH))
    assert "search" in yaml.safe_load((tmp_path / "run.yaml").read_text())["made_with"]["tools"]
