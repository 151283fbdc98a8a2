"""Search engines: both interfaces read alike, and their failures typed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from rawsite import RawSite, rawsite, response

from trajsynth.config import WebSearch
from trajsynth.tools.web_search import Hit, SearchEngine, SearchFault

SERPER: dict[str, Any] = {
    "answerBox": {"title": "Height", "answer": "324 m", "link": "https://a.org/"},
    "knowledgeGraph": {"title": "Tower", "description": "An iron tower.", "descriptionLink": "https://b.org/"},
    "organic": [{"title": "One", "link": "https://c.org/", "snippet": "Text\n one", "date": "2 Jan 2020"}, "junk", {}],
}
SEARXNG: dict[str, Any] = {
    "answers": ["324 m", {"answer": "iron", "url": "https://a.org/"}],
    "results": [
        {"title": "One", "url": "https://c.org/", "content": "Text", "publishedDate": "2020-01-02T00:00:00"},
        7,
    ],
}


@pytest.fixture
async def site() -> AsyncIterator[RawSite]:
    async with rawsite() as made:
        yield made


async def asked(site: RawSite, kind: str, path: str = "", timeout: float = 5.0) -> list[Hit]:
    settings = WebSearch(kind=kind, url=f"http://127.0.0.1:{site.port}{path}", api_key_env="KEY")  # type: ignore[arg-type]
    engine = SearchEngine(settings, {"KEY": "k"}, timeout)
    await engine.open()
    try:
        return await engine.ask("eiffel tower", 5)
    finally:
        await engine.close()


async def test_serper(site: RawSite) -> None:
    site.pages["/search"] = response(json.dumps(SERPER), kind="application/json")
    assert await asked(site, "serper", "/search") == [
        Hit("Height", "https://a.org/", "324 m"),
        Hit("Tower", "https://b.org/", "An iron tower."),
        Hit("One", "https://c.org/", "2 Jan 2020: Text one"),
        Hit("", "", ""),
    ]


@pytest.mark.parametrize("path", ["", "/", "/search"])
async def test_searxng(site: RawSite, path: str) -> None:
    site.pages["/search?q=eiffel+tower&format=json"] = response(json.dumps(SEARXNG), kind="application/json")
    assert await asked(site, "searxng", path) == [
        Hit("Answer", "", "324 m"),
        Hit("Answer", "https://a.org/", "iron"),
        Hit("One", "https://c.org/", "2020-01-02: Text"),
    ]
    assert b"Authorization: Bearer k" in site.requests[0]


@pytest.mark.parametrize(
    ("page", "outcome", "transient"),
    [
        (response("{}", status="401 Unauthorized"), "unavailable", False),
        (response("{}", status="429 Too Many"), "unavailable", True),
        (response("{}", status="502 Bad"), "unavailable", True),
        (response("<html>captcha</html>"), "unavailable", False),
        (response("[1]", kind="application/json"), "unavailable", False),
        (b"", "unavailable", True),
    ],
)
async def test_failures_are_typed(site: RawSite, page: bytes, outcome: str, transient: bool) -> None:
    site.pages["/search"] = page
    with pytest.raises(SearchFault) as caught:
        await asked(site, "serper", "/search")
    result = caught.value.result
    assert (result.outcome, result.transient, result.usd) == (outcome, transient, 0.0)


async def test_an_engine_that_hangs(site: RawSite) -> None:
    site.pages["/search"] = site.stream("", b"", 10)
    with pytest.raises(SearchFault) as caught:
        await asked(site, "serper", "/search", timeout=0.1)
    assert caught.value.result.outcome == "timeout" and caught.value.result.transient


@pytest.mark.parametrize("answer", [{}, {"organic": None}, {"organic": {}, "answerBox": [], "knowledgeGraph": "x"}])
async def test_nothing_found(site: RawSite, answer: dict[str, Any]) -> None:
    site.pages["/search"] = response(json.dumps(answer), kind="application/json")
    assert await asked(site, "serper", "/search") == []
