"""The file behind the corpus tools: pages and their full-text index in one documents.sqlite.

Words are matched without case, diacritics and English endings; scripts without spaces are indexed character by
character. Level 2; imports types, errors and codec. Tests: tests/tools/test_tools_corpus.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from trajsynth.codec import decode, scrub
from trajsynth.errors import InputError, RecordError
from trajsynth.types import Document

MOST_WORDS = 48
"""Words of a query that are looked up; the rest of a longer one is left out."""
_UNSPACED = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\u0e00-\u0e7f])")
_COMMON = frozenset(
    str.split(
        "a an and are as at be by did do does for from had has have how in is it its of on or that the their there "
        "this to was were what when where which who whom whose why will with"
    )
)
_SCHEMA = """
CREATE TABLE documents (id INTEGER PRIMARY KEY, title TEXT NOT NULL, folded TEXT NOT NULL, plain TEXT NOT NULL,
                        base TEXT NOT NULL, digest BLOB NOT NULL, text TEXT NOT NULL);
CREATE UNIQUE INDEX by_title ON documents (title);
CREATE INDEX by_folded ON documents (folded);
CREATE INDEX by_plain ON documents (plain);
CREATE INDEX by_base ON documents (base, digest);
CREATE VIRTUAL TABLE words USING fts5(title, text, content='', tokenize="porter unicode61 remove_diacritics 2");
"""


def build_documents(path: str | Path, documents: Iterable[Document]) -> int:
    """Write pages to `path`, which appears whole or not at all; returns how many there are.

    Identical pages are merged; another text under the same title becomes `Title (2)`. Raises InputError when the folder
    cannot be written, and whatever `documents` raises (then the old file, if any, stays).
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    except OSError as error:
        raise InputError(f"cannot write {str(target)!r}: {error.strerror}") from None
    os.close(descriptor)
    temporary = Path(name)
    try:
        count = _fill(temporary, documents)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return count


def read_documents(path: str | Path) -> Iterator[Document]:
    """Pages of a JSON-lines file of `{title, text}`; raises RecordError naming file and line."""
    empty = True
    try:
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    document = decode(line, Document, f"{path}:{number}")
                    if not document.text.strip():
                        raise RecordError(f"{path}:{number}: the page {document.title!r} has no text")
                    empty = False
                    yield document
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror}") from None
    if empty:
        raise InputError(f"{str(path)!r} holds no page; one JSON object with title and text a line is wanted")


def spaced(text: str) -> str:
    """Characters of scripts without spaces set apart, so that each is a word of its own."""
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def match_words(query: str) -> list[str]:
    """The query's words as quoted FTS5 strings, so nothing in a query is ever syntax; neighbours in scripts without
    spaces stay together.
    """
    return ['"' + " ".join(spaced(word).split()) + '"' for word in telling_words(query)[:MOST_WORDS]]


def telling_words(query: str) -> list[str]:
    """The query's words, each once; very common ones are left out unless there is nothing else."""
    words = list(dict.fromkeys(re.findall(r"\w+", scrub(query).replace("\0", " "))))
    return [word for word in words if word.casefold() not in _COMMON] or words


def _fill(path: Path, documents: Iterable[Document]) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        for document in documents:
            _add(connection, document)
        connection.execute("COMMIT")
        connection.execute("INSERT INTO words(words) VALUES ('optimize')")
        (count,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    return int(count)


def _add(connection: sqlite3.Connection, document: Document) -> None:
    base = " ".join(scrub(document.title).replace("\0", " ").split()) or "Untitled"
    text = scrub(document.text).replace("\0", " ")
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    if connection.execute("SELECT 1 FROM documents WHERE base = ? AND digest = ?", (base, digest)).fetchone():
        return
    title, copy = base, 1
    while connection.execute("SELECT 1 FROM documents WHERE title = ?", (title,)).fetchone():
        copy += 1
        title = f"{base} ({copy})"
    folded = title.casefold()
    plain = re.sub(r"\s*\([^()]*\)$", "", folded)
    row = connection.execute(
        "INSERT INTO documents (title, folded, plain, base, digest, text) VALUES (?, ?, ?, ?, ?, ?)",
        (title, folded, plain, base, digest, text),
    )
    connection.execute(
        "INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", (row.lastrowid, spaced(title), spaced(text))
    )
