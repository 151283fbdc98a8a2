"""Which settings of SFT rows go together: one rule for configs and for the builders.

Level 1. Tests: tests/builders/test_builders_views.py.
"""

from __future__ import annotations


def contradiction(view: str, max_blowup: float | None, max_tokens: int | None, over_length: str) -> str:
    """Why these settings cannot all hold, in words; empty when they can."""
    if max_blowup is not None and view != "as_seen":
        return "max_blowup is for view as_seen: the others have one row a conversation"
    if over_length == "split" and view != "full":
        return (
            f"over_length: split gives turns contexts that nobody saw, which view {view} is against; use cut or drop, "
            "or view full"
        )
    return f"over_length: {over_length} needs max_tokens" if over_length != "drop" and max_tokens is None else ""
