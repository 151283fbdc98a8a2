"""The instructions agents work under, as text files beside this module.

Tests: tests/paradigms/test_paradigms_prompts.py.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources


def prompt(name: str, **values: str) -> str:
    """Text of `<name>.txt` with each `{key}` of `values` filled in; other braces stand as they are."""
    text = _text(name)
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text


@cache
def _text(name: str) -> str:
    return (resources.files(__name__) / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


@cache
def fingerprint() -> str:
    """Hash of all prompts, so a resumed run notices that they changed."""
    texts = sorted(entry.name for entry in resources.files(__name__).iterdir() if entry.name.endswith(".txt"))
    return hashlib.blake2b("\0".join(_text(name[:-4]) for name in texts).encode(), digest_size=8).hexdigest()
