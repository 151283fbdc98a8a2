"""A foreign row (HotpotQA, MuSiQue, SQuAD, plain JSONL) becomes a Question: columns mapped, answers and pages gathered.

Level 2; imports types, errors, config and codec. Tests: tests/questions/test_rows.py.
"""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from trajsynth.codec import scrub
from trajsynth.config import Columns
from trajsynth.errors import RecordError, unknown
from trajsynth.types import Document, Question

META_CHARS = 200
"""Longest text of a leftover column that is kept as meta."""
TITLE_CHARS = 60
"""Length of the title made for a paragraph that has none."""
MISSING = object()
TEXT_KEYS = ("text", "paragraph_text", "sentences", "contents", "content", "passage", "body", "paragraph")
TITLE_KEYS = ("title", "titles", "name")
DOCUMENT_COLUMNS = ("context", "paragraphs", "documents", "passages")
"""Where pages are looked for when the documents column is left at its default: the first that exists."""


def stable_id(text: str, answers: Sequence[str]) -> str:
    """An id for a question without one: 16 hex digits of its text and answers, the same everywhere."""
    return hashlib.blake2b(msgspec.json.encode([text, *answers]), digest_size=8).hexdigest()


def to_question(row: Mapping[str, Any], columns: Columns, where: str) -> Question:
    """The row as a Question. Raises RecordError, `where: column ...`, for a missing column or a wrong shape."""
    text = _text(row, columns.question, where)
    answers = _answers(row, columns, where)
    column = _documents_column(row, columns, where)
    documents = tuple(_unique(_documents(_lookup(row, column), f"{where}: column {column!r}")))
    given = _lookup(row, columns.id)
    name = "" if given is MISSING or given is None or isinstance(given, list | Mapping) else scrub(str(given)).strip()
    return Question(
        id=name or stable_id(text, answers),
        text=text,
        answers=answers,
        documents=documents,
        meta=_meta(row, columns, column, answers),
    )


# ---- columns ------------------------------------------------------------------------------------------------------


def _lookup(row: Mapping[str, Any], column: str) -> Any:
    """Value of a column; dots go into nested objects, unless a key is written with them."""
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value


def _keys(row: Mapping[str, Any], column: str) -> list[str]:
    """What the user may have meant: the row's keys, nested ones with dots where the column has dots."""
    keys = [str(key) for key in row]
    if "." in column:
        keys += [f"{key}.{inner}" for key, value in row.items() if isinstance(value, Mapping) for inner in value]
    return keys


def _text(row: Mapping[str, Any], column: str, where: str) -> str:
    value = _lookup(row, column)
    if value is MISSING:
        raise RecordError(f"{where}: {unknown('column', column, _keys(row, column))}; set questions.columns.question")
    if not isinstance(value, str) or not value.strip():
        shown = "empty" if isinstance(value, str) or value is None else f"{_kind(value)}, not text"
        raise RecordError(f"{where}: column {column!r} holds no question: it is {shown}; mend or remove this row")
    return scrub(value.strip())


def _answers(row: Mapping[str, Any], columns: Columns, where: str) -> tuple[str, ...]:
    found = []
    for column, default in ((columns.answer, Columns().answer), (columns.aliases, Columns().aliases)):
        value = _lookup(row, column)
        if value is MISSING:
            _check_absent(row, column, default, where)
        else:
            found += list(_forms(value, f"{where}: column {column!r}"))
    return tuple(dict.fromkeys(found))


def _check_absent(row: Mapping[str, Any], column: str, default: str, where: str) -> None:
    """An absent column is fine while nobody named it and the row has nothing that looks like it."""
    close = difflib.get_close_matches(column, [str(key) for key in row], n=1, cutoff=0.8)
    if column != default or (close and column == Columns().answer):
        key = "answer" if default == Columns().answer else "aliases"
        raise RecordError(f"{where}: {unknown('column', column, _keys(row, column))}; set questions.columns.{key}")


def _forms(value: Any, where: str) -> Iterator[str]:
    """Texts of an answer: a string, a number, yes/no for booleans, or a list of these."""
    if value is None:
        return
    if isinstance(value, str):
        if value.strip():
            yield scrub(value.strip())
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif isinstance(value, int | float) and math.isfinite(value):
        yield str(int(value)) if float(value).is_integer() else str(value)
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, list | tuple):
                raise RecordError(f"{where}: answers are nested too deep; a text, a number or a list of them is wanted")
            yield from _forms(item, where)
    else:
        raise RecordError(
            f"{where}: {_kind(value)} is no answer; name the part that is, with dots, such as 'answer.text'"
        )


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", int: "a number", float: "a number", bool: "true/false"}
    return names.get(type(value), type(value).__name__)


