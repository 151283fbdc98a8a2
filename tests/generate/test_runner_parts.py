"""A run split into parts: together they make what the whole run makes, in one folder or copied into one."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from generatefakes import FakeTeacher, make_config, make_plan

from trajsynth.curate.sources import sources
from trajsynth.errors import InputError, NetworkError
from trajsynth.generate.jobs import Slice
from trajsynth.generate.plan import Summary
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.store import read_failures, read_trajectories
from trajsynth.protocols import ChatRequest
from trajsynth.types import Run, Trajectory

CONFIG = make_config(samples=2, assign="grid")


async def run(folder: Path, part: Slice | None = None, config: Any = CONFIG, **changes: Any) -> Summary:
    with RunDir.open(folder, config, part=part) as rundir:
        return await asyncio.wait_for(generate(make_plan(rundir, config, **changes)), 20)


def content(folder: Path) -> dict[str, Trajectory]:
    made = list(read_trajectories(folder))
    assert len({t.id for t in made}) == len(made)
    return {t.id: replace(t, run=Run()) for t in made}


@pytest.mark.slow
@pytest.mark.parametrize("samples", [2, {"max": 4, "until": "pair"}])
async def test_parts_side_by_side_in_one_folder_make_the_whole_run(tmp_path: Path, samples: Any) -> None:
    config = make_config(samples=samples, assign="grid")
    summaries = await asyncio.gather(*(run(tmp_path / "run", Slice(i, 3), config) for i in (1, 2, 3)))
    await run(tmp_path / "whole", config=config)
    assert content(tmp_path / "run") == content(tmp_path / "whole")
    assert sum(s.planned for s in summaries) == len(content(tmp_path / "whole"))
    names = {path.name for path in (tmp_path / "run").glob("trajectories-*")}
    assert names == {f"trajectories-s{i}of3-00000.jsonl" for i in (1, 2, 3)}
    again = await run(tmp_path / "run", config=config)
    assert (again.done, again.skipped) == (0, len(content(tmp_path / "whole")))


async def test_parts_of_different_machines_merge_by_copying(tmp_path: Path) -> None:
    def lose(request: ChatRequest) -> None:
        if len(request.messages) == 3 and request.route[0] in "01234567":
            raise NetworkError("reset")

    for i in (1, 2):
        teacher = FakeTeacher("a", trouble=lose)
        await run(tmp_path / f"machine{i}", Slice(i, 2), teachers={"a": teacher, "b": FakeTeacher("b")})
    shutil.copytree(tmp_path / "machine1", tmp_path / "merged")
    shutil.copytree(tmp_path / "machine2", tmp_path / "merged", dirs_exist_ok=True)
    failed = [t.id for t in read_failures(tmp_path / "merged")]
    assert failed and len(set(failed)) == len(failed)
    assert len(content(tmp_path / "merged")) + len(failed) == 24
    rows = [where for source in sources([tmp_path / "merged"]) for where, _ in source.rows()]
    assert len(rows) == 24
    summary = await run(tmp_path / "merged")
    assert (summary.finished, summary.continued) == (24, len(failed))
    await run(tmp_path / "whole")
    assert content(tmp_path / "merged") == content(tmp_path / "whole")
    assert list(read_failures(tmp_path / "merged")) == []


async def test_a_part_leaves_the_others_lines_alone(tmp_path: Path) -> None:
    await run(tmp_path, Slice(1, 2))
    other = tmp_path / "trajectories-s1of2-00000.jsonl"
    torn = other.read_bytes() + b'{"id": "being writ'
    other.write_bytes(torn)
    await run(tmp_path, Slice(2, 2))
    assert other.read_bytes() == torn


def test_who_may_write_beside_whom(tmp_path: Path) -> None:
    with RunDir.open(tmp_path, CONFIG, part=Slice(1, 2)), RunDir.open(tmp_path, CONFIG, part=Slice(2, 2)):
        for intruder in (None, Slice(1, 2), Slice(2, 3)):
            with pytest.raises(InputError, match="being written by another process"):
                RunDir.open(tmp_path, CONFIG, part=intruder)
    with RunDir.open(tmp_path, CONFIG), pytest.raises(InputError, match="being written by another process"):
        RunDir.open(tmp_path, CONFIG, part=Slice(1, 2))
    RunDir.open(tmp_path, CONFIG, part=Slice(2, 3)).close()


async def test_limit_means_the_first_jobs_of_the_whole_run(tmp_path: Path) -> None:
    made = sum([(await run(tmp_path, Slice(i, 2), limit=7)).done for i in (1, 2)])
    assert made == 7
    await run(tmp_path / "whole", limit=7)
    assert set(content(tmp_path)) == set(content(tmp_path / "whole"))
