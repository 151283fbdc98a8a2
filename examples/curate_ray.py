"""Filters in a Ray Data pipeline.

pip install 'trajsynth[ray]' 'ray[data]'
python examples/curate_ray.py examples/curate_rows.json
"""

from __future__ import annotations

import sys
from typing import Any

import ray

from trajsynth.filters import Calls, RepeatLoop

FILTERS = (RepeatLoop(copies=3), Calls())


def codes(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what was found in it."""
    return {**row, "codes": [finding.code for kind in FILTERS for finding in kind.check(row)]}


if __name__ == "__main__":
    for row in ray.data.read_json(sys.argv[1]).filter(Calls().keep).map(codes).take_all():
        print(row["id"], list(row["codes"]))
