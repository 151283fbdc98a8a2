"""A folder for each rollout, kept as long as the rollout can go on: it lies in the run's folder beside the journal.

A dropped one is renamed at once and deleted beside the event loop; what a killed process left of that is deleted when
the next one opens. Level 2. Tests: tests/tools/test_tools_sandbox_workspaces.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from trajsynth.errors import ToolServerError

DROPPED = ".dropped"
KEPT = "kept"
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


class Workspaces:
    """Workspaces under `root`; `own` is told of each new one. With `keep`, dropped ones are moved to `root/kept`."""

    def __init__(self, root: Path, own: Callable[[Path], None], keep: bool = False) -> None:
        self._root, self._own, self._keep = root, own, keep
        self._deleting: set[asyncio.Task[None]] = set()

    @property
    def root(self) -> Path:
        """The folder they lie in."""
        return self._root

    def open(self) -> None:
        """Make the folder, and finish what an earlier process began to delete; raises ToolServerError."""
        try:
            (self._root / DROPPED).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ToolServerError(f"sandbox: cannot make {str(self._root)!r}: {error.strerror}") from None
        for path in (self._root / DROPPED).iterdir():
            self._delete(path)

    async def close(self) -> None:
        """Wait until everything dropped is deleted."""
        while self._deleting:
            await asyncio.wait(set(self._deleting))

    def path(self, rollout: str) -> Path:
        """The rollout's folder, made when it is not there; raises OSError."""
        path = self._root / _name(rollout)
        try:
            path.mkdir(mode=0o700)
            self._own(path)
        except FileExistsError:
            pass
        return path

    def forget(self, rollout: str) -> None:
        """Drop the rollout's workspace, if it has one, or move it to those kept; whichever it cannot do, it leaves."""
        path = self._root / _name(rollout)
        with suppress(OSError):
            if not path.is_dir():
                return
            if not self._keep:
                self.drop(rollout)
                return
            goal = self._root / KEPT / path.name
            goal.parent.mkdir(exist_ok=True)
            if goal.exists():
                self._drop(goal)
            path.rename(goal)

    def drop(self, rollout: str) -> None:
        """Delete the rollout's workspace."""
        with suppress(OSError):
            self._drop(self._root / _name(rollout))

    def _drop(self, path: Path) -> None:
        dropped = self._root / DROPPED / f"{path.name}-{uuid4().hex[:8]}"
        path.rename(dropped)
        self._delete(dropped)

    def _delete(self, path: Path) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            remove(path)
            return
        task = loop.create_task(asyncio.to_thread(remove, path))
        self._deleting.add(task)
        task.add_done_callback(self._deleting.discard)


def remove(path: Path) -> None:
    """Delete a folder whatever is in it: closed to us, or nested deeper than Python's own way can follow."""
    shown = str(path)
    if subprocess.run(["rm", "-rf", "--", shown], capture_output=True, check=False).returncode:
        subprocess.run(["chmod", "-R", "u+rwX", "--", shown], capture_output=True, check=False)
        subprocess.run(["rm", "-rf", "--", shown], capture_output=True, check=False)
    if path.exists():
        shutil.rmtree(path, ignore_errors=True)


def _name(rollout: str) -> str:
    if _SAFE.fullmatch(rollout) and rollout != KEPT:
        return rollout
    return f"r-{hashlib.blake2b(rollout.encode('utf-8', 'surrogatepass'), digest_size=12).hexdigest()}"
