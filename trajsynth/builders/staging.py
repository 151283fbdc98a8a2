"""What a push sends, made ready on this machine: each data file of a build as Parquet shards, no secret among its rows.

A built folder (`datasets/sft`) is a config of the Hub's data set; its files are splits, and files with other columns
(`train_masked`) are configs of their own. Level 3, imports builders.files, formats, report and credentials.
Tests: tests/builders/test_builders_staging.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from trajsynth.builders import files
from trajsynth.builders.formats import FORMATS, features
from trajsynth.builders.formats.base import datasets_module
from trajsynth.builders.formats.tokens import Tokens
from trajsynth.builders.report import STATS_FILE
from trajsynth.builders.split import train_stem
from trajsynth.credentials import find_secrets
from trajsynth.errors import InputError

SHARD_BYTES = 256_000_000
"""Most bytes of rows (as JSON, or in memory) in a Parquet file; compressed, a file has about a fifth of it."""
_BATCH = 64
_STEM = re.compile(r"(train|validation|test)(?:[_-](.+))?")
_NAMED = 3
"""Places of secrets that an error names."""
_SHOWN = 6
"""Characters of a secret that an error shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One data file of a build, and where it goes."""

    config: str
    split: str
    path: Path
    rows: int
    stats: dict[str, Any]
    """stats.json of its folder."""

    @property
    def columns(self) -> Any:
        """Its `datasets.Features`. Raises InputError for JSON lines of a format that is not ours."""
        if self.path.suffix == ".parquet":
            import pyarrow.parquet as parquet

            return datasets_module().Features.from_arrow_schema(parquet.read_schema(self.path))
        name, kind = self.stats["format"], self.stats["builder"]
        if name not in FORMATS:
            raise InputError(
                f"{str(self.path)!r}: nothing says what its columns are; build it as Parquet (file_type: parquet)"
            )
        if name == Tokens.name:
            return features("sft", name)
        return FORMATS[name]().features(kind, train_stem(self.path.stem))


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Shards of one split, and what a reader of the Hub must know of them."""

    part: Part
    features: Any
    shards: tuple[Path, ...]
    bytes: int
    memory: int
    """Bytes uncompressed."""
    example: dict[str, Any]
    """The first row."""


def parts(folder: Path) -> list[Part]:
    """The data files of a run's `datasets/*`, or of one built folder, by config and split.

    Raises InputError when there are none, when a file is gone, when a check found differences, or when two files claim
    one config and split.
    """
    built = sorted(path.parent for path in (folder / "datasets").glob(f"*/{STATS_FILE}"))
    if not built and (folder / STATS_FILE).exists():
        built = [folder]
    found = [part for path in built for part in _parts(path)]
    if not found:
        raise InputError(f"no built data set in {str(folder)!r}; run first: trajsynth build sft {folder}")
    places: dict[tuple[str, str], Part] = {}
    for part in found:
        other = places.setdefault((part.config, part.split), part)
        if other is not part:
            raise InputError(
                f"{str(other.path)!r} and {str(part.path)!r} would both be split {part.split!r} of config "
                f"{part.config!r}; rename one of the folders"
            )
    return sorted(found, key=lambda part: (part.config, part.split))


def _parts(folder: Path) -> list[Part]:
    path = folder / STATS_FILE
    try:
        stats = orjson.loads(path.read_bytes())
        counts, differences = dict(stats["files"]), stats.get("differences")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{str(path)!r} cannot be read: {error}; build the data set again") from None
    if differences:
        raise InputError(f"{str(folder)!r}: its check found {differences[0]!r}; build it again before it is published")
    missing = next((name for name in counts if not (folder / name).exists()), None)
    if missing is not None:
        raise InputError(f"{str(folder / missing)!r} is missing, but stats.json counts its rows; build it again")
    return [_part(folder, name, rows, stats) for name, rows in counts.items()]


def _part(folder: Path, name: str, rows: int, stats: dict[str, Any]) -> Part:
    stem = name.rpartition(".")[0]
    match = _STEM.fullmatch(stem)
    split, rest = (match[1], match[2]) if match else ("train", stem)
    config = "-".join([folder.resolve().name, *([rest.replace("_", "-")] if rest else [])])
    return Part(config=config, split=split, path=folder / name, rows=rows, stats=stats)


