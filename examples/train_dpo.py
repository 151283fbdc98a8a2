"""DPO with TRL on what `trajsynth build dpo` wrote: whole trajectories, tool results kept out of the loss.

    pip install 'trajsynth[hub]' trl
    python examples/train_dpo.py ./sft-model outputs/quickstart/datasets/dpo/train.jsonl

The first argument is the model that SFT saved, or any other with a chat template.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from datasets import load_dataset
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer, get_training_chat_template

from trajsynth.builders import features
from trajsynth.builders.trl import AssistantOnlyPreferenceCollator


def train(model: str, file: Path, out: str = "dpo-model", max_length: int = 32768, **settings: Any) -> DPOTrainer:
    """Train and save; `settings` go to DPOConfig."""
    data = load_dataset("json", data_files=str(file), features=features("dpo"), split="train")
    tokenizer = AutoTokenizer.from_pretrained(model)
    # Stock templates of reasoning models drop the thoughts of earlier turns; TRL's training variants keep them.
    tokenizer.chat_template = get_training_chat_template(tokenizer) or tokenizer.chat_template
    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(output_dir=out, max_length=max_length, **{"bf16": True, **settings}),
        train_dataset=data,
        processing_class=tokenizer,
        data_collator=AssistantOnlyPreferenceCollator(tokenizer, max_length=max_length),
    )
    trainer.train()
    trainer.save_model()
    return trainer


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]))
