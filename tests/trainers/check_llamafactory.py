"""LLaMA-Factory's own loading, aligning and tokenising (`get_dataset`) on every set built for it, template qwen3.

Usage: `python tests/trainers/check_llamafactory.py FOLDER [part of a set's name ...]`.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from loadcheck import IGNORED, Set, Source, begin, check_rows, check_trained, each


def main() -> None:
    folder, sets, tally = begin("llamafactory", "llamafactory")

    def check(one: Set) -> None:
        source, trained = Source(folder, one.source), Counter[tuple[str, int, int]]()
        for stem, written in one.files().items():
            loaded, tokenizer = load(folder, one, stem)
            if one.kind == "dpo":
                for side in ("chosen", "rejected"):
                    rows = [record | {"trajectory": record[f"{side}_id"], "conversation": 0} for record in written]
                    pairs = [(row[f"{side}_input_ids"], row[f"{side}_labels"]) for row in loaded]
                    check_rows(one, source, f"{stem}:{side}", rows, pairs, tokenizer, tally)
                continue
            pairs = [(row["input_ids"], row["labels"]) for row in loaded]
            trained += check_rows(one, source, stem, written, pairs, tokenizer, tally)
        if one.kind == "sft":
            check_trained(one, source, trained, tally)

    each(sets, tally, check)
    tally.finish()


def load(folder: Path, one: Set, stem: str) -> tuple[list[dict[str, Any]], Any]:
    """As `llamafactory-cli train` does up to the trainer; `dataset_dir` is the built folder."""
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import get_train_args
    from llamafactory.model import load_tokenizer

    logging.disable(logging.INFO)
    options = {
        "stage": "dpo" if one.kind == "dpo" else "sft", "model_name_or_path": str(folder / "tiny"), "do_train": True,
        "finetuning_type": "full", "dataset": stem, "dataset_dir": str(one.folder), "template": "qwen3",
        "preserve_thinking": True, "mask_history": stem.endswith("last_turn"), "cutoff_len": 1_000_000,
        "output_dir": str(folder / "out"), "overwrite_cache": True, "use_cpu": True, "report_to": "none",
        "cache_dir": str(folder / "cache" / "llamafactory"),
    }  # fmt: skip
    model_args, data_args, training_args, _, _ = get_train_args(options)
    tokenizer_module = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(tokenizer_module["tokenizer"], data_args)
    stage = "rm" if one.kind == "dpo" else "sft"
    data = get_dataset(template, model_args, data_args, training_args, stage=stage, **tokenizer_module)
    shutil.rmtree(folder / "cache" / "llamafactory", ignore_errors=True)
    rows = [dict(row) for row in data["train_dataset"]]
    assert all(label == IGNORED or label >= 0 for row in rows[:3] for label in row.get("labels", ()))
    return rows, tokenizer_module["tokenizer"]


if __name__ == "__main__":
    main()
