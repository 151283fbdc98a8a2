"""verl's own MultiTurnSFTDataset, RLHFDataset and tool registry on every set built for it.

Usage: `python tests/trainers/check_verl.py FOLDER [part of a set's name ...]`.

The RL sets of a run name trajsynth.verl.RunTool in tool_config.yaml, so trajsynth must be importable (PYTHONPATH).
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from loadcheck import IGNORED, Set, Source, Wrong, begin, check_rows, check_trained, each


def main() -> None:
    folder, sets, tally = begin("verl", "verl")
    logging.disable(logging.WARNING)

    def check(one: Set) -> None:
        if one.kind == "rl":
            _check_rl(folder, one, tally)
            return
        source, trained = Source(folder, one.source), Counter[tuple[str, int, int]]()
        for path in one.paths():
            loaded, tokenizer = load(folder, path)
            trained += check_rows(one, source, path.stem, one.files()[path.stem], loaded, tokenizer, tally)
        check_trained(one, source, trained, tally)

    each([one for one in sets if one.paths()], tally, check)
    tally.finish()


def load(folder: Path, path: Path) -> tuple[list[tuple[list[int], list[int]]], Any]:
    """Its rows, as the trainer's loader yields them."""
    from omegaconf import OmegaConf
    from transformers import AutoTokenizer
    from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset

    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    config = OmegaConf.create(
        {
            "pad_mode": "no_padding", "truncation": "error", "max_length": 1_000_000, "messages_key": "messages",
            "tools_key": "tools", "ignore_input_ids_mismatch": False,
        }
    )  # fmt: skip
    data = MultiTurnSFTDataset(parquet_files=str(path), tokenizer=tokenizer, config=config)
    rows = []
    for row in (data[i] for i in range(len(data))):
        ids = row["input_ids"].tolist()
        masks = row["loss_mask"].tolist()
        rows.append((ids, [id_ if mask else IGNORED for id_, mask in zip(ids, masks, strict=True)]))
    return rows, tokenizer


def _check_rl(folder: Path, one: Set, tally: Any) -> None:
    """As many prompts as were written, each with its ground truth; every tool loaded with its whole definition."""
    from omegaconf import OmegaConf
    from transformers import AutoTokenizer
    from verl.tools.tool_registry import load_all_tools
    from verl.utils.dataset.rl_dataset import RLHFDataset

    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    for path in one.paths():
        tools_file = path.with_name(f"tool_config{path.stem.removeprefix('train').removeprefix('validation')}.yaml")
        names: set[str] = set()
        if tools_file.exists():
            tools = load_all_tools(str(tools_file), None)
            given = [tool["tool_schema"] for tool in yaml.safe_load(tools_file.read_text())["tools"]]
            shown = [tool.tool_schema.model_dump(exclude_unset=True, exclude_none=True) for tool in tools]
            names = {tool["function"]["name"] for tool in given}
            if shown != given:
                wrong = next((a, b) for a, b in zip(given, shown, strict=True) if a != b)
                tally.wrong.append(f"{one.name}/{path.stem}: tool {wrong[0]} is shown as {wrong[1]}")
        config = OmegaConf.create(
            {
                "max_prompt_length": 1_000_000, "filter_overlong_prompts": True, "return_raw_chat": True,
                "filter_overlong_prompts_workers": 1, "tool_config_path": str(tools_file) if names else None,
                "cache_dir": str(folder / "cache" / "verl"),
            }
        )  # fmt: skip
        data = RLHFDataset(str(path), tokenizer, config)
        written = one.files()[path.stem]
        if len(data) != len(written):
            raise Wrong(f"{len(written)} prompts written, {len(data)} loaded")
        for i, record in enumerate(written):
            row = data[i]
            same = row["raw_prompt"] == record["prompt"] and row["reward_model"] == record["reward_model"]
            kwargs = row["tools_kwargs"]
            if not same or row["index"] != record["extra_info"]["index"] or set(kwargs) != names:
                raise Wrong(f"prompt {i} became {row}")
            tally.rows[one.name] += 1


if __name__ == "__main__":
    main()