def _meta(row: Mapping[str, Any], columns: Columns, documents: str, answers: tuple[str, ...]) -> dict[str, Any]:
    """Small scalars of the other columns (type, level, ...), never one that repeats an answer."""
    used = {
        column.split(".")[0] for column in (columns.id, columns.question, columns.answer, columns.aliases, documents)
    }
    folded = {answer.casefold() for answer in answers}
    meta: dict[str, Any] = {}
    for key, value in row.items():
        if key in used or "supporting" in key or value in (None, ""):
            continue
        if isinstance(value, str):
            value = scrub(value)
        scalar = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
        if scalar and len(str(value)) <= META_CHARS and str(value).strip().casefold() not in folded:
            meta[scrub(str(key))] = value
    return meta


# ---- documents ----------------------------------------------------------------------------------------------------


def _documents_column(row: Mapping[str, Any], columns: Columns, where: str) -> str:
    if _lookup(row, columns.documents) is not MISSING:
        return columns.documents
    if columns.documents != Columns().documents:
        known = _keys(row, columns.documents)
        raise RecordError(f"{where}: {unknown('column', columns.documents, known)}; set questions.columns.documents")
    return next((column for column in DOCUMENT_COLUMNS if column in row), columns.documents)


def _documents(value: Any, where: str) -> Iterator[Document]:
    """Pages in any of the layouts in use; what has no text gives none."""
    if value is MISSING or value is None:
        return
    if isinstance(value, str):
        yield from _document("", value)
    elif isinstance(value, Mapping):
        yield from _from_object(value, where)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _from_item(item, where)
    else:
        raise RecordError(f"{where}: {_kind(value)} holds no pages; {_WANTED}")


_WANTED = "wanted: {title: [...], sentences: [[...]]}, a list of {title, text}, or {title: text}"


def _from_object(value: Mapping[str, Any], where: str) -> Iterator[Document]:
    titles = next((value[key] for key in TITLE_KEYS if isinstance(value.get(key), list | tuple)), None)
    texts = next((value[key] for key in TEXT_KEYS if isinstance(value.get(key), list | tuple)), None)
    if titles is not None and texts is not None:
        if len(titles) != len(texts):
            raise RecordError(f"{where}: {len(titles)} titles for {len(texts)} texts; there must be one text a title")
        for title, text in zip(titles, texts, strict=True):
            yield from _document(title, text)
    elif any(key in value for key in TITLE_KEYS[:1]) and any(key in value for key in TEXT_KEYS):
        yield from _from_item(value, where)
    else:
        for title, text in value.items():
            if not isinstance(text, str | list | tuple):
                raise RecordError(f"{where}: the text of {title!r} is {_kind(text)}; {_WANTED}")
            yield from _document(title, text)


def _from_item(item: Any, where: str) -> Iterator[Document]:
    if isinstance(item, str):
        yield from _document("", item)
    elif isinstance(item, Mapping):
        title = next((item[key] for key in TITLE_KEYS if key in item), "")
        text = next((item[key] for key in TEXT_KEYS if key in item), None)
        if text is None:
            raise RecordError(
                f"{where}: a page has no text among its keys {', '.join(sorted(map(str, item)))}; {_WANTED}"
            )
        yield from _document(title, text)
    elif isinstance(item, list | tuple) and len(item) == 2:
        yield from _document(item[0], item[1])
    else:
        raise RecordError(f"{where}: a page is {_kind(item)}; {_WANTED}")


def _document(title: Any, text: Any) -> Iterator[Document]:
    parts = text if isinstance(text, list | tuple) else [text]
    body = scrub(" ".join(str(part).strip() for part in parts if part is not None and str(part).strip()))
    name = scrub(" ".join(str(title).split())) if title is not None else ""
    if body:
        yield Document(title=name or _made_title(body), text=body)


def _made_title(text: str) -> str:
    start = " ".join(text[: 2 * TITLE_CHARS].split())
    return start if len(start) <= TITLE_CHARS else start[:TITLE_CHARS].rsplit(" ", 1)[0] + " …"


def _unique(documents: Iterator[Document]) -> Iterator[Document]:
    return iter(dict.fromkeys(documents))
