"""The run directory: one folder, one config, one writer at a time.

Level 3. Holds run.yaml (the config as resolved, versions), documents.sqlite, trajectories-*.jsonl, failures.jsonl,
journal/ and bugs.log. A folder of another config, or of somebody else, is refused.
Tests: tests/generate/test_rundir.py.
"""

from __future__ import annotations

import errno
import os
import platform
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

import trajsynth
from trajsynth.codec import atomic_write, encode
from trajsynth.config import Config
from trajsynth.configsave import describe_difference, identity, load_saved, saved
from trajsynth.errors import ConfigError, InputError, RunConflict
from trajsynth.generate.jobs import digest

RUN_FILE = "run.yaml"
LOCK_FILE = ".lock"
SHOWN_DIFFERENCES = 4


class DiskError(InputError):
    """The run's folder cannot be written (full, read-only, no permission); what was written before is whole."""


def disk_error(path: Path, error: OSError | sqlite3.Error) -> DiskError:
    """The one line for a failed write."""
    code = error.errno if isinstance(error, OSError) else None
    what = (error.strerror if isinstance(error, OSError) else None) or str(error)
    full = code in (errno.ENOSPC, errno.EDQUOT) or "full" in what
    way = (
        "make space and run the same command again, nothing is lost"
        if full
        else "make it writable or choose another folder with -o"
    )
    return DiskError(f"cannot write {str(path)!r}: {what}; {way}")


def resolve(config: Config, source: Path | None = None, output: Path | None = None) -> Path:
    """The folder of a run: `output` if given, else outputs/<config.name or the config file's name>."""
    if output is not None:
        return output
    name = config.name or (source.stem if source is not None else "run")
    if name in (".", "..") or "/" in name or "\\" in name:
        raise ConfigError(f"name: {name!r} is not a folder name; use -o for a path")
    return Path("outputs") / name


class RunDir:
    """An opened run directory; holds the lock until closed."""

    def __init__(self, path: Path, lock: int, record: dict[str, Any], fingerprint: str) -> None:
        self.path = path
        self._lock = lock
        self._record = record
        self.fingerprint = fingerprint
        """Hash of what identifies the run: model, prompts, tools, rollout settings."""

    @classmethod
    def open(cls, path: Path, config: Config) -> RunDir:
        """Create the folder or continue the run in it.

        Raises RunConflict (another config, or a folder that is no run), InputError (another process writes it),
        DiskError (not writable).
        """
        if path.exists() and not path.is_dir():
            raise InputError(f"{str(path)!r} is a file; choose a folder with -o")
        _refuse_strangers(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = _lock(path / LOCK_FILE)
            try:
                run = cls(path, lock, _record(path, config), digest(encode(identity(config)).decode()))
                run._write()
                run.journal.mkdir(exist_ok=True)
            except BaseException:
                os.close(lock)
                raise
        except OSError as error:
            raise disk_error(path, error) from None
        return run

    @property
    def journal(self) -> Path:
        """Folder of the journals of unfinished rollouts."""
        return self.path / "journal"

    @property
    def bugs(self) -> Path:
        """Log of the tracebacks behind failures of kind `bug`."""
        return self.path / "bugs.log"

    def documents(self, build: Callable[[Path], None], stamp: str = "") -> Path:
        """documents.sqlite, built by `build(path)` when it is missing or was built under another `stamp`.

        `stamp` names what the pages come from (such as the number of questions), so a run whose questions grew gets
        the new pages.
        """
        path = self.path / "documents.sqlite"
        if path.exists() and self._record.get("documents", "") == stamp:
            return path
        temporary = self.path / ".documents.sqlite.tmp"
        try:
            temporary.unlink(missing_ok=True)
            build(temporary)
            if temporary.exists():
                temporary.replace(path)
                self._record["documents"] = stamp
                self._write()
        except (OSError, sqlite3.OperationalError) as error:
            raise disk_error(path, error) from None
        return path

    def close(self) -> None:
        """Release the lock."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _write(self) -> None:
        text = yaml.safe_dump(self._record, sort_keys=False, allow_unicode=True, width=120)
        path = self.path / RUN_FILE
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            with atomic_write(path) as file:
                file.write(text.encode())


def read_run(path: Path) -> dict[str, Any]:
    """run.yaml of a run directory; raises InputError when there is none or it cannot be read."""
    file = path / RUN_FILE
    try:
        record = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{str(path)!r} holds no run ({RUN_FILE} is missing)") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"cannot read {str(file)!r}: {' '.join(str(error).split())}") from None
    if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
        raise InputError(f"{str(file)!r} is not a run file of trajsynth; choose another folder with -o")
    return record


def read_config(path: Path) -> Config:
    """The config a run directory was made from; raises InputError like `read_run`."""
    return load_saved(read_run(path)["config"], str(path / RUN_FILE))


def _refuse_strangers(path: Path) -> None:
    """A folder that is neither empty nor a run is left alone."""
    if not path.is_dir() or (path / RUN_FILE).exists():
        return
    debris = (LOCK_FILE, f".{RUN_FILE}.")
    strangers = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith(debris))
    if strangers:
        raise RunConflict(
            f"{str(path)!r} is not empty and holds no run (found {strangers[0]!r}); choose another folder with -o"
        )


def _lock(path: Path) -> int:
    """An open descriptor that holds the folder's lock; the system frees it when the process ends, however it ends."""
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        writer = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise InputError(
            f"{str(path.parent)!r} is being written by another process (pid {writer}); "
            "wait for it, or choose another folder with -o"
        ) from None
    except OSError:
        os.close(descriptor)
        raise
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _record(path: Path, config: Config) -> dict[str, Any]:
    """The run's record: continued from the one in the folder, or new."""
    record: dict[str, Any] = {"created": datetime.now(UTC).isoformat(timespec="seconds")}
    if (path / RUN_FILE).exists():
        record = read_run(path)
        _refuse_drift(path, load_saved(record["config"], str(path / RUN_FILE)), config)
    versions = {"trajsynth": trajsynth.__version__, "python": platform.python_version()}
    return record | {"versions": versions, "config": saved(config)}


def _refuse_drift(path: Path, old: Config, new: Config) -> None:
    differences = describe_difference(identity(old), identity(new))
    if differences:
        shown = "; ".join(differences[:SHOWN_DIFFERENCES])
        more = len(differences) - SHOWN_DIFFERENCES
        raise RunConflict(
            f"{str(path)!r} holds a run of another config: {shown}{f'; and {more} more' if more > 0 else ''}; "
            "use another -o or name, or delete the folder"
        )
