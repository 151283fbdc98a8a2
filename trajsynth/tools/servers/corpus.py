"""The corpus tools as an MCP server: `python -m trajsynth.tools.servers.corpus --documents PATH [--http PORT]`.

Names, descriptions, schemas and outputs are those of trajsynth.tools.corpus; nothing is defined twice.
Level 2; imports the corpus. Tests: tests/tools/test_tools_corpus.py.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trajsynth.errors import InputError
from trajsynth.tools.corpus import CorpusTools, build_documents, read_documents
from trajsynth.tools.servers import serving

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

INSTRUCTIONS = "Search and read the pages of a corpus."
_SQLITE = b"SQLite format 3\0"


def make_server(corpus: CorpusTools) -> Server[Any]:
    """An MCP server over an opened corpus. Raises MissingExtra without `mcp`."""
    return serving.make_server(corpus, INSTRUCTIONS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve search, open and find over a documents.sqlite or a JSONL of {title, text}."""
    parser = argparse.ArgumentParser(prog="python -m trajsynth.tools.servers.corpus", description=main.__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="documents.sqlite, or JSONL of {title, text}")
    parser.add_argument("--results", type=int, default=5, help="results of a search unless the call says")
    parser.add_argument("--page-chars", type=int, default=4000, help="longest part of a page")
    serving.add_http(parser)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="trajsynth-corpus-") as folder:

        def corpus() -> CorpusTools:
            path = _sqlite(given.documents, Path(folder))
            return CorpusTools(path, results=given.results, page_chars=given.page_chars)

        return serving.serve(corpus, given, INSTRUCTIONS)


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
