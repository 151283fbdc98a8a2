"""Slips with one reading are mended, everything else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.loosejson import Ambiguous, mend

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1,}', {"a": 1}),
        ("{'a': 'b', 'c': [1, 2,],}", {"a": "b", "c": [1, 2]}),
        ("{a: True, b: None, $c_1: False}", {"a": True, "b": None, "$c_1": False}),
        ("{'q': 'it\\'s \"so\"'}", {"q": 'it\'s "so"'}),
        ('{"q": "it\'s"}', {"q": "it's"}),
        ('{"code": "a\nb"}', {"code": "a\nb"}),
        (r'{"u": "\u00e9\/"}', {"u": "é/"}),
        ("{'x': '\\\\'}", {"x": "\\"}),
        ("", None),
        ("{'q': 'it's'}", None),
        ('{"q": "say "no""}', None),
        ('{"a": 1, "a": 2}', None),
        ('{"a": NaN}', None),
        ('{"a": 1', None),
        ('{"a" 1}', None),
        ("{,}", None),
        ("[1,,2]", None),
        ('{"a": 01}', None),
        ('{"a": 1e999}', None),
        ("{'p': 'C:\\x'}", None),
        ("{'p': 'a\\/b'}", None),
        ("{1: 2}", None),
        ("{None: 2}", None),
        ('{"a": 1} {"b": 2}', None),
        ("[" * 500, None),
    ],
)
def test_one_reading_or_none(text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(Ambiguous):
            mend(text)
    else:
        assert mend(text) == value


@given(JSON)
@settings(max_examples=60, deadline=None)
def test_json_means_itself_and_so_does_its_python_form(value: Any) -> None:
    assert mend(json.dumps(value)) == value
    assert mend(json.dumps(value, ensure_ascii=False)) == json.loads(json.dumps(value))


@given(st.text(alphabet="{}[]:,'\"\\ abTrueNone01\n", max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = mend(text)
    except Ambiguous:
        return
    assert mend(json.dumps(value)) == value
