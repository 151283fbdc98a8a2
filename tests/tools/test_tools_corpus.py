"""The corpus tools: pages stored once, any query safe, titles found or suggested, the MCP server saying the same."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.errors import InputError, RecordError, ToolServerError
from trajsynth.tools.corpus import CorpusTools, build_documents, read_documents, split_pages
from trajsynth.tools.corpus_store import match_words
from trajsynth.tools.servers.corpus import main, make_server
from trajsynth.types import Document

LONG = "\n\n".join(f"Paragraph {number} tells of stones. Its word is w{number}." for number in range(60))
PAGES = (
    Document(title="Ilva Torren (painter)", text="Ilva Torren was a painter from [[Corvale]]. She founded a school."),
    Document(title="Ilva Torren (chemist)", text="Ilva Torren was a chemist. Café Müller was her haunt."),
    Document(title="Corvale", text="Corvale is a city on the Ovenna River. Corvale was founded in 1204."),
    Document(title="Ovenna River", text="The river rises at Lake Sill."),
    Document(title="東京", text="東京は日本の首都です。大きな都市です。"),
    Document(title="Long Page", text=LONG),
    Document(title="Mercury", text="A planet."),
    Document(title="Mercury", text="A metal."),
    Document(title="Mercury", text="A planet."),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("corpus") / "documents.sqlite"
    assert build_documents(target, PAGES) == 8
    return target


@pytest.fixture
async def corpus(path: Path) -> AsyncIterator[CorpusTools]:
    tools = CorpusTools(path, results=5, page_chars=400)
    await tools.open()
    yield tools
    await tools.close()


async def said(corpus: CorpusTools, tool: str, **arguments: Any) -> str:
    result = await corpus.call(tool, arguments, rollout="r")
    assert result.outcome == "ok", result.text
    return result.text


async def refused(corpus: CorpusTools, tool: str, **arguments: Any) -> str:
    result = await corpus.call(tool, arguments, rollout="r")
    assert result.outcome == "tool_error"
    assert "\n" not in result.text
    return result.text


# ---- storing ------------------------------------------------------------------------------------------------------


def test_same_title_other_text_is_kept_apart(path: Path) -> None:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT title, text FROM documents WHERE base = 'Mercury' ORDER BY id").fetchall()
    connection.close()
    assert found == [("Mercury", "A planet."), ("Mercury (2)", "A metal.")]


def test_a_failed_build_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "documents.sqlite"
    build_documents(target, PAGES[:1])
    before = target.read_bytes()

    def broken() -> Iterator[Document]:
        yield PAGES[1]
        raise RecordError("row 2")

    with pytest.raises(RecordError):
        build_documents(target, broken())
    assert target.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["documents.sqlite"]


def test_odd_texts_are_stored(tmp_path: Path) -> None:
    odd = [Document(title=" \ud800\n x\0y ", text="\udfff body\0"), Document(title="", text="no title")]
    assert build_documents(tmp_path / "new" / "d.sqlite", odd) == 2
    connection = sqlite3.connect(tmp_path / "new" / "d.sqlite")
    assert connection.execute("SELECT title FROM documents ORDER BY id").fetchall() == [("� x y",), ("Untitled",)]
    connection.close()


def test_reading_documents(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text('{"title": "A", "text": "x"}\n\n{"title": "B", "text": "y"}')
    assert [document.title for document in read_documents(file)] == ["A", "B"]
    file.write_text('{"title": "A", "text": "x"}\n{"title": "B"}\n')
    with pytest.raises(RecordError, match=r"d\.jsonl:2: .*text"):
        list(read_documents(file))
    file.write_text("")
    with pytest.raises(InputError, match="holds no page"):
        list(read_documents(file))


# ---- search -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("corvale", "Corvale"),
        ("river rising lake", "Ovenna River"),
        ("Which city was founded in 1204?", "Corvale"),
        ("cafe muller", "Ilva Torren (chemist)"),
        ("首都", "東京"),
        ('chemist" OR NEAR(', "Ilva Torren (chemist)"),
        ("mercury metal", "Mercury (2)"),
    ],
)
async def test_search_finds(corpus: CorpusTools, query: str, first: str) -> None:
    assert (await said(corpus, "search", query=query)).startswith(f"1. {first}\n   ")


async def test_a_page_of_the_very_title_comes_first(tmp_path: Path) -> None:
    pages = [
        Document(title="River", text="Water."),
        *(Document(title=f"River {n}", text="River " * 9) for n in range(9)),
    ]
    build_documents(tmp_path / "d.sqlite", pages)
    corpus = CorpusTools(tmp_path / "d.sqlite")
    await corpus.open()
    titles = [line for line in (await said(corpus, "search", query="river")).splitlines() if line[0].isdigit()]
    await corpus.close()
    assert titles == ["1. River", "2. River 0", "3. River 1", "4. River 2", "5. River 3"], "equal ones by title"


async def test_limit(corpus: CorpusTools) -> None:
    for limit, expected in ((1, 1), (3, 3), (20, 3), (10_000, 3)):
        text = await said(corpus, "search", query="Ilva Torren Corvale", limit=limit)
        assert sum(line[0].isdigit() for line in text.splitlines()) == expected


async def test_the_snippet_is_the_sentence_that_matches(corpus: CorpusTools) -> None:
    text = await said(corpus, "search", query="w41", limit=1)
    assert text == "1. Long Page\n   Its word is w41."


@pytest.mark.parametrize("query", ["", "   ", "***", '"', "()", "?!"])
async def test_a_query_without_words(corpus: CorpusTools, query: str) -> None:
    assert "has no words" in await refused(corpus, "search", query=query)


async def test_nothing_found_is_no_error(corpus: CorpusTools) -> None:
    assert "No results for 'xyzzy'" in await said(corpus, "search", query="xyzzy")


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet='"*():^-+ANDORNEAR 日\ud800\0_', max_size=30))
def test_any_query_and_title_is_safe(path: Path, text: str) -> None:
    async def ask() -> None:
        corpus = CorpusTools(path)
        await corpus.open()
        for tool, arguments in (
            ("search", {"query": text}),
            ("open", {"title": text}),
            ("find", {"title": "Corvale", "text": text}),
        ):
            result = await corpus.call(tool, arguments)
            assert result.outcome in ("ok", "tool_error")
            assert result.text and result.text.encode()
        await corpus.close()

    asyncio.run(ask())


def test_common_words_are_left_out_unless_alone() -> None:
    assert match_words("Who was the founder of Corvale, the founder?") == ['"founder"', '"Corvale"']
    assert match_words("the who") == ['"the"', '"who"']
    assert len(match_words(" ".join(f"w{n}" for n in range(500)))) == 48


# ---- open and find ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["Corvale", "corvale", " [[Corvale]] ", "[[Corvale|the city]]", "CORVALE"])
async def test_open_forgives_case_and_markup(corpus: CorpusTools, title: str) -> None:
    assert (await said(corpus, "open", title=title)).startswith("# Corvale\n\nCorvale is a city on the Ovenna River.")


async def test_links_are_shown(corpus: CorpusTools) -> None:
    assert "[[Corvale]]" in await said(corpus, "open", title="Ilva Torren (painter)")


async def test_an_ambiguous_title_is_not_guessed(corpus: CorpusTools) -> None:
    text = await refused(corpus, "open", title="Ilva Torren")
    assert "Ilva Torren (chemist); Ilva Torren (painter)" in text


async def test_a_page_points_to_its_namesakes(corpus: CorpusTools) -> None:
    assert "[Other pages of this title: Mercury (2).]" in await said(corpus, "open", title="Mercury")


@pytest.mark.parametrize(
    ("title", "nearest"), [("Corvalle", "Corvale"), ("Ovena River", "Ovenna River"), ("東", "東京")]
)
async def test_a_missing_page_suggests_the_nearest(corpus: CorpusTools, title: str, nearest: str) -> None:
    assert f"nearest titles: {nearest}" in await refused(corpus, "open", title=title)


async def test_long_pages_come_in_parts(corpus: CorpusTools) -> None:
    parts = split_pages(LONG, 400)
    assert "".join(parts) == LONG
    first = await said(corpus, "open", title="Long Page")
    assert first.startswith(f"# Long Page (part 1 of {len(parts)})\n\n")
    assert first.endswith("[Go on with page=2.]")
    last = await said(corpus, "open", title="Long Page", page=len(parts))
    assert last.endswith("w59.")
    assert f"has {len(parts)} parts" in await refused(corpus, "open", title="Long Page", page=len(parts) + 1)
    assert "has 1 part;" in await refused(corpus, "open", title="Corvale", page=2)


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="ab. \n", max_size=200), st.integers(1, 50))
def test_parts_lose_nothing(text: str, size: int) -> None:
    parts = split_pages(text, size)
    assert "".join(parts) == text
    assert all(len(part) <= size for part in parts) and len(parts) >= 1
    assert "" not in parts or parts == [""]


async def test_find(corpus: CorpusTools) -> None:
    text = await said(corpus, "find", title="long page", text="WORD IS w41")
    part = next(number for number, part in enumerate(split_pages(LONG, 400), 1) if "w41" in part)
    assert f"- (part {part}) …" in text and "w41" in text
    many = await said(corpus, "find", title="Long Page", text="stones")
    assert many.count("\n- ") == 5 and many.endswith(" more)")
    words = await said(corpus, "find", title="Corvale", text="year founded")
    assert "founded in 1204" in words, "falls back to the single words"
    assert "does not occur" in await said(corpus, "find", title="Corvale", text="zebra")
    assert "the text to find is empty" in (await refused(corpus, "find", title="Corvale", text=" ")).lower()
    assert "no page titled 'Nope'" in await refused(corpus, "find", title="Nope", text="x")


# ---- the source ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("search", {}, "'query' must be a text"),
        ("search", {"query": 5}, "'query' must be a text"),
        ("search", {"query": "x", "limit": 0}, "'limit' must be a whole number"),
        ("search", {"query": "x", "limit": True}, "'limit' must be a whole number"),
        ("open", {"title": ""}, "title is empty"),
        ("open", {"title": "Corvale", "page": "2"}, "'page' must be a whole number"),
        ("close", {}, "there is no tool 'close'"),
    ],
)
async def test_wrong_arguments(corpus: CorpusTools, tool: str, arguments: dict[str, Any], text: str) -> None:
    assert text.lower() in (await refused(corpus, tool, **arguments)).lower()


async def test_a_thousand_calls_at_once(corpus: CorpusTools) -> None:
    results = await asyncio.gather(*(corpus.call("open", {"title": "Corvale"}, rollout=str(n)) for n in range(1000)))
    assert len({result.text for result in results}) == 1


async def test_opening_and_closing(path: Path, tmp_path: Path) -> None:
    corpus = CorpusTools(path, name="library")
    assert (await corpus.call("open", {"title": "Corvale"})).outcome == "unavailable"
    await corpus.open()
    await corpus.open()
    assert {(spec.server, spec.tool, spec.idempotent) for spec in corpus.tools()} == {
        ("library", tool, True) for tool in ("search", "open", "find")
    }
    await corpus.close()
    await corpus.close()
    (tmp_path / "not.sqlite").write_text("hello" * 500)
    for wrong in (tmp_path / "none.sqlite", tmp_path / "not.sqlite"):
        with pytest.raises(ToolServerError, match="build it with build_documents"):
            await CorpusTools(wrong).open()


# ---- the same over MCP --------------------------------------------------------------------------------------------

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("search", {"query": "painter Corvale", "limit": 2}),
    ("search", {"query": ""}),
    ("open", {"title": "Long Page", "page": 2}),
    ("open", {"title": "Corvalle"}),
    ("find", {"title": "Long Page", "text": "w41"}),
)


async def compare(client: Any, corpus: CorpusTools) -> None:
    offered = (await client.list_tools()).tools
    assert [(tool.name, tool.description, tool.input_schema) for tool in offered] == [
        (spec.tool, spec.description, spec.parameters) for spec in corpus.tools()
    ]
    assert all(tool.annotations.read_only_hint and tool.annotations.idempotent_hint for tool in offered)
    for tool, arguments in CALLS:
        expected = await corpus.call(tool, arguments)
        result = await client.call_tool(tool, arguments)
        assert [part.text for part in result.content] == [expected.text]
        assert bool(result.is_error) == (expected.outcome != "ok")


async def test_the_server_says_the_same(corpus: CorpusTools) -> None:
    mcp = pytest.importorskip("mcp")
    async with mcp.Client(make_server(corpus)) as client:
        await compare(client, corpus)


@pytest.mark.slow
async def test_the_server_over_stdio_from_jsonl(corpus: CorpusTools, tmp_path: Path) -> None:
    mcp = pytest.importorskip("mcp")
    file = tmp_path / "pages.jsonl"
    file.write_text("".join(json.dumps({"title": page.title, "text": page.text}) + "\n" for page in PAGES))
    arguments = ["-m", "trajsynth.tools.servers.corpus", "--documents", str(file), "--page-chars", "400"]
    async with mcp.Client(mcp.StdioServerParameters(command=sys.executable, args=arguments)) as client:
        await compare(client, corpus)


def test_the_server_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--documents", str(tmp_path / "none.sqlite")]) == 2
    assert "No such file" in capsys.readouterr().err
    (tmp_path / "bad.jsonl").write_text("nonsense\n")
    assert main(["--documents", str(tmp_path / "bad.jsonl")]) == 2
    assert "bad.jsonl:1: " in capsys.readouterr().err
