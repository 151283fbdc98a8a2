"""What a process that holds thousands of rollouts needs of Python and the system.

Level 3, standard library only. Tests: tests/generate/test_process.py.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

YOUNG_OBJECTS = 50_000
"""Objects made before Python looks for cycles among them (its own: 700). The records of a run hold none, and at 2,000
rollouts looking took 18 of 43 CPU s; so it takes 1.7, with the same memory."""
OTHER_FILES = 256
"""Descriptors for shards, journals, tools and their servers, beside the connections."""


@contextmanager
def fit_for_many(connections: int) -> Iterator[None]:
    """Collect garbage rarely, and let `connections` be open at once as far as the system lets a user raise that."""
    thresholds = gc.get_threshold()
    gc.set_threshold(max(YOUNG_OBJECTS, thresholds[0]), *thresholds[1:])
    _allow_files(connections + OTHER_FILES)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _allow_files(wanted: int) -> None:
    """Raise the soft limit on open files to `wanted` or the hard limit; it stays raised."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a lower limit than it tells
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
