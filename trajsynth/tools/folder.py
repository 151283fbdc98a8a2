"""A folder whose files are listed, read, searched and written without ever leaving it.

Paths are walked one component at a time over open directories, links included, so neither `..` nor a link leads out,
and nobody can swap a component in between (a sandboxed program may be at work in the folder). Only regular files are
opened. Used by the files tools and the sandbox. Level 2, standard library only.
Tests: tests/tools/test_tools_folder.py.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LINKS = 40
"""Links followed on one path."""
MOST_BYTES = 4_000_000
"""A longer file is read as far as this."""
MOST_ENTRIES = 20_000
"""Entries of a folder, its subfolders included, that are looked at."""


class PathError(Exception):
    """A path that cannot be used; the text is one sentence for the teacher."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder (`path` ends in a slash), relative to the folder."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Content:
    """The beginning of a file, and how long all of it is."""

    data: bytes
    size: int


class Folder:
    """`root` on this machine; `shown` is the name under which the teacher may know it, such as `/workspace`."""

    def __init__(self, root: Path, shown: str = "") -> None:
        self._root, self._shown = root, shown

    def read(self, path: str) -> Content:
        """A regular file's first MOST_BYTES; raises PathError."""
        with self._parent(path) as (parent, name), _explained(path):
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                _check_file(path, found)
                return Content(file.read(MOST_BYTES), found.st_size)

    def write(self, path: str, data: bytes, owner: int | None = None) -> bool:
        """Write a file, its folders made as needed, and give it to `owner`. True: one was replaced. PathError."""
        with self._parent(path, make=True, owner=owner) as (parent, name), _explained(path):
            if name == ".":
                raise PathError(f"{path!r} is a folder.")
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            there = _exists(parent, name)
            descriptor = os.open(name, flags, 0o644, dir_fd=parent)
            with os.fdopen(descriptor, "wb") as file:
                _check_file(path, os.fstat(descriptor))
                os.ftruncate(descriptor, 0)
                if owner is not None:
                    os.fchown(descriptor, owner, owner)
                file.write(data)
            return there

    def entries(self, path: str = "", deep: bool = False) -> list[Entry]:
        """What lies in a folder, sorted, with `deep` in its subfolders too (MOST_ENTRIES at most). Links to files of
        the folder count as files, other links are left out. Raises PathError."""
        with self._parent(path) as (parent, name), _explained(path):
            top = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
            prefix = self._relative(path)
            return sorted(self._scan(top, f"{prefix}/" if prefix else "", deep), key=lambda entry: entry.path)

    def _scan(self, top: int, prefix: str, deep: bool) -> Iterator[Entry]:
        seen, todo = 0, deque([(top, prefix)])
        try:
            while todo and seen < MOST_ENTRIES:
                folder, before = todo.popleft()
                try:
                    for name in sorted(os.listdir(folder)):  # noqa: PTH208  (of an open folder)
                        seen += 1
                        entry = self._entry(folder, name, before)
                        if entry is None:
                            continue
                        yield entry
                        if deep and entry.path.endswith("/") and seen < MOST_ENTRIES and len(todo) < 500:
                            with suppress(OSError):
                                todo.append((_into(folder, name), entry.path))
                finally:
                    os.close(folder)
        finally:
            for folder, _ in todo:
                os.close(folder)

    def _entry(self, folder: int, name: str, before: str) -> Entry | None:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return None
        path = before + name
        if stat.S_ISLNK(found.st_mode):
            with suppress(PathError, OSError), self._parent(path) as (parent, last):
                found = os.stat(last, dir_fd=parent, follow_symlinks=False)
                return Entry(path, found.st_size) if stat.S_ISREG(found.st_mode) else None
            return None
        if stat.S_ISDIR(found.st_mode):
            return Entry(f"{path}/", 0)
        return Entry(path, found.st_size) if stat.S_ISREG(found.st_mode) else None

    def _relative(self, path: str) -> str:
        parts = [part for part in self._inside(path).split("/") if part not in ("", ".")]
        return "/".join(parts)

    def _inside(self, path: str) -> str:
        """A path as seen from the folder; raises PathError for one that starts elsewhere."""
        if "\0" in path or len(path) > 4000:
            raise PathError("That is no path of a file.")
        if self._shown and (path == self._shown or path.startswith(f"{self._shown}/")):
            return path[len(self._shown) :].lstrip("/")
        if path.startswith("/"):
            raise PathError(f"{path!r} is outside of the folder; give paths relative to it.")
        return path

    @contextmanager
    def _parent(self, path: str, make: bool = False, owner: int | None = None) -> Iterator[tuple[int, str]]:
        """An open directory and the name of the last component in it, which is no link (`.` for the folder itself)."""
        todo = deque(part for part in self._inside(path).split("/") if part not in ("", "."))
        opened = [_open_root(self._root)]
        links = 0
        try:
            with _explained(path):
                while todo:
                    part = todo.popleft()
                    if part == "..":
                        if len(opened) == 1:
                            raise PathError(f"{path!r} is outside of the folder.")
                        os.close(opened.pop())
                        continue
                    target = _link(opened[-1], part)
                    if target is not None:
                        links += 1
                        if links > LINKS:
                            raise PathError(f"{path!r} has too many links on it.")
                        if target.startswith("/"):
                            target = self._linked(path, target)
                            while len(opened) > 1:
                                os.close(opened.pop())
                        todo.extendleft(piece for piece in reversed(target.split("/")) if piece not in ("", "."))
                        continue
                    if not todo:
                        yield opened[-1], part
                        return
                    opened.append(_into(opened[-1], part, make, owner))
                yield opened[-1], "."
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _linked(self, path: str, target: str) -> str:
        try:
            return self._inside(target)
        except PathError:
            raise PathError(f"{path!r} is a link that leads out of the folder; it is not followed.") from None


def _open_root(root: Path) -> int:
    try:
        return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise PathError(f"The folder cannot be opened: {error.strerror}.") from None


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _link(folder: int, name: str) -> str | None:
    """Where a link points; None for anything else, also for nothing."""
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return None
        raise


def _into(folder: int, name: str, make: bool = False, owner: int | None = None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=folder)
            made = os.open(name, flags, dir_fd=folder)
            if owner is not None:
                os.fchown(made, owner, owner)
            return made
    return os.open(name, flags, dir_fd=folder)


def _check_file(path: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise PathError(f"{path!r} is a folder; list it instead.")
    if not stat.S_ISREG(found.st_mode):
        raise PathError(f"{path!r} is no regular file.")


_WORDS = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "has a file where a folder would have to be",
    errno.EISDIR: "is a folder",
    errno.EACCES: "may not be opened",
    errno.EPERM: "may not be changed",
    errno.ELOOP: "is a link that is not followed",
    errno.ENXIO: "is no regular file",
    errno.ENAMETOOLONG: "is too long a name",
}


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = _WORDS.get(error.errno or 0, f"cannot be used: {error.strerror}")
        raise PathError(f"{path!r} {words}.") from None
