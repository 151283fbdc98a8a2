"""Leave nothing behind: a folder a command made goes away again when the command fails before it has anything to show.

Tests: tests/cli/test_cli_bad_input.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def fresh(folder: Path, worth_keeping: Sequence[str] = ()) -> Iterator[None]:
    """On an exception remove `folder` and the parents made for it, unless a file matches `worth_keeping` globs.

    A folder that was there before is left alone.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        if made and not any(any(folder.glob(pattern)) for pattern in worth_keeping):
            shutil.rmtree(folder, ignore_errors=True)
            for parent in made[1:]:
                with suppress(OSError):  # not empty: somebody else's by now
                    parent.rmdir()
        raise
