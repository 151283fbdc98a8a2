"""Plain texts: the same search, reading each text once."""

from __future__ import annotations

from pathlib import Path

import pytest

from trajsynth.filters.duplicates_sketch import Backend
from trajsynth.filters.duplicates_texts import duplicate_texts


def letters() -> list[str]:
    """Fifty texts, every tenth again with one word changed, and one twice."""
    texts = [" ".join(f"w{i}x{k}" for k in range(120)) for i in range(50)]
    texts += [text.replace("x60", "y") for text in texts[::10]]
    return [*texts, texts[3]]


@pytest.mark.parametrize("backend", ["numpy", "datasketch"])
def test_texts_that_go(backend: Backend, tmp_path: Path) -> None:
    found = duplicate_texts(iter(letters()), backend=backend, folder=tmp_path, pairwise=10)
    assert [(d.index, d.partner) for d in found] == [(50, 0), (51, 10), (52, 20), (53, 30), (54, 40), (55, 3)]
    assert [d.exact for d in found] == [False] * 5 + [True]
    assert found[0].similarity == 111 / 121
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_nothing_out() -> None:
    assert duplicate_texts([]) == [] == duplicate_texts(["", "", "!"])
