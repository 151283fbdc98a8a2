"""SFT with TRL on what `trajsynth build sft` wrote: loss on the assistant's tokens only, whole conversations.

    pip install 'trajsynth[hub]' trl
    python examples/train_sft.py Qwen/Qwen3-0.6B outputs/quickstart/datasets/sft/train.jsonl

`train_masked.jsonl` (conversations with turns kept out of the loss, and all rows of the views `as_seen` and `final`)
trains the same way, in a run of its own. The `validation` file of a build with `--validation` is evaluated on.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

from trajsynth.builders import features


def train(model: str, file: Path, out: str = "sft-model", **settings: Any) -> SFTTrainer:
    """Train and save; `settings` go to SFTConfig."""
    kind = "masked" if file.stem == "train_masked" else "sft"
    files = {"train": file, "validation": file.with_name(file.name.replace("train", "validation", 1))}
    there = {split: str(path) for split, path in files.items() if path.exists()}
    data = load_dataset("json", data_files=there, features=features(kind))
    settings = {"max_length": 32768, "bf16": True, **settings}  # 1024, the default, would cut most conversations
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir=out, assistant_only_loss=True, **settings),  # the default trains on tool results too
        train_dataset=data["train"],
        eval_dataset=data.get("validation"),
    )
    trainer.train()
    trainer.save_model()
    return trainer


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]))
