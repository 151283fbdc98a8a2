"""TRL's trainers on a quickstart run's files: optimiser steps, and a loss on exactly the assistant's tokens."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
from buildvaried import varied
from climain import trajsynth

from trajsynth.builders import Target, build_dpo, build_sft
from trajsynth.readers import read_trajectories
from trajsynth.types import Grade

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
for package in ("torch", "trl", "transformers", "datasets"):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install torch trl", allow_module_level=True)

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STEPS = {
    "max_steps": 2,
    "per_device_train_batch_size": 1,
    "use_cpu": True,
    "bf16": False,
    "report_to": [],
    "save_strategy": "no",
    "disable_tqdm": True,
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small quickstart run, and a tiny model with a tokenizer trained on it."""
    from tinymodel import save_tiny_model

    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("run")
        patch.chdir(folder)
        patch.setenv("HF_HOME", str(folder / "hf"))
        assert trajsynth("run", "quickstart", "--set", "questions.questions=5", "--quiet") in (0, 1)
        data = folder / "outputs/quickstart/datasets"
        save_tiny_model(
            folder / "tiny", [line.decode() for line in (data / "sft/train.jsonl").read_bytes().splitlines()]
        )
        yield folder


def said(messages: list[dict[str, Any]]) -> str:
    """What the tiny template makes of assistant turns: the spans computed here, not by the template's marks."""
    turns = []
    for message in messages:
        if message["role"] != "assistant":
            continue
        reasoning = message.get("reasoning_content")
        thought = f"<think>\n{reasoning}\n</think>\n\n" if reasoning else ""
        calls = "".join(
            '\n<tool_call>\n{"name": "' + call["function"]["name"] + '", "arguments": '
            + _json(call["function"]["arguments"]) + "}\n</tool_call>"
            for call in message.get("tool_calls") or ()
        )  # fmt: skip
        turns.append(f"{thought}{message['content']}{calls}<|im_end|>")
    return "".join(turns)


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def squashed(text: str) -> str:
    return "".join(text.split())


def decoded(tokenizer: Any, ids: list[int]) -> str:
    text: str = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    return text


def test_sft_steps_and_the_loss_is_on_the_assistants_tokens(run: Path) -> None:
    file = run / "outputs/quickstart/datasets/sft/train.jsonl"
    trainer = example("train_sft").train(str(run / "tiny"), file, out=str(run / "sft"), max_length=8192, **STEPS)
    assert trainer.state.global_step == 2
    assert (run / "sft/model.safetensors").exists()
    rows = {(row["trajectory"], row["conversation"]): row["messages"] for row in lines(file)}
    assert len(trainer.train_dataset) == len(rows)
    for row in trainer.train_dataset:
        trained = [label for label in row["labels"] if label != -100]
        wanted = said(rows[row["trajectory"], row["conversation"]])
        assert squashed(decoded(trainer.processing_class, trained)) == squashed(wanted)


def test_masked_conversations_train_on_what_is_not_masked(run: Path, tmp_path: Path) -> None:
    build_sft([t for t in varied(60) if t.masked], tmp_path)
    file = tmp_path / "train_masked.jsonl"
    trainer = example("train_sft").train(str(run / "tiny"), file, out=str(tmp_path / "m"), max_length=8192, **STEPS)
    assert trainer.state.global_step == 2
    rows = lines(file)
    assert len(trainer.train_dataset) == len(rows)
    for row, source in zip(trainer.train_dataset, rows, strict=True):
        trained = [label for label in row["labels"] if label != -100]
        assert squashed(decoded(trainer.processing_class, trained)) == squashed(said(source["completion"]))


