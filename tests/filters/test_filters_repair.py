"""Repairs: what is mended and how it is recorded, what must stay, and that mending twice is mending once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import asks, codes, row, says, sees

from trajsynth.builders.rows import Row, render
from trajsynth.codec import decode
from trajsynth.filters import Calls, ControlTokens, Filter, RepeatLoop, RepeatRun
from trajsynth.filters.recipe import Recipe, Step
from trajsynth.filters.repair import REPAIRABLE, mended_arguments, repair, without_tokens
from trajsynth.grammar import read_calls, write_call
from trajsynth.readers import from_row
from trajsynth.types import Conversation, Edit, Message, Trajectory

FILTERS: tuple[Filter, ...] = (RepeatLoop(), RepeatRun(), Calls(), ControlTokens())
RECIPE = Recipe("mend", tuple(Step(f, {code: "repair" for code in f.codes if code in REPAIRABLE}) for f in FILTERS))
LOOP = "Let me open the page of the bridge once more. "
DONE = {"role": "assistant", "content": "done"}


def mended(trajectory: Trajectory) -> Trajectory:
    return RECIPE.repaired(trajectory, RECIPE.judge(trajectory))


def messages(trajectory: Trajectory) -> tuple[Message, ...]:
    return trajectory.conversations[0].messages


def left(trajectory: Trajectory) -> list[str]:
    return [finding.code for found in RECIPE.judge(trajectory).values() for finding in found]


def test_a_looped_tail_keeps_its_first_copy() -> None:
    given = from_row(says("I look. " + LOOP * 6))
    trajectory = mended(given)
    assert messages(trajectory)[1].content == "I look. " + LOOP.strip()
    assert trajectory.edits == (
        Edit(
            conversation=0,
            n=1,
            field="content",
            before=messages(given)[1].content,
            after=messages(trajectory)[1].content,
            rule="trim_tail",
        ),
    )
    assert left(trajectory) == []


def test_a_runaway_tail_and_reasoning() -> None:
    given = row({"role": "assistant", "content": "Well " + "ha" * 80 + "h", "reasoning": "So. " + LOOP * 5})
    trajectory = mended(from_row(given))
    assert (messages(trajectory)[1].content, messages(trajectory)[1].reasoning) == ("Well ha", "So. " + LOOP.strip())


def test_a_loop_before_the_end_stays() -> None:
    given = from_row(says(LOOP * 6 + "\nThe bridge was opened in 1871, says the town's own chronicle."))
    assert mended(given) is given


def test_control_tokens_are_stripped_everywhere() -> None:
    given = row(asks(arguments='{"q": "a<|im_end|>"}'), sees("x<|im_<|im_end|>end|>y"), DONE)
    trajectory = mended(from_row(given))
    assert messages(trajectory)[1].tool_calls[0].arguments == '{"q": "a"}' and messages(trajectory)[2].content == "xy"
    assert {edit.rule for edit in trajectory.edits} == {"strip_control_tokens"} and left(trajectory) == []


@pytest.mark.parametrize(
    "faulty", [asks("serch"), asks(arguments="{"), asks(arguments="[]"), asks(arguments='{"q": 3}')]
)
def test_a_failed_and_retried_exchange_is_cut(faulty: dict[str, Any]) -> None:
    given = from_row(row(faulty, sees("Error: no"), asks(), sees("found"), DONE))
    trajectory = mended(given)
    assert [m.n for m in messages(trajectory)] == [0, 3, 4, 5] and left(trajectory) == []
    assert [(e.n, e.field, e.after, e.rule) for e in trajectory.edits] == [
        (1, "message", "", "cut_retried"),
        (2, "message", "", "cut_retried"),
    ]
    assert tuple(decode(e.before.encode(), Message) for e in trajectory.edits) == messages(given)[1:3]
    built = render(trajectory)
    assert isinstance(built, Row) and built.sources == [0, 3, 4, 5]


def test_two_failures_in_a_row_are_both_cut() -> None:
    given = from_row(row(asks("x"), sees("Error: no"), asks("y"), sees("Error: no"), asks(), sees("found"), DONE))
    assert [m.n for m in messages(mended(given))] == [0, 5, 6, 7]


@pytest.mark.parametrize(
    "turns",
    [
        (asks("serch"), sees("Error: no"), DONE),
        (asks("serch"), sees("a page"), asks(), sees("found"), DONE),
        (asks("serch"), sees("Error: no"), {**asks(), "content": "Sorry, I retry."}, sees("found"), DONE),
        (asks("serch"), sees("Error: no"), {"role": "user", "content": "Go on"}, asks(), sees("found"), DONE),
        (asks("serch"), sees("Error: no")),
        (asks("serch"), sees("Error: no"), asks("serch"), sees("Error: no"), DONE),
    ],
)
def test_what_must_not_be_cut(turns: tuple[dict[str, Any], ...]) -> None:
    given = from_row(row(*turns))
    assert mended(given) is given and "call.unknown_tool" in left(given)


def test_a_turn_that_started_a_sub_agent_stays_and_masks_of_cut_turns_go() -> None:
    given = from_row(row(asks("serch"), sees("Error: no"), asks(), sees("found"), DONE))
    child = Conversation(called_by=(0, 1, 0))
    assert mended(replace(given, conversations=(*given.conversations, child))).edits == ()
    assert mended(replace(given, masked=((0, 1), (0, 3)))).masked == ((0, 3),)


@pytest.mark.parametrize(
    "written",
    ["{'q': 'x',}", r'"{\"q\": \"x\"}"', '```json\n{"q": "x"}\n```', '```\n{q: "x"}\n```\n'],
)
def test_arguments_of_an_executed_call_are_mended(written: str) -> None:
    trajectory = mended(from_row(row(asks(arguments=written), sees("found"), DONE)))
    assert messages(trajectory)[1].tool_calls[0].arguments == '{"q": "x"}'
    assert [(e.field, e.before, e.after, e.rule) for e in trajectory.edits] == [
        ("tool_calls[0].arguments", written, '{"q": "x"}', "mend_arguments")
    ]
    assert left(trajectory) == []


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ("{'q': 'x'}", "Error: invalid JSON"),
        ("{'q': 'it's'}", "found"),
        ("{'p': 'x'}", "found"),
        ("{'q': 3}", "found"),
        ('"q"', "found"),
        ("[1]", "found"),
        ('"[1]"', "found"),
    ],
)
def test_arguments_that_are_left_alone(arguments: str, seen: str) -> None:
    given = from_row(row(asks(arguments=arguments), sees(seen), DONE))
    assert mended(given) is given


def test_arguments_in_the_content_are_mended_in_place() -> None:
    content = "Look. " + write_call("s", "a", "{'q': True}") + "\n" + write_call("s", "b", "{}")
    turns = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "found"},
    ]
    given = from_row({"messages": [*turns, DONE]})
    trajectory = mended(given)
    turn = messages(trajectory)[1]
    assert turn.content == content.replace("{'q': True}", '{"q": true}')
    assert [c.span for c in turn.tool_calls] == [raw.span for raw in read_calls(turn.content).calls]
    assert [e.field for e in trajectory.edits] == ["content"] and left(trajectory) == []


def test_a_call_never_closed_goes_with_the_complaint_about_it() -> None:
    call = write_call("s", "a", "{}")
    said = ["q", call.removesuffix("</use_mcp_tool>"), "Error: the call is not closed", call, "found", "done"]
    turns = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(said)]
    trajectory = mended(from_row({"messages": turns}))
    assert [m.n for m in messages(trajectory)] == [0, 3, 4, 5] and left(trajectory) == []


def test_nothing_found_changes_nothing() -> None:
    given = from_row(row(asks("serch"), sees("Error: no"), asks(), sees("found"), DONE))
    assert repair(given, []) is given
    assert codes(Calls().check(given)) == ["call.unknown_tool"]


PIECES = st.sampled_from(
    [
        LOOP * 4,
        "ha" * 60,
        "Some words.",
        "<|im_end|>",
        "<|im_",
        write_call("s", "t", "{'a': 1}"),
        write_call("s", "t", "{}"),
        "<use_mcp_tool>",
        "<think>",
        "</think>",
        "Sorry.",
    ]
)
TEXTS = st.lists(PIECES, max_size=4).map(" ".join)
CALLS = st.builds(
    asks, st.sampled_from(["search", "serch"]), st.sampled_from(['{"q": "x"}', "{'q': 'x'}", "{", '{"q": 1}'])
)
TURNS = st.one_of(
    TEXTS.map(lambda text: {"role": "assistant", "content": text}),
    st.builds(lambda call, text: {**call, "content": text}, CALLS, TEXTS),
    st.sampled_from(["Error: no", "found", "<|im_end|>"]).map(sees),
    st.sampled_from(["Error: no", "go on"]).map(lambda text: {"role": "user", "content": text}),
)


@pytest.mark.slow
@given(st.lists(TURNS, max_size=8))
@settings(max_examples=120, deadline=None)
def test_mending_is_idempotent_loses_no_number_and_keeps_links(turns: list[dict[str, Any]]) -> None:
    given = from_row(row(*turns))
    trajectory = mended(given)
    assert mended(trajectory) is trajectory
    numbers = [m.n for m in messages(trajectory)]
    cut = [e.n for e in trajectory.edits if e.rule == "cut_retried"]
    assert sorted({*numbers, *cut}) == [m.n for m in messages(given)] and not {*numbers} & {*cut}
    for message in messages(trajectory):
        assert message.answers is None or message.answers[0] in numbers
        for call in message.tool_calls:
            assert call.span is None or call.arguments in message.content[slice(*call.span)]


@given(st.text(alphabet="<|im_end|>[/INST] ab", max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_token_is_left(text: str) -> None:
    assert without_tokens(without_tokens(text)) == without_tokens(text)


@given(st.text(alphabet="{}[]:,'\"ab1 True", max_size=20))
@settings(max_examples=60, deadline=None)
def test_mended_arguments_are_an_object_or_nothing(text: str) -> None:
    found = mended_arguments(text)
    assert found is None or isinstance(json.loads(found), dict)
