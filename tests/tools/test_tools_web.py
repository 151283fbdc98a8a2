"""The web tools: parts of pages, robots.txt, search results, extracts and what they cost, the same words over MCP."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rawsite import RawSite, moved, rawsite, response

from trajsynth.config import McpServer, WebSearch, WebTools
from trajsynth.errors import ConfigError, ContextOverflow, NetworkError, RolloutTimeout
from trajsynth.protocols import ChatRequest, Reply, TeacherProfile, ToolResult
from trajsynth.tools import McpSource, Toolbox
from trajsynth.tools import web as web_tools
from trajsynth.tools.servers import web as server
from trajsynth.tools.servers.serving import make_server
from trajsynth.types import Usage

ROOT = Path(__file__).resolve().parents[2]
PARAGRAPH = "The bridge over the Ovenna was built in 1204 by Ilva Torren and its four towers were added much later on. "
ARTICLE = f"<html><head><title>Bridge</title></head><body><article><p>{PARAGRAPH * 4}</p></article></body></html>"


class Reader:
    """A scripted teacher that keeps what it was asked."""

    def __init__(self, *replies: str | Exception, context_tokens: int = 0) -> None:
        self.replies = list(replies)
        self.requests: list[list[dict[str, str]]] = []
        self.profile = TeacherProfile(name="small", model="small", context_tokens=context_tokens, max_output_tokens=100)

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def complete(self, request: ChatRequest) -> Reply:
        self.requests.append([json.loads(message) for message in request.messages])
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return Reply(content=reply, usage=Usage(input=1000, output=50, usd=0.002))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def site() -> AsyncIterator[RawSite]:
    async with rawsite() as made:
        yield made


async def names(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def made(
    site: RawSite, *, reader: Reader | None = None, clock: Clock | None = None, **settings: Any
) -> web_tools.WebTools:
    return web_tools.WebTools(
        WebTools(**settings),
        reader,
        {"KEY": "k-123"},
        resolve=names,
        allowed=[("127.0.0.1", site.port)],
        clock=clock or Clock(),
    )


async def called(tools: web_tools.WebTools, tool: str, **arguments: Any) -> ToolResult:
    await tools.open()
    try:
        return await tools.call(tool, arguments, rollout="r")
    finally:
        await tools.close()


def url(site: RawSite, path: str, host: str = "site.test") -> str:
    return f"http://{host}:{site.port}{path}"


# ---- fetch -----------------------------------------------------------------------------------------------------------


async def test_a_page_under_its_title_and_address(site: RawSite) -> None:
    site.pages |= {"/old": moved("/new"), "/new": response(ARTICLE)}
    result = await called(made(site), "fetch", url=url(site, "/old"))
    assert result.outcome == "ok"
    assert result.text.startswith(f"# Bridge\n{url(site, '/new')}\n\nThe bridge over the Ovenna")


async def test_long_pages_come_in_parts_from_one_reading(site: RawSite) -> None:
    words = " ".join(f"w{number}" for number in range(400))
    site.pages["/a"] = response(words, kind="text/plain")
    clock = Clock()
    tools = made(site, clock=clock, page_chars=500, robots=False)
    await tools.open()
    first = await tools.call("fetch", {"url": url(site, "/a")})
    assert "[Result truncated] This is part 1 of 4; go on with page=2." in first.text
    last = await tools.call("fetch", {"url": url(site, "/a"), "page": 4})
    assert last.text.endswith("w399")
    assert len(site.asked) == 1
    beyond = await tools.call("fetch", {"url": url(site, "/a"), "page": 5})
    assert (beyond.text, beyond.outcome) == ("The page has 4 parts; there is no part 5.", "tool_error")
    clock.now += web_tools.KEPT_SECONDS
    await tools.call("fetch", {"url": url(site, "/a")})
    assert len(site.asked) == 2
    await tools.close()


async def test_a_cut_page_says_so(site: RawSite) -> None:
    site.pages["/a"] = response("x" * 3000, kind="text/plain")
    result = await called(made(site, max_bytes=1000), "fetch", url=url(site, "/a"))
    assert result.text.endswith("[Result truncated] The page is longer; the rest is not read.")


@pytest.mark.parametrize(
    ("status", "transient"),
    [("404 Not Found", False), ("403 Forbidden", False), ("429 Slow Down", True), ("503 X", True)],
)
async def test_http_faults(site: RawSite, status: str, transient: bool) -> None:
    site.pages["/a"] = response("secret page", status=status)
    result = await called(made(site), "fetch", url=url(site, "/a"))
    assert (result.text, result.outcome) == (f"site.test answers HTTP {status}.", "tool_error")
    assert result.transient is transient


@pytest.mark.parametrize(
    ("arguments", "text", "outcome"),
    [
        ({}, "Argument 'url' must be a text.", "tool_error"),
        ({"url": "x", "page": 0}, "Argument 'page' must be a whole number from 1.", "tool_error"),
        ({"url": "site.test"}, "Give a full URL that starts with https:// or http://.", "tool_error"),
        ({"url": "http://127.0.0.1:1/"}, "127.0.0.1 leads into a private network", "tool_error"),
        ({"url": "https://huggingface.co/datasets/a/b"}, "huggingface.co may not be used for this task", "blocked"),
    ],
)
async def test_refusals(site: RawSite, arguments: dict[str, Any], text: str, outcome: str) -> None:
    result = await called(made(site), "fetch", **arguments)
    assert result.text.startswith(text)
    assert result.outcome == outcome


async def test_time_is_up(site: RawSite) -> None:
    site.pages["/a"] = site.stream("HTTP/1.1 200 OK\r\n\r\n", b"x", 0.02)
    result = await called(made(site, timeout=0.1, robots=False), "fetch", url=url(site, "/a"))
    assert (result.text, result.outcome, result.transient) == (
        "The page did not arrive within 0.1 seconds.",
        "timeout",
        True,
    )


async def test_markup_that_takes_long_to_read(site: RawSite) -> None:
    site.pages["/a"] = response("<html><body>" + "<a href='/x'>some link</a> " * 8000 + "</body></html>")
    result = await called(made(site, timeout=0.15, robots=False), "fetch", url=url(site, "/a"))
    assert result.outcome == "timeout"


@pytest.mark.slow
async def test_a_page_without_text(site: RawSite) -> None:
    site.pages["/a"] = response("<html><script>x()</script></html>")
    result = await called(made(site), "fetch", url=url(site, "/a"))
    assert "[The page has no text; it may need a browser's scripts.]" in result.text


# ---- robots.txt ------------------------------------------------------------------------------------------------------

RULES = response("User-agent: *\nDisallow: /closed\n\nUser-agent: trajsynth\nDisallow: /ours\n", kind="text/plain")


async def test_robots_are_obeyed_asked_once_and_also_after_redirects(site: RawSite) -> None:
    site.pages |= {"/robots.txt": RULES, "/a": response(ARTICLE), "/go": moved("/ours/x"), "/closed": response(ARTICLE)}
    clock = Clock()
    tools = made(site, clock=clock)
    await tools.open()
    for path, outcome in (("/a", "ok"), ("/ours/1", "tool_error"), ("/go", "tool_error"), ("/closed", "ok")):
        result = await tools.call("fetch", {"url": url(site, path)})
        assert result.outcome == outcome, path
        if outcome != "ok":
            assert result.text.startswith("The robots.txt of site.test closes this page")
    assert [line.split()[1] for line in site.asked] == ["/robots.txt", "/a", "/go", "/closed"]
    clock.now += 3600
    await tools.call("fetch", {"url": url(site, "/ours/2")})
    assert site.asked[-1].endswith("/robots.txt")
    await tools.close()


@pytest.mark.parametrize(
    ("robots", "settings", "outcome"),
    [
        (RULES, {"robots": False}, "ok"),
        (response("", status="404 Not Found"), {}, "ok"),
        (response("", status="500 Oops"), {}, "tool_error"),
        (response(b"\xff\xfe\x00nonsense" * 50, kind="text/plain"), {}, "ok"),
        (b"garbage", {}, "ok"),
        (moved("http://127.0.0.1:1/robots.txt"), {}, "ok"),
    ],
)
async def test_robots_that_are_missing_or_broken(
    site: RawSite, robots: bytes, settings: dict[str, Any], outcome: str
) -> None:
    site.pages |= {"/robots.txt": robots, "/ours/1": response(ARTICLE), "/a": response(ARTICLE)}
    path = "/ours/1" if settings else "/a"
    result = await called(made(site, **settings), "fetch", url=url(site, path))
    assert result.outcome == outcome


# ---- search ----------------------------------------------------------------------------------------------------------


async def test_results_without_blocked_hosts_at_their_price(site: RawSite) -> None:
    found = [{"title": f"T{n}", "link": f"https://site{n}.org/", "snippet": "words " * 3} for n in range(9)]
    found[1]["link"] = "https://huggingface.co/datasets/answers"
    site.pages["/search"] = response(json.dumps({"organic": found}), kind="application/json")
    engine = WebSearch(
        kind="serper", url=f"http://127.0.0.1:{site.port}/search", api_key_env="KEY", results=3, price=0.001
    )
    result = await called(made(site, search=engine), "search", query=" old \n bridge ")
    assert result.text.splitlines()[:3] == ["1. T0", "   https://site0.org/", "   words words words"]
    assert "3. T3" in result.text and "answers" not in result.text and "T4" not in result.text
    assert (result.outcome, result.usd) == ("ok", 0.001)
    head, _, body = site.requests[0].partition(b"\r\n\r\n")
    assert b"X-API-KEY: k-123" in head
    assert json.loads(body) == {"q": "old bridge", "num": 3}


@pytest.mark.parametrize("query", ["", "  ", None, 3])
async def test_a_search_for_nothing(site: RawSite, query: object) -> None:
    engine = WebSearch(kind="searxng", url=f"http://127.0.0.1:{site.port}")
    assert (await called(made(site, search=engine), "search", query=query)).outcome == "tool_error"
    assert site.asked == []


async def test_a_key_that_is_not_set() -> None:
    engine = WebSearch(kind="serper", api_key_env="NO_SUCH_KEY")
    tools = web_tools.WebTools(WebTools(search=engine), environ={})
    with pytest.raises(ConfigError, match=r"tools\.web\.search\.api_key_env: .*NO_SUCH_KEY is not set"):
        await tools.open()


# ---- extract ---------------------------------------------------------------------------------------------------------


async def test_a_teacher_reads_the_page_and_is_paid(site: RawSite) -> None:
    site.pages["/a"] = response(ARTICLE)
    reader = Reader("Built in 1204.")
    tools = made(site, reader=reader, extract="small")
    result = await called(tools, "extract", url=url(site, "/a"), what="the year it was built")
    assert (result.text, result.outcome, result.usd) == ("Built in 1204.", "ok", 0.002)
    system, user = reader.requests[0]
    assert "the year it was built" in user["content"] and "Ilva Torren" in user["content"]
    mark = user["content"].split()[1]
    assert mark in system["content"] and user["content"].count(mark) == 2


async def test_a_page_too_long_for_its_reader_is_halved(site: RawSite) -> None:
    site.pages["/a"] = response("word " * 4000, kind="text/plain")
    reader = Reader(ContextOverflow("too long"), "Nothing.", context_tokens=5000)
    result = await called(made(site, reader=reader, extract="small"), "extract", url=url(site, "/a"), what="x")
    assert result.outcome == "ok"
    lengths = [len(request[1]["content"]) for request in reader.requests]
    assert lengths[0] < 5000 * 3 and lengths[1] < lengths[0] * 0.6
    assert "characters were read.]" in result.text


@pytest.mark.parametrize(
    ("reply", "outcome", "usd"),
    [
        (NetworkError("gone"), "unavailable", 0.0),
        (RolloutTimeout("slow"), "timeout", 0.0),
        ("  ", "tool_error", 0.002),
    ],
)
async def test_a_reader_that_fails(site: RawSite, reply: str | Exception, outcome: str, usd: float) -> None:
    site.pages["/a"] = response(ARTICLE)
    result = await called(
        made(site, reader=Reader(reply), extract="small"), "extract", url=url(site, "/a"), what="the year"
    )
    assert (result.outcome, result.usd, result.transient) == (outcome, usd, outcome != "tool_error")


# ---- the source ------------------------------------------------------------------------------------------------------


async def test_only_what_is_set_up_is_offered(site: RawSite) -> None:
    assert [spec.tool for spec in made(site).tools()] == ["fetch"]
    every = made(site, search=WebSearch(kind="searxng", url="http://x"), extract="small")
    assert [spec.tool for spec in every.tools()] == ["search", "fetch", "extract"]
    result = await called(made(site), "search", query="x")
    assert (result.text, result.outcome) == ("There is no tool 'search'; the tools are fetch.", "tool_error")


async def test_the_server_says_the_same(site: RawSite) -> None:
    mcp: Any = pytest.importorskip("mcp")
    site.pages["/a"] = response(ARTICLE)
    tools = made(site, search=WebSearch(kind="searxng", url=f"http://127.0.0.1:{site.port}"))
    await tools.open()
    async with mcp.Client(make_server(tools)) as client:
        offered = (await client.list_tools()).tools
        assert [(tool.name, tool.description, tool.input_schema) for tool in offered] == [
            (spec.tool, spec.description, spec.parameters) for spec in tools.tools()
        ]
        assert all(tool.annotations.open_world_hint and tool.annotations.read_only_hint for tool in offered)
        page = await client.call_tool("fetch", {"url": url(site, "/a")})
        refused = await client.call_tool("fetch", {"url": "http://10.0.0.1/"})
    assert page.content[0].text == (await tools.call("fetch", {"url": url(site, "/a")})).text
    assert refused.is_error and "private network" in refused.content[0].text
    await tools.close()


@pytest.mark.slow
async def test_a_process_that_serves_a_config(tmp_path: Path) -> None:
    config = tmp_path / "web.yaml"
    config.write_text(
        "questions: {kind: encyclopedia}\nteachers: {small: {kind: scripted}}\ntools: {web: {extract: small}}\n"
    )
    entry = McpServer(
        command=sys.executable,
        args=["-m", "trajsynth.tools.servers.web", "--config", str(config)],
        env={"PYTHONPATH": str(ROOT)},
    )
    async with Toolbox([McpSource("web", entry)], 30) as toolbox:
        specs = {spec.tool: spec for spec in toolbox.tools()}
        assert set(specs) == {"fetch", "extract"}
        result = await toolbox.call(specs["fetch"], {"url": "http://2130706433/"}, rollout="r")
    assert (result.text, result.outcome) == (
        "127.0.0.1 leads into a private network; only public addresses are opened.",
        "tool_error",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "no-such.yaml"], "no-such.yaml"),
        (["--search", "serper", "--api-key-env", "NO_SUCH_KEY"], "NO_SUCH_KEY is not set"),
    ],
)
def test_the_server_names_what_is_missing(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.main(arguments) == 2
    assert message in capsys.readouterr().err
