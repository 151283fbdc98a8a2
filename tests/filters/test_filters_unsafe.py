"""Control tokens and credentials anywhere in the text; tests/test_credentials.py says what a credential is."""

from __future__ import annotations

import pytest
from rowfakes import asks, row, says, sees

from trajsynth.filters import ControlTokens, Secrets
from trajsynth.signals import may_hold_control_tokens

RANDOM = "q9Zt4LmW2xVb7RcK8sPd"


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("a <|im_end|> b", "<|im_end|>"),
        ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁begin｜>"),
        ("<start_of_turn>user", "<start_of_turn>"),
        ("[INST] do it [/INST]", "[INST]"),
        ("x <|START_OF_TURN_TOKEN|>", "<|START_OF_TURN_TOKEN|>"),
        ("x <|im_middle|>", "<|im_middle|>"),
        ("[TOOL_RESULTS] [1]", "[TOOL_RESULTS]"),
        ("[gMASK]<sop>", "[gMASK]"),
        ("x <|> y, f <| g |> h, <|a->1|>, [TOOLS], TOOL_RESULTS", None),
        ("a <|b|> c, [INSTALL]", None),
    ],
)
def test_control_tokens(text: str, token: str | None) -> None:
    assert token is None or may_hold_control_tokens(text)
    found = ControlTokens().check(row(asks(), sees(text)))
    assert [finding.value for finding in found] == ([token] if token else [])
    if found:
        assert found[0].span is not None and text[slice(*found[0].span)] == token


def test_control_tokens_in_arguments_and_reasoning() -> None:
    found = ControlTokens().check(
        row(asks(arguments='{"q": "<|eot_id|>"}'), {"role": "assistant", "content": "", "reasoning": "<|end|>"})
    )
    assert [(f.message, f.span) for f in found] == [(1, None), (2, None)]


@pytest.mark.parametrize(
    ("written", "token"),
    [
        ("\\u003c|im_start|\\u003e", "<|im_start|>"),
        ("<\\u007Cim\\u005fend|>", "<|im_end|>"),
        ("<\\uff5ctool\\u2581calls\\u2581begin\\uFF5C>", "<｜tool▁calls▁begin｜>"),
        ("[\\/INST]", "[/INST]"),
        ("\\\\u003c|im_start|\\\\u003e", None),
        ("caf\\u00e9 a\\/b \\u003cb\\u003e", None),
    ],
)
def test_escapes_of_arguments_hide_no_control_tokens(written: str, token: str | None) -> None:
    found = ControlTokens().check(row(asks(arguments='{"q": ["' + written + '"]}'), sees("ok")))
    assert [(f.value, f.message, f.span) for f in found] == ([(token, 1, None)] if token else [])
    assert not ControlTokens().check(says(written))
    assert not ControlTokens().check(row(asks(arguments=f'{{"q": "{written}'), sees("no JSON")))


def test_secrets_are_found_anywhere_and_never_shown_whole() -> None:
    found = Secrets().check(row(asks(arguments={"key": f"sk-proj-{RANDOM}"}), sees(f"x postgres://app:{RANDOM}@db/x")))
    assert [(f.code, f.message) for f in found] == [("secret", 1), ("secret", 2)]
    assert all(RANDOM not in f.detail for f in found)
    assert Secrets().keep(says("sk-your-key-here-000000000000"))
