"""Sketches: the bands a threshold needs, that pairs above it become candidates, and that nothing depends on company."""

from __future__ import annotations

from itertools import combinations
from random import Random
from typing import TYPE_CHECKING

import pytest

from trajsynth.filters.duplicates_shingles import similarity, told
from trajsynth.filters.duplicates_sketch import Backend, Bands, band_keys, candidates

if TYPE_CHECKING:
    from trajsynth.filters.duplicates_shingles import Shingles


def edited(seed: int, sizes: tuple[int, int], share: float, count: int) -> list[Shingles]:
    """Pairs of texts of so many words, the second of each pair with a share of its words exchanged."""
    dice = Random(seed)
    found = []
    for _ in range(count):
        spoken = [f"{dice.getrandbits(24)}" for _ in range(dice.randint(*sizes))]
        other = [f"{dice.getrandbits(24)}" if dice.random() < share else word for word in spoken]
        found += [told(" ".join(spoken)).shingles, told(" ".join(other)).shingles]
    return found


@pytest.mark.parametrize(("threshold", "bands"), [(0.8, (25, 5)), (0.55, (41, 3)), (0.1, (125, 1)), (1.0, (25, 5))])
def test_bands_of_a_threshold(threshold: float, bands: tuple[int, int]) -> None:
    assert Bands.of(threshold) == Bands(*bands)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", "datasketch"])
@pytest.mark.parametrize(("sizes", "share"), [((8, 60), 0.01), ((200, 2000), 0.02)])
def test_pairs_above_the_threshold_become_candidates(backend: Backend, sizes: tuple[int, int], share: float) -> None:
    sets = edited(1, sizes, share, 40)
    wanted = {(i, i + 1) for i in range(0, len(sets), 2) if similarity(sets[i], sets[i + 1]) >= 0.8}
    found = {pair for run in candidates(enumerate(sets), 0.8, backend) for pair in combinations(run, 2)}
    assert len(wanted) > 15 and len(wanted - found) <= len(wanted) * 0.02
    assert all(one < two for one, two in found) and len(found) < 2 * len(sets)


def test_keys_depend_on_the_text_alone() -> None:
    sets = edited(2, (1, 300), 0.1, 10)
    together = band_keys(sets, Bands.of(0.8))
    alone = [band_keys([shingles], Bands.of(0.8))[:, 0].tolist() for shingles in sets]
    assert together.T.tolist() == alone


@pytest.mark.slow
def test_more_than_a_block_and_empty_ones() -> None:
    sets = [told(f"{i % 1500} says so").shingles if i % 7 else told("").shingles for i in range(3000)]
    runs = {tuple(run) for run in candidates(enumerate(sets), 0.8)}
    assert runs == {(i, i + 1500) for i in range(1500) if i % 7 and (i + 1500) % 7}


def test_nothing_to_compare() -> None:
    assert list(candidates([], 0.8)) == [] == list(candidates([(0, told("one").shingles)], 0.8))
