"""Model lists of different servers are read."""

from __future__ import annotations

import pytest

from trajsynth.teachers.models import Served, names, read_models


@pytest.mark.parametrize(
    ("entry", "served"),
    [
        ({"id": "a"}, Served("a")),
        ({"id": "a", "max_model_len": 4096}, Served("a", 4096, own_server=True)),
        ({"id": "a", "max_model_len": None, "context_length": 8}, Served("a", 8, own_server=True)),
        ({"id": "a", "context_length": 131072}, Served("a", 131072)),
        ({"id": "a", "context_window": "big"}, Served("a")),
        ({"id": "a", "context_length": True}, Served("a")),
    ],
)
def test_entries(entry: dict[str, object], served: Served) -> None:
    assert read_models({"data": [entry]}) == read_models([entry]) == [served]


@pytest.mark.parametrize("data", [None, "x", {}, {"data": None}, {"data": [None, {"id": 5}, {}]}])
def test_unreadable_lists_are_empty(data: object) -> None:
    assert read_models(data) == []


def test_long_lists_are_shortened() -> None:
    assert names([Served("a"), Served("b")], most=1) == "'a', … (2 in all)"
