"""The corpus tools as an MCP server: `python -m trajsynth.tools.servers.corpus --documents PATH [--http PORT]`.

Names, descriptions, schemas and outputs are those of trajsynth.tools.corpus; nothing is defined twice.
Level 2; imports the corpus, `mcp` inside the function. Tests: tests/tools/test_tools_corpus.py.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trajsynth.errors import InputError, MissingExtra, ToolServerError
from trajsynth.tools.corpus import TOOLS, CorpusTools, build_documents, read_documents

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_SQLITE = b"SQLite format 3\0"


def make_server(corpus: CorpusTools) -> MCPServer[Any]:
    """An MCP server over an opened corpus. Raises MissingExtra without `mcp`."""
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.tools import Tool
        from mcp.types import ToolAnnotations
    except ImportError:
        raise MissingExtra("mcp", "generate") from None
    read_only = ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    functions = _functions(corpus)
    tools = [
        Tool.from_function(
            functions[spec.tool],
            name=spec.tool,
            description=spec.description,
            annotations=read_only,
            meta={"trajsynth/state": corpus.state},
            structured_output=False,
        ).model_copy(update={"parameters": spec.parameters})
        for spec in TOOLS
    ]
    return MCPServer("trajsynth-corpus", instructions="Search and read the pages of a corpus.", tools=tools)


def _functions(corpus: CorpusTools) -> dict[str, Callable[..., Awaitable[Any]]]:
    from mcp.types import CallToolResult, TextContent

    async def run(tool: str, **arguments: Any) -> CallToolResult:
        given = {key: value for key, value in arguments.items() if value is not None}
        result = await corpus.call(tool, given)
        content = TextContent(type="text", text=result.text)
        return CallToolResult(content=[content], is_error=result.outcome != "ok")

    async def search(query: str, limit: int | None = None) -> Any:
        return await run("search", query=query, limit=limit)

    async def open_page(title: str, page: int | None = None) -> Any:
        return await run("open", title=title, page=page)

    async def find(title: str, text: str) -> Any:
        return await run("find", title=title, text=text)

    return {"search": search, "open": open_page, "find": find}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve search, open and find over a documents.sqlite or a JSONL of {title, text}."""
    parser = argparse.ArgumentParser(prog="python -m trajsynth.tools.servers.corpus", description=main.__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="documents.sqlite, or JSONL of {title, text}")
    parser.add_argument("--results", type=int, default=5, help="results of a search unless the call says")
    parser.add_argument("--page-chars", type=int, default=4000, help="longest part of a page")
    parser.add_argument("--http", type=int, metavar="PORT", help="streamable HTTP on this port instead of stdio")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on with --http")
    given = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="trajsynth-corpus-") as folder:
            path = _sqlite(given.documents, Path(folder))
            corpus = CorpusTools(path, results=given.results, page_chars=given.page_chars)
            asyncio.run(corpus.open())
            _serve(make_server(corpus), given.host, given.http)
            asyncio.run(corpus.close())
    except (InputError, ToolServerError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _serve(server: MCPServer[Any], host: str, port: int | None) -> None:
    if port is None:
        server.run("stdio")
    else:
        server.run("streamable-http", host=host, port=port)


def _sqlite(path: Path, folder: Path) -> Path:
    """The path itself, or a documents.sqlite built from a JSONL file in the folder."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise InputError(f"--documents {str(path)!r}: {error.strerror}") from None
    if head == _SQLITE:
        return path
    built = folder / "documents.sqlite"
    build_documents(built, read_documents(path))
    return built


if __name__ == "__main__":
    raise SystemExit(main())
