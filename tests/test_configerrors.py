"""Every fault of a config's shape is one line: the real path, what was expected, the nearest name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.config import Config, convert
from trajsynth.configerrors import validate
from trajsynth.errors import ConfigError

GOOD: dict[str, Any] = {"questions": {"kind": "encyclopedia"}, "teachers": {"q": {"kind": "scripted"}}}
OPENAI = {"kind": "openai", "base_urls": ["http://x"]}


def test_a_good_config_is_converted() -> None:
    assert validate(GOOD, "c.yaml") == convert(GOOD)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"teachers": {"ok": OPENAI, "qwen": OPENAI | {"bas_url": 1}}}, "teachers.qwen: unknown key 'bas_url'; did you "
         "mean 'base_urls'? known: api_key_env, base_urls, "),
        ({"teachers": {"q": {"kind": "openai"}}}, "teachers.q: missing key 'base_urls' (read as kind: openai)"),
        ({"teachers": {"q": {"kind": "opnai"}}},
         "teachers.q.kind: unknown value 'opnai'; did you mean 'openai'? known: custom, openai, replay, scripted"),
        ({"teachers": {"a": {"kind": "scripted"}, "b.c": {"kind": "scripted", "profile": "carefull"}}},
         "teachers.b.c.profile: unknown value 'carefull'; did you mean 'careful'? known: careful, hasty, sloppy"),
        ({"teachers": {"q": {"kind": "scripted", "faults": {"a": 0.1, "b": 1.5}}}},
         "teachers.q.faults.b: expected float <= 1.0, got 1.5"),
        ({"teachers": {"q": {"kind": "scripted", "latency": "soon"}}},
         "teachers.q.latency: expected a duration such as 90, '90s', '45m' or '4h', got 'soon'"),
        ({"teachers": {"q": None}}, "teachers.q: expected a mapping, got null"),
        ({"teachers": ["q"]}, "teachers: expected a mapping, got a list"),
        ({"teachers": {}}, "teachers: expected a mapping of length >= 1, got {}"),
        ({"rollout": {"max_turns": "ten"}}, "rollout.max_turns: expected int, got str 'ten'"),
        ({"rollout": {"max_turns": 0}}, "rollout.max_turns: expected int >= 1, got 0"),
        ({"samples": True}, "samples: expected int | a mapping, got bool True"),
        ({"curate": "sft"}, "curate: expected a list, got str 'sft'"),
        ({"questions": {"kind": "encyclopedia", "hops": [1]}}, "questions.hops: expected a list of length 2, got 1"),
        ({"questions": {"kind": "encyclopedia", "hops": [1, "b"]}}, "questions.hops.1: expected int, got str 'b'"),
        ({"questions": {"kind": "dataset", "pages": 3}}, "questions: unknown key 'pages'; known: columns, config, "),
        ({"questions": 3}, "questions: expected a mapping, got int 3"),
        ({"arms": [{"teacher": "q"}, {}]}, "arms.1: missing key 'teacher'"),
        ({"arms": [{"teacher": "q", "weight": 0}]}, "arms.0.weight: expected float > 0.0, got 0"),
        ({"grade": ["exact", {"judg": "q"}]}, "grade.1: unknown key 'judg'; did you mean 'judge'? known: judge"),
        ({"build": {"sft": {}, "dop": {}}}, "build.dop: unknown value 'dop'; did you mean 'dpo'? known: dpo, rl, sft"),
        ({"tools": {"mcpServers": {"a": {"command": "x"}, "b": {"command": 3}}}},
         "tools.mcpServers.b.command: expected str | null, got int 3"),
        ({"rolout": {}}, "unknown key 'rolout'; did you mean 'rollout'? known: arms, assign, "),
        ({"name": ["x" * 200]}, "name: expected str, got a list"),
    ],
)  # fmt: skip
def test_faults(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(GOOD | change, "c.yaml")
    assert str(caught.value).startswith(f"c.yaml: {message}")
    assert "\n" not in str(caught.value)


def test_a_missing_section_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml: missing key 'questions'$"):
        validate({}, "c.yaml")


KEYS = st.sampled_from([*Config.__struct_fields__, "kind", "q", "path", "base_urls", "teacher", "zzz"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.dictionaries(KEYS, ANY_JSON, max_size=4))
def test_any_data_is_a_config_or_one_clear_line(change: dict[str, Any]) -> None:
    try:
        config = validate(GOOD | change, "c.yaml")
    except ConfigError as error:
        assert "\n" not in str(error)
        assert str(error).startswith("c.yaml: ")
        assert "?:" not in str(error).split("'")[0]
    else:
        assert isinstance(config, Config)
