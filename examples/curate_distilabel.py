"""Filters as a distilabel step: a column with the codes found in each row.

pip install trajsynth distilabel
python examples/curate_distilabel.py examples/curate_rows.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distilabel.steps import StepInput, step

from trajsynth.filters import Calls, RepeatLoop

FILTERS = (RepeatLoop(copies=3), Calls())


@step(inputs=["messages"], outputs=["codes"])
def Findings(inputs: StepInput) -> Iterator[list[dict[str, Any]]]:
    """What was found in each row."""
    yield [{**row, "codes": [f.code for kind in FILTERS for f in kind.check(row)]} for row in inputs]


if __name__ == "__main__":
    tagged = Findings(name="findings")
    for batch in tagged.process(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        for row in batch:
            print(row["id"], row["codes"])
