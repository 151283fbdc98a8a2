"""How much of a teacher's context a request takes: estimated from its bytes, by what the endpoint last reported.

Nothing is downloaded to count tokens. Imported by paradigms. Tests: tests/paradigms/test_paradigms_loop.py.
"""

from __future__ import annotations

from trajsynth.protocols import Limits, TeacherProfile

TOKENS_PER_BYTE = 0.3
"""Prompt tokens per byte of request before the endpoint has reported a figure (English prose: 0.22-0.28)."""
CONTEXT_MARGIN = 1_000
"""Tokens kept free beside the longest reply (published code: 1,000)."""


class Room:
    """The context of one agent; without a known length it has no end."""

    def __init__(self, limits: Limits, profile: TeacherProfile) -> None:
        self._context = limits.context_tokens or profile.context_tokens
        self._reply = profile.max_output_tokens
        self._rate = TOKENS_PER_BYTE

    def tokens(self, size: int) -> int:
        """Tokens in a request of `size` bytes, roughly."""
        return int(size * self._rate)

    def learn(self, size: int, reported: int) -> None:
        """Heed what the endpoint counted; 0 when it did not say."""
        if reported:
            self._rate = reported / size

    def overflows(self, size: int) -> bool:
        """Whether a request of `size` bytes leaves no room for a reply."""
        return bool(self._context) and size * self._rate + self._reply + CONTEXT_MARGIN >= self._context
