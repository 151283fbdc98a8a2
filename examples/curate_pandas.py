"""A whole recipe over a pandas frame: what is kept, and why the rest is not.

pip install trajsynth pandas
python examples/curate_pandas.py examples/curate_rows.json
"""

from __future__ import annotations

import sys

import pandas as pd

from trajsynth.filters import recipe


def curated(frame: pd.DataFrame, name: str = "sft") -> pd.DataFrame:
    """The frame with two more columns: `kept` and `dropped`, the codes a row goes for."""
    rows = frame.to_dict("records")
    places = {id(row): i for i, row in enumerate(rows)}
    outcome = recipe(name).run(rows)
    dropped: list[list[str]] = [[] for _ in rows]
    for rejected in outcome.rejected:
        dropped[places[id(rejected.row)]] = list(rejected.dropped)
    return frame.assign(kept=[not codes for codes in dropped], dropped=dropped)


if __name__ == "__main__":
    print(curated(pd.read_json(sys.argv[1], dtype=False))[["id", "kept", "dropped"]].to_string())
