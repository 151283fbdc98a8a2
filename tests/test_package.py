"""What a stranger gets: the wheel built from the sdist holds everything, and nothing needs the links."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINKS = {"filters": "trajsynth/filters", "paradigms": "trajsynth/paradigms", "configs": "trajsynth/configs"}
SECOND_COMMAND = ".venv/bin/pip install '.[test]' && .venv/bin/python -m pytest"
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "outputs", "dist", "venv", "build")


def run(arguments: Sequence[str], cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """This interpreter with arguments; never reads the checkout unless cwd is it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("link", LINKS)
def test_links_are_relative_and_lead_to_their_package(link: str) -> None:
    path = ROOT / link
    if not path.is_symlink():
        pytest.skip("checked out without symlinks")
    assert str(path.readlink()) == LINKS[link]
    assert path.is_dir()


@pytest.mark.parametrize("package", ["filters", "paradigms"])
def test_a_linked_package_refuses_its_short_name(package: str) -> None:
    if not (ROOT / package).is_symlink():
        pytest.skip("checked out without symlinks")
    done = run(["-c", f"import {package}"], ROOT)
    assert done.returncode == 1
    assert f"ImportError: import trajsynth.{package}, not {package}" in done.stderr
    done = run(["-c", f"import trajsynth.{package}"], ROOT)
    assert done.returncode == 0, done.stderr


def test_readme_and_ci_run_the_same_second_command() -> None:
    assert SECOND_COMMAND in (ROOT / "README.md").read_text(encoding="utf-8")
    if (ROOT / ".ci" / "run").is_file():
        assert SECOND_COMMAND in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel from the sdist from a copy of the tree in which every link is the text file a plain checkout gives."""
    tree = tmp_path_factory.mktemp("clone") / "trajsynth"
    shutil.copytree(ROOT, tree, symlinks=True, ignore=LEFT_BEHIND)
    for link, target in LINKS.items():
        (tree / link).unlink(missing_ok=True)
        (tree / link).write_text(target)
    out = tree.parent / "dist"
    done = run(["-m", "build", "--no-isolation", "--outdir", str(out), str(tree)], tree.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(out.glob("trajsynth-*.tar.gz"))) == 1
    return next(out.glob("trajsynth-*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.endswith("/")}
    tree = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "trajsynth").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    assert {name for name in packed if not name.split("/")[0].endswith(".dist-info")} == tree
    for needed in ("configs/quickstart.yaml", "configs/config.schema.json", "filters/recipes/sft.yaml", "py.typed"):
        assert f"trajsynth/{needed}" in packed


@pytest.mark.slow
def test_the_wheel_works_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    probe = (
        "import trajsynth, trajsynth.filters, trajsynth.paradigms\n"
        "from trajsynth.configload import load\n"
        "print(load('quickstart').config.name, trajsynth.__file__)"
    )
    done = run(["-c", probe], tmp_path, PYTHONPATH=str(site))
    assert done.stdout.split() == ["quickstart", str(site / "trajsynth" / "__init__.py")], done.stderr
    done = run(["-m", "trajsynth", "--help"], tmp_path, PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
