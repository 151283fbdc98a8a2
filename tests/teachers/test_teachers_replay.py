"""trajsynth.teachers.replay: a recorded run, told again word for word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from climain import trajsynth
from loopfakes import ANSWER, DONE, MemoryJournal, acting, call, make_rollout, saying

from trajsynth.codec import decode, encode, read_records
from trajsynth.config import ReplayTeacher as Section
from trajsynth.errors import InputError, TeacherError
from trajsynth.paradigms import ReAct
from trajsynth.protocols import ChatRequest, Episode, Reply, Rollout, Teacher
from trajsynth.teachers import build_teacher
from trajsynth.types import Planted, Question, Run, Trajectory

MCP_CALL = (
    "I look.\n<use_mcp_tool><server_name>s</server_name><tool_name>search</tool_name>"
    '<arguments>{"q": "%s"}</arguments></use_mcp_tool>'
)
ROLLED_BACK = saying("I'm sorry, but I can't help with that.")
SCRIPTS: dict[str, tuple[str, list[Reply]]] = {
    "calls": ("function_calling", [acting(call("a"), call("b")), acting(call("c"), content=""), DONE, ANSWER]),
    "reasoning": ("function_calling", [acting(call("a"), reasoning="hm", reasoning_field="<think>"), DONE, ANSWER]),
    "bad arguments": ("function_calling", [acting(call(raw="{oops"))] * 5 + [DONE, ANSWER]),
    "rolled back": ("function_calling", [ROLLED_BACK, ROLLED_BACK, acting(call("a")), DONE, DONE, ANSWER]),
    "prompt": ("mcp", [saying(MCP_CALL % "a"), saying(MCP_CALL % "b"), DONE, ANSWER]),
    "extra": ("function_calling", [acting(call("a"), extra={"reasoning_details": [1]}), DONE, ANSWER]),
}


async def told(rollout: Rollout, teacher: Teacher | None = None) -> Episode:
    return await ReAct().run(rollout if teacher is None else replace(rollout, teacher=teacher, journal=MemoryJournal()))


def write(folder: Path, rollout: Rollout, episode: Episode, name: str = "trajectories-00000.jsonl") -> None:
    trajectory = Trajectory(
        id=rollout.id,
        question=rollout.question,
        group="q",
        teacher="teacher",
        conversations=episode.conversations,
        rollbacks=episode.rollbacks,
        run=Run(planted=episode.planted),
    )
    folder.mkdir(exist_ok=True)
    with (folder / name).open("ab") as file:
        file.write(encode(trajectory) + b"\n")


async def replay(folder: Path, **fields: Any) -> Teacher:
    teacher = build_teacher("teacher", Section(run=str(folder), **fields), {})
    await teacher.open()
    return teacher


def plain(episode: Episode) -> Episode:
    """As a record has it: what the codec does not keep apart is the same."""
    return decode(encode(episode), Episode)


@pytest.mark.parametrize("unseeded", [False, True])
@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_rollout_is_told_again_to_the_letter(tmp_path: Path, name: str, unseeded: bool) -> None:
    how, script = SCRIPTS[name]
    rollout = make_rollout(script, how=how, profile={"seeded": not unseeded})
    first = await told(rollout)
    assert first.answer == "Paris"
    write(tmp_path / "run", rollout, first)
    teacher = await replay(tmp_path / "run")
    again = await told(rollout, teacher)
    if unseeded:  # the replaying teacher is sent seeds, which the record then holds
        assert [len(c.messages) for c in again.conversations] == [len(c.messages) for c in first.conversations]
        assert again.answer == first.answer
        assert len(again.rollbacks) == len(first.rollbacks)
    else:
        assert plain(again) == plain(first)
    await teacher.close()


async def test_another_rollout_of_the_same_task_is_served_too(tmp_path: Path) -> None:
    rollout = make_rollout([acting(call("a")), DONE, ANSWER])
    write(tmp_path / "run", rollout, await told(rollout))
    other = replace(rollout, id="other", seed=99)
    assert (await told(other, await replay(tmp_path / "run"))).answer == "Paris"


async def test_samples_are_told_apart_by_rollout_and_by_seed(tmp_path: Path) -> None:
    for number, answer in enumerate(["Rome", "Oslo", "Bonn"]):
        script = [acting(call("a")), DONE, saying(rf"\boxed{{{answer}}}")]
        rollout = replace(make_rollout(script), id=f"r{number}", seed=number)
        write(tmp_path / "run", rollout, await told(rollout))
    teacher = await replay(tmp_path / "run")
    by_id = [replace(rollout, id=f"r{number}") for number in (2, 0, 1)]
    assert [(await told(r, teacher)).answer for r in by_id] == ["Bonn", "Rome", "Oslo"]
    by_seed = [replace(rollout, id="new", seed=number) for number in (1, 2)]
    assert [(await told(r, await replay(tmp_path / "run"))).answer for r in by_seed] == ["Oslo", "Bonn"]


async def test_planted_labels_and_failed_rollouts_come_back(tmp_path: Path) -> None:
    rollout = make_rollout([acting(call("a"), planted=("repeat.loop",)), DONE, ANSWER])
    first = await told(rollout)
    assert first.planted == (Planted(code="repeat.loop", n=2),)
    write(tmp_path / "run", rollout, first, "failures.jsonl")
    assert (await told(rollout, await replay(tmp_path / "run"))).planted == first.planted


async def test_a_conversation_that_went_another_way_is_said(tmp_path: Path) -> None:
    rollout = make_rollout([acting(call("a")), DONE, ANSWER])
    write(tmp_path / "run", rollout, await told(rollout))
    teacher = await replay(tmp_path / "run")
    changed = replace(rollout, question=Question(id="q", text="What is the capital of Peru?"), id="x")
    episode = await told(changed, teacher)
    assert episode.failure is not None
    assert "went on from here (after 0 replies)" in episode.failure.message
    with pytest.raises(TeacherError, match="after 0 replies"):
        await teacher.complete(ChatRequest(messages=()))


@pytest.mark.parametrize("fields", [{"teacher": "nobody"}, {}])
async def test_a_run_without_the_teacher_is_refused(tmp_path: Path, fields: dict[str, str]) -> None:
    if fields:
        rollout = make_rollout([DONE, ANSWER])
        write(tmp_path, rollout, await told(rollout))
    with pytest.raises(InputError, match=r"teachers\.teacher: .* holds no reply of a teacher '(nobody|teacher)'"):
        await replay(tmp_path, **fields)
    with pytest.raises(InputError, match="no run folder"):
        await replay(tmp_path / "nowhere")


async def test_the_journal_of_an_unfinished_rollout_is_replayed(tmp_path: Path) -> None:
    from trajsynth.generate.journal import Journals

    (tmp_path / "journal").mkdir()
    rollout = make_rollout([ROLLED_BACK, acting(call("a")), acting(call("b"), content=""), TeacherError("gone")])
    journal = Journals(tmp_path / "journal").open("r", "stamp")
    first = await told(replace(rollout, journal=journal))
    assert first.failure is not None
    again = await told(rollout, await replay(tmp_path))
    assert plain(again).conversations[0].messages == plain(first).conversations[0].messages
    assert "after 2 replies" in str(again.failure)


@pytest.mark.slow
def test_a_whole_run_is_replayed_through_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--set", "questions.questions=4", "--set", "questions.pages=60", "--quiet"]
    assert trajsynth("generate", "quickstart", *small) == 0
    teachers = [f"teachers.{name}={{kind: replay, run: outputs/quickstart}}" for name in ("careful", "hasty", "sloppy")]
    sets = [part for teacher in teachers for part in ("--set", teacher)]
    assert trajsynth("generate", "quickstart", *small, *sets, "-o", "again") == 0
    runs = [
        {t.id: t for t in read_records(folder / "trajectories-00000.jsonl", Trajectory)}
        for folder in (Path("outputs/quickstart"), Path("again"))
    ]
    assert len(runs[0]) > 10
    assert runs[0].keys() == runs[1].keys()
    for identity, recorded in runs[0].items():
        assert runs[1][identity].conversations == recorded.conversations
        assert runs[1][identity].rollbacks == recorded.rollbacks
        assert runs[1][identity].run.planted == recorded.run.planted
