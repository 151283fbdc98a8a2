"""The Ray cluster that `--engine ray` works on: the one this process has joined, that of RAY_ADDRESS, or this machine.

Level 1; ray (extra `ray`) is imported when it is used. Tests: tests/test_raycluster.py,
tests/generate/test_engine_ray.py, tests/curate/test_curate_engine_ray.py.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, Final

from trajsynth.errors import InputError, MissingExtra

PATIENCE: Final = 10.0
"""Seconds within which a cluster's head takes a connection; Ray itself would go on trying for minutes."""


@contextmanager
def joined() -> Iterator[Any]:
    """The module `ray`, connected while the block runs; a connection that was there before stays.

    Ray prints on stdout what befalls its nodes, where results belong: that goes to stderr. Raises MissingExtra,
    InputError for a cluster that cannot be reached.
    """
    try:
        import ray
    except ImportError:
        raise MissingExtra("ray", "ray") from None
    ours = not ray.is_initialized()
    with redirect_stdout(sys.stderr):
        if ours:
            _connect(ray)
        try:
            yield ray
        finally:
            if ours:
                ray.shutdown()


def _connect(ray: Any) -> None:
    """Join the cluster of RAY_ADDRESS, or start one on this machine that ends with this process."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS") or "local"
    try:
        _knock(address)
        ray.init(address=address, include_dashboard=False, logging_level="error", log_to_driver=False)
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        said = " ".join(str(error).split())
        raise InputError(f"ray: cannot connect to {address!r} (RAY_ADDRESS): {said}") from None


def _knock(address: str) -> None:
    """Raises OSError when nobody listens at the host and port of an address; `auto` and `local` name none."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
