"""Reads rows of a data set on the Hugging Face Hub; whatever goes wrong there becomes one line that says what to mend.

Level 2; imports errors and config, `datasets` inside the function. Tests: tests/questions/test_hub.py.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trajsynth.config import DatasetQuestions
from trajsynth.errors import InputError, MissingExtra, RecordError

SHUFFLE_BUFFER = 10_000
"""Rows a streamed data set is shuffled within (datasets' own default is 1,000)."""
_SAID = 240
"""Characters of a foreign error message that are passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How the place where a data set was named is spoken of."""

    place: str = "questions.hf"
    split: str = "set questions.split"
    config: str = "set questions.config"
    path: str = "download the file and set path"


IN_CONFIG = Wording()
IN_COMMAND = Wording(
    place="hf:",
    split="write hf:USER/NAME:CONFIG:SPLIT",
    config="write hf:USER/NAME:CONFIG",
    path="download the file and name that",
)


def rows(config: DatasetQuestions, wording: Wording = IN_CONFIG) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, row). With a limit the data set is streamed, so only what is needed is fetched; a shuffle is then one
    within a buffer of SHUFFLE_BUFFER rows (and of the order of the files). Raises InputError, MissingExtra.
    """
    if importlib.util.find_spec("datasets") is None:
        raise MissingExtra("datasets", "hub")
    from datasets.exceptions import DatasetsError

    name = f"{config.hf}" + (f" ({config.config})" if config.config else "") + f" {config.split}"
    try:
        for number, row in enumerate(_open(config)):
            if not isinstance(row, Mapping):
                raise RecordError(f"{name} row {number}: not an object")
            yield f"{name} row {number}", row
    except InputError:
        raise
    except (DatasetsError, OSError, ValueError, RuntimeError, KeyError, TypeError, NotImplementedError) as error:
        raise InputError(f"{wording.place} {config.hf!r}: {explain(error, config, wording)}") from error


def _open(config: DatasetQuestions) -> Any:
    from datasets import load_dataset

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # each of its retries would be a line of its own
    streaming = config.limit is not None
    data = load_dataset(config.hf, config.config, split=config.split, revision=config.revision, streaming=streaming)
    if config.shuffle is None:
        return data
    if streaming:
        return data.shuffle(seed=config.shuffle, buffer_size=SHUFFLE_BUFFER)
    return data.shuffle(seed=config.shuffle)


def explain(error: BaseException, config: DatasetQuestions, wording: Wording = IN_CONFIG) -> str:
    """What to do about an exception of `datasets`, in one line with what it said."""
    said = " ".join(str(error).split())
    shown = said if len(said) <= _SAID else said[: _SAID - 1] + "…"
    return f"{_advice(error, said.lower(), config, wording)} ({type(error).__name__}: {shown})"


def _advice(error: BaseException, said: str, config: DatasetQuestions, wording: Wording) -> str:
    if "gated" in said or "401" in said or "403" in said:
        return "access is restricted; accept its terms on the Hub and set HF_TOKEN"
    if isinstance(error, ConnectionError) or "offline" in said or "couldn't reach" in said or "connection" in said:
        return f"the Hub cannot be reached; check the network (and HF_HUB_OFFLINE), or {wording.path}"
    if "split" in said:
        return f"it has no split {config.split!r}; {wording.split}"
    if "config name is missing" in said or "builderconfig" in said:
        wrong = f"it has no config {config.config!r}" if config.config else "it has several configs"
        return f"{wrong}; {wording.config}"
    if "scripts are no longer supported" in said or "trust_remote_code" in said:
        return "it needs a loading script, which datasets no longer runs; use a parquet revision or a local file"
    if "doesn't exist" in said or "not found" in said or "404" in said:
        return "no such data set (or it is private: set HF_TOKEN); check its name" + (
            " and questions.revision" if config.revision else ""
        )
    return "it could not be read"
