"""Shards and failures: scanned, cut, rotated, superseded, compacted."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest

from trajsynth.codec import encode
from trajsynth.errors import RecordError
from trajsynth.generate.rundir import DiskError
from trajsynth.generate.store import BLOAT, Store, read_failures, read_trajectories, shards
from trajsynth.types import Failure, Question, Trajectory


def record(identity: str, message: str = "") -> bytes:
    failure = Failure(kind="network", message=message) if message else None
    return encode(Trajectory(id=identity, question=Question(id="q", text="t"), group="q", failure=failure))


def write(folder: Path, *identities: str, shard_bytes: int = 1 << 20) -> None:
    store = Store(folder, shard_bytes)
    for identity in identities:
        store.append(identity, record(identity))
    store.close()


def ids(folder: Path) -> list[str]:
    return [trajectory.id for trajectory in read_trajectories(folder)]


def test_what_was_appended_is_known_on_the_next_start(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    store = Store(tmp_path)
    assert store.ids == {"a": "unknown", "b": "unknown"}
    with pytest.raises(ValueError, match="already written"):
        store.append("a", record("a"))
    store.close()
    assert ids(tmp_path) == ["a", "b"]


def test_shards_rotate_and_the_last_one_goes_on(tmp_path: Path) -> None:
    size = len(record("a")) + 1
    write(tmp_path, "a", "b", "c", shard_bytes=size + 1)
    assert [path.name for path in shards(tmp_path)] == ["trajectories-00000.jsonl", "trajectories-00001.jsonl"]
    write(tmp_path, "d", "e", shard_bytes=size + 1)
    assert ids(tmp_path) == ["a", "b", "c", "d", "e"]
    assert [len(path.read_bytes().splitlines()) for path in shards(tmp_path)] == [2, 2, 1]


@pytest.mark.parametrize("keep", [1, 10, -1])
def test_a_torn_last_line_is_cut_off_and_its_id_is_free_again(tmp_path: Path, keep: int) -> None:
    write(tmp_path, "a", "b")
    shard = shards(tmp_path)[0]
    first, second = shard.read_bytes().splitlines(keepends=True)
    shard.write_bytes(first + second[:keep])
    write(tmp_path, "b", "c")
    assert ids(tmp_path) == ["a", "b", "c"]


def test_a_broken_line_in_the_middle_is_named_and_nothing_is_touched(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    shard = shards(tmp_path)[0]
    lines = shard.read_bytes().splitlines(keepends=True)
    broken = lines[0] + b'{"id":"x","question":{\n' + lines[1]
    shard.write_bytes(broken)
    with pytest.raises(RecordError, match=r"trajectories-00000.jsonl:2: "):
        Store(tmp_path)
    assert shard.read_bytes() == broken


async def test_on_disk_is_called_after_the_commit_and_once(tmp_path: Path) -> None:
    store, called = Store(tmp_path), []
    store.append("a", record("a"), lambda: called.append("a"))
    assert called == []
    await store.commit()
    store.append("b", record("b"), lambda: called.append("b"))
    assert called == ["a"]
    store.close()
    assert called == ["a", "b"]


async def test_a_line_is_with_the_system_before_the_commit(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.append("a", record("a"))
    store.fail(record("f", "down"))
    assert ids(tmp_path) == ["a"]
    assert [t.id for t in read_failures(tmp_path)] == ["f"]
    store.close()


def test_of_failures_the_newest_counts_and_a_success_supersedes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for identity, message in [("a", "1"), ("b", "1"), ("a", "2")]:
        store.fail(record(identity, message))
    store.append("b", record("b"))
    store.close()
    assert [(t.id, t.failure.message) for t in read_failures(tmp_path) if t.failure] == [("a", "2")]


@pytest.mark.parametrize(("superseded", "left"), [(BLOAT, BLOAT + 1), (BLOAT + 1, 1)])
def test_failures_are_rewritten_once_superseded_lines_abound(tmp_path: Path, superseded: int, left: int) -> None:
    store = Store(tmp_path)
    for number in range(superseded + 1):
        store.fail(record("a", str(number)))
    store.close()
    Store(tmp_path).close()
    assert len((tmp_path / "failures.jsonl").read_bytes().splitlines()) == left
    assert [t.failure.message for t in read_failures(tmp_path) if t.failure] == [str(superseded)]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for the disk: a write beyond it is cut short, then fails."""
    write(tmp_path, "a")
    size = shards(tmp_path)[0].stat().st_size
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        store = Store(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
        try:
            store.append("b", record("b"))
        except DiskError as error:
            os._exit(0 if "cannot write" in str(error) else 3)
        os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert shards(tmp_path)[0].stat().st_size == size
    write(tmp_path, "b")
    assert ids(tmp_path) == ["a", "b"]
