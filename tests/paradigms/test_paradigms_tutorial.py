"""The paradigm that docs/paradigms.md writes, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from loopfakes import ANSWER, DONE, acting, call, make_rollout, saying
from teamfakes import written

from trajsynth.config import MiroFlowParadigm
from trajsynth.configload import load
from trajsynth.errors import NetworkError
from trajsynth.protocols import ChatRequest, Paradigm, Reply, Rollout

PAGE = (Path(__file__).resolve().parents[2] / "docs/paradigms.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def paradigm() -> Paradigm:
    (code,) = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(code, "docs/paradigms.md", "exec"), names)
    made: Paradigm = names["PlanAndExecute"](steps=2)
    return made


def teacher(request: ChatRequest) -> Reply:
    talk = [orjson.loads(message) for message in request.messages]
    last = talk[-1]["content"]
    if "\\boxed" in last:
        return ANSWER
    if "Write the report" in last:
        return saying(f"{talk[1]['content'].splitlines()[0]} is done.")
    if talk[0]["content"].startswith("You answer"):
        return saying("1. Find A\n2) Find B\n3. Find C") if len(talk) == 2 else DONE
    return DONE if "found" in last else acting(call("x"))


def rollout(how: str = "function_calling") -> Rollout:
    return make_rollout(lambda request: teacher(request) if how != "mcp" else written(teacher(request)), how=how)


def test_it_is_short() -> None:
    assert blocks("python")[0].count("\n") < 60


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_it_plans_executes_and_answers(how: str) -> None:
    episode = await paradigm().run(rollout(how))
    assert (episode.answer, episode.stop_reason) == ("Paris", "answered")
    assert [c.agent for c in episode.conversations] == ["main", "worker", "worker"]
    main, first, second = episode.conversations
    assert [m.role[0] for m in main.messages] == list("suauaua")
    assert first.answer == "The step: Find A is done."
    assert "Report on 'Find A'" in second.messages[1].content
    assert [bool(c.toolsets[0]) for c in episode.conversations] == [False, True, True]


async def test_it_resumes_and_fails_typed() -> None:
    whole = rollout()
    episode = await paradigm().run(whole)
    events = whole.journal.events  # type: ignore[attr-defined]
    again = rollout()
    again.journal.events.update(list(events.items())[:5])  # type: ignore[attr-defined]
    assert await paradigm().run(again) == episode

    def broken(request: ChatRequest) -> Reply:
        if b"Find B" in request.messages[1]:
            raise NetworkError("reset")
        return teacher(request)

    failed = await paradigm().run(make_rollout(broken))
    assert failed.failure is not None and failed.failure.kind == "network"
    assert len(failed.conversations) == 3


def test_its_configs_load(tmp_path: Path) -> None:
    team, own = blocks("yaml")
    path = tmp_path / "mine.yaml"
    path.write_text(f"questions: {{kind: encyclopedia}}\n{team}")
    settings = load(path).config.paradigms["miroflow"]
    assert isinstance(settings, MiroFlowParadigm) and set(settings.roles) == {"browsing", "archive"}
    path.write_text(f"questions: {{kind: encyclopedia}}\nteachers: {{qwen: {{kind: scripted}}}}\n{own}")
    assert load(path).config.arms[0].paradigm == "plan_and_execute"
