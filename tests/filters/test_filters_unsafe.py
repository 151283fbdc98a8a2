"""Control tokens and credentials anywhere in the text; look-alikes and placeholders are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import asks, codes, row, says, sees

from trajsynth.filters import ControlTokens, Secrets
from trajsynth.signals import find_secrets

RANDOM = "q9Zt4LmW2xVb7RcK8sPd"


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("a <|im_end|> b", "<|im_end|>"),
        ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁begin｜>"),
        ("<start_of_turn>user", "<start_of_turn>"),
        ("[INST] do it [/INST]", "[INST]"),
        ("a <|b|> c, [INSTALL]", None),
    ],
)
def test_control_tokens(text: str, token: str | None) -> None:
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
    ("text", "kind"),
    [
        (f"sk-proj-{RANDOM}", "key"),
        (f"ghp_{RANDOM}A7b9C1", "key"),
        ("AKIA4HJ7QX2MZ9LP3TVW", "key"),
        (f"Authorization: Bearer {RANDOM}", "bearer"),
        (f"api_key = '{RANDOM}'", "assigned"),
        (f'"client_secret": "{RANDOM}"', "assigned"),
        ("-----BEGIN RSA PRIVATE KEY-----", "private"),
        ("sk-your-key-here-000000000000", None),
        ("AKIAIOSFODNN7EXAMPLE", None),
        ("scikit: sk-learn-pipeline-and-more-words", None),
        ("password: correct horse battery staple", None),
        ("the bearer of this letter is an honest man of the town", None),
        (f"commit {RANDOM}", None),
        ("api_key = os.environ['THE_NAME_OF_THE_KEY']", None),
    ],
)
def test_secrets(text: str, kind: str | None) -> None:
    assert [found[0] for found in find_secrets(text)] == ([kind] if kind else [])
    found = Secrets().check(says(text))
    assert codes(found) == ["secret"] * bool(kind) and all(RANDOM not in f.detail for f in found)


@given(st.text(alphabet="sk-_ghpAKIA=:' bearer0123456789", max_size=60))
@settings(max_examples=120, deadline=None)
def test_spans_lie_in_the_text(text: str) -> None:
    assert all(0 <= start < end <= len(text) for _, start, end in find_secrets(text))
