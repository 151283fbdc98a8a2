"""What of the history a turn sees: all thoughts and actions, tool results of the last steps only.

Imported by paradigms and put together by `trajsynth.cli`. Tests: tests/paradigms/test_paradigms_context.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from trajsynth.types import Message

TRUNCATED = "[Result truncated]"


class KeepLastResults:
    """Keep the tool results of the last `keep` steps (the paper's K=5, MiroThinker v1.0 section 3); 0 keeps all.

    A step is one assistant message with its results. With `every` > 1 results are hidden in blocks of that many steps,
    so between two blocks the prompt only grows and the provider's prefix cache holds. Results longer than `max_chars`
    characters are cut and end in `[Result truncated]`.
    """

    def __init__(self, keep: int = 5, every: int = 1, max_chars: int = 100_000) -> None:
        self.keep, self.every, self.max_chars = keep, every, max_chars

    def hidden(self, messages: Sequence[Message]) -> frozenset[int]:
        """`n` of the tool messages the next turn does not see."""
        if not self.keep:
            return frozenset()
        results = [(message.answers[0], message.n) for message in messages if message.answers is not None]
        steps = list(dict.fromkeys(step for step, _ in results))
        hidden = set(steps[: max(0, len(steps) - self.keep) // self.every * self.every])
        return frozenset(n for step, n in results if step in hidden)

    def clip(self, text: str) -> str:
        """The text, cut to `max_chars` and marked if it was longer."""
        if len(text) <= self.max_chars:
            return text
        return f"{text[: self.max_chars]}\n{TRUNCATED}"
