"""A filter as a datatrove block: the row travels as the document's text.

pip install trajsynth datatrove
python examples/curate_datatrove.py examples/curate_rows.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from trajsynth.filters import Calls, Filter


class TrajectoryFilter(BaseFilter):
    """Keeps documents whose row the filter keeps; the reason is the first code."""

    name = "trajsynth"

    def __init__(self, kind: Filter, **settings: Any) -> None:
        super().__init__(**settings)
        self.kind = kind

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """True, or False with a code."""
        row = json.loads(doc.text)
        return True if self.kind.keep(row) else (False, self.kind.check(row)[0].code)


def documents(path: str) -> Iterator[Document]:
    """One document a row."""
    for row in json.loads(Path(path).read_text(encoding="utf-8")):
        yield Document(text=json.dumps(row), id=row["id"])


if __name__ == "__main__":
    for document in TrajectoryFilter(Calls()).run(documents(sys.argv[1])):
        print(document.id)