def stage(part: Part, folder: Path, shard_bytes: int = SHARD_BYTES) -> Staged:
    """Write a part's shards into `folder`, named as the Hub has them: `{config}/{split}-00000-of-0000N.parquet`.

    The same rows give the same bytes, so a push made again sends nothing twice. Raises InputError when a row holds a
    secret, naming row and file, or when there are fewer rows than were built.
    """
    columns = part.columns
    home = folder / part.config
    home.mkdir(parents=True, exist_ok=True)
    guard = _Guard(part.path)
    try:
        written = _written(part, home, guard, shard_bytes)
    except ValueError as error:
        said = " ".join(str(error).split())
        raise InputError(f"{part.path}:{guard.rows + 1} cannot be read: {said}; build it again") from None
    guard.finish()
    if guard.rows != part.rows:
        raise InputError(f"{str(part.path)!r} has {guard.rows} rows, its stats.json says {part.rows}; build it again")
    shards = []
    for number, path in enumerate(written):
        name = f"{part.split}-{number:05}-of-{len(written):05}.parquet"
        shards.append(path.rename(path.with_name(name)))
    return Staged(
        part=part,
        features=columns,
        shards=tuple(shards),
        bytes=sum(path.stat().st_size for path in shards),
        memory=sum(map(_memory, shards)),
        example=guard.first,
    )


def _memory(path: Path) -> int:
    import pyarrow.parquet as parquet

    about = parquet.read_metadata(path)
    return sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))


def _written(part: Part, home: Path, guard: _Guard, shard_bytes: int) -> list[Path]:
    """Shards in the order of their rows, under names that do not yet say how many there are."""
    if part.path.suffix == ".jsonl":
        return _from_lines(part, home, guard, shard_bytes)
    return _from_parquet(part, home, guard, shard_bytes)


def _from_lines(part: Part, home: Path, guard: _Guard, shard_bytes: int) -> list[Path]:
    columns, size = part.columns, 0
    written: list[Path] = []
    with part.path.open("rb") as file, ExitStack() as stack:
        sink: files.Sink | None = None
        for line in file:
            if sink is None or size + len(line) > shard_bytes:
                stack.pop_all().close()
                written.append(home / f"{part.split}.{len(written):05}.parquet")
                sink, size = stack.enter_context(files.sink(written[-1], columns)), 0
            row = json.loads(line)
            guard.pass_on(row)
            sink.write(row)
            size += len(line)
    return written


def _from_parquet(part: Part, home: Path, guard: _Guard, shard_bytes: int) -> list[Path]:
    import pyarrow.parquet as parquet

    written: list[Path] = []
    size = 0
    with parquet.ParquetFile(part.path) as opened, ExitStack() as stack:
        writer: Any = None
        for batch in opened.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                guard.pass_on(row)
            if writer is None or size + batch.nbytes > shard_bytes:
                stack.pop_all().close()
                written.append(home / f"{part.split}.{len(written):05}.parquet")
                writer, size = stack.enter_context(parquet.ParquetWriter(written[-1], opened.schema_arrow)), 0
            writer.write_batch(batch)
            size += batch.nbytes
    return written


class _Guard:
    """Looks at every row on its way out."""

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self.first: dict[str, Any] = {}
        self._path = path
        self._found: list[str] = []

    def pass_on(self, row: dict[str, Any]) -> None:
        self.rows += 1
        self.first = self.first or row
        secret = next(secrets(row), None) if len(self._found) < _NAMED else None
        if secret is not None:
            self._found.append(f"{self._path}:{self.rows} {secret}")

    def finish(self) -> None:
        """Raises InputError when a secret went by."""
        refuse(self._found)


def refuse(places: list[str]) -> None:
    """Raises InputError when there are places of secrets."""
    if places:
        more = " (and maybe more)" if len(places) >= _NAMED else ""
        raise InputError(
            f"nothing was uploaded: {'; '.join(places[:_NAMED])}{more}; curate with a recipe that drops 'secret' "
            "(sft, dpo, rl, strict), build again, and revoke what has leaked"
        )


def secrets(value: Any, path: str = "") -> Iterator[str]:
    """`kind abc... in messages.3.content` for each secret in a row, keys looked at with their values."""
    if isinstance(value, str):
        for kind, start, end in find_secrets(value):
            yield f"{kind} {_short(kind, value[start:end])} in {path or 'the text'}"
        if value[:1] in "{[":
            yield from _inside(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _items(f"{path}.{key}" if path else str(key), str(key), item)
    elif isinstance(value, list | tuple) and not (value and isinstance(value[0], int)):
        for index, item in enumerate(value):
            yield from secrets(item, f"{path}.{index}")


def _items(path: str, key: str, item: Any) -> Iterator[str]:
    if isinstance(item, str) and not any(True for _ in find_secrets(item)):
        pair = f'{key}="{item}'  # api_key and its value stand apart in an object
        for kind, start, end in find_secrets(pair)[:1]:
            yield f"{kind} {_short(kind, pair[start:end])} in {path}"
            return
    yield from secrets(item, path)


def _inside(text: str, path: str) -> Iterator[str]:
    """Secrets in JSON text, whose quotes hide them from the patterns."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict | list) and not find_secrets(text):
        yield from secrets(value, path)


def _short(kind: str, secret: str) -> str:
    return "" if kind == "private" else f"{secret[:_SHOWN]}..."


def secrets_of(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Places of secrets in (name, text) files that go along."""
    return [f"{name}: {found}" for name, text in texts for found in list(secrets(text))[:1]]
