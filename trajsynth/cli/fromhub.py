"""`hf:USER/NAME[:CONFIG[:SPLIT]]` where a command wants files: the rows of a data set on the Hub, as a JSONL file.

Tests: tests/builders/test_builders_hub.py.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trajsynth.errors import InputError


@contextmanager
def from_hub(inputs: Sequence[Path]) -> Iterator[list[Path]]:
    """The inputs, those of the Hub fetched into files that go away with the block. Raises InputError, MissingExtra."""
    from trajsynth.curate.sources import HUB

    if not any(str(path).startswith(HUB) for path in inputs):
        yield list(inputs)
        return
    with tempfile.TemporaryDirectory(prefix="trajsynth-") as folder:
        yield [_fetched(str(path), Path(folder)) if str(path).startswith(HUB) else path for path in inputs]


def _fetched(named: str, folder: Path) -> Path:
    from trajsynth.codec import encode
    from trajsynth.config import DatasetQuestions
    from trajsynth.curate.sources import HUB, hub_file
    from trajsynth.questions import hub

    repo, *rest = named.removeprefix(HUB).split(":")
    if not repo or len(rest) > 2:
        raise InputError(f"{named!r}: write hf:USER/NAME, hf:USER/NAME:CONFIG or hf:USER/NAME:CONFIG:SPLIT")
    config, split = [*rest, None, None][:2]
    path = hub_file(folder, named)
    with path.open("wb") as file:
        for _, row in hub.rows(
            DatasetQuestions(hf=repo, config=config or None, split=split or "train"), hub.IN_COMMAND
        ):
            file.write(encode(_without_nulls(row)) + b"\n")
    return path


def _without_nulls(value: Any) -> Any:
    """A row without the keys that only other rows have, which the loader fills with nulls."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
