"""What an endpoint says it serves: `GET /models`, read for the model's name and its context length.

Level 2, standard library only. Tests: tests/teachers/test_teachers_models.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "max_context_length")
"""vLLM and SGLang; OpenRouter and Together; Groq; LM Studio and Mistral."""


@dataclass(frozen=True, slots=True)
class Served:
    """One model of an endpoint's list."""

    id: str
    context_tokens: int = 0
    """0: not said."""
    own_server: bool = False
    """Listed by an inference server, whose list is complete (hosted ones leave aliases out)."""


def read_models(data: Any) -> list[Served]:
    """The entries of a `/models` answer; anything unreadable is left out."""
    entries = data.get("data") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        return []
    return [_served(entry) for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def names(models: list[Served], most: int = 8) -> str:
    """The ids for a message, shortened."""
    shown = ", ".join(repr(model.id) for model in models[:most])
    return shown + (f", … ({len(models)} in all)" if len(models) > most else "")


def _served(entry: dict[str, Any]) -> Served:
    sizes = [entry.get(field) for field in _CONTEXT_FIELDS]
    size = next((size for size in sizes if isinstance(size, int) and not isinstance(size, bool) and size > 0), 0)
    return Served(id=entry["id"], context_tokens=size, own_server="max_model_len" in entry)