@pytest.mark.parametrize("view", ["as_seen", "final"])
def test_turns_train_in_the_context_their_teacher_saw(run: Path, tmp_path: Path, view: str) -> None:
    shape = ("--view", view, "--validation", "0.4", "--check", "--max-tokens", "4000", "--over-length", "cut")
    assert trajsynth("build", "sft", str(run / "outputs/quickstart"), *shape, "-o", str(tmp_path)) == 0
    file = tmp_path / "train_masked.jsonl"
    trainer = example("train_sft").train(str(run / "tiny"), file, out=str(tmp_path / "m"), max_length=8192, **STEPS)
    assert trainer.state.global_step == 2
    for data, name in ((trainer.train_dataset, "train"), (trainer.eval_dataset, "validation")):
        rows = lines(tmp_path / f"{name}_masked.jsonl")
        assert len(data) == len(rows) > 0
        for row, source in zip(data, rows, strict=True):
            trained = [label for label in row["labels"] if label != -100]
            assert squashed(decoded(trainer.processing_class, trained)) == squashed(said(source["completion"]))
    assert "eval_loss" in trainer.evaluate()


def test_tokens_train_as_they_are(run: Path, tmp_path: Path) -> None:
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer

    kept = run / "outputs/quickstart/curated/sft/kept.jsonl"
    tokens = ("--format", "tokens", "--tokenizer", str(run / "tiny"), "--file-type", "parquet", "--check")
    assert trajsynth("build", "sft", str(kept), *tokens, "-o", str(tmp_path)) == 0
    data = load_dataset("parquet", data_files=str(tmp_path / "train.parquet"), split="train")
    before = data[0]["labels"]
    settings = SFTConfig(output_dir=str(tmp_path / "o"), max_length=None, **STEPS)
    trainer = SFTTrainer(model=str(run / "tiny"), args=settings, train_dataset=data)
    assert trainer.train_dataset[0]["labels"] == before
    trainer.train()
    assert trainer.state.global_step == 2
    sft = lines(run / "outputs/quickstart/datasets/sft/train.jsonl")
    unmasked = {(row["trajectory"], row["conversation"]): row["messages"] for row in sft}
    rows = [row for row in data if (row["trajectory"], row["conversation"]) in unmasked]
    assert len(rows) == len(unmasked)
    for row in rows:
        trained = [label for label in row["labels"] if label != -100]
        wanted = said(unmasked[row["trajectory"], row["conversation"]])
        assert squashed(decoded(trainer.processing_class, trained)) == squashed(wanted)


def test_dpo_steps_with_tool_results_out_of_the_loss(run: Path) -> None:
    file = run / "outputs/quickstart/datasets/dpo/train.jsonl"
    trainer = example("train_dpo").train(str(run / "tiny"), file, out=str(run / "dpo"), max_length=8192, **STEPS)
    assert trainer.state.global_step == 2
    tokenizer = trainer.processing_class
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    theirs = DataCollatorForPreference(pad_token_id=tokenizer.pad_token_id)
    counted = {"theirs": 0, "ours": 0}
    for row, source in zip(trainer.train_dataset, lines(file), strict=True):
        batch = trainer.data_collator([row])
        counted["ours"] += int(batch["completion_mask"].sum())
        counted["theirs"] += int(theirs([row])["completion_mask"].sum())
        for i, side in enumerate(("chosen", "rejected")):
            kept = batch["input_ids"][i][batch["completion_mask"][i] == 1].tolist()
            assert squashed(decoded(tokenizer, kept)) == squashed(said(source[side]))
    assert 0 < counted["ours"] < counted["theirs"]


