"""The config's types: durations, defaults, and plain data both ways."""

from __future__ import annotations

from typing import Any

import pytest

from trajsynth.config import Seconds, convert, plain

BASE: dict[str, Any] = {"questions": {"kind": "encyclopedia"}, "teachers": {"q": {"kind": "scripted"}}}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(0, 0), (90, 90), (1.5, 1.5), ("90s", 90), ("45m", 2700), ("4h", 14400), ("1d", 86400), (" 1.5 m ", 90)],
)
def test_durations(written: object, seconds: float) -> None:
    assert Seconds.parse(written) == seconds


@pytest.mark.parametrize("written", [-1, True, None, "", "soon", "5", "-5s", "5 weeks", "1h30m", [1]])
def test_what_is_no_duration(written: object) -> None:
    with pytest.raises(ValueError, match="Expected a duration"):
        Seconds.parse(written)


def test_plain_is_the_inverse_of_convert() -> None:
    config = convert(
        BASE
        | {
            "grade": ["exact", {"judge": "q"}],
            "rollout": {"wall_clock": "45m"},
            "tools": {"mcpServers": {"s": {"command": "c", "alwaysAllow": ["x"]}}, "corpus": {}},
            "build": {"sft": {}},
        }
    )
    data = plain(config)
    assert convert(data) == config
    assert data["rollout"]["wall_clock"] == 2700
    assert type(data["rollout"]["wall_clock"]) is float
    assert data["teachers"]["q"]["kind"] == "scripted"
    assert data["samples"] == 1


def test_arms() -> None:
    config = convert(BASE | {"teachers": {"a": {"kind": "scripted"}, "b": {"kind": "scripted"}}})
    assert [arm.name for arm in config.all_arms()] == ["a/react/function_calling", "b/react/function_calling"]
    config = convert(BASE | {"arms": [{"teacher": "q", "invocation": "mcp"}]})
    assert [arm.name for arm in config.all_arms()] == ["q/react/mcp"]
