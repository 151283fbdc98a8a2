"""RL prompts: one a question, ground truth, solve rates over all rollouts, uniform groups on request left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trajsynth.builders import Target, build_rl
from trajsynth.builders.rl import ANSWER_FORM
from trajsynth.types import Failure, Question, ToolSpec, Trajectory

Make = Callable[..., Trajectory]


def prompts(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "train.jsonl").read_bytes().splitlines()]


def group(make: Make, name: str, verdicts: str, **fields: Any) -> list[Trajectory]:
    """Rollouts of one question: `+` right, `-` wrong."""
    question = Question(id=name, text="Capital?", answers=("Paris", "City of Light"))
    return [
        replace(make(f"{name}{i}", correct=verdict == "+", group=name, **fields), question=question)
        for i, verdict in enumerate(verdicts)
    ]


def test_a_prompt_a_question_with_its_solve_rate(make: Make, tmp_path: Path) -> None:
    report = build_rl([*group(make, "a", "+-+-"), *group(make, "b", "+")], tmp_path)
    first, second = prompts(tmp_path)
    assert [message["role"] for message in first["prompt"]] == ["system", "user"]
    assert first["prompt"][1]["content"] == f"Capital?\n\n{ANSWER_FORM}"
    assert (first["ground_truth"], first["answers"]) == ("Paris", ["Paris", "City of Light"])
    assert (first["samples"], first["solve_rate"]) == (4, 0.5)
    assert second["group"] == "b"
    assert report.solve_rates == {"1/1": 1, "2/4": 1}
    assert (report.trajectories, report.used, report.refused) == (5, 5, {})


def test_a_prompt_that_asks_for_the_box_stays_as_it_is(make: Make, tmp_path: Path) -> None:
    base = group(make, "a", "+")[0]
    conversation = base.conversations[0]
    system, user, *rest = conversation.messages
    asking = replace(user, content="Capital? Answer in \\boxed{}.")
    build_rl([replace(base, conversations=(replace(conversation, messages=(system, asking, *rest)),))], tmp_path)
    assert prompts(tmp_path)[0]["prompt"][1]["content"] == "Capital? Answer in \\boxed{}."


def test_uniform_groups_go_on_request_and_are_counted(make: Make, tmp_path: Path) -> None:
    trajectories = [*group(make, "a", "++"), *group(make, "b", "---"), *group(make, "c", "+-")]
    assert build_rl(trajectories, tmp_path).rows == 3
    report = build_rl(trajectories, tmp_path, drop_uniform=True)
    assert [row["group"] for row in prompts(tmp_path)] == ["c"]
    assert report.refused == {"group.all_right": 2, "group.all_wrong": 3}
    assert report.solve_rates == {"0/3": 1, "1/2": 1, "2/2": 1}


def test_who_counts_and_who_gives_the_prompt(make: Make, tmp_path: Path) -> None:
    (prompted,) = group(make, "a", "-", invocation="mcp")
    (native,) = group(make, "a", "+")
    report = build_rl([prompted, native], tmp_path)
    assert prompts(tmp_path)[0]["solve_rate"] == 0.5
    assert report.used == 2
    assert build_rl([prompted], tmp_path).refused == {"rl.in_prompt": 1}
    nobody = [
        make("f", failure=Failure(kind="network")),
        make("u", correct=None),
        replace(make("g"), question=Question(id="q", text="?", answers=(" ",))),
        make("t", group="t", arguments="[1]"),
    ]
    report = build_rl(nobody, tmp_path)
    assert report.refused == {"answer.no_gold": 1, "call.not_object": 1, "grade.unknown": 1, "infra.network": 1}


@pytest.mark.slow
def test_verl_gets_its_columns_and_a_tool_config(make: Make, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    yaml = pytest.importorskip("yaml")
    report = build_rl(group(make, "a", "+-"), tmp_path, Target(format="verl", check=True))
    (row,) = parquet.read_table(tmp_path / "train.parquet").to_pylist()
    assert (row["data_source"], row["agent_name"], row["ability"]) == ("trajsynth", "tool_agent", "agent")
    assert row["reward_model"] == {"style": "rule", "ground_truth": "Paris"}
    extra = row["extra_info"]
    assert (extra["index"], extra["split"], extra["need_tools_kwargs"], extra["solve_rate"]) == (0, "train", True, 0.5)
    assert extra["tools_kwargs"] == {"corpus__search": {"create_kwargs": {"question": "a"}}}
    config = yaml.safe_load((tmp_path / "tool_config.yaml").read_text())
    (tool,) = config["tools"]
    assert tool["config"].pop("type") == "native"
    assert json.loads(tool["config"]["definition"]) == tool["tool_schema"], "verl keeps a part of its schema only"
    assert tool["tool_schema"]["function"]["name"] == "corpus__search"
    assert report.differences == ()


def test_a_runs_own_tools_run_in_verl_unless_a_class_is_named(make: Make, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    yaml = pytest.importorskip("yaml")
    for named, runs in (("", "trajsynth.verl.RunTool"), ("mine.Tool", "mine.Tool")):
        build_rl(group(make, "a", "+-"), tmp_path, Target(format="verl", run="/runs/night1", tool_class=named))
        (tool,) = yaml.safe_load((tmp_path / "tool_config.yaml").read_text())["tools"]
        assert tool["class_name"] == runs
        assert tool["config"].pop("definition")
        assert tool["config"] == {"type": "native"} | ({} if named else {"run": "/runs/night1"})


def test_prompts_with_agents_for_tools_are_left_out(make: Make, tmp_path: Path) -> None:
    (team,) = group(make, "a", "+")
    browsing = ToolSpec(name="agents__browsing", server="agents", tool="browsing")
    conversation = replace(team.conversations[0], toolsets=((browsing,),))
    report = build_rl([replace(team, conversations=(conversation,))], tmp_path)
    assert report.refused == {"rl.sub_agents": 1}
    assert build_rl([replace(team, id="t", conversations=(conversation,)), *group(make, "a", "-")], tmp_path).used == 2


def test_verl_keeps_tool_sets_apart_and_refuses_schemas_it_cannot_hold(make: Make, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    other = (ToolSpec(name="now", parameters={"type": "object", "properties": {"zone": {"type": "string"}}}),)
    untyped = (ToolSpec(name="any", parameters={"type": "object", "properties": {"x": {"anyOf": []}}}),)
    trajectories = group(make, "a", "+")
    for name, tools in (("b", other), ("c", untyped)):
        (base,) = group(make, name, "+")
        trajectories.append(replace(base, conversations=(replace(base.conversations[0], toolsets=(tools,)),)))
    report = build_rl(trajectories, tmp_path, "verl")
    assert report.files == {"train.parquet": 1, "train_2.parquet": 1}
    assert report.extras == ("tool_config.yaml", "tool_config_2.yaml")
    assert report.refused == {"tools.schema": 1}
