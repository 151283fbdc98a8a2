"""A trajectory as text: order, nesting, marks; and the page made of such texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trajsynth.report.page import page
from trajsynth.report.transcript import Remarks, headline, transcript
from trajsynth.types import (
    Conversation,
    Edit,
    Failure,
    Finding,
    Grade,
    Message,
    Question,
    Rollback,
    ToolCall,
    ToolSpec,
    Trajectory,
    Turn,
)

WRITTEN = '<use_mcp_tool>{"q": "x"}</use_mcp_tool>'


def said(n: int, text: str, *calls: ToolCall, hidden: tuple[int, ...] = ()) -> Message:
    return Message(n=n, role="assistant", content=text, tool_calls=calls, turn=Turn(hidden=hidden))


def result(n: int, text: str, call: int) -> Message:
    return Message(n=n, role="tool", content=text, answers=(call, 0), outcome="ok")


def team() -> Trajectory:
    """A lead, and one sub-agent that was called in its second turn."""
    main = Conversation(
        teacher="t",
        toolsets=((ToolSpec(name="agents__browsing"),),),
        messages=(
            Message(n=0, role="system", content="You lead. " * 100),
            Message(n=1, role="user", content="Who?"),
            said(2, "Plan.", ToolCall(name="agents__browsing", arguments='{"task": "T"}')),
            result(3, "report\nin two lines", 2),
            said(4, "Ada", hidden=(3,)),
        ),
        stop_reason="answered",
    )
    span = (len("I look.\n"), len("I look.\n" + WRITTEN))
    sub = Conversation(
        agent="browsing",
        called_by=(0, 2, 0),
        messages=(
            Message(n=0, role="user", content="T"),
            said(1, f"I look.\n{WRITTEN}", ToolCall(name="s__search", arguments='{"q": "x"}', span=span)),
            result(2, "found", 1),
            said(3, "report\nin two lines"),
        ),
        stop_reason="answered",
    )
    return Trajectory(
        id="abc",
        question=Question(id="q", text="Who?", answers=("Ada", "Ada L.")),
        group="q",
        conversations=(main, sub),
        answer="Ada",
        stop_reason="answered",
        grade=Grade(correct=True, method="exact"),
        rollbacks=(Rollback(conversation=1, before=3, attempt=0, reason="empty", reply=said(3, "never")),),
    )


def test_sub_agents_stand_between_their_call_and_its_result() -> None:
    lines = transcript(team()).split("\n")
    spawn = next(i for i, line in enumerate(lines) if "→ agents__browsing" in line)
    back = next(i for i, line in enumerate(lines) if "← [3] ok" in line)
    inner = lines[spawn + 1 : back]
    assert inner and all(line.startswith("    │ ") for line in inner), "every line, also the second of a text"
    assert any("── browsing" in line for line in inner)
    assert sum("report" in line for line in lines) == 2
    assert lines[-1] == "  stopped: answered"


def test_what_is_marked() -> None:
    trajectory = replace(
        team(),
        masked=((1, 1),),
        edits=(Edit(conversation=0, n=4, field="content", before="x", after="Ada", rule="cut"),),
        stop_reason="failed",
        failure=Failure(kind="network", message="reset"),
    )
    findings = [
        Finding(filter="repeat", code="repeat.loop", conversation=1, message=3, detail="4 copies"),
        Finding(filter="grade", code="grade.wrong"),
        Finding(filter="x", code="x.agent", conversation=1),
        Finding(filter="x", code="x.result", conversation=0, message=3),
    ]
    text = transcript(trajectory, Remarks(findings=findings, recipes={"sft": "kept"}))
    for mark in (
        "accepted  Ada | Ada L.",
        "answer    Ada  (right, exact)",
        "failure   network: reset",
        "recipe    sft: kept",
        "finding   grade.wrong",
        "! repeat.loop: 4 copies",
        "! x.agent",
        "! x.result",
        "hidden from [4] on",
        "[1] assistant (kept out of the loss)",
        "[4] assistant (content mended by cut)",
        "✗ attempt 0 rolled back: empty",
        "1 rollback,",
    ):
        assert mark in text


def test_calls_in_the_content_are_told_once() -> None:
    text = transcript(team())
    assert "use_mcp_tool" not in text
    assert text.count('"q": "x"') == 1


@pytest.mark.parametrize(("clip", "cut"), [(0, False), (50, True)])
def test_long_texts_are_cut_unless_all_is_asked_for(clip: int, cut: bool) -> None:
    assert ("(999 characters)" in transcript(team(), clip=clip)) is cut


def test_a_conversation_called_from_nowhere_is_still_told() -> None:
    trajectory = team()
    lost = replace(trajectory.conversations[1], called_by=(5, 1, 0))
    assert "── browsing" in transcript(replace(trajectory, conversations=(trajectory.conversations[0], lost)))
    assert transcript(replace(trajectory, conversations=()))


def test_the_page_holds_the_texts_and_no_markup_of_theirs() -> None:
    trajectory = replace(team(), answer="<b>Ada</b>", question=Question(id="q", text="<script>?"))
    html = page("a <run>", "arm n\n1 < 2", [trajectory], {"abc": Remarks(recipes={"sft": "kept"})})
    assert "<script" not in html
    assert "&lt;b&gt;Ada" in html
    assert "a &lt;run&gt;" in html
    assert "recipe    sft: kept" in html
    assert "src=" not in html and "href=" not in html, "one file, nothing fetched"
    assert headline(team()).startswith("abc")
