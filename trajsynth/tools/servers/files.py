"""The files tools as an MCP server: `python -m trajsynth.tools.servers.files --folder DIR [--http PORT]`.

Names, descriptions, schemas and outputs are those of trajsynth.tools.files; nothing is defined twice. Level 2.
Tests: tests/tools/test_tools_servers.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from trajsynth.tools.files import PAGE_CHARS, FilesTools
from trajsynth.tools.servers import serving


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve list_files, read_file and search_files over a folder, read-only."""
    parser = argparse.ArgumentParser(prog="python -m trajsynth.tools.servers.files", description=main.__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder")
    parser.add_argument("--page-chars", type=int, default=PAGE_CHARS, help="longest part of a file shown")
    serving.add_http(parser)
    given = parser.parse_args(arguments)
    return serving.serve(lambda: FilesTools(given.folder, given.page_chars), given, "Read the files of a folder.")


if __name__ == "__main__":
    raise SystemExit(main())
