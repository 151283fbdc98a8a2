"""YAML read strictly, and overrides written into plain data."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.configyaml import override, read
from trajsynth.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2024-01-01", "2024-01-01"),
        ("1:30", "1:30"),
        (".inf", ".inf"),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("-2", -2),
        ("007", 7),
        ("100_000", 100_000),
        ("0x1f", 31),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: Any) -> None:
    assert read(f"a: {text}", "c.yaml") == {"a": value}


def test_keys_are_text() -> None:
    assert read("3: a\nno: b\nnull: c", "c.yaml") == {"3": "a", "no": "b", "null": "c"}


def test_merge_brings_in_only_what_is_not_there() -> None:
    text = "base: &b {x: 1, y: 2}\nt: {y: 3, <<: *b}"
    assert read(text, "c.yaml")["t"] == {"x": 1, "y": 3}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "c.yaml:3: key 'a' is given twice"),
        ("a: {b: 1, b: 2}", "c.yaml:1: key 'b' is given twice"),
        ("a: 1\nb: [1", "c.yaml:2: expected ',' or ']'"),
        ("a: &x {b: *x}", "c.yaml:1: an anchor contains itself"),
        ("a: !!python/object:os.system 1", "is a YAML tag"),
        ("a: !!timestamp 2024-01-01", "is a YAML tag"),
        ("a: !!map [1]", "does not fit its value"),
        ("a: !!bool maybe", "neither true nor false"),
        ("a: 1e999", "too large"),
        ("a: " + "9" * 5000, "not a number"),
        ("a: @x", "quote the text"),
        ("a: *gone", "undefined alias"),
        ("a: 1\n---\nb: 2", "another document"),
        ("? [1]\n: 2", "a key must be plain text"),
        ("a: {<<: 3}", "write `<<: *name`"),
        ("a: \x00", "unacceptable character"),
        ("a: " + "[" * 1500, "nested too deeply"),
        ("", "is empty"),
        ("# only a comment", "is empty"),
        ("- 1", "expected a mapping"),
        ("words", "expected a mapping"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_the_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text, "c.yaml")
    assert str(caught.value).startswith("c.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(JSON_VALUES)
def test_json_reads_as_itself(value: Any) -> None:
    assert read(json.dumps({"a": value}), "c.yaml") == {"a": value}


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_any_text_gives_data_or_a_config_error(text: str) -> None:
    try:
        data = read(text, "c.yaml")
    except ConfigError:
        return
    assert yaml.safe_dump(data)


@pytest.mark.parametrize(
    ("setting", "result"),
    [
        ("a.b=1", {"a": {"b": 1}}),
        ("a={}", {"a": {}}),
        ("l.1.k=[x, 2]", {"l": [1, {"k": ["x", 2]}]}),
        ("l.0=null", {"l": [None, {"k": 1}]}),
        ("q2.5.m=x", {"q2.5": {"m": "x"}}),
        ("q2.5=x", {"q2.5": "x"}),
        ("new.deep.er=1", {"new": {"deep": {"er": 1}}}),
        ("nothing.k=v", {"nothing": {"k": "v"}}),
        ("s=a=b", {"s": "a=b"}),
        ("s=", {"s": None}),
        (" s =1", {"s": 1}),
    ],
)
def test_override(setting: str, result: dict[str, Any]) -> None:
    data = {"a": {"b": 0}, "l": [1, {"k": 1}], "q2.5": {"m": 0}, "s": "text", "nothing": None}
    expected = data | result
    override(data, setting)
    assert data == expected


def test_override_leaves_an_alias_alone() -> None:
    data = read("a: &x {p: {q: 1}}\nb: *x", "c.yaml")
    override(data, "b.p.q=2")
    assert data == {"a": {"p": {"q": 1}}, "b": {"p": {"q": 2}}}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("a.b", "expected KEY=VALUE"),
        ("=1", "expected KEY=VALUE"),
        ("a..b=1", "expected KEY=VALUE"),
        ("l.2=1", "l.2: expected a list index below 2, got '2'"),
        ("l.-1=1", "expected a list index below 2"),
        ("l.x.y=1", "l.x: expected a list index"),
        ("s.t=1", "str 'text' above it"),
        ("a=[1", "expected ',' or ']'"),
    ],
)
def test_an_override_that_leads_nowhere_is_refused(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"^--set ") as caught:
        override({"a": {"b": 0}, "l": [1, 2], "s": "text"}, setting)
    assert message in str(caught.value)
