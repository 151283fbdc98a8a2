"""trajsynth.tools.sandbox_workspaces: made, kept, dropped, swept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trajsynth.tools.sandbox_workspaces import DROPPED, Workspaces, remove


@pytest.fixture
def made() -> list[Path]:
    return []


@pytest.fixture
def workspaces(tmp_path: Path, made: list[Path]) -> Workspaces:
    found = Workspaces(tmp_path / "workspaces", made.append)
    found.open()
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_workspace_is_made_once_and_dropped_with_all_in_it(workspaces: Workspaces, made: list[Path]) -> None:
    path = workspaces.path("abc")
    (path / "file").write_text("x")
    assert workspaces.path("abc") == path and made == [path]
    assert path.stat().st_mode & 0o777 == 0o700
    workspaces.forget("abc")
    assert not path.exists()
    workspaces.forget("abc")
    await workspaces.close()
    assert names(workspaces.root / DROPPED) == []
    assert not (workspaces.path("abc") / "file").exists()


@pytest.mark.parametrize("rollout", ["../../x", ".dropped", "kept", "", "a/b", "x" * 300, "ä", "\ud800", ".."])
async def test_no_name_leads_elsewhere(workspaces: Workspaces, rollout: str) -> None:
    path = workspaces.path(rollout)
    assert path.parent == workspaces.root and path.name.startswith("r-")
    workspaces.forget(rollout)
    await workspaces.close()
    assert not path.exists()


async def test_kept_ones_are_moved_and_the_newest_wins(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path, lambda path: None, keep=True)
    workspaces.open()
    for text in ("first", "second"):
        (workspaces.path("abc") / "file").write_text(text)
        workspaces.forget("abc")
    await workspaces.close()
    assert (tmp_path / "kept/abc/file").read_text() == "second"
    assert names(tmp_path) == [DROPPED, "kept"]
    workspaces.path("gone")
    workspaces.drop("gone")
    await workspaces.close()
    assert not (tmp_path / "gone").exists()


async def test_what_a_killed_process_left_is_deleted_at_the_next_start(workspaces: Workspaces) -> None:
    left = workspaces.root / DROPPED / "abc-12345678"
    left.mkdir()
    (left / "file").touch()
    workspaces.open()
    await workspaces.close()
    assert not left.exists()


@pytest.mark.slow
def test_closed_and_very_deep_folders_are_deleted(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "closed" / "in").mkdir(parents=True)
    (top / "closed").chmod(0)
    descriptor = os.open(top, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    remove(top)
    assert not top.exists()
