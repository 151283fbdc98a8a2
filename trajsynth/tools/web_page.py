"""From the bytes of a page to text a model reads: main text as Markdown, plain text and JSON as they are.

Level 2; imports trafilatura inside. Tests: tests/tools/test_tools_web_page.py.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

from trajsynth.codec import scrub
from trajsynth.errors import MissingExtra
from trajsynth.tools.web_address import WebError
from trajsynth.tools.web_client import Download

_HTML = ("text/html", "application/xhtml+xml")
_TEXT = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml|yaml|x-yaml|javascript|x-ndjson|jsonl|toml|rtf|x-tex|x-sh|sql|csv)"
)
_NAMES = {"pdf": "a PDF", "zip": "an archive", "octet-stream": "a file of unknown kind"}
_MAGIC = {b"%PDF-": "a PDF", b"PK\x03\x04": "an archive", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture"}
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
"""What pages mean by a name, as browsers read it."""
_NOT_PAGES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
_FULL = 20_000
"""Of what the extractor finds too little in, all text is shown when it is at most so long."""
_workers = ThreadPoolExecutor(os.cpu_count() or 2, "extract")
"""Extraction takes processor time; more at once than there are processors would only wait. Threads start when used."""


def load_extractor() -> None:
    """Import it now rather than at the first page; raises MissingExtra."""
    try:
        import trafilatura
    except ImportError:
        raise MissingExtra("trafilatura", "web") from None
    for name in ("trafilatura", "htmldate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a page without text is a result, not news
    assert trafilatura.extract is not None


async def page_text(page: Download) -> tuple[str, str]:
    """(title, text); raises WebError for what is no text. The title may be empty."""
    kind = page.content_type
    found = next((name for magic, name in _MAGIC.items() if page.body.startswith(magic)), "")
    html = kind in _HTML or (not kind and page.body.lstrip()[:1] == b"<")
    if found or not (html or not kind or _TEXT.fullmatch(kind)):
        raise WebError(f"The page is {found or _named(kind)}; only web pages, text and JSON are read.")
    text = decoded(page, html)
    if "\0" in text[:8192]:
        raise WebError("The page is no text, whatever it says; only web pages, text and JSON are read.")
    if not html:
        return "", scrub(text.strip())
    return await asyncio.get_running_loop().run_in_executor(_workers, _extracted, text, str(page.url))


def decoded(page: Download, html: bool) -> str:
    """The body as text: by its mark, by what it says of itself, as UTF-8, else as Windows text. Never raises."""
    for name in _charsets(page, html):
        try:
            return codecs.getincrementaldecoder(name)("strict").decode(page.body, final=not page.cut)
        except (UnicodeError, LookupError):
            continue
    return page.body.decode("cp1252", "replace")


def _charsets(page: Download, html: bool) -> Iterator[str]:
    yield from (name for mark, name in _MARKS.items() if page.body.startswith(mark))
    named = [page.charset]
    if html and (meta := _META.search(page.body[:4096])):
        named.append(meta[1].decode("ascii"))
    for name in (*named, "utf-8"):
        try:
            known = codecs.lookup(name).name
            b"a".decode(known, "replace")  # raises LookupError for what is no charset, such as base64
        except (LookupError, ValueError):
            continue
        if known not in _NOT_PAGES:
            yield _MEANT.get(known, known)


def _named(kind: str) -> str:
    main, _, rest = kind.partition("/")
    kinds = {"image": "a picture", "audio": "a sound", "video": "a film", "font": "a font"}
    return f"{_NAMES.get(rest) or kinds.get(main) or 'a file'} ({kind[:60]})"


def _extracted(html: str, url: str) -> tuple[str, str]:
    """Title and main text as Markdown; all text where the extractor finds next to none."""
    import trafilatura

    options: dict[str, Any] = {"include_comments": False, "include_tables": True, "include_links": True}
    try:
        text = trafilatura.extract(html, url=url, output_format="markdown", **options) or ""
        if len(text) < 250:  # lists, tables and the like: no article
            every = trafilatura.html2txt(html).strip()[:_FULL]
            text = every if len(every) > len(text) else text
    except (ValueError, TypeError, AttributeError, RecursionError) as error:  # markup that breaks the extractor
        raise WebError(f"The page's markup cannot be read ({type(error).__name__}).") from None
    return _title(html), scrub(text.strip())


def _title(html: str) -> str:
    found = re.search(r"<title[^>]{0,200}>([^<]{1,500})", html[:200_000], re.IGNORECASE)
    return scrub(" ".join(unescape(found[1]).split())) if found else ""
