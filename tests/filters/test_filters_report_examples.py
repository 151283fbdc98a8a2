"""Examples: drawn by id, so that order changes nothing; what they show hides keys and escapes what is unseen."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import record

from trajsynth.filters.examples import EXCERPT, MOST, Example, keep, lot_of, quote, said, shown, visible, wanted
from trajsynth.types import Conversation, Finding, Message, Question, ToolCall

KEY = "sk-" + "aB3dE5fG7hJ9kL1mN3pQ5rS7"


def example(identity: str) -> Example:
    return Example(lot=lot_of(identity), id=identity, arm="a//", kept=True, conversation=0, message=1, detail="")


def drawn(names: list[str]) -> list[str]:
    chosen: list[Example] = []
    for name in names:
        if wanted(chosen, (lot_of(name), name)):
            keep(chosen, example(name))
    return [one.id for one in chosen]


def test_the_same_ten_in_any_order() -> None:
    names = [f"t{i}" for i in range(100)]
    shuffled = random.Random(1).sample(names, len(names))
    assert drawn(names) == drawn(shuffled) and len(drawn(names)) == MOST
    assert drawn(names) == sorted(names, key=lot_of)[:MOST]
    assert drawn(names[:3]) == drawn(names[2::-1])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        ("left\u202eright\u200b", "left\\u202eright\\u200b"),
        ("\ud800", "\\ud800"),
        ("日本 ไทย é", "日本 ไทย é"),
    ],
)
def test_unseen_characters_are_escaped(text: str, line: str) -> None:
    assert visible(text) == line


@pytest.mark.parametrize("start", [0, 5, 180, 195, 950, 1500])
def test_keys_are_hidden_wherever_the_excerpt_cuts_them(start: int) -> None:
    text = "x " * (start // 2) + f"key {KEY} " + "y " * 2000
    for begin in range(0, len(text) - EXCERPT, 7):
        excerpt = shown(text, begin)
        assert KEY[4:14] not in excerpt and KEY[-8:] not in excerpt
        assert len(excerpt) <= EXCERPT


def test_a_private_key_hides_the_rest() -> None:
    text = "here: -----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\n-----END RSA PRIVATE KEY-----"
    assert shown(text) == "here: ***"


@given(st.text(max_size=400), st.integers(-5, 500), st.integers(-5, 500))
@settings(max_examples=80, deadline=None)
def test_any_text_is_one_short_line(text: str, start: int, end: int) -> None:
    line = shown(text, start, end)
    assert len(line) <= EXCERPT and "\n" not in line
    line.encode()


def test_the_words_a_finding_speaks_of() -> None:
    messages = (
        Message(n=0, role="user", content="Q?"),
        Message(n=3, role="assistant", content="first the lead, then the fault", reasoning="hm"),
        Message(n=4, role="assistant", tool_calls=(ToolCall(name="search", arguments='{"q": 1}'),)),
        Message(n=5, role="assistant", reasoning="only thoughts"),
    )
    trajectory = record(
        conversations=(Conversation(messages=messages),),
        question=Question(id="q", text="Who?", answers=("12", "twelve")),
    )

    def words(code: str, n: int | None = None, span: tuple[int, int] | None = None) -> str:
        return quote(trajectory, Finding(filter="f", code=code, message=n, span=span))

    assert words("repeat.loop", 3, (6, 14)) == "the lead"
    assert words("repeat.cross_turn", 3) == "first the lead, then the fault"
    assert words("repeat.loop", 3) == ""  # in the reasoning, quoted in the detail
    assert words("call.schema", 4) == 'search({"q": 1})'
    assert words("truncated", 3) == "first the lead, then the fault"
    assert words("ended.early") == words("repeat.cross_turn", 5) == "only thoughts"
    assert words("leak.answer") == "Who?"
    assert words("grade.wrong") == "the answer (accepted: 12 | twelve)"
    assert words("infra.teacher") == words("repeat.loop", 99) == ""
    assert quote(trajectory, Finding(filter="f", code="repeat.loop", conversation=7)) == ""


def test_of_several_calls_the_one_at_fault() -> None:
    calls = (ToolCall(name="open", arguments="{}"), ToolCall(name="search", arguments="{q}"))
    message = Message(n=1, role="assistant", content="Both at once.", tool_calls=calls)
    trajectory = record(conversations=(Conversation(messages=(message,)),))
    finding = Finding(filter="calls", code="call.bad_json", message=1, value="search")
    assert quote(trajectory, finding) == "search({q})"
    assert quote(trajectory, replace(finding, value=None, code="multi_call")) == "open({}); search({q})"


def test_details_are_made_fit_too() -> None:
    assert said(Finding(filter="f", code="c", detail=f"a\n{KEY}")) == "a\\n***"
