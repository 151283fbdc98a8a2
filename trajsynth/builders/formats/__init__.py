"""Formats: how a row of ours is laid out for one trainer. A format names the files it writes and lays out their rows.

Level 3, imports builders.rows and errors. Tests: tests/builders/.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from trajsynth.builders.formats import trl
from trajsynth.builders.rows import Refusal, Row
from trajsynth.errors import ConfigError, unknown


class Format(Protocol):
    """What a format module offers."""

    SFT_FILES: tuple[str, ...]
    DPO_FILES: tuple[str, ...]

    def sft(self, row: Row) -> list[tuple[str, dict[str, Any]]] | Refusal:
        """(file name, row to write), one or more for a conversation."""
        ...

    def dpo(self, chosen: Row, rejected: Row) -> tuple[str, dict[str, Any]] | Refusal:
        """The pair; both rows have the same prompt and tools."""
        ...


FORMATS: dict[str, Format] = {"trl": trl}


def format_named(name: str) -> Format:
    """Raises ConfigError for a format nobody knows."""
    if name not in FORMATS:
        raise ConfigError(unknown("format", name, FORMATS))
    return FORMATS[name]


def features(kind: Literal["sft", "masked", "dpo"]) -> Any:
    """`datasets.Features` of a TRL file: `train.jsonl` of SFT, `train_masked.jsonl`, or the pairs.

    Give them to `load_dataset("json", data_files=..., features=features("sft"))`: without them the loader guesses types
    from the first rows, fills every call's arguments with the others' keys, or stops at a later row. Raises
    MissingExtra without the `datasets` package.
    """
    return trl.features(kind)
