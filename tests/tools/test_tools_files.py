"""trajsynth.tools.files and filetext: listing, reading in parts, searching; refused arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trajsynth.errors import ToolServerError
from trajsynth.schemas import unusable
from trajsynth.tools.files import FilesTools
from trajsynth.tools.filetext import MOST_LISTED, MOST_MATCHES, TRUNCATED


@pytest.fixture
def files(tmp_path: Path) -> FilesTools:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "may.csv").write_text("city,rain\nCorvale,12\nLindry,7\n")
    (tmp_path / "notes.md").write_text("Rain fell on Corvale.\nNothing else.\n")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "long.txt").write_text("".join(f"line {n}\n" for n in range(100)))
    return FilesTools(tmp_path, page_chars=300)


async def said(files: FilesTools, tool: str, **arguments: Any) -> str:
    result = await files.call(tool, arguments, rollout="r")
    assert result.outcome == "ok", result
    return result.text


async def refused(files: FilesTools, tool: str, **arguments: Any) -> str:
    result = await files.call(tool, arguments, rollout="r")
    assert result.outcome == "tool_error", result
    return result.text


async def test_a_list_shows_sizes_and_subfolders(files: FilesTools) -> None:
    assert (await said(files, "list_files")).splitlines() == [
        "empty.txt (0 bytes)",
        "image.png (6 bytes)",
        "long.txt (790 bytes)",
        "notes.md (36 bytes)",
        "reports/",
        "reports/may.csv (30 bytes)",
    ]
    assert await said(files, "list_files", pattern="*.csv") == "reports/may.csv (30 bytes)"
    assert await said(files, "list_files", path="reports") == "reports/may.csv (30 bytes)"
    assert "'*.doc'" in await said(files, "list_files", pattern="*.doc")


async def test_the_parts_of_a_long_file_are_all_of_it(files: FilesTools, tmp_path: Path) -> None:
    parts = [await said(files, "read_file", path="long.txt", page=page) for page in (1, 2, 3)]
    assert parts[0].endswith(f"\n{TRUNCATED} This is part 1 of 3; go on with page=2.")
    assert TRUNCATED not in parts[2]
    text = "".join(part.partition(f"\n{TRUNCATED}")[0] for part in parts)
    assert text == (tmp_path / "long.txt").read_text()
    assert "has 3 parts; there is no part 4" in await refused(files, "read_file", path="long.txt", page=4)


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("read_file", {"path": "image.png"}, "is not text (6 bytes)"),
        ("read_file", {"path": "../x"}, "outside of the folder"),
        ("read_file", {"path": "/etc/passwd"}, "outside of the folder"),
        ("read_file", {"path": "reports"}, "is a folder"),
        ("read_file", {}, "'path' must be a text"),
        ("read_file", {"path": "notes.md", "page": 0}, "whole number"),
        ("list_files", {"path": "none"}, "does not exist"),
        ("list_files", {"page": 2}, "has 1 page; there is no page 2"),
        ("search_files", {"text": ""}, "empty"),
        ("search_files", {"text": 3}, "must be a text"),
        ("open", {}, "There is no tool 'open'"),
    ],
)
async def test_what_is_refused(files: FilesTools, tool: str, arguments: dict[str, Any], text: str) -> None:
    assert text in await refused(files, tool, **arguments)


async def test_search_finds_lines_in_any_case(files: FilesTools) -> None:
    found = await said(files, "search_files", text="CORVALE")
    assert found.splitlines() == ["notes.md:1: Rain fell on Corvale.", "reports/may.csv:2: Corvale,12"]
    assert await said(files, "search_files", text="corvale", pattern="*.csv") == "reports/may.csv:2: Corvale,12"
    assert await said(files, "search_files", text="corvale", path="notes.md") == "notes.md:1: Rain fell on Corvale."
    assert await said(files, "search_files", text="absent") == "No line contains 'absent'."
    assert await said(files, "read_file", path="empty.txt") == "'empty.txt' is empty."


async def test_many_results_are_cut_and_say_so(files: FilesTools, tmp_path: Path) -> None:
    lines = (await said(files, "search_files", text="line")).splitlines()
    assert len(lines) == MOST_MATCHES + 1 and lines[-1].startswith(TRUNCATED)
    for number in range(MOST_LISTED):
        (tmp_path / f"x{number}").touch()
    lines = (await said(files, "list_files")).splitlines()
    assert len(lines) == MOST_LISTED + 1 and lines[-1].endswith("page 1 of 2; go on with page=2.")
    (tmp_path / "wide.txt").write_text("a" * 5000 + "needle" + "b" * 5000)
    assert "needle" in await said(files, "search_files", text="needle")
    assert len(await said(files, "search_files", text="needle")) < 400


async def test_tools_and_opening(files: FilesTools, tmp_path: Path) -> None:
    await files.open()
    for spec in files.tools():
        assert spec.idempotent and spec.server == "files" and not unusable(spec.parameters)
        assert all(part.get("description") for part in spec.parameters["properties"].values())
    with pytest.raises(ToolServerError, match=r"no folder .*mend tools.files.path"):
        await FilesTools(tmp_path / "none").open()
