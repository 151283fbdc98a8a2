"""One actor's side of `--engine ray`, without Ray: tests/cli/test_cli_ray.py has the clusters."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from generatefakes import FakeTeacher, make_config, make_plan

from trajsynth.errors import InputError, MissingExtra
from trajsynth.generate import engine_ray
from trajsynth.generate.engine_ray import Actor, Ended, News, Spread, _add_up, _Member, generate_on_ray, open_part
from trajsynth.generate.jobs import Slice
from trajsynth.generate.plan import Summary
from trajsynth.generate.progress import Board
from trajsynth.generate.rundir import RunDir
from trajsynth.generate.runner import generate
from trajsynth.generate.shares import Share
from trajsynth.generate.stopping import Stop
from trajsynth.generate.store import read_trajectories
from trajsynth.types import Usage

CONFIG = make_config(samples=2, assign="grid")


class Work:
    """A share of twelve rollouts or so, by fake teachers."""

    def __init__(self, folder: Path, delay: float = 0.0) -> None:
        self.folder, self.delay = folder, delay

    async def __call__(self, share: Share) -> Summary:
        teachers = {name: FakeTeacher(name, self.delay) for name in "ab"}
        with await open_part(self.folder, CONFIG, share) as rundir:
            changes: dict[str, Any] = {"board": share.board, "stop": share.stop, "allowance": share.allowance}
            return await generate(make_plan(rundir, CONFIG, teachers=teachers, **changes))


def test_actors_make_the_run_and_made_again_find_nothing_to_do(tmp_path: Path) -> None:
    for skipped in (False, True):
        ended = [Actor(Slice(k, 2)).run(Work(tmp_path), None, str(Path.cwd())) for k in (1, 2)]
        made = [summary for e in ended if (summary := e.summary) is not None]
        assert [summary.done == 0 for summary in made] == [skipped, skipped]
    ids = [t.id for t in read_trajectories(tmp_path)]
    assert len(set(ids)) == len(ids) == sum(summary.planned for summary in made)


def test_an_actor_tells_its_counters_and_passes_the_wish_to_stop_on(tmp_path: Path) -> None:
    actor, ended = Actor(Slice(1, 1)), list[Ended]()
    thread = threading.Thread(target=lambda: ended.append(actor.run(Work(tmp_path, 0.2), None, "/nowhere")))
    thread.start()
    while not actor.poll(0).board.running:
        time.sleep(0.01)
    assert actor.poll(1).process.endswith(f"pid {os.getpid()}")
    actor.poll(1)
    thread.join(20)
    summary = ended[0].summary
    assert summary is not None and summary.interrupted


def test_what_stops_a_part_is_one_line(tmp_path: Path) -> None:
    async def work(share: Share) -> Summary:
        raise InputError("no key")

    assert Actor(Slice(1, 1)).run(work, None, "/nowhere") == Ended(error="no key")


async def test_the_lock_of_a_process_that_is_ending_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_ray, "TICK", 0.01)
    share = Share(part=Slice(1, 2), allowance=None, board=Board(), stop=Stop())
    holder = RunDir.open(tmp_path, CONFIG, part=share.part)
    waiting = asyncio.create_task(open_part(tmp_path, CONFIG, share))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    holder.close()
    (await asyncio.wait_for(waiting, 5)).close()


async def test_nobody_waits_for_a_lock_while_stopping(tmp_path: Path) -> None:
    share = Share(part=Slice(1, 2), allowance=None, board=Board(), stop=Stop())
    share.stop.request()
    with RunDir.open(tmp_path, CONFIG, part=share.part), pytest.raises(InputError, match="being written"):
        await open_part(tmp_path, CONFIG, share)


def test_without_ray_the_pip_line_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'trajsynth\[ray\]'"):
        generate_on_ray(Spread(work=Work(tmp_path), folder=tmp_path, config=CONFIG, questions=[]))


def test_what_a_lost_process_counted_stays_in_the_sum() -> None:
    member = _Member(Slice(1, 1), actor=None, task=None)
    first = Board(done=3, said=["teacher 'a' is down"])
    first.meter.add(Usage(calls=1, input=10))
    assert member.hear(News(board=first, process="h pid 1")) == ["teacher 'a' is down"]
    assert member.hear(News(board=first, process="h pid 1")) == []
    second = Board(skipped=3, done=1, failed={"network": 1})
    second.meter.add(Usage(calls=1, input=5))
    assert member.hear(News(board=second, process="g pid 2")) == [
        "goes on in another process (g pid 2): its own was lost"
    ]
    board = Board()
    _add_up(board, [member])
    assert (board.skipped, board.done, board.failed, board.meter.turns) == (3, 1, {"network": 1}, 2)
    assert board.meter.usage.input == 15
