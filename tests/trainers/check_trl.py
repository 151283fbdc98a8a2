"""TRL's own SFTTrainer and DPOTrainer preprocessing on every set built for it, and two optimiser steps each kind.

Usage: `python tests/trainers/check_trl.py FOLDER [part of a set's name ...]`, with trajsynth importable for its
features and its preference collator.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from loadcheck import IGNORED, Set, Source, begin, check_rows, check_trained, each

STEPS = {
    "max_steps": 2, "per_device_train_batch_size": 1, "use_cpu": True, "bf16": False, "report_to": [],
    "save_strategy": "no", "disable_tqdm": True, "learning_rate": 1e-4,
}  # fmt: skip


def main() -> None:
    folder, sets, tally = begin("trl", "trl", "tokens")
    stepped: set[str] = set()

    def check(one: Set) -> None:
        source, trained = Source(folder, one.source), Counter[tuple[str, int, int]]()
        for path in one.paths():
            written = one.files()[path.stem]
            step = f"{one.kind} {one.format} {path.stem}" not in stepped
            stepped.add(f"{one.kind} {one.format} {path.stem}")
            if one.kind == "dpo":
                for side, rows, tokenizer in pairs(folder, path, step):
                    records = [record | {"trajectory": record[f"{side}_id"], "conversation": 0} for record in written]
                    check_rows(one, source, f"{path.stem}:{side}", records, rows, tokenizer, tally)
                continue
            rows, tokenizer = turns(folder, one, path, step)
            trained += check_rows(one, source, path.stem, written, rows, tokenizer, tally)
        if one.kind == "sft":
            check_trained(one, source, trained, tally)

    each([one for one in sets if one.kind != "rl" and one.paths()], tally, check)
    tally.finish()


def turns(folder: Path, one: Set, path: Path, step: bool) -> tuple[list[tuple[list[int], list[int]]], Any]:
    """(ids, labels) as SFTTrainer hands them to its collator, which turns masks into labels."""
    from trl import SFTConfig, SFTTrainer

    settings = {"max_length": None, "assistant_only_loss": True} if one.format == "trl" else {"max_length": None}
    if "prompt" in _columns(path):
        settings["assistant_only_loss"] = True
    args = SFTConfig(output_dir=str(folder / "out"), **settings, **STEPS)
    trainer = SFTTrainer(model=str(folder / "tiny"), args=args, train_dataset=_data(one, path))
    if step:
        trainer.train()
        assert trainer.state.global_step == 2
    rows = []
    for row in trainer.train_dataset:
        batch = trainer.data_collator([row])
        rows.append((batch["input_ids"][0].tolist(), batch["labels"][0].tolist()))
    return rows, trainer.processing_class


def pairs(folder: Path, path: Path, step: bool) -> list[tuple[str, list[tuple[list[int], list[int]]], Any]]:
    """The same for both sides of each pair, as the collator of ours masks them."""
    from transformers import AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    from trajsynth.builders import features
    from trajsynth.builders.trl import AssistantOnlyPreferenceCollator

    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    args = DPOConfig(output_dir=str(folder / "out"), max_length=None, **STEPS)
    data = _loaded(path, features("dpo"))
    trainer = DPOTrainer(
        model=str(folder / "tiny"), args=args, train_dataset=data, processing_class=tokenizer,
        data_collator=AssistantOnlyPreferenceCollator(tokenizer),
    )  # fmt: skip
    if step:
        trainer.train()
        assert trainer.state.global_step == 2
    sides: tuple[list[Any], list[Any]] = ([], [])
    for row in trainer.train_dataset:
        batch = trainer.data_collator([row])
        for i, rows in enumerate(sides):
            real = batch["attention_mask"][i].bool()
            ids = batch["input_ids"][i][real].tolist()
            mask = batch["completion_mask"][i][real].tolist()
            rows.append((ids, [id_ if on else IGNORED for id_, on in zip(ids, mask, strict=True)]))
    return [("chosen", sides[0], tokenizer), ("rejected", sides[1], tokenizer)]


def _data(one: Set, path: Path) -> Any:
    from trajsynth.builders import features

    if one.format == "tokens":
        return _loaded(path, features("sft", "tokens"))
    return _loaded(path, features("masked" if path.stem.endswith("masked") else "sft"))


def _loaded(path: Path, features: Any) -> Any:
    from datasets import load_dataset

    if path.suffix == ".parquet":
        return load_dataset("parquet", data_files=str(path), split="train")
    return load_dataset("json", data_files=str(path), features=features, split="train")


def _columns(path: Path) -> list[str]:
    from loadcheck import _records

    return list(next(iter(_records(path)), {}))


if __name__ == "__main__":
    main()
