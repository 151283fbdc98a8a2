"""How many tokens a row has: counted with the user's tokenizer and its chat template, or else estimated.

Level 3, imports codec, paradigms.room, builders.rows and spans. Tests: tests/builders/test_builders_lengths.py.
"""

from __future__ import annotations

import math
from itertools import accumulate
from pathlib import Path
from typing import Any

from trajsynth.builders.rows import Row
from trajsynth.builders.spans import AssistantSpans, TemplateRefusal
from trajsynth.codec import encode
from trajsynth.errors import InputError, MissingExtra
from trajsynth.paradigms.room import TOKENS_PER_BYTE

_KEPT = 8192
"""Messages whose length is remembered: rows of a conversation share theirs."""
_MARKS = 5
"""Tokens that most templates put around a message, where a tokenizer has no template to ask."""


class Ruler:
    """Measures rows. `tokenizer` is a Hugging Face tokenizer; without one 0.3 tokens a byte are assumed (English prose
    has 0.22 to 0.28), the figure that generation starts from too."""

    def __init__(
        self, tokenizer: Any = None, chat_template: str | None = None, spans: AssistantSpans | None = None
    ) -> None:
        """`spans`: what the format itself finds turns with, so that a row is tokenised once for both."""
        self._tokenizer = tokenizer
        self._spans = spans
        self.name = "estimated" if tokenizer is None else _public(str(getattr(tokenizer, "name_or_path", "")))
        if tokenizer is not None and spans is None:
            try:
                self._spans = AssistantSpans(tokenizer, chat_template)
            except InputError:  # no template, or turns that cannot be told apart: message by message then
                self.name += ", without its template"
        self._known: dict[int, tuple[Any, int]] = {}

    def size(self, row: Row) -> int:
        """Tokens of a whole row, tool definitions included."""
        ids = self._ids(row)
        return len(ids) if ids is not None else self._cumulated(row)[-1]

    def turns(self, row: Row) -> dict[int, tuple[int, int]]:
        """(tokens before, tokens up to its end) of each assistant turn, by index of its message."""
        places = sorted(row.assistants)
        ids = self._ids(row)
        spans = self._spans.find(ids) if ids is not None and self._spans is not None else []
        if len(spans) == len(places):
            return dict(zip(places, spans, strict=True))
        sums = self._cumulated(row)
        return {i: (sums[i], sums[i + 1]) for i in places}

    def _ids(self, row: Row) -> list[int] | None:
        if self._spans is None:
            return None
        try:
            return self._spans.render(row.messages, row.tools)
        except TemplateRefusal:
            return None

    def _cumulated(self, row: Row) -> list[int]:
        """Tokens before each message, and of all."""
        head = self._tokens(encode(row.tools)) if row.tools else 0
        return list(accumulate(map(self._message, row.messages), initial=head))

    def _message(self, message: dict[str, Any]) -> int:
        known = self._known.get(id(message))
        if known is None or known[0] is not message:  # the message is kept beside its length, so its id stays its own
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = (message, self._encoded(message) if callable(self._tokenizer) else self._tokens(encode(message)))
            self._known[id(message)] = known
        return known[1]

    def _encoded(self, message: dict[str, Any]) -> int:
        texts = [message["content"], message.get("reasoning_content", "")]
        texts += [encode(call["function"]).decode() for call in message.get("tool_calls", ())]
        return _MARKS + sum(self._tokens(text.encode(errors="replace")) for text in texts if text)

    def _tokens(self, text: bytes) -> int:
        if not callable(self._tokenizer):
            return math.ceil(len(text) * TOKENS_PER_BYTE)
        return len(self._tokenizer(text.decode(), add_special_tokens=False)["input_ids"])


def _public(name: str) -> str:
    """A tokenizer's name; of a folder only its last part, since the figures are published with the data."""
    path = Path(name)
    return (path.name if path.is_absolute() or path.is_dir() else name) or "tokenizer"


def load_tokenizer(name: str) -> Any:
    """The tokenizer of a name or folder. Raises InputError when it cannot be had, MissingExtra without transformers."""
    try:
        import jinja2  # noqa: F401  (what transformers renders chat templates with, and does not ask for)
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "tokens") from None
    try:
        return AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = "" if Path(name).exists() else " (no folder of that name here either)"
        raise InputError(f"tokenizer {name!r} cannot be loaded{hint}: {reason}") from None
