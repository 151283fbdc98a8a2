"""The prompts are there, and their hash moves with them."""

from __future__ import annotations

import pytest

from trajsynth.paradigms.prompts import fingerprint, prompt


@pytest.mark.parametrize("name", ["react", "summary", "unreadable_call"])
def test_prompts_are_packaged(name: str) -> None:
    assert len(prompt(name)) > 80


def test_placeholders() -> None:
    text = prompt("summary", question="Who set {this}?")
    assert r"\boxed{}" in text
    assert "Who set {this}?" in text


def test_fingerprint_is_stable() -> None:
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 16
