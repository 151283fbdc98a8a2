"""How to train on a config of a pushed data set, in each trainer's own words; docs/formats.md has the reasons.

Level 3, imports nothing of ours. Tests: tests/builders/test_builders_card.py.
"""

from __future__ import annotations

_LOAD = 'load_dataset("{repo}", "{config}", split="{split}")'

_TRAINERS: dict[tuple[str, str], str] = {
    ("trl", "sft"): """```python
from trl import SFTConfig, SFTTrainer
SFTTrainer(model, train_dataset={load},
           args=SFTConfig(assistant_only_loss=True, max_length=32768))   # TRL's defaults train on results, cut at 1024
```""",
    ("trl", "dpo"): """```python
from trl import DPOConfig, DPOTrainer, get_training_chat_template
from trajsynth.builders.trl import AssistantOnlyPreferenceCollator   # TRL alone counts tool results in the loss
tokenizer.chat_template = get_training_chat_template(tokenizer) or tokenizer.chat_template
DPOTrainer(model, train_dataset={load}, args=DPOConfig(max_length=32768),
           processing_class=tokenizer, data_collator=AssistantOnlyPreferenceCollator(tokenizer, max_length=32768))
```""",
    ("trl", "rl"): """```python
from trl import GRPOTrainer
from trajsynth.builders.reward import grpo_reward
GRPOTrainer(model, train_dataset={load}, reward_funcs=[grpo_reward], tools=[...])   # your tools as functions
```""",
    ("tokens", "sft"): """The columns are final: no chat template and no loss option applies. In TRL:
`SFTTrainer(model, train_dataset={load}, args=SFTConfig(max_length=None))`; in axolotl as pre-tokenised data.""",
    ("llamafactory", "sft"): """Entry of `dataset_info.json`; set `preserve_thinking: true` and raise `cutoff_len`
(rows of a `last-turn` config want `mask_history: true` and a run of their own):

```json
{{"{config}": {{"hf_hub_url": "{repo}", "subset": "{config}", "split": "{split}", "formatting": "sharegpt",
  "columns": {{"messages": "conversations", "system": "system", "tools": "tools"}}}}}}
```""",
    ("llamafactory", "dpo"): """Entry of `dataset_info.json`:

```json
{{"{config}": {{"hf_hub_url": "{repo}", "subset": "{config}", "split": "{split}", "formatting": "sharegpt",
  "ranking": true, "columns": {{"messages": "conversations", "system": "system", "tools": "tools",
  "chosen": "chosen", "rejected": "rejected"}}}}}}
```""",
    ("swift", "sft"): "`swift sft --use_hf true --dataset {repo}:{config} --max_length 32768 --loss_scale default`",
    ("swift", "dpo"): "`swift rlhf --rlhf_type dpo --use_hf true --dataset {repo}:{config} --max_length 32768`",
    ("axolotl", "sft"): """```yaml
datasets:
  - {{path: {repo}, name: {config}, split: {split}, type: chat_template, field_messages: messages, field_tools: tools,
     message_field_training: train}}
```""",
    (
        "verl",
        "sft",
    ): """Download the Parquet files (`hf download {repo} --repo-type dataset --include "{config}/*"`), then
`data.train_files=...parquet data.messages_key=messages data.tools_key=tools data.ignore_input_ids_mismatch=True` and
a larger `data.max_length`.""",
    ("verl", "rl"): """Download the folder (`hf download {repo} --repo-type dataset --include "{config}/*"`), then
`data.train_files=...parquet data.return_raw_chat=True
reward.custom_reward_function.path=pkg://trajsynth.builders.reward reward.custom_reward_function.name=compute_score`
and `tool_config.yaml` of that folder, with your tool classes in it.""",
    ("openai", "sft"): "Write it as JSON lines and upload that: `{load}.to_json('train.jsonl')`.",
    ("openai", "dpo"): "Write it as JSON lines and upload that: `{load}.to_json('train.jsonl')`.",
}


def load_line(repo: str, config: str, split: str) -> str:
    """The call that loads a split."""
    return _LOAD.format(repo=repo, config=config, split=split)


def how_to_train(trainer: str, kind: str, repo: str, config: str, split: str) -> str:
    """Markdown; empty for a format of the user's own."""
    text = _TRAINERS.get((trainer, kind), "")
    return text.format(repo=repo, config=config, split=split, load=load_line(repo, config, split))
