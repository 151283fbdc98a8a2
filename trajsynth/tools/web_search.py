"""Asking a search engine: Serper's interface or SearXNG's, answered by the same short results.

The engine's address comes from the config, so it may be private; what agents ask for goes through
trajsynth.tools.web_client. Level 2; imports aiohttp inside. Tests: tests/tools/test_tools_web_search.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import orjson

from trajsynth.config import WebSearch
from trajsynth.errors import ConfigError, MissingExtra
from trajsynth.protocols import ToolResult

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

SERPER = "https://google.serper.dev/search"
MOST_BYTES = 2_000_000
_SHOWN = 500
"""Characters of a passage shown."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One result; `url` is empty for an answer the engine gives itself."""

    title: str
    url: str
    passage: str


class SearchFault(Exception):
    """The engine gave no results; carries what the teacher is told."""

    def __init__(self, result: ToolResult) -> None:
        super().__init__(result.text)
        self.result = result


class SearchEngine:
    """A Serper- or SearXNG-compatible endpoint."""

    def __init__(self, settings: WebSearch, environ: Mapping[str, str], timeout: float) -> None:
        self._settings, self._environ, self._timeout = settings, environ, timeout
        self._session: ClientSession | None = None

    @property
    def settings(self) -> WebSearch:
        """Its section of the config."""
        return self._settings

    async def open(self) -> None:
        """Make the connection pool; raises ConfigError for a key that is not set, MissingExtra."""
        try:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
        except ImportError:
            raise MissingExtra("aiohttp", "web") from None
        name = self._settings.api_key_env
        if name is not None and not self._environ.get(name):
            where = "tools.web.search.api_key_env"
            raise ConfigError(f"{where}: environment variable {name} is not set; export {name}=...")
        key = self._environ[name] if name is not None else ""
        headers = {"X-API-KEY": key} if self._settings.kind == "serper" else {"Authorization": f"Bearer {key}"}
        self._session = ClientSession(
            headers=headers if key else {},
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=self._timeout),
        )

    async def close(self) -> None:
        """Drop all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, query: str, limit: int) -> list[Hit]:
        """What the engine finds, best first; raises SearchFault."""
        from aiohttp import ClientError

        assert self._session is not None
        try:
            if self._settings.kind == "serper":
                body = {"q": query, "num": limit}
                async with self._session.post(self._settings.url or SERPER, json=body) as response:
                    return list(_serper(await _data(response)))
            url = _searxng_url(self._settings.url or "")
            async with self._session.get(url, params={"q": query, "format": "json"}) as response:
                return list(_searxng(await _data(response)))
        except TimeoutError:
            text = f"The search engine did not answer within {self._timeout:g} seconds."
            raise SearchFault(ToolResult(text=text, outcome="timeout", transient=True)) from None
        except ClientError as error:
            text = f"The search engine cannot be reached ({type(error).__name__})."
            raise SearchFault(ToolResult(text=text, outcome="unavailable", transient=True)) from None


async def _data(response: ClientResponse) -> dict[str, Any]:
    if response.status != 200:
        again = response.status == 429 or response.status >= 500
        text = f"The search engine answers HTTP {response.status}."
        raise SearchFault(ToolResult(text=text, outcome="unavailable", transient=again))
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MOST_BYTES:
            break
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        text = "The search engine's answer cannot be read: it is no JSON object."
        raise SearchFault(ToolResult(text=text, outcome="unavailable"))
    return data


def _searxng_url(text: str) -> str:
    """An instance's address, or that of its search page."""
    parts = urlsplit(text)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith("/search") else f"{path}/search"))


def _serper(data: dict[str, Any]) -> Iterator[Hit]:
    box = _object(data.get("answerBox"))
    answer = _text(box.get("answer") or box.get("snippet"))
    if answer:
        yield Hit(_text(box.get("title")) or "Answer", _text(box.get("link")), answer)
    known = _object(data.get("knowledgeGraph"))
    if _text(known.get("description")):
        yield Hit(_text(known.get("title")), _text(known.get("descriptionLink")), _text(known.get("description")))
    for entry in _objects(data.get("organic")):
        dated = ": ".join(filter(None, (_text(entry.get("date")), _text(entry.get("snippet")))))
        yield Hit(_text(entry.get("title")), _text(entry.get("link")), dated)


def _searxng(data: dict[str, Any]) -> Iterator[Hit]:
    for answer in data.get("answers") or []:
        given = answer if isinstance(answer, str) else _text(_object(answer).get("answer"))
        if given:
            yield Hit("Answer", _text(_object(answer).get("url")), " ".join(given.split())[:_SHOWN])
    for entry in _objects(data.get("results")):
        dated = ": ".join(filter(None, (_text(entry.get("publishedDate"))[:10], _text(entry.get("content")))))
        yield Hit(_text(entry.get("title")), _text(entry.get("url")), dated)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return " ".join(value.split())[:_SHOWN] if isinstance(value, str) else ""
