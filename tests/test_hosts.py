"""trajsynth.hosts: a page lies under a host by whole labels, and under a path by whole steps."""

from __future__ import annotations

import pytest

from trajsynth.hosts import under


@pytest.mark.parametrize(
    ("page", "blocked", "expected"),
    [
        ("bench.org/a", "bench.org", True),
        ("data.bench.org", "bench.org", True),
        ("notbench.org", "bench.org", False),
        ("bench.org.evil.net", "bench.org", False),
        ("BENCH.org/A", "www.Bench.org/", True),
        ("hub.co/datasets/x", "hub.co/datasets", True),
        ("hub.co/datasets", "hub.co/datasets", True),
        ("hub.co/datasets-guide", "hub.co/datasets", False),
        ("hub.co/docs", "hub.co/datasets", False),
        ("hub.co//datasets//x", "hub.co/datasets", True),
        ("hub.co/api/datasets/x", "hub.co/datasets", True),
        ("hub.co/api/models/x", "hub.co/datasets", False),
        ("hub.co/apidatasets", "hub.co/datasets", False),
    ],
)
def test_under(page: str, blocked: str, expected: bool) -> None:
    assert under(page, blocked) is expected
