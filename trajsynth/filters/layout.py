"""How a text is laid out: sentences of prose, items of lists, lines of verse; data, code, tables and quotes apart.

Level 2, standard library only. The filters of repetition look at what an agent says in its own words: a table repeats
itself on purpose. Tests: tests/filters/test_filters_layout.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from trajsynth.filters.words import words

Kind: TypeAlias = Literal["prose", "list", "verse", "data"]

_FENCE = re.compile(r"\s{0,12}(?:```|~~~)")
_MARKUP = re.compile(
    r"<(use_mcp_tool|tool_call|function_call|tool_response|tool_result|observation|arguments|function)\b[^>]{0,80}>"
    r".*?(?:</\1>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_QUOTE = re.compile(r"\s*>")
_TABLE = re.compile(
    r"[^|]*\|[^|]*\||\s*[|+┌├└│]|[^\t]+\t[^\t]+\t"
    r"|[^,;\s]+(?: [^,;\s]+){0,7}(?:[,;](?:[^,;\s]+(?: [^,;\s]+){0,7})?){2,}\Z"
)
_COLUMN = re.compile(r"[^.!?\s] {3,}\S")
_JSON = re.compile(r"\s*(?:[\[{}\]]|\"[^\"]{0,80}\"\s*[:,]?(?:\s*\Z|\s*[\[{\"\d-]|\s*(?:true|false|null)))")
_LOG = re.compile(
    r"\s*\[?(?:\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d"
    r"|(?:INFO|DEBUG|WARN(?:ING)?|ERROR|TRACE|FATAL|CRITICAL|PASS(?:ED)?|FAIL(?:ED)?|ok)\b[\]: ])"
)
_CODE = re.compile(
    r"\s*(?:(?:def|class|import|from \w+ import|elif|except|return|raise|assert|yield|const|let \w+ =|var \w+ ="
    r"|function|public|private|static|package|using|SELECT|INSERT|UPDATE|DELETE|CREATE)\b"
    r"|else:|try:|finally:|#include|#define|\$ |>>>|\.\.\. |@\w+\Z|//|/\*|\*/|<\?|</?\w[^>]{0,400}>)"
    r"|\s*[A-Za-z_][\w.\[\]'\"]{0,60}\s?(?:[-+*/|&]?=|:=)\s?\S"
    r"|\s*(?:await\s+)?[A-Za-z_][\w.]{0,60}\([^)]{0,200}\)?.{0,40}\Z"
    r"|(?: {4}|\t)\s*[\w.]{1,60}[\[(]"
)
_CODE_ENDS = (";", "{", "}", "):", "=>", "\\", "};", "),")
_SPOKEN = re.compile(r"[^=(){};]*[.!?]\s*\Z")
_NUMBER_WORD = r"[一二三四五六七八九十百]{1,4}|[๐-๙0-9]{1,4}"
_MARKER = re.compile(
    rf"\s*(?:[-*+•·▪◦–—]\s+)?(?:\*\*)?(?P<counter>\(?(?:\d{{1,4}}|[a-zA-Z]|[ivxIVX]{{1,5}})(?:[.)](?:\s+|\Z)|[、．]\s*)"
    rf"|第?(?:{_NUMBER_WORD})(?:[、．步次]|[.)]\s)[：:，]?\s*"
    rf"|(?:[^\W\d]{{1,12}}\s?)?#?\d{{1,4}}\s?(?:[:：]|\s[-–—]\s)\s*)(?:\*\*)?|\s*(?P<bullet>[-*+•·▪◦–—]\s+|\#{{1,6}}\s)"
)
_LABEL = re.compile(r"\s*(?:\*\*)?(?:[^\W\d][\w'’/-]*)(?: [\w'’/-]+){0,3}(?:\*\*)?\s?[:：](?:\*\*)?\s+(?=\S)")
_END = re.compile(
    r"(?:(?<=[.!?…])|(?<=[.!?][\"'”’)*_]))\s+|(?<=[。！？；])[”’」』）]*\s*|(?<=[\u0e00-\u0e7f]) +(?=[\u0e00-\u0e7f])"
    r"|(?<=[ๆฯ])\s+|(?<=[。！？])|\n"
)
_ASCII_END = re.compile(r"[.!?][\"')*_]?(\s+)")
"""The same as `_END` inside a line of ASCII, many times faster."""
_VERSE_CHARS = 72
_VERSE_LINES = 3
_STANZAS = 3
_PARAGRAPH = 300
_CACHED_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a line that is one: text[start:end], list marker left out."""

    start: int
    end: int
    kind: Kind
    item: int
    """Which of the text's numbered (or lettered) list items it belongs to; -1: none."""
    words: tuple[str, ...]
    """Its units (`trajsynth.filters.words`)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line: text[start:end], without its newline."""

    start: int
    end: int
    kind: Kind
    paragraph: int


