"""For users of TRL: a collator that keeps tool results out of the DPO loss.

TRL's own collator puts every token after the prompt into both log-probabilities, tool results included. torch and trl
are imported when the collator is used. Checked against TRL 1.16. Level 3, imports builders.spans.
Tests: tests/builders/test_builders_trl.py.
"""

from __future__ import annotations

from typing import Any

from trajsynth.builders.spans import AssistantSpans
from trajsynth.errors import MissingExtra


class AssistantOnlyPreferenceCollator:
    """`DPOTrainer(..., data_collator=AssistantOnlyPreferenceCollator(tokenizer, max_length=args.max_length))`.

    The batch is TRL's own; its `completion_mask` is 1 on tokens of assistant turns after the prompt and 0 on tool
    results, user turns and the template's marks around them. Raises InputError for a chat template without control
    tokens around turns. Give the trainer the same tokenizer; a trainer with a collator of its own ignores DPOConfig's
    max_length, so name it here.
    """

    def __init__(
        self,
        tokenizer: Any,
        max_length: int | None = None,
        truncation_mode: str = "keep_start",
        pad_to_multiple_of: int | None = None,
    ) -> None:
        try:
            from trl.trainer.dpo_trainer import DataCollatorForPreference
        except ImportError:
            raise MissingExtra("trl", "trl") from None
        self._spans = AssistantSpans(tokenizer)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        self._collate = DataCollatorForPreference(
            pad_token_id=tokenizer.pad_token_id,
            max_length=max_length,
            truncation_mode=truncation_mode,
            pad_to_multiple_of=pad_to_multiple_of,
        )

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """TRL's batch (chosen rows, then rejected ones) with the mask on assistant tokens."""
        import torch

        batch: dict[str, Any] = self._collate(examples)
        mask = batch["completion_mask"]
        rows = [example["prompt_ids"] + example[side] for side in _SIDES for example in examples]
        for i, ids in enumerate(rows):
            own = self._truncated(self._spans.mask(ids))
            mask[i, : len(own)] *= torch.tensor(own, dtype=mask.dtype)
        return batch

    def _truncated(self, values: list[int]) -> list[int]:
        """As TRL cuts a row."""
        most = self._collate.max_length
        if most is None:
            return values
        return values[:most] if self._collate.truncation_mode == "keep_start" else values[-most:]


_SIDES = ("chosen_ids", "rejected_ids")
