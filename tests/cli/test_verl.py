"""A run's tools as verl calls them: found by name, checked, executed, cut, and shared by the calls of a rollout."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from climain import trajsynth

from trajsynth.errors import ConfigError
from trajsynth.verl import RunTool

pytestmark = pytest.mark.slow


@dataclass
class Response:
    """verl.tools.schemas.ToolResponse, as far as a text goes."""

    text: str


@pytest.fixture(autouse=True)
def verl(monkeypatch: pytest.MonkeyPatch) -> None:
    """verl's own module where it is not installed."""
    try:
        import verl.tools.schemas  # noqa: F401
    except ImportError:
        for name in ("verl", "verl.tools", "verl.tools.schemas"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        sys.modules["verl.tools.schemas"].ToolResponse = Response  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one rollout, for its config and pages."""
    folder = tmp_path_factory.mktemp("verl") / "run"
    small = ["--set", "questions.questions=2", "--set", "questions.pages=40", "--set", "rollout.max_result_chars=400"]
    assert trajsynth("generate", "quickstart", "--limit", "1", "-o", str(folder), "--quiet", *small) == 0
    return folder


def tool(run: Path, name: str) -> RunTool:
    schema = SimpleNamespace(function=SimpleNamespace(name=name))
    return RunTool({"type": "native", "run": str(run)}, schema)


async def called(one: RunTool, parameters: dict[str, Any]) -> tuple[str, dict[str, int]]:
    """As verl's agent loop does it."""
    instance, _ = await one.create(create_kwargs={"question": "q"})
    agent = SimpleNamespace(request_id="r1")
    response, reward, metrics = await asyncio.wait_for(one.execute(instance, parameters, agent_data=agent), 30)
    await one.release(instance)
    assert (reward, await one.calc_reward(instance)) == (0.0, 0.0)
    return response.text, metrics


def test_calls_are_checked_executed_and_cut(run: Path) -> None:
    async def play() -> None:
        search, opens = tool(run, "search"), tool(run, "open")
        found, metrics = await called(search, {"query": "the"})
        assert metrics == {"tool/ok": 1}
        assert len(found) < 450 and found.endswith("[Result truncated]")
        page, metrics = await called(opens, {"title": found.splitlines()[0].removeprefix("1. ")})
        assert metrics == {"tool/ok": 1} and page != found
        said, metrics = await called(opens, {"nonsense": 1})
        assert said.startswith("Invalid call, not executed") and metrics == {"tool/invalid_call": 1}
        with pytest.raises(ConfigError, match="unknown tool 'serch'; did you mean 'search'"):
            await called(tool(run, "serch"), {})

    asyncio.run(play())


def test_a_folder_that_is_no_run_and_sessions_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder of a run"):
        tool(tmp_path, "search")
    import yaml

    record = yaml.safe_load((run / "run.yaml").read_text())
    record["config"]["tools"]["servers"] = {"corpus": {"state": "session"}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(record))
    with pytest.raises(ConfigError, match=r"tools\.servers\.corpus has a session for each rollout"):
        tool(tmp_path, "search")
