"""What a format is: it lays out rows for one trainer, reads them back, and says what it cannot carry.

Level 3, imports builders.content, builders.rows and errors. Tests: tests/builders/test_builders_formats.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from trajsynth.builders.content import Content, Part, difference
from trajsynth.builders.forks import shared_prefix
from trajsynth.builders.prompts import Prompt
from trajsynth.builders.rows import Reasoning, Refusal, Row
from trajsynth.errors import ConfigError, MissingExtra

Kind = Literal["sft", "dpo", "rl"]
FileType = Literal["jsonl", "parquet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A record, the file it belongs in (without ending), and what a reader must find in it."""

    file: str
    record: dict[str, Any]
    holds: tuple[Part, ...] = ()
    """One conversation for SFT; the chosen and the rejected one for pairs; none for RL prompts."""


class Format:
    """Base of the formats; a kind a trainer has no use for stands in `refuses` with the reason."""

    name: ClassVar[str]
    file_types: ClassVar[tuple[FileType, ...]] = ("jsonl", "parquet")
    refuses: ClassVar[dict[Kind, str]] = {}
    notes: ClassVar[dict[Kind, tuple[str, ...]]] = {}

    inlines: ClassVar[bool] = False
    """It has reasoning inside the text by itself, told apart when read, so rows come to it with reasoning apart."""

    def reasoning(self, asked: Reasoning) -> Reasoning:
        """How rows are to have reasoning, for what the user asked for."""
        return "keep" if self.inlines and asked == "inline" else asked

    @classmethod
    def require_kind(cls, kind: Kind) -> None:
        """Raises ConfigError when the target has no such data set."""
        if kind in cls.refuses:
            raise ConfigError(f"format {cls.name!r} has no {kind}: {cls.refuses[kind]}")

    def require(self, kind: Kind, file_type: FileType) -> None:
        """Raises ConfigError when the target has no such data set, or has it in other files."""
        self.require_kind(kind)
        if file_type not in self.file_types:
            raise ConfigError(f"format {self.name!r} is not written as {file_type}; use {self.file_types[0]}")

    def sft(self, row: Row) -> list[Laid] | Refusal:
        """One or more records for a conversation."""
        raise ConfigError(f"format {self.name!r} has no sft")

    def dpo(self, chosen: Row, rejected: Row, start: int | None = None) -> Laid | Refusal:
        """The pair; both rows have the same prompt and tools.

        `start` is given for a fork: an assistant turn of both, all before it is alike and belongs to the prompt.
        """
        raise ConfigError(f"format {self.name!r} has no dpo")

    def rl(self, prompt: Prompt) -> Laid | Refusal:
        """A prompt with its ground truth."""
        raise ConfigError(f"format {self.name!r} has no rl")

    def read(self, kind: Kind, file: str, record: dict[str, Any]) -> tuple[Content, ...]:
        """A record as the trainer understands it, one content for each of the record's `holds`."""
        raise ConfigError(f"format {self.name!r} has no {kind}")

    def differs(self, kind: Kind, laid: Laid, record: dict[str, Any]) -> str:
        """What a record read back lacks of its source, in words; empty when nothing."""
        if kind == "rl":
            return "" if record == laid.record else "the prompt differs"
        found = self.read(kind, laid.file, record)
        if len(found) != len(laid.holds):
            return f"{len(laid.holds)} conversations became {len(found)}"
        for part, content in zip(laid.holds, found, strict=True):
            what = difference(part.content(), content)
            if what:
                return what
        return ""

    def features(self, kind: Kind, file: str = "train") -> Any:
        """`datasets.Features` of a file's columns. Raises MissingExtra without the `datasets` package."""
        raise ConfigError(f"format {self.name!r} has no {kind}")

    def extras(self, kind: Kind, files: dict[str, int]) -> dict[str, bytes]:
        """Files the trainer wants beside the data, by name; `files` are the data files with their rows."""
        return {}


def last_messages(chosen: Row, rejected: Row) -> tuple[int, Refusal | None]:
    """Where sides of one message each begin; refused when the pair diverges before the final message."""
    cut = shared_prefix(chosen, rejected)
    if len(chosen.messages) == len(rejected.messages) == cut:
        return cut, Refusal(reason="pair.identical")
    if len(chosen.messages) == cut + 1 == len(rejected.messages):
        return cut, None
    return cut, Refusal(reason="pair.several_messages", detail="the target has one message a side")


def side(row: Row, start: int) -> Part:
    """A side of a pair whose loss begins at message `start`."""
    turns = frozenset(i for i, m in enumerate(row.messages) if i >= start and m["role"] == "assistant")
    return Part(row=row, end=len(row.messages), trained=turns)


def provenance(row: Row) -> dict[str, Any]:
    """Where a row comes from; trainers ignore columns they do not know."""
    return {"trajectory": row.trajectory, "conversation": row.conversation}


def strings(*names: str) -> dict[str, Any]:
    """Columns of text."""
    value = datasets_module().Value
    return {name: value("string") for name in names}


def datasets_module() -> Any:
    """The `datasets` package, or MissingExtra."""
    try:
        import datasets
    except ImportError:
        raise MissingExtra("datasets", "hub") from None
    return datasets


def source_features() -> dict[str, Any]:
    """Columns of `provenance`."""
    return {**strings("trajectory"), "conversation": datasets_module().Value("int64")}
