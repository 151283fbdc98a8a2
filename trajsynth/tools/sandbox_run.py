"""Runs one sandboxed command to its end or its limit, and leaves nothing of it behind.

Time, memory of all processes together, the workspace's size and the amount of output are watched from outside; at a
limit, and after the command's own end, the sandbox's first process is killed, which ends every other in it.
Level 2, Linux only. Tests: tests/tools/test_tools_sandbox_run.py, test_tools_sandbox_drill.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trajsynth.tools.sandbox_jail import Start, environment

Stopped = Literal["", "time", "memory", "disk", "output"]
STARTING = 30.0
"""Seconds until a sandbox stands; 0.03 on an idle machine."""
LOOK_EVERY = 0.1
DISK_EVERY = 1.0
"""Seconds between looks at memory and output, and at the workspace."""
MOST_OUTPUT = 64_000_000
"""Bytes after which a command that writes without end is stopped."""
MOST_FILES = 20_000
"""Files and folders of a workspace."""
_ENDING = 10.0
_CHUNK = 65_536
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where a command is stopped."""

    seconds: float
    memory: int
    """Bytes, all processes together."""
    disk: int
    """Bytes of the workspace."""
    output: int
    """Bytes kept of stdout; half as many of stderr."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    started: bool
    """Whether the sandbox stood; if not, `stderr` says why."""
    code: int
    """Its exit code; 128 + n for one ended by signal n."""
    stopped: Stopped
    stdout: str
    stderr: str


class Clip:
    """The beginning and the end of a stream, and how much there was between."""

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._head, self._tail = bytearray(), bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """More of the stream."""
        self.total += len(data)
        room = self._half - len(self._head)
        self._head += data[:room] if room > 0 else b""
        self._tail += data[max(room, 0) :]
        if len(self._tail) > 2 * self._half + _CHUNK:
            del self._tail[: -self._half]

    def text(self) -> str:
        """All of it, or both ends with a mark between."""
        tail = self._tail[-self._half :]
        left_out = self.total - len(self._head) - len(tail)
        if not left_out:
            return (self._head + tail).decode("utf-8", "replace")
        ends = self._head.decode("utf-8", "replace"), tail.decode("utf-8", "replace")
        return f"{ends[0]}\n[Result truncated] {left_out} bytes are left out here.\n{ends[1]}"


class _Drain:
    """Reads a pipe to its end whenever there is something."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.clip = Clip(limit)
        self._descriptor = descriptor
        self.ended = asyncio.Event()
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        self.clip.add(data)
        if not data:
            self.close()

    def close(self) -> None:
        """Stop reading."""
        if not self.ended.is_set():
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self.ended.set()


async def run(start: Callable[[], Start], workspace: Path, bounds: Bounds) -> Ran:
    """Run the command that `start` makes; raises OSError when not even a process can be had."""
    before = await asyncio.to_thread(usage, workspace)
    with (began := start()):
        process = _spawn(began)
    command = _Command(process, began.info, bounds)
    try:
        started = await command.stands()
        stopped = await command.outcome(workspace, max(bounds.disk, before))
    finally:
        await command.end()
    if started and not stopped and await asyncio.to_thread(usage, workspace) > max(bounds.disk, before):
        stopped = "disk"
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    out, err = command.drains
    return Ran(started=started, code=code, stopped=stopped, stdout=out.clip.text(), stderr=err.clip.text())


def _spawn(began: Start) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            began.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=began.descriptors,
            env=environment(),
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
    except BaseException:
        os.close(began.info)
        raise


class _Command:
    """A started process and the first process of its sandbox."""

    def __init__(self, process: subprocess.Popen[bytes], info: int, bounds: Bounds) -> None:
        assert process.stdout is not None and process.stderr is not None
        self._process, self._info, self._bounds = process, info, bounds
        self._outer = os.pidfd_open(process.pid)
        self._inner = -1
        self._first = 0
        out, err = process.stdout.fileno(), process.stderr.fileno()
        self.drains = (_Drain(out, bounds.output), _Drain(err, max(1, bounds.output // 2)))

    async def stands(self) -> bool:
        """Wait for the sandbox; False when there will be none."""
        heard = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(STARTING):
                while not heard.endswith(b"}\n"):
                    await _readable(self._info)
                    more = os.read(self._info, _CHUNK)
                    if not more:
                        return False
                    heard += more
                self._first = int(json.loads(heard)["child-pid"])
                with suppress(ProcessLookupError):
                    self._inner = os.pidfd_open(self._first)
                return True
        return False

    async def outcome(self, workspace: Path, disk: int) -> Stopped:
        """Wait for the command's end, or the limit it meets first."""
        if not self._first:
            return ""
        end = asyncio.create_task(_readable(self._outer))
        watch = asyncio.create_task(self._watch(workspace, disk))
        try:
            await asyncio.wait({end, watch}, timeout=self._bounds.seconds, return_when=asyncio.FIRST_COMPLETED)
            if end.done():
                return ""
            return watch.result() if watch.done() else "time"
        finally:
            for task in (end, watch):
                task.cancel()
            await asyncio.wait({end, watch})

    async def _watch(self, workspace: Path, disk: int) -> Stopped:
        loop = asyncio.get_running_loop()
        next_disk = loop.time() + DISK_EVERY
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if sum(drain.clip.total for drain in self.drains) > MOST_OUTPUT:
                return "output"
            if too_much_memory(self._first, self._bounds.memory):
                return "memory"
            if (now := loop.time()) >= next_disk:
                if await asyncio.to_thread(usage, workspace) > disk:
                    return "disk"
                next_disk = loop.time() + max(DISK_EVERY, 10 * (loop.time() - now))

    async def end(self) -> None:
        """Kill what is left, wait until it is gone, and close everything."""
        try:
            for descriptor in (self._inner, self._outer):
                with suppress(ProcessLookupError):
                    if descriptor >= 0:
                        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            with suppress(TimeoutError):
                async with asyncio.timeout(_ENDING):
                    for descriptor in (self._outer, self._inner):
                        if descriptor >= 0:
                            await _readable(descriptor)
                    for drain in self.drains:
                        await drain.ended.wait()
        finally:
            self._close()

    def _close(self) -> None:
        for drain in self.drains:
            drain.close()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        for descriptor in (self._info, self._outer, self._inner):
            if descriptor >= 0:
                os.close(descriptor)


async def _readable(descriptor: int) -> None:
    """Wait until there is something to read, or the process of a pidfd has ended."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def too_much_memory(first: int, limit: int) -> bool:
    """Whether a process and its descendants hold more than `limit` bytes; shared pages count once."""
    processes = _family(first)
    if sum(_resident(pid) for pid in processes) <= limit:
        return False
    return sum(_share(pid) for pid in processes) > limit


def _family(first: int) -> list[int]:
    found = [first]
    for pid in found:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _resident(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


def _share(pid: int) -> int:
    """Its pages, each divided by the number of processes that share it; all of them where the kernel will not say."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(pid)


def usage(folder: Path) -> int:
    """Bytes a folder takes on the disk; more than any limit once it holds over MOST_FILES entries, or some
    that cannot be looked at (paths too long to follow, folders closed to us)."""
    total = seen = 0
    todo = [str(folder)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    seen += 1
                    with suppress(FileNotFoundError):
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    if seen > MOST_FILES:
                        return 1 << 62
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return 1 << 62
    return total
