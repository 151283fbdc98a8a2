"""Filters in a `datasets` pipeline: `filter` and `map`, in as many processes as you like.

    pip install 'trajsynth[hub]'
    python examples/curate_datasets.py examples/curate_rows.json

A filter is a frozen dataclass, so its methods pickle and the cache key of `datasets` changes with its thresholds.
"""

from __future__ import annotations

import sys
from typing import Any

from datasets import Dataset, load_dataset

from trajsynth.filters import Calls, RepeatLoop

FILTERS = (RepeatLoop(copies=3), Calls())


def codes(row: dict[str, Any]) -> dict[str, list[str]]:
    """A column with what was found in a row."""
    return {"codes": [finding.code for kind in FILTERS for finding in kind.check(row)]}


def curated(data: Dataset, processes: int = 2) -> Dataset:
    """The rows in which no call is invalid, each with a column that says what else was found."""
    return data.filter(Calls().keep, num_proc=processes).map(codes, num_proc=processes)


if __name__ == "__main__":
    for row in curated(load_dataset("json", data_files=sys.argv[1], split="train")):
        print(row["id"], row["codes"])
