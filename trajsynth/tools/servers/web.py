"""The web tools as an MCP server: `python -m trajsynth.tools.servers.web [--config FILE] [--http PORT]`.

Names, descriptions, schemas and outputs are those of trajsynth.tools.web; nothing is defined twice. Level 2: the
teacher that `extract` asks is made by its name, as a config's own classes are. Tests: tests/tools/test_tools_web.py.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

import msgspec

from trajsynth import config
from trajsynth.configload import load, make_target
from trajsynth.errors import ConfigError
from trajsynth.protocols import Teacher, ToolResult
from trajsynth.tools.servers import serving
from trajsynth.tools.web import WebTools
from trajsynth.types import Toolset

_TEACHERS = "trajsynth.teachers:build_teacher"


class TeachingWeb:
    """The web tools with a teacher of their own, opened and closed with them (trajsynth.protocols.ToolSource)."""

    name = "web"
    state, open_world = WebTools.state, WebTools.open_world

    def __init__(self, settings: config.WebTools, teacher: Teacher) -> None:
        self._tools, self._teacher = WebTools(settings, teacher), teacher

    async def open(self) -> None:
        """Raises InputError for what the user must mend."""
        await self._teacher.open()
        await self._tools.open()

    async def close(self) -> None:
        """Close both."""
        await self._tools.close()
        await self._teacher.close()

    def tools(self) -> Toolset:
        """Those of the web."""
        return self._tools.tools()

    async def call(self, tool: str, arguments: dict[str, object], *, rollout: str = "") -> ToolResult:
        """As the web tools do."""
        return await self._tools.call(tool, arguments, rollout=rollout)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve fetch, and search and extract where they are asked for."""
    parser = argparse.ArgumentParser(prog="python -m trajsynth.tools.servers.web", description=main.__doc__)
    parser.add_argument("--config", help="a trajsynth config whose tools.web says everything")
    parser.add_argument("--search", choices=("serper", "searxng"), help="the kind of search engine, without a config")
    parser.add_argument("--search-url", help="its address")
    parser.add_argument("--api-key-env", help="name of the environment variable that holds its key")
    parser.add_argument("--block", action="append", metavar="HOST", help="a host never asked for; may be repeated")
    parser.add_argument("--ignore-robots", action="store_true", help="read what robots.txt closes to programs")
    serving.add_http(parser)
    given = parser.parse_args(arguments)
    return serving.serve(lambda: make_source(given), given, "Search the web and read its pages.")


def make_source(given: argparse.Namespace) -> WebTools | TeachingWeb:
    """The tools that the options describe; raises ConfigError."""
    if given.config is None:
        return WebTools(_settings(given))
    loaded = load(given.config, [])
    settings = loaded.config.tools.web
    if settings is None:
        raise ConfigError(f"{loaded.path}: has no tools.web to serve")
    if settings.extract is None:
        return WebTools(settings)
    section = loaded.config.teachers[settings.extract]
    arguments = {"name": settings.extract, "config": section, "environ": os.environ}
    return TeachingWeb(settings, make_target(_TEACHERS, arguments, "tools.web.extract"))


def _settings(given: argparse.Namespace) -> config.WebTools:
    data: dict[str, object] = {"robots": not given.ignore_robots}
    if given.block:
        data["blocked_hosts"] = given.block
    if given.search:
        data["search"] = {"kind": given.search, "url": given.search_url, "api_key_env": given.api_key_env}
    return msgspec.convert(data, config.WebTools, dec_hook=config.decode_hook)


if __name__ == "__main__":
    raise SystemExit(main())
