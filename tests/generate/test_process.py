"""Garbage is collected rarely while a run lasts; files may be opened as far as the system allows."""

from __future__ import annotations

import gc
import resource
from collections.abc import Iterator

import pytest

from trajsynth.generate.process import OTHER_FILES, YOUNG_OBJECTS, fit_for_many


@pytest.fixture(autouse=True)
def few_files() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = min(512, soft)
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_thresholds_are_put_back() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError), fit_for_many(1):
        assert gc.get_threshold() == (max(YOUNG_OBJECTS, before[0]), *before[1:])
        raise KeyError
    assert gc.get_threshold() == before


@pytest.mark.parametrize("connections", [1, 400, 10**9])
def test_the_soft_limit_on_files_follows_the_connections(few_files: int, connections: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with fit_for_many(connections):
        wanted = max(soft, connections + OTHER_FILES)
        expected = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        found = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert found == expected or connections == 10**9  # more than the kernel knows is left to it