def lines(text: str) -> list[Line]:
    """The lines that hold something, each with its kind; paragraphs are told apart by empty lines."""
    markup = [match.span() for match in _MARKUP.finditer(text)] if "<" in text else []
    found: list[Line] = []
    split = text.split("\n")
    fences = sum(_FENCE.match(raw) is not None for raw in split)
    fenced, paragraph, at, m = False, 0, 0, 0
    for raw in split:
        start, end = at, at + len(raw)
        at = end + 1
        while m < len(markup) and markup[m][1] <= start:
            m += 1
        if _FENCE.match(raw):
            fences -= 1
            fenced = not fenced and fences > 0  # a fence that is never closed fences nothing
            continue
        if not raw or raw.isspace():
            paragraph += 1
            continue
        inside = m < len(markup) and markup[m][0] <= start + len(raw) - len(raw.lstrip())
        found.append(Line(start, end, "data" if fenced or inside else _kind(raw), paragraph))
    return found


def _kind(raw: str) -> Kind:
    if len(raw) > 2_000:  # no line of data written by hand is that long, but minified JSON is
        return "data" if _JSON.match(raw) else "prose"
    if _MARKER.match(raw) or _LABEL.match(raw):
        return "data" if _TABLE.match(raw) or _LOG.match(raw) else "list"
    if any(form.match(raw) for form in (_QUOTE, _TABLE, _JSON, _LOG)) or _is_code(raw):
        return "data"
    return "data" if "   " in raw and len(_COLUMN.findall(raw)) > 1 else "prose"


def _is_code(raw: str) -> bool:
    """Whether a line is code; one that opens like it and ends like a sentence is none."""
    return raw.rstrip().endswith(_CODE_ENDS) or (_CODE.match(raw) is not None and _SPOKEN.match(raw) is None)


def sentences(text: str) -> tuple[Sentence, ...]:
    """Every sentence that is no data, in order."""
    return _remembered(text) if len(text) <= _CACHED_CHARS else tuple(_sentences(text))


def _sentences(text: str) -> Iterator[Sentence]:
    found = lines(text)
    verse = _verse(found)
    items = 0
    for i, line in enumerate(found):
        if line.kind == "data":
            continue
        start, item = line.start, -1
        marker = _MARKER.match(text, line.start, line.end) if line.kind == "list" else None
        if marker is not None:
            start = marker.end()
            if marker["counter"] is not None:
                item = items
                items += 1
        yield from _cut(text, start, line, "verse" if i in verse else line.kind, item)


@lru_cache(maxsize=32)
def _remembered(text: str) -> tuple[Sentence, ...]:
    return tuple(_sentences(text))


def _cut(text: str, start: int, line: Line, kind: Kind, item: int) -> Iterator[Sentence]:
    """The sentences of one line.

    Prose is what follows the first sentence of an item as long as a paragraph, and a line with a second counter in it.
    """
    if text.isascii():
        ends = [match.span(1) for match in _ASCII_END.finditer(text, start, line.end)]
    else:
        ends = [match.span() for match in _END.finditer(text, start, line.end)]
    if kind == "list" and any(_MARKER.match(text, end, line.end) for _, end in ends):
        start, kind, item = line.start, "prose", -1
    at, long = start, line.end - line.start > _PARAGRAPH
    for end, following in [*ends, (line.end, line.end)]:
        if end > at:
            yield Sentence(at, end, kind, item, tuple(words(text[at:end])))
            if kind == "list" and long:
                kind, item = "prose", -1
        at = max(at, following)


def _verse(found: list[Line]) -> set[int]:
    """Indices of lines in stanzas: paragraphs of three and more short lines, where there are three of them."""
    stanzas: list[range] = []
    first = 0
    for i in range(1, len(found) + 1):
        if i < len(found) and found[i].paragraph == found[first].paragraph:
            continue
        short = all(line.end - line.start <= _VERSE_CHARS and line.kind != "data" for line in found[first:i])
        if i - first >= _VERSE_LINES and short:
            stanzas.append(range(first, i))
        first = i
    return {i for stanza in stanzas for i in stanza} if len(stanzas) >= _STANZAS else set()


def in_data(text: str, start: int, end: int) -> bool:
    """Whether most of text[start:end] stands in data: code, JSON, tables, logs, quotes, call markup."""
    inside = [line for line in lines(text) if line.end > start and line.start < end]
    data = sum(min(line.end, end) - max(line.start, start) for line in inside if line.kind == "data")
    return 2 * data > sum(min(line.end, end) - max(line.start, start) for line in inside)
