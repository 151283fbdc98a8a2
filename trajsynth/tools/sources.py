"""The tool sources a config asks for. Tests: tests/tools/test_tools_sources.py."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trajsynth import config
from trajsynth.configload import make_target
from trajsynth.errors import ConfigError, TrajsynthError
from trajsynth.protocols import Teacher, ToolResult, ToolSource
from trajsynth.tools.functions import FunctionTools
from trajsynth.tools.mcp import McpSource
from trajsynth.types import Toolset

_METHODS = ("name", "open", "close", "tools", "call")


def build_sources(
    tools: config.Tools,
    documents: Path | None = None,
    environ: Mapping[str, str] | None = None,
    run: Path | None = None,
    teachers: Mapping[str, Teacher] | None = None,
) -> list[ToolSource]:
    """Sources in the config's order: MCP servers, functions, built-in ones, custom ones. Nothing is started yet.

    `documents` is the run's documents.sqlite, used unless the corpus has a path of its own; `run` its folder, in which
    the sandbox keeps workspaces; `teachers` those that tools may ask. Raises ConfigError.
    """
    sources: list[ToolSource] = [
        McpSource(name, server, environ, options=tools.servers.get(name))
        for name, server in tools.mcpServers.items()
        if not server.disabled
    ]
    if tools.functions:
        sources.append(FunctionTools.from_config(tools.functions))
    if tools.corpus is not None:
        sources.append(_corpus(tools.corpus, documents, environ))
    if tools.sandbox is not None:
        sources.append(_sandbox(tools.sandbox, run))
    if tools.files is not None:
        from trajsynth.tools.files import FilesTools

        sources.append(FilesTools(tools.files.path, tools.files.page_chars))
    if tools.web is not None:
        from trajsynth.tools.web import WebTools

        sources.append(WebTools(tools.web, (teachers or {}).get(tools.web.extract or ""), environ))
    sources += [_custom(name, item) for name, item in tools.custom.items()]
    return sources


def _corpus(corpus: config.CorpusTools, documents: Path | None, environ: Mapping[str, str] | None) -> ToolSource:
    path = Path(corpus.path) if corpus.path else documents
    if path is None:
        raise ConfigError("tools.corpus: the questions bring no documents; give tools.corpus.path or drop tools.corpus")
    if corpus.serve == "stdio":
        return McpSource("corpus", _corpus_server(corpus, path), environ)
    from trajsynth.tools.corpus import CorpusTools

    if path.suffix in (".jsonl", ".json"):
        return TextCorpus(path, results=corpus.results, page_chars=corpus.page_chars)
    return CorpusTools(path, results=corpus.results, page_chars=corpus.page_chars)


def _sandbox(settings: config.SandboxTools, run: Path | None) -> ToolSource:
    from trajsynth.tools.sandbox import SandboxTools

    if run is None:
        raise ConfigError("tools.sandbox: workspaces need the folder of a run")
    return SandboxTools(run / "workspaces", settings)


class TextCorpus:
    """The corpus tools over a JSONL file of `{title, text}`, indexed in a temporary folder while it is open."""

    name = "corpus"

    def __init__(self, path: Path, results: int = 5, page_chars: int = 4000) -> None:
        from trajsynth.tools.corpus import CorpusTools

        self._path = path
        self._folder = Path(tempfile.gettempdir()) / f"trajsynth-corpus-{uuid.uuid4().hex}"
        self._corpus = CorpusTools(self._folder / "documents.sqlite", results=results, page_chars=page_chars)

    async def open(self) -> None:
        """Read and index the file; raises InputError or ToolServerError."""
        self._folder.mkdir()
        await asyncio.to_thread(self._build)
        await self._corpus.open()

    async def close(self) -> None:
        """Drop the index."""
        await self._corpus.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def tools(self) -> Toolset:
        """Those of the corpus."""
        return self._corpus.tools()

    async def call(self, tool: str, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        """As the corpus does."""
        return await self._corpus.call(tool, arguments, rollout=rollout)

    def _build(self) -> None:
        from trajsynth.tools.corpus_store import build_documents, read_documents

        try:
            build_documents(self._folder / "documents.sqlite", read_documents(self._path))
        except (TrajsynthError, OSError):
            shutil.rmtree(self._folder, ignore_errors=True)
            raise


def _corpus_server(corpus: config.CorpusTools, path: Path) -> config.McpServer:
    args = ["-m", "trajsynth.tools.servers.corpus", "--documents", str(path)]
    args += ["--results", str(corpus.results), "--page-chars", str(corpus.page_chars)]
    paths = os.environ.get("PYTHONPATH")  # the SDK hands on only HOME, PATH and the like
    return config.McpServer(command=sys.executable, args=args, env={"PYTHONPATH": paths} if paths else {})


def _custom(name: str, item: config.CustomTools) -> ToolSource:
    source = make_target(item.target, item.args, f"tools.custom.{name}")
    missing = [method for method in _METHODS if not hasattr(source, method)]
    if missing:
        raise ConfigError(
            f"tools.custom.{name}: {item.target!r} lacks {', '.join(missing)}; see trajsynth.protocols.ToolSource"
        )
    made: ToolSource = source
    return made
