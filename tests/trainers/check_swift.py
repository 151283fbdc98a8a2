"""ms-swift's own `load_dataset` and template `encode` on every set built for it, template qwen3.

Usage: `python tests/trainers/check_swift.py FOLDER [part of a set's name ...]`.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from loadcheck import Set, Source, begin, check_rows, check_trained, each


def main() -> None:
    folder, sets, tally = begin("ms-swift", "swift")

    def check(one: Set) -> None:
        source, trained = Source(folder, one.source), Counter[tuple[str, int, int]]()
        template = template_of(folder, one)
        for path in one.paths():
            stem, written = path.stem, one.files()[path.stem]
            loaded = load(folder, path, template)
            if one.kind == "dpo":
                for side, prefix in (("chosen", "chosen_"), ("rejected", "rejected_")):
                    rows = [record | {"trajectory": record[f"{side}_id"], "conversation": 0} for record in written]
                    pairs = [(row[f"{prefix}input_ids"], row[f"{prefix}labels"]) for row in loaded]
                    check_rows(one, source, f"{stem}:{side}", rows, pairs, template.tokenizer, tally)
                continue
            pairs = [(row["input_ids"], row["labels"]) for row in loaded]
            trained += check_rows(one, source, stem, written, pairs, template.tokenizer, tally)
        if one.kind == "sft":
            check_trained(one, source, trained, tally)

    each(sets, tally, check)
    tally.finish()


def template_of(folder: Path, one: Set) -> Any:
    """As `swift sft` and `swift rlhf --rlhf_type dpo` set it up."""
    from swift.model import get_processor
    from swift.template import get_template

    logging.disable(logging.WARNING)
    processor = get_processor(str(folder / "tiny"), model_type="qwen3")
    template = get_template(processor, max_length=1_000_000, template_type="qwen3", loss_scale="default")
    template.set_mode("rlhf" if one.kind == "dpo" else "train")
    return template


def load(folder: Path, path: Path, template: Any) -> list[dict[str, Any]]:
    """The rows, encoded. `strict=False`, its default, drops what it cannot read: the count of rows tells."""
    from swift.dataset import load_dataset

    data, _ = load_dataset(str(path), load_from_cache_file=False, shuffle=False)
    rows = [template.encode(dict(row), return_length=True) for row in data]
    shutil.rmtree(folder / "cache" / "swift", ignore_errors=True)
    return rows


if __name__ == "__main__":
    main()
