"""What an engine is: something that looks at rows and something that settles what only the whole set can tell.

Level 3. Everything else (what was measured already, decisions, files) is the same for all engines: `curation.py`. The
local one is `engine_local.py`. Tests: tests/curate/test_curate_engine_local.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, Protocol, TypeAlias

from trajsynth.curate.examine import Examiner, Looked, Row
from trajsynth.protocols import CorpusFilter, Measures
from trajsynth.types import Finding

Progress: TypeAlias = Callable[[str, int], object]
"""Called with `examine` or `write` and how many trajectories were done since the last call."""
Say: TypeAlias = Callable[[str], object]
"""Called with a line for the user."""
OnBadRow: TypeAlias = Literal["stop", "skip"]
"""What a row that cannot be read does: stop everything, or be left out and written to unreadable.jsonl."""


class Engine(Protocol):
    """Where the work is done. Both halves must give what the local engine gives, byte for byte."""

    def examine(self, examiner: Examiner, rows: Iterable[Row]) -> Iterator[Looked]:
        """Every row looked at (`examiner.look`), in the order given.

        `rows` reads files as it goes and holds only what was not measured before: take from it as far ahead as workers
        can be kept busy, no further. A row that cannot be read is a `Looked` with an `error`. What was yielded is
        stored, so stopping in between loses only what is under way.
        """
        ...

    def settle(self, corpus: CorpusFilter, signatures: Sequence[Measures]) -> dict[str, list[Finding]]:
        """`corpus.resolve(signatures)`, by whatever means. Signatures lie on disk, in input order, each with `id`,
        `dropped` and `findings` as one recipe sees them; asked once for each recipe and corpus filter.
        """
        ...
