"""Fixtures over the samples of tests/plantsamples.py."""

from __future__ import annotations

import pytest
from plantsamples import FORMS, our_trajectory

from trajsynth.types import Trajectory


@pytest.fixture(params=list(FORMS))
def clean(request: pytest.FixtureRequest) -> Trajectory:
    """Every kind of clean trajectory in turn."""
    return FORMS[request.param]


@pytest.fixture
def own() -> Trajectory:
    return our_trajectory()