def test_a_fork_trains_on_what_follows_it(run: Path, tmp_path: Path) -> None:
    """Right rollouts of the run, each with a wrong twin that goes astray in its second, third or last turn."""
    pairs = []
    for i, good in enumerate(read_trajectories(run / "outputs/quickstart/curated/sft/kept.jsonl")):
        conversation = good.conversations[0]
        turns = [m.n for m in conversation.messages if m.role == "assistant"]
        astray = turns[(1, 2, -1)[i % 3]] if len(turns) > 2 else turns[-1]
        messages = tuple(
            replace(m, content=m.content + " Or not.") if m.n == astray else m for m in conversation.messages
        )
        twin = replace(good, id=f"{good.id}-twin", grade=Grade(correct=False, method="exact"))
        pairs += [good, replace(twin, conversations=(replace(conversation, messages=messages),))]
    unmasked = [trajectory for trajectory in pairs if not trajectory.masked][:24]
    report = build_dpo(unmasked, tmp_path / "dpo", Target(check=True), policy="hardest", max_pairs=2, fork=True)
    assert report.preference is not None and report.preference.forked > 5
    file = tmp_path / "dpo/train.jsonl"
    trainer = example("train_dpo").train(str(run / "tiny"), file, out=str(tmp_path / "out"), max_length=8192, **STEPS)
    assert trainer.state.global_step == 2
    rows = zip(trainer.train_dataset, lines(file), strict=True)
    for row, source in rows:
        batch = trainer.data_collator([row])
        for i, side in enumerate(("chosen", "rejected")):
            kept = batch["input_ids"][i][batch["completion_mask"][i] == 1].tolist()
            assert squashed(decoded(trainer.processing_class, kept)) == squashed(said(source[side]))
            shown = decoded(trainer.processing_class, batch["input_ids"][i].tolist())
            assert squashed(said(source["prompt"]))[:200] in squashed(shown), "shared turns stand in the prompt"


@pytest.mark.parametrize("mode", ["keep_start", "keep_end"])
def test_the_collator_cuts_as_trl_does(run: Path, mode: str) -> None:
    import torch
    from transformers import AutoTokenizer
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    from trajsynth.builders.trl import AssistantOnlyPreferenceCollator

    tokenizer = AutoTokenizer.from_pretrained(run / "tiny")
    ours = AssistantOnlyPreferenceCollator(tokenizer, max_length=120, truncation_mode=mode, pad_to_multiple_of=16)
    theirs = DataCollatorForPreference(tokenizer.pad_token_id, 120, mode, 16)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Where?"}], add_generation_prompt=True, return_dict=True
    )["input_ids"]
    full = tokenizer.apply_chat_template(
        [
            {"role": "user", "content": "Where?"},
            {"role": "assistant", "content": "I look."},
            {"role": "tool", "content": "page " * 200},
            {"role": "assistant", "content": "There."},
        ],
        return_dict=True,
    )["input_ids"]
    row = {"prompt_ids": prompt, "chosen_ids": full[len(prompt) :], "rejected_ids": full[len(prompt) :][:9]}
    got, wanted = ours([row, row]), theirs([row, row])
    assert torch.equal(got["input_ids"], wanted["input_ids"])
    assert torch.equal(got["attention_mask"], wanted["attention_mask"])
    kept = tokenizer.decode(got["input_ids"][0][got["completion_mask"][0] == 1].tolist())
    assert kept == ("I look.<|im_end|>" if mode == "keep_start" else "There.<|im_end|>")


def test_grpo_takes_a_step_on_the_prompts(run: Path, tmp_path: Path) -> None:
    from datasets import load_dataset
    from trl import GRPOConfig, GRPOTrainer

    from trajsynth.builders import build_rl, features
    from trajsynth.builders.reward import grpo_reward

    report = build_rl(list(varied(12)), tmp_path, Target(check=True))
    assert report.differences == ()
    data = load_dataset("json", data_files=str(tmp_path / "train.jsonl"), features=features("rl"), split="train")
    steps = STEPS | {"max_steps": 1, "per_device_train_batch_size": 2}
    settings = GRPOConfig(output_dir=str(tmp_path / "o"), num_generations=2, max_completion_length=8, **steps)
    trainer = GRPOTrainer(model=str(run / "tiny"), reward_funcs=grpo_reward, args=settings, train_dataset=data)
    trainer.train()
    assert trainer.state.log_history[0]["reward"] == -0.5, "noise answers nothing"
