"""The Ray engine without Ray: what it writes, how far ahead it goes, what it makes of tasks that fail. One real cluster
that loses a node."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rowfakes import asks, record, row, says, sees, shared

from trajsynth.codec import encode
from trajsynth.curate.curation import curate_with
from trajsynth.curate.engine_local import Local
from trajsynth.curate.engine_ray import AHEAD, OnRay, Tasks, curate_on_ray
from trajsynth.errors import InputError, MissingExtra, RecordError
from trajsynth.filters import recipe

ROOT = Path(__file__).resolve().parents[2]


class Lost(Exception):
    """A node that took its tasks along for good."""


class Failed(Lost):
    """A task's own exception."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("a long traceback")
        self.cause = cause


class FakeRay:
    """As much of the module `ray` as the engine uses; a task is done when its result is asked for."""

    class exceptions:
        RayError = Lost
        RayTaskError = Failed

    class Reference:
        def __init__(self, number: int, data: bytes) -> None:
            self.number, self.data = number, data

        def hex(self) -> str:
            return f"{id(self)}-{self.number}"

    def __init__(self, processors: float = 2) -> None:
        self.processors = processors
        self.waiting = self.most = self.sent = 0
        self.cancelled: list[Any] = []

    def remote(self, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        assert options["max_retries"] > 3

        def decorate(function: Callable[..., Any]) -> Any:
            ray = self

            class Task:
                @staticmethod
                def remote(shared: list[FakeRay.Reference], job: object) -> bytes:
                    ray.waiting += 1
                    ray.most = max(ray.most, ray.waiting)
                    return pickle.dumps((shared[0].data, job))

            return Task

        return decorate

    def put(self, work: object) -> FakeRay.Reference:
        self.sent += 1
        return FakeRay.Reference(self.sent, pickle.dumps(work))

    def get(self, task: bytes) -> object:
        self.waiting -= 1
        work, job = pickle.loads(task)
        try:
            return pickle.loads(pickle.dumps(pickle.loads(work)(job)))
        except Lost:
            raise
        except (ValueError, ImportError, RecordError, RuntimeError) as error:
            raise Failed(error) from None

    def cancel(self, task: bytes) -> None:
        self.cancelled.append(task)

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": self.processors} if self.processors else {}


class Raise:
    """Work that ends so."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, job: int) -> int:
        if job == 3:
            raise self.error
        return job


def both(inputs: Sequence[Path], recipes: Sequence[str], folder: Path, **options: Any) -> list[dict[str, bytes]]:
    """The files that both engines write."""
    written = []
    for engine in (Local(), OnRay(Tasks(FakeRay()), folder, batch=3000)):
        out = folder / type(engine).__name__
        curate_with(engine, inputs, [recipe(name) for name in recipes], out, **options)
        found = sorted(path for path in out.rglob("*") if path.is_file())
        written.append({str(path.relative_to(out)): path.read_bytes() for path in found})
    return written


@pytest.mark.slow
def test_the_same_files_as_the_local_engine(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    again = row(asks("serch"), sees("Unknown tool"), asks(), sees("ok"), {"role": "assistant", "content": "x"}, id="r")
    told = " ".join(f"word{i}" for i in range(80))
    rows = [again, *(says(f"{told} {end}", id="s", group=group) for end in ("here", "there", "here") for group in "gh")]
    rows += [says(f"Answer {i} to a question of its own", id=f"t{i}", correct=i % 3 > 0) for i in range(40)]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    run = tmp_path / "run"
    run.mkdir()
    (run / "trajectories-00000.jsonl").write_bytes(encode(record(("x", "no", "tool_error"), identity="a")) + b"\n")
    local, ray = both([path, run], ["sft", "strict", "none"], tmp_path)
    assert ray == local and len(local) > 10
    assert b'"duplicate.near"' in local["strict/rejected.jsonl"] and b"cut_retried" in local["sft/kept.jsonl"]


@pytest.mark.slow
def test_the_same_files_for_foreign_rows(tmp_path: Path) -> None:
    local, ray = both([shared(name) for name in ("glaive", "tau_airline", "webdancer")], ["sft", "strict"], tmp_path)
    assert ray == local


def test_a_row_that_cannot_be_read_is_the_same_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    good = "".join(json.dumps(says(f"Answer {i}", id=f"t{i}")) + "\n" for i in range(30))
    path.write_text(good + '{"messages": 3}\n' + good + "{\n", encoding="utf-8")
    said = []
    for engine in (Local(), OnRay(Tasks(FakeRay()), tmp_path, batch=3000)):
        with pytest.raises(RecordError, match=r"rows\.jsonl:31: ") as error:
            curate_with(engine, [path], [recipe("none")], tmp_path / "out")
        said.append(str(error.value))
    assert said[0] == said[1]
    local, ray = both([path], ["none"], tmp_path, on_bad_row="skip")
    assert ray == local and local["unreadable.jsonl"].count(b"\n") == 2


def test_tasks_are_made_as_far_ahead_as_processors_need() -> None:
    ray, taken = FakeRay(processors=4), list[int]()

    def jobs() -> Iterator[int]:
        for number in range(1, 101):
            taken.append(number)
            yield number

    results = Tasks(ray)(abs, jobs())
    assert next(results) == 1
    assert len(taken) == 4 * AHEAD
    assert list(results) == list(range(2, 101))
    assert ray.most == 4 * AHEAD and ray.sent == 1


def test_what_is_under_way_is_cancelled_when_nobody_wants_it() -> None:
    ray = FakeRay(processors=0)
    results = Tasks(ray)(abs, range(-10, 0))
    assert next(results) == 10
    results.close()  # type: ignore[attr-defined]
    assert len(ray.cancelled) == AHEAD - 1


@pytest.mark.parametrize(
    ("raised", "expected", "said"),
    [
        (RecordError("one line"), RecordError, "^one line$"),
        (ModuleNotFoundError("No module named 'mine'"), InputError, "'mine'; install the same packages on every node"),
        (ValueError("a bug"), Failed, "a long traceback"),
        (
            RuntimeError("The remote function failed to import on the worker.\n\nImportError: no 'trajsynth'\n"),
            InputError,
            "^ray: on a node: ImportError: no 'trajsynth'; install the same packages on every node$",
        ),
        (
            Lost("the node died\nat length"),
            InputError,
            r"^ray: a task was lost \d+ times and more: the node died; mend",
        ),
    ],
)
def test_what_a_task_raises(raised: Exception, expected: type[Exception], said: str) -> None:
    def run(jobs: Iterable[int]) -> list[int]:
        return list(Tasks(FakeRay())(Raise(raised), jobs))

    assert run([1, 2]) == [1, 2]
    with pytest.raises(expected, match=said):
        run([1, 2, 3, 4])


def test_without_ray_the_pip_line_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'trajsynth\[ray\]'"):
        curate_on_ray([], [], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_node_lost_on_the_way_changes_nothing() -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    paths = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "RAY_ADDRESS": ""}
    command = [sys.executable, str(ROOT / "benchmarks" / "filter_ray.py"), "--rows", "600", "--batch", "20000"]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-4000:]
    assert "a node killed with 1 tasks running while measuring" in ended.stdout
    assert ended.stdout.count(" equal") >= 7 and "DIFFERENT" not in ended.stdout
