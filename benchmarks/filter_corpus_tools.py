"""The tools of the corpus of filter_corpus.py: twelve of three servers, and arguments that fit their schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trajsynth.types import ToolSpec

if TYPE_CHECKING:
    from filter_corpus import Writer


def tools() -> tuple[ToolSpec, ...]:
    """Twelve tools of three servers, schemas from flat to nested."""
    text = {"type": "string", "minLength": 1}
    limit = {"type": "integer", "minimum": 1, "maximum": 1000, "description": "Most entries of the answer."}
    page = {"type": "object", "properties": {"number": limit, "size": limit}, "additionalProperties": False}
    when = {"anyOf": [{"type": "string", "pattern": "^\\d{4}(-\\d{2}){0,2}$"}, {"type": "null"}]}
    order = {"type": "string", "enum": ["relevance", "newest", "oldest"]}
    shapes: dict[str, tuple[dict[str, Any], list[str]]] = {
        "web.search": ({"query": text, "top_k": limit, "order": order, "since": when}, ["query"]),
        "web.fetch_page": ({"url": {**text, "format": "uri"}, "page": page}, ["url"]),
        "web.find_in_page": ({"url": text, "needle": text, "context": limit}, ["url", "needle"]),
        "web.archive": ({"url": text, "date": when}, ["url", "date"]),
        "code.run_python": ({"code": text, "timeout": {"type": "number", "exclusiveMinimum": 0}}, ["code"]),
        "code.run_command": ({"command": {"type": "array", "items": text, "minItems": 1}}, ["command"]),
        "code.read_file": ({"path": text, "start": limit, "end": limit}, ["path"]),
        "code.list_files": ({"path": text, "deep": {"type": "boolean"}}, []),
        "data.tables": ({}, []),
        "data.query": ({"sql": text, "limit": limit, "format": {"enum": ["csv", "json"]}}, ["sql"]),
        "data.filter": (
            {
                "table": text,
                "where": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"column": text, "is": {"type": ["string", "number", "boolean"]}},
                        "required": ["column", "is"],
                    },
                },
            },
            ["table", "where"],
        ),
        "data.describe": ({"table": text, "columns": {"type": "array", "items": text, "uniqueItems": True}}, ["table"]),
    }
    made = []
    for name, (properties, required) in shapes.items():
        server, _, tool = name.partition(".")
        schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        about = f"The tool {tool.replace('_', ' ')} of the server {server}; see its parameters for what it takes."
        made.append(ToolSpec(name=f"{server}__{tool}", description=about, parameters=schema, server=server, tool=tool))
    return tuple(made)


TOOLS = tools()


def arguments(writer: Writer, tool: str) -> dict[str, Any]:
    """Arguments that fit the tool's schema."""
    dice = writer.dice
    link = f"https://www.{writer.words(1)[0]}.org/{'/'.join(writer.words(3))}"
    table = "_".join(writer.words(2))
    where = [{"column": writer.words(1)[0], "is": dice.randint(1, 2030)} for _ in range(dice.randint(1, 3))]
    some: dict[str, Callable[[], dict[str, Any]]] = {
        "search": lambda: {"query": " ".join(writer.words(6)), "top_k": dice.randint(3, 20), "order": "relevance"},
        "fetch_page": lambda: {"url": link, "page": {"number": dice.randint(1, 9), "size": 100}},
        "find_in_page": lambda: {"url": link, "needle": writer.name(), "context": dice.randint(1, 100)},
        "archive": lambda: {"url": link, "date": f"{dice.randint(1990, 2024)}-0{dice.randint(1, 9)}"},
        "run_python": lambda: {"code": writer.code(dice.randint(150, 900)), "timeout": 30.0},
        "run_command": lambda: {"command": ["grep", "-n", writer.name(), f"/data/{table}.csv"]},
        "read_file": lambda: {"path": f"/data/{table}.csv", "start": dice.randint(1, 500)},
        "list_files": lambda: {"path": f"/data/{table}", "deep": dice.random() < 0.5},
        "tables": dict,
        "query": lambda: {"sql": f"SELECT * FROM {table} WHERE year > {dice.randint(1, 2030)}", "limit": 50},
        "filter": lambda: {"table": table, "where": where},
        "describe": lambda: {"table": table, "columns": [*dict.fromkeys(writer.words(3))]},
    }
    return some[tool]()
