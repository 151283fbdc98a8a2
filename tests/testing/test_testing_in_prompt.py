"""Native calls rewritten as markup, and turns written in either invocation."""

from __future__ import annotations

from random import Random

from trajsynth.grammar import read_calls
from trajsynth.testing import in_prompt
from trajsynth.testing.place import Place
from trajsynth.testing.writing import Said, exchange, renamed
from trajsynth.types import ToolCall, Trajectory


def test_calls_stand_in_the_content_and_mean_the_same(own: Trajectory) -> None:
    written = in_prompt(own)
    assert written.invocation == "mcp"
    for old, new in zip(own.conversations[0].messages, written.conversations[0].messages, strict=True):
        assert new.content.startswith(old.content)
        read = [(call.server, call.tool, call.arguments, call.span) for call in read_calls(new.content).calls]
        assert read == [(call.server, call.tool, call.arguments, call.span) for call in new.tool_calls]
        assert [(c.name, c.arguments) for c in new.tool_calls] == [(c.name, c.arguments) for c in old.tool_calls]


def test_it_is_done_once(own: Trajectory) -> None:
    assert in_prompt(in_prompt(own)) == in_prompt(own)


def test_an_exchange_in_either_form(clean: Trajectory) -> None:
    place = Place(clean, 0, Random(0), 1)
    step = place.exchanges()[0]
    turn, result = exchange(place, 50, "Once more.", step.call, step.message, Said("Error: gone", "tool_error"))
    assert (turn.n, result.n, result.answers) == (50, 51, (50, 0))
    assert (result.outcome, result.outcome_from) == ("tool_error", "text" if place.imported else "typed")
    assert turn.content.startswith("Once more.") and turn.tool_calls[0].arguments == step.call.arguments
    assert (turn.tool_calls[0].span is not None) is place.in_prompt is ("use_mcp_tool" in turn.content)


def test_another_name_of_the_same_server() -> None:
    native = ToolCall(name="a__b", server="a", tool="b")
    assert renamed(native, "c") == ToolCall(name="c", server="a", tool="c")
    assert renamed(ToolCall(name="b"), "c") == ToolCall(name="c")
    written = ToolCall(name="a__b", server="a", tool="b", span=(0, 3))
    assert renamed(written, "c d") == ToolCall(name="a__c_d", server="a", tool="c d", span=(0, 3))


def test_a_place_knows_its_exchanges(own: Trajectory) -> None:
    place = Place(own, 0, Random(0), 2)
    steps = place.exchanges()
    assert [(step.at, step.index, step.last_of_turn) for step in steps] == [
        (2, 0, False),
        (2, 1, True),
        (5, 0, True),
        (7, 0, True),
    ]
    assert [step.result.content[:4] if step.result else "" for step in steps] == ["Brid", "Brid", "It w", "Born"]
    assert place.after(2) == 5 and place.after(7) == 9
    assert place.final_turn() == own.conversations[0].messages[-1]
    assert place.pick(10, 20, 30) == 20
