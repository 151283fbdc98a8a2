"""The codec: round trips, torn tails, errors that name the place, files that appear whole."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth import codec
from trajsynth.errors import InputError, RecordError
from trajsynth.types import Conversation, Message, Question, ToolCall, ToolSpec, Trajectory, Turn, Usage

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def trajectory(content: str = "hi", extra: dict[str, object] | None = None) -> Trajectory:
    messages = (
        Message(n=0, role="user", content="Who?"),
        Message(
            n=1,
            role="assistant",
            content=content,
            extra=extra or {},
            tool_calls=(ToolCall(name="search", arguments='{"q": 1}', span=(0, 2)),),
            turn=Turn(finish_reason="tool_calls", usage=Usage(calls=1, input=3), hidden=(4, 5)),
        ),
        Message(n=2, role="tool", content="x", answers=(1, 0), outcome="ok", outcome_from="typed"),
    )
    conversation = Conversation(toolsets=((ToolSpec(name="search"),),), messages=messages)
    return Trajectory(id="t", question=Question(id="q", text="Who?"), group="q", conversations=(conversation,))


@settings(max_examples=60)
@given(st.text(), st.dictionaries(st.text(), JSON, max_size=3))
def test_round_trip(content: str, extra: dict[str, object]) -> None:
    record = trajectory(content, extra)
    line = codec.encode(record)
    assert b"\n" not in line
    assert codec.decode(line, Trajectory) == record


def test_lone_surrogates_become_replacement_characters() -> None:
    line = codec.encode(trajectory("a\ud800b"))
    assert codec.decode(line, Trajectory).conversations[0].messages[1].content == "a�b"
    assert codec.scrub("a\ud83d\ude00b") == "a😀b"


def test_error_names_place_and_path() -> None:
    bad = codec.encode(trajectory()).replace(b'"content":"hi"', b'"content":7')
    with pytest.raises(RecordError, match=r"f:3: Expected `str`, got `int` - at `\$.conversations\[0\].messages\[1\]"):
        codec.decode(bad, Trajectory, "f:3")


def test_read_skips_a_torn_tail_but_not_a_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = codec.encode(Question(id="q", text="t"))
    path.write_bytes(good + b"\n" + good[:10])
    assert [question.id for question in codec.read_records(path, Question)] == ["q"]
    path.write_bytes(good + b"\n" + good[:10] + b"\n" + good + b"\n")
    with pytest.raises(RecordError, match=r"a\.jsonl:2"):
        list(codec.read_records(path, Question))


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        list(codec.read_lines(tmp_path / "none"))


@pytest.mark.parametrize("tail", [b"", b'{"torn', b"x" * 200_000])
def test_appender_cuts_the_torn_tail(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n{}\n" + tail)
    with codec.Appender(path) as appender:
        appender.append(b'{"a":1}')
        assert path.read_bytes() == b'{}\n{}\n{"a":1}\n'
        assert appender.size == path.stat().st_size


def test_appender_takes_back_half_a_line() -> None:
    appender = codec.Appender(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        appender.append(b"{}")
    assert appender.size == 0
    with suppress(OSError):  # the device knows no fsync
        appender.close()


def test_atomic_write_leaves_the_old_file_on_error(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with codec.atomic_write(path) as file:
        file.write(b"old")
    with pytest.raises(RuntimeError), codec.atomic_write(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]
