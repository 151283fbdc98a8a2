"""Pre-tokenised SFT rows: `input_ids`, `attention_mask`, `labels` (-100 off the loss), `length`.

Exact masks per message for every trainer that takes token ids. A row whose text the chat template drops (stock Qwen3
drops earlier reasoning) is refused: what is written is what was said. Level 3, imports formats.base and spans.
Tests: tests/builders/test_builders_spans.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from trajsynth.builders.content import Part, calls_of, whole
from trajsynth.builders.formats.base import Format, Kind, Laid, datasets_module, provenance, source_features
from trajsynth.builders.rows import Refusal, Row
from trajsynth.builders.ruler import load_tokenizer
from trajsynth.builders.spans import AssistantSpans, TemplateRefusal

_IGNORED = -100


class Tokens(Format):
    """`tokenizer` is a name or folder for AutoTokenizer, or a tokenizer; `chat_template` a template's text."""

    name = "tokens"
    notes = {  # noqa: RUF012  (a constant)
        "sft": ("train as it is: the columns are final, no template or loss option applies to them",),
    }
    refuses = {  # noqa: RUF012  (a constant)
        "dpo": "preference trainers tokenise themselves; use trl with its collator, or swift",
        "rl": "RL trainers tokenise themselves; use verl or trl",
    }

    def __init__(self, tokenizer: Any, chat_template: str | None = None) -> None:
        """Raises InputError for a tokenizer that cannot be had or whose template hides the turns, MissingExtra."""
        self.spans = AssistantSpans(
            load_tokenizer(tokenizer) if isinstance(tokenizer, str) else tokenizer, chat_template
        )

    def sft(self, row: Row) -> list[Laid] | Refusal:
        """One record."""
        part = whole(row)
        if not part.trained:
            return Refusal(reason="all_masked")
        if self.spans.has_control_tokens(row.messages, row.tools):
            return Refusal(reason="unsafe.control_tokens", detail="a special token of this tokenizer in the text")
        try:
            ids = self.spans.render(row.messages, row.tools)
        except TemplateRefusal as error:
            return Refusal(reason="template.refuses", detail=str(error))
        lacks = self._lacks(part, ids, None)
        if lacks:
            return Refusal(reason="template.drops", detail=lacks)
        labels = self._labels(part, ids)
        record = {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels, "length": len(ids)}
        return [Laid(file="train", record=record | provenance(row), holds=(part,))]

    def differs(self, kind: Kind, laid: Laid, record: dict[str, Any]) -> str:
        """Decodes the ids again: every text, call and argument must be there, labels on the trained turns only."""
        ids, labels = record["input_ids"], record["labels"]
        if not len(ids) == len(labels) == len(record["attention_mask"]) == record["length"]:
            return "the columns have different lengths"
        return self._lacks(laid.holds[0], ids, labels)

    def features(self, kind: Kind, file: str = "train") -> Any:
        """See `token_features`."""
        return token_features()

    def _labels(self, part: Part, ids: Sequence[int]) -> list[int]:
        labels = [_IGNORED] * len(ids)
        for i, (start, end) in zip(_turns(part), self.spans.find(ids), strict=True):
            if i in part.trained:
                labels[start:end] = ids[start:end]
        return labels

    def _lacks(self, part: Part, ids: Sequence[int], labels: Sequence[int] | None) -> str:
        """What the ids lack of the part, in words."""
        turns, spans = _turns(part), self.spans.find(ids)
        if len(turns) != len(spans):
            return f"{len(turns)} assistant turns became {len(spans)}"
        if labels is not None and list(labels) != self._labels(part, ids):
            return "the labels are not on the trained turns"
        texts = [self.spans.decode(ids[start:end]) for start, end in spans]
        for i, text in zip(turns, texts, strict=True):
            missing = next((what for what in _wanted(part.row.messages[i]) if not _holds(text, what)), None)
            if missing is not None:
                return f"message {i}: {missing[:60]!r} is not in its tokens"
        rest = self.spans.decode(ids)
        others = (m["content"] for m in part.row.messages[: part.end] if m["role"] != "assistant")
        missing = next((text for text in others if text.strip() not in rest), None)
        return "" if missing is None else f"{missing[:60]!r} is not in the tokens"


def token_features() -> Any:
    """Integers."""
    ds = datasets_module()
    numbers = {name: ds.List(ds.Value("int64")) for name in ("input_ids", "attention_mask", "labels")}
    return ds.Features({**numbers, "length": ds.Value("int64"), **source_features()})


def _turns(part: Part) -> list[int]:
    return [i for i, message in enumerate(part.row.messages[: part.end]) if message["role"] == "assistant"]


def _wanted(message: dict[str, Any]) -> Iterator[str]:
    """Every text that must stand in an assistant turn: content, reasoning, names and leaves of calls."""
    yield message["content"].strip()
    yield message.get("reasoning_content", "").strip()
    for name, arguments in calls_of(message):
        yield name
        yield from _leaves(arguments)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value if isinstance(value, str) else json.dumps(value)


def _holds(text: str, wanted: str) -> bool:
    """As written, or as JSON writes it inside quotes."""
    return wanted in text or json.dumps(wanted, ensure_ascii=False)[1:-1] in text or json.dumps(wanted)[1:-1] in text
