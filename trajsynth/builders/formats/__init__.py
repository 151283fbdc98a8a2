"""Formats: how a row of ours is laid out for one trainer. A format names its files, lays out rows and reads them back.

Level 3, imports formats.base, builders.rows and errors. Tests: tests/builders/.
"""

from __future__ import annotations

from typing import Any, Literal

from trajsynth.builders.formats.axolotl import Axolotl
from trajsynth.builders.formats.base import FileType, Format, Kind, Laid
from trajsynth.builders.formats.llamafactory import LlamaFactory
from trajsynth.builders.formats.openai import OpenAI
from trajsynth.builders.formats.swift import Swift
from trajsynth.builders.formats.tokens import Tokens, token_features
from trajsynth.builders.formats.trl import Trl
from trajsynth.builders.formats.verl import Verl
from trajsynth.errors import ConfigError, unknown

FORMATS: dict[str, type[Format]] = {
    kind.name: kind for kind in (Trl, Tokens, LlamaFactory, Swift, Axolotl, Verl, OpenAI)
}

__all__ = ["FORMATS", "FileType", "Format", "Kind", "Laid", "features", "format_named"]


def format_named(
    name: str,
    *,
    tokenizer: Any = None,
    chat_template: str | None = None,
    tool_class: str = "",
    run: str = "",
    kind: Kind | None = None,
) -> Format:
    """A fresh format. Raises ConfigError for a name nobody knows, for a `kind` that it has not got, and for `tokens`
    without a tokenizer."""
    if name not in FORMATS:
        raise ConfigError(unknown("format", name, FORMATS))
    if kind is not None:
        FORMATS[name].require_kind(kind)
    if name == Verl.name:
        return Verl(tool_class, run)
    if name != Tokens.name:
        return FORMATS[name]()
    if tokenizer is None:
        raise ConfigError("format 'tokens' needs a tokenizer: --tokenizer NAME (or `tokenizer:` in the config)")
    return Tokens(tokenizer, chat_template)


def features(kind: Literal["sft", "masked", "dpo", "rl"], format: str = "trl") -> Any:
    """`datasets.Features` of a format's JSONL file: SFT's `train.jsonl`, TRL's `train_masked.jsonl`, pairs or prompts.

    Give them to `load_dataset("json", data_files=..., features=features("sft"))`: without them the loader guesses types
    from the first rows, fills every call's arguments with the others' keys, or stops at a later row. Parquet files
    carry them. Raises MissingExtra without the `datasets` package.
    """
    if format == Tokens.name:
        return token_features()
    layout = format_named(format)
    return layout.features("sft", "train_masked") if kind == "masked" else layout.features(kind)
