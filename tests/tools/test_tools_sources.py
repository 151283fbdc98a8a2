"""trajsynth.tools.sources: from the config's tools section to sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trajsynth.config import CorpusTools, CustomTools, FunctionTool, McpServer, ScriptedTeacher, Tools, WebTools
from trajsynth.errors import ConfigError, ToolServerError
from trajsynth.protocols import ToolSource
from trajsynth.teachers import build_teacher
from trajsynth.tools import FunctionTools, McpSource, Toolbox, build_sources
from trajsynth.tools.corpus import CorpusTools as CorpusSource
from trajsynth.tools.web import WebTools as WebSource


def custom(name: str) -> ToolSource:
    return FunctionTools(name, {})


def half() -> object:
    return object()


def test_every_kind_in_the_configs_order() -> None:
    tools = Tools(
        mcpServers={"web": McpServer(command="web"), "off": McpServer(command="x", disabled=True)},
        functions=[FunctionTool(target="textwrap:dedent")],
        corpus=CorpusTools(path="pages.sqlite"),
        custom={"mine": CustomTools(target=f"{__name__}:custom", args={"name": "mine"})},
    )
    sources = build_sources(tools)
    assert [(type(s), s.name) for s in sources] == [
        (McpSource, "web"),
        (FunctionTools, "functions"),
        (CorpusSource, "corpus"),
        (FunctionTools, "mine"),
    ]
    assert build_sources(Tools()) == []


def test_the_web_tools_ask_the_runs_teacher() -> None:
    teachers = {name: build_teacher(name, ScriptedTeacher(), {}) for name in ("large", "small")}
    (source,) = build_sources(Tools(web=WebTools(extract="small")), environ={}, teachers=teachers)
    assert isinstance(source, WebSource)
    assert [spec.tool for spec in source.tools()] == ["fetch", "extract"]
    assert source.teacher is teachers["small"]


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        (Tools(corpus=CorpusTools()), "tools.corpus: the questions bring no documents; give tools.corpus.path"),
        (Tools(custom={"m": CustomTools(target=f"{__name__}:half")}), "tools.custom.m: .* lacks name, open, close"),
        (Tools(custom={"m": CustomTools(target="json:dump")}), "its args do not fit"),
    ],
)
def test_faults(tools: Tools, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_sources(tools)


def test_a_server_without_command_or_url() -> None:
    with pytest.raises(ToolServerError, match="'web' has neither command nor url"):
        build_sources(Tools(mcpServers={"web": McpServer()}))


@pytest.mark.slow
async def test_the_corpus_over_stdio_is_the_corpus(tmp_path: Path) -> None:
    pages = tmp_path / "pages.jsonl"
    pages.write_text(json.dumps({"title": "Otters", "text": "Otters swim in cold rivers."}) + "\n")
    texts = []
    for serve in ("function", "stdio"):
        config = Tools(corpus=CorpusTools(serve=serve, path=str(pages)))  # type: ignore[arg-type]
        async with Toolbox(build_sources(config), timeout=20) as box:
            search = next(spec for spec in box.tools() if spec.tool == "search")
            texts.append((await box.call(search, {"query": "otters"}, rollout="r")).text)
    assert texts[0] == texts[1]
    assert "Otters" in texts[0]
