"""Remembers what each call brought, so that asking the same thing a third time can be rolled back.

A call is known by server, tool and arguments with sorted keys. Used by `trajsynth.paradigms.loop`.
Tests: tests/paradigms/test_paradigms_attempts.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b

from trajsynth.protocols import ToolResult
from trajsynth.schemas import CallCheck

REPEATS = 2
"""Identical observations after which the same call is not sent again."""


class Attempts:
    """Counts, per call, how often in a row it brought the identical observation."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[bytes, int]] = {}

    def note(self, check: CallCheck, result: ToolResult) -> None:
        """Record an executed call. Transient failures do not count: trying again after one is right."""
        key = _key(check)
        if key is None or result.transient or result.outcome in ("invalid_call", "blocked"):
            return
        digest = blake2b(result.text.encode(), digest_size=16).digest()
        last, count = self._seen.get(key, (b"", 0))
        self._seen[key] = (digest, count + 1 if digest == last else 1)

    def repeated(self, checks: Sequence[CallCheck]) -> str:
        """`call.repeated` if one of the calls already brought the identical observation twice, else empty."""
        for check in checks:
            key = _key(check)
            if key is not None and self._seen.get(key, (b"", 0))[1] >= REPEATS:
                return "call.repeated"
        return ""


def _key(check: CallCheck) -> str | None:
    if check.spec is None or check.arguments is None or check.spec.poll:
        return None
    arguments = json.dumps(check.arguments, sort_keys=True)  # takes integers of any size
    return f"{check.spec.server}\0{check.spec.name}\0{arguments}"
