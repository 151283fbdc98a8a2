"""Messages put in or taken away: all that points to a message still does."""

from __future__ import annotations

from dataclasses import replace

from trajsynth.testing.edits import cut, number_at, splice, with_text
from trajsynth.types import Edit, Message, Planted, Rollback, ToolCall, Trajectory, Turn

NEW = (Message(n=2, role="user", content="a"), Message(n=3, role="user", content="b"))


def pointed_to(own: Trajectory) -> Trajectory:
    """Something of every kind that points to message 5."""
    edit = Edit(conversation=0, n=5, field="content", before="a", after="b", rule="r")
    back = Rollback(conversation=0, before=5, attempt=0, reason="empty", reply=Message(n=5, role="assistant"))
    child = replace(own.conversations[0], called_by=(0, 5, 0))
    run = replace(own.run, planted=(Planted(code="x", n=5), Planted(code="y")))
    changed = replace(own, conversations=(own.conversations[0], child), masked=((0, 5), (0, 1), (1, 5)))
    return replace(changed, edits=(edit,), rollbacks=(back,), run=run)


def test_splice_moves_what_comes_after(own: Trajectory) -> None:
    before = pointed_to(own)
    after = splice(before, 0, 2, NEW)
    old, new = before.conversations[0].messages, after.conversations[0].messages
    assert [m.n for m in new] == list(range(len(old) + 2))
    assert new[:2] == old[:2] and new[2:4] == NEW
    assert [m.content for m in new[4:]] == [m.content for m in old[2:]]
    assert [m.answers for m in new if m.answers] == [(m.answers[0] + 2, m.answers[1]) for m in old if m.answers]
    hidden = [m.turn.hidden for m in new if m.turn]
    assert hidden == [tuple(n + 2 for n in m.turn.hidden) for m in old if m.turn]
    assert after.masked == ((0, 7), (0, 1), (1, 5))
    assert [edit.n for edit in after.edits] == [7]
    assert [back.before for back in after.rollbacks] == [7]
    assert after.conversations[1].called_by == (0, 7, 0)
    assert [label.n for label in after.run.planted] == [7, None]
    assert after.conversations[1].messages == before.conversations[1].messages


def test_splice_at_the_end_moves_nothing(own: Trajectory) -> None:
    count = len(own.conversations[0].messages)
    assert number_at(own.conversations[0], count) == count
    longer = splice(own, 0, count, [Message(n=count, role="user", content="a")])
    assert longer.conversations[0].messages[:-1] == own.conversations[0].messages
    assert longer.masked == own.masked


def test_numbers_with_gaps_keep_their_gaps(own: Trajectory) -> None:
    messages = tuple(replace(m, n=m.n * 10) for m in own.conversations[0].messages[:4])
    gapped = replace(own, conversations=(replace(own.conversations[0], messages=messages),), masked=())
    assert number_at(gapped.conversations[0], 2) == 20
    new = [Message(n=20, role="user", content="a")]
    assert [m.n for m in splice(gapped, 0, 2, new).conversations[0].messages] == [0, 10, 20, 21, 31]


def test_cut_leaves_nothing_that_points_behind_it(own: Trajectory) -> None:
    shorter = cut(pointed_to(own), 0, 5)
    assert len(shorter.conversations[0].messages) == 5
    assert shorter.masked == ((0, 1), (1, 5)) and shorter.edits == () and shorter.rollbacks == ()
    assert len(cut(pointed_to(own), 0, 6).edits) == 1


def test_text_moves_the_spans_behind_it() -> None:
    calls = (ToolCall(name="a", span=(0, 2)), ToolCall(name="b", span=(4, 6)), ToolCall(name="c"))
    message = Message(n=0, role="assistant", content="AA, BB", tool_calls=calls, turn=Turn())
    changed = with_text(message, 3, "xyz")
    assert changed.content == "AA,xyz BB"
    assert [call.span for call in changed.tool_calls] == [(0, 2), (7, 9), None]
