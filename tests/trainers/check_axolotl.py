"""axolotl's own `prepare_datasets`, with the axolotl.yaml of each built folder as it is.

Usage: `python tests/trainers/check_axolotl.py FOLDER [part of a set's name ...]`.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any

from chatlike import TRAINING
from loadcheck import Set, Source, begin, check_rows, check_trained, each


def main() -> None:
    folder, sets, tally = begin("axolotl", "axolotl", "tokens")

    def check(one: Set) -> None:
        source, trained = Source(folder, one.source), Counter[tuple[str, int, int]]()
        written = one.files()
        loaded, tokenizer = load(folder, one)
        assert set(loaded) == set(written), f"files {sorted(loaded)} of {sorted(written)}"
        for stem, rows in loaded.items():
            pairs = [(row["input_ids"], row["labels"]) for row in rows]
            trained += check_rows(one, source, stem, written[stem], pairs, tokenizer, tally)
        check_trained(one, source, trained, tally)

    each(sets, tally, check)
    tally.finish()


def load(folder: Path, one: Set) -> tuple[dict[str, list[dict[str, Any]]], Any]:
    """As `axolotl preprocess` does, relative paths of axolotl.yaml read from its folder."""
    import yaml
    from axolotl.utils.data import prepare_datasets
    from axolotl.utils.dict import DictDefault
    from transformers import AutoTokenizer

    logging.disable(logging.WARNING)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    os.chdir(one.folder)
    if one.format == "axolotl":
        entries = yaml.safe_load(Path("axolotl.yaml").read_text())
    else:
        files = {path.stem: {"path": path.name, "ds_type": path.suffix[1:].removesuffix("l")} for path in one.paths()}
        entries = {"datasets": [files["train"] | {"type": ""}]}
        if "validation" in files:
            entries["test_datasets"] = [files["validation"] | {"type": "", "split": "train"}]
    rest = {
        "sequence_len": 1_000_000, "chat_template": "jinja", "chat_template_jinja": TRAINING, "seed": 1,
        "shuffle_merged_datasets": False, "dataset_prepared_path": None, "skip_prepare_dataset": False,
        "micro_batch_size": 1, "gradient_accumulation_steps": 1, "num_epochs": 1, "dataset_num_proc": 1,
        "base_model": str(folder / "tiny"), "is_preprocess": False, "batch_size": 1, "val_set_size": 0,
        "dataset_exact_deduplication": False, "world_size": 1, "max_steps": 1, "excess_length_strategy": "raise",
    }  # fmt: skip
    train, evaluated, _, _ = prepare_datasets(DictDefault(entries | rest), tokenizer)
    loaded = {"train": list(train)}
    if evaluated is not None:
        loaded["validation"] = list(evaluated)
    return loaded, tokenizer


if __name__ == "__main__":
    main()
