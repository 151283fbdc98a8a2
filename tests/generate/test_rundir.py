"""The run directory: refused when it is another's, locked while written, continued when the config only grew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from generatefakes import make_config

from trajsynth.errors import ConfigError, InputError, RunConflict
from trajsynth.generate.rundir import DiskError, RunDir, disk_error, read_config, resolve


def test_a_new_run_writes_its_config_and_reads_it_back(tmp_path: Path) -> None:
    config = make_config(samples=3)
    with RunDir.open(tmp_path / "outputs" / "night", config) as run:
        assert read_config(run.path) == config
        assert run.journal.is_dir()


@pytest.mark.parametrize("changes", [{"samples": 9}, {"concurrency": 1}])
def test_a_grown_config_continues_and_is_saved(tmp_path: Path, changes: dict[str, int]) -> None:
    with RunDir.open(tmp_path, make_config()) as first:
        created, fingerprint = yaml.safe_load((tmp_path / "run.yaml").read_text())["created"], first.fingerprint
    with RunDir.open(tmp_path, make_config(**changes)) as second:
        assert second.fingerprint == fingerprint
    assert yaml.safe_load((tmp_path / "run.yaml").read_text())["created"] == created
    assert read_config(tmp_path) == make_config(**changes)


def test_another_config_is_refused_and_the_difference_named(tmp_path: Path) -> None:
    RunDir.open(tmp_path, make_config()).close()
    before = (tmp_path / "run.yaml").read_bytes()
    with pytest.raises(RunConflict, match=r"seed: 0 -> 7.*another -o") as caught:
        RunDir.open(tmp_path, make_config(seed=7))
    assert "\n" not in str(caught.value)
    assert (tmp_path / "run.yaml").read_bytes() == before
    RunDir.open(tmp_path, make_config()).close()  # the refusal left no lock behind


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("words")
    with pytest.raises(RunConflict, match=r"holds no run \(found 'thesis.tex'\)"):
        RunDir.open(tmp_path, make_config())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_whose_first_start_was_killed_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("1\n")
    (tmp_path / ".run.yaml.x.tmp").write_text("cre")
    RunDir.open(tmp_path, make_config()).close()
    assert read_config(tmp_path) == make_config()


@pytest.mark.parametrize("text", ["", "[1]", "config: 3", "config: [", "config: {teachers: 1}", "\x00"])
def test_an_unreadable_run_file_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        RunDir.open(tmp_path, make_config())
    assert "run.yaml" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_second_writer_is_turned_away_while_the_first_lives(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from generatefakes import make_config\n"
        "from trajsynth.generate.rundir import RunDir\n"
        "run = RunDir.open(Path(sys.argv[1]), make_config()); print('open', flush=True); sys.stdin.read()"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=-1, stdout=-1, env=environment) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"open\n"
        with pytest.raises(InputError, match=rf"being written by another process \(pid {holder.pid}\)"):
            RunDir.open(tmp_path, make_config())
        holder.kill()
    RunDir.open(tmp_path, make_config()).close()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is a file"):
        RunDir.open(tmp_path / "out", make_config())
    with pytest.raises(DiskError, match="cannot write"):
        RunDir.open(tmp_path / "out" / "night", make_config())


def test_a_full_disk_says_what_to_do() -> None:
    import errno

    error = disk_error(Path("x"), OSError(errno.ENOSPC, "No space left on device"))
    assert "make space and run the same command again" in str(error)
    assert "make it writable or choose another folder" in str(
        disk_error(Path("x"), OSError(errno.EROFS, "Read-only file system"))
    )


def test_the_folder_is_named_by_option_config_or_file() -> None:
    named, unnamed = make_config(), make_config(name="")
    assert resolve(named, Path("c/x.yaml"), Path("there")) == Path("there")
    assert resolve(named, Path("c/x.yaml")) == Path("outputs/night")
    assert resolve(unnamed, Path("c/x.yaml")) == Path("outputs/x")
    with pytest.raises(ConfigError, match="not a folder name"):
        resolve(make_config(name="../x"))


def test_documents_are_built_once_per_stamp_and_appear_whole(tmp_path: Path) -> None:
    built: list[str] = []

    def build(path: Path) -> None:
        built.append(path.name)
        path.write_text(f"pages {len(built)}")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with RunDir.open(tmp_path, make_config()) as run:
        assert run.documents(build, "10 questions").read_text() == "pages 1"
        assert run.documents(build, "10 questions").read_text() == "pages 1"
    with RunDir.open(tmp_path, make_config()) as run:
        with pytest.raises(DiskError, match="No space left"):
            run.documents(fail, "20 questions")
        assert run.documents(fail, "10 questions").read_text() == "pages 1"
        assert run.documents(build, "20 questions").read_text() == "pages 2"
