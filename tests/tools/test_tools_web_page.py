"""From bytes to text: charsets that lie, kinds that are refused, the main text of a page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.tools.web_address import WebError, read_url
from trajsynth.tools.web_client import Download
from trajsynth.tools.web_page import decoded, load_extractor, page_text

URL = read_url("https://example.org/page")
ARTICLE = """<!doctype html><html><head><title>The  Old Bridge &amp; its river</title></head><body>
<nav><a href="/home">Home</a> <a href="/about">About</a> <a href="/cart">Shopping cart</a></nav>
<article><h1>The Old Bridge</h1>
<p>The Old Bridge was built between 1204 and 1219 by the mason Ilva Torren, who also drew its four towers. It spans the
river at its narrowest place, where ferries used to cross until the winter flood of 1198 took the landing away.</p>
<h2>Repairs</h2><p>After the fire of 1650 the roof was made anew of <a href="/slate">slate from Corvale</a>, and the
eastern arch was strengthened with iron. The work took eleven years and cost the town two thirds of its income.</p>
<table><tr><th>Year</th><th>Work</th></tr><tr><td>1661</td><td>roof</td></tr></table></article>
<script>var hidden = "never shown";</script><footer>Cookies, imprint, newsletter</footer></body></html>"""


def page(body: bytes | str, kind: str = "text/html", charset: str = "", cut: bool = False) -> Download:
    data = body.encode() if isinstance(body, str) else body
    return Download(url=URL, status=200, reason="OK", content_type=kind, charset=charset, body=data, cut=cut)


async def test_an_article_as_markdown() -> None:
    title, text = await page_text(page(ARTICLE))
    assert title == "The Old Bridge & its river"
    assert "Ilva Torren" in text and "## Repairs" in text
    assert "(https://example.org/slate)" in text.replace("(/slate)", "(https://example.org/slate)")
    assert "1661" in text
    assert "never shown" not in text and "Shopping cart" not in text and "newsletter" not in text


async def test_a_page_that_is_no_article_is_shown_whole() -> None:
    title, text = await page_text(page("<html><body><ul><li>one</li><li>two</li></ul></body></html>"))
    assert title == ""
    assert "one" in text and "two" in text


@pytest.mark.parametrize(
    "body", ["", "<html></html>", "<", "<p" * 5000, "<div>" * 20_000, "<html><script>x()</script>"]
)
async def test_pages_without_text(body: str) -> None:
    _, text = await page_text(page(body))
    assert "x()" not in text


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ('{"a": [1, 2]}', "application/json", '{"a": [1, 2]}'),
        ("{}", "application/ld+json", "{}"),
        ("a,b\n1,2\n", "text/csv", "a,b\n1,2"),
        ("<r/>", "application/xml", "<r/>"),
        ("plain", "text/plain", "plain"),
        ("no type at all", "", "no type at all"),
    ],
)
async def test_text_comes_as_it_is(body: str, kind: str, expected: str) -> None:
    assert await page_text(page(body, kind)) == ("", expected)


async def test_a_page_without_a_type_that_looks_like_html() -> None:
    title, _ = await page_text(page(ARTICLE, ""))
    assert title.startswith("The Old Bridge")


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"%PDF-1.7 ...", "application/pdf", "is a PDF"),
        (b"%PDF-1.7 ...", "text/html", "is a PDF"),
        (b"", "application/pdf", r"a PDF \(application/pdf\)"),
        (b"\x89PNG....", "", "a picture"),
        (b"GIF89a", "image/gif", r"a picture \(image/gif\)"),
        (b"abc", "application/octet-stream", "a file of unknown kind"),
        (b"PK\x03\x04", "text/plain", "an archive"),
        (b"abc\0def", "text/plain", "no text"),
        (b"abc", "video/mp4", "a film"),
    ],
)
async def test_what_is_no_text_is_named(body: bytes, kind: str, reason: str) -> None:
    with pytest.raises(WebError, match=reason):
        await page_text(page(body, kind))


UMLAUTS = "Köln – “Straße”"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (UMLAUTS.encode(), "utf-8"),
        (UMLAUTS.encode(), ""),
        (UMLAUTS.encode("cp1252"), "iso-8859-1"),  # what pages mean by Latin-1
        (UMLAUTS.encode("cp1252"), "utf-8"),  # a header that lies
        (UMLAUTS.encode("cp1252"), ""),
        (UMLAUTS.encode("cp1252"), "no-such-charset"),
        (b"\xef\xbb\xbf" + UMLAUTS.encode(), "iso-8859-1"),  # the mark speaks first
        (UMLAUTS.encode("utf-16"), "utf-8"),
        (b'<meta charset="windows-1252">' + UMLAUTS.encode("cp1252"), ""),
        (b"<meta http-equiv=x content='text/html; charset=iso-8859-1'>" + UMLAUTS.encode("cp1252"), ""),
    ],
)
def test_charsets(body: bytes, charset: str) -> None:
    assert decoded(page(body, charset=charset), html=True).rpartition(">")[2] == UMLAUTS


def test_a_chinese_page() -> None:
    assert decoded(page("東京는 和平".replace("는", "").encode("gb18030"), charset="gb2312"), html=True) == "東京 和平"


@pytest.mark.parametrize("charset", ["idna", "punycode", "unicode_escape", "utf-7", "base64", "rot13", "hex", "a\0b"])
def test_codecs_that_are_no_charsets(charset: str) -> None:
    assert decoded(page(b"+ADw-script+AD4- \\u0041", charset=charset), html=True) == "+ADw-script+AD4- \\u0041"


def test_a_letter_cut_in_two() -> None:
    assert decoded(page("ö".encode() * 3 + b"\xc3", cut=True), html=False) == "ööö"


@given(
    st.binary(max_size=300), st.sampled_from(["", "utf-8", "utf-16", "shift_jis", "gb2312", "big5", "x"]), st.booleans()
)
@settings(max_examples=80, deadline=None)
def test_any_bytes_decode(body: bytes, charset: str, cut: bool) -> None:
    decoded(page(body, charset=charset, cut=cut), html=True)


def test_the_extractor_loads() -> None:
    load_extractor()
