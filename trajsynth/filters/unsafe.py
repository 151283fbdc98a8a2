"""What must not stand in training text: chat-template control tokens (`unsafe.control_tokens`), credentials (`secret`).

Level 2; the patterns are those of `trajsynth.signals` and `trajsynth.credentials`.
Tests: tests/filters/test_filters_unsafe.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from trajsynth.credentials import find_secrets
from trajsynth.filters.base import Filter
from trajsynth.protocols import Measures
from trajsynth.signals import CONTROL_TOKENS
from trajsynth.types import Finding, Message, Trajectory

_OPENINGS: Final = ("<|", "<｜", "_of_turn>", "INST]")
_SHOWN: Final = 6


@dataclass(frozen=True)
class ControlTokens(Filter):
    """A control token of a chat template in a message's text, most often in a page that a tool brought.

    A tokeniser would take it for the real thing and the page for a turn. The builders refuse such rows; a recipe
    removes them before. ChatML, Llama 3 and 4, Phi, GLM, Harmony, DeepSeek, Gemma and Mistral are known.
    """

    name: ClassVar = "unsafe.control_tokens"
    codes: ClassVar = ("unsafe.control_tokens",)

    def measure(self, trajectory: Trajectory) -> Measures:
        return {"tokens": [found for place, field, text in _texts(trajectory) for found in _tokens(place, field, text)]}

    def judge(self, measures: Measures) -> list[Finding]:
        return [
            self.finding(
                self.name, t, detail=f"{t['token']} in the {t['field']} of a {t['role']} message", value=t["token"]
            )
            for t in measures["tokens"]
        ]


def _tokens(place: dict[str, Any], field: str, text: str) -> Iterator[dict[str, Any]]:
    """The first control token of a text."""
    match = CONTROL_TOKENS.search(text) if any(opening in text for opening in _OPENINGS) else None
    if match is not None:
        span = {"span": list(match.span())} if field == "content" else {}
        yield {**place, "field": field, "token": match[0], **span}


@dataclass(frozen=True)
class Secrets(Filter):
    """An API key, bearer token, assigned credential, private key or password in a URL, anywhere in the text.

    Known prefixes (`trajsynth.credentials.KEY_FORM`), assignments such as `api_key = "..."` and logins such as
    `postgres://user:password@host`; a key must look drawn by lot, so `sk-your-key-here` is none. The finding shows the
    first characters only, of a password none.
    """

    name: ClassVar = "secret"
    codes: ClassVar = ("secret",)

    def measure(self, trajectory: Trajectory) -> Measures:
        found = []
        for place, field, text in _texts(trajectory):
            for kind, start, end in find_secrets(text):
                span = {"span": [start, end]} if field == "content" else {}
                shown = _shown(kind, text[start:end])
                found.append({**place, "field": field, "kind": kind, "shown": shown, **span})
        return {"secrets": found}

    def judge(self, measures: Measures) -> list[Finding]:
        return [
            self.finding(self.name, s, detail=f"{s['kind']} {s['shown']} in the {s['field']} of a {s['role']} message")
            for s in measures["secrets"]
        ]


def _shown(kind: str, value: str) -> str:
    if kind == "private":
        return value
    return "***" if kind == "login" else f"{value[:_SHOWN]}..."


def _texts(trajectory: Trajectory) -> Iterator[tuple[dict[str, Any], str, str]]:
    """(place, field, text) of every text of every message."""
    for c, conversation in enumerate(trajectory.conversations):
        for message in conversation.messages:
            place = {"c": c, "n": message.n, "role": message.role}
            yield from ((place, field, text) for field, text in _fields(message) if text)


def _fields(message: Message) -> Iterator[tuple[str, str]]:
    yield "content", message.content
    yield "reasoning", message.reasoning
    yield from (("arguments", call.arguments) for call in message.tool_calls if call.span is None)
