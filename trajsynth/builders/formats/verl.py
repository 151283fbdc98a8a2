"""verl: Parquet only; `messages` and `tools` for SFT, prompts with ground truth and tool arguments for RL.

Its loaders give cells to the chat template as they come out of Parquet, where objects of differing keys are filled with
nulls. So arguments are JSON text (templates of the Qwen kind print it as it is), each file has one tool set, and a tool
set whose schemas would be filled is refused. Each message is tokenised alone: parallel results are one message. No
message has a loss flag: a row with a masked turn before an unmasked one is refused. Level 3, imports formats.base.
Tests: tests/builders/.
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import yaml

from trajsynth.builders.content import RESULT_JOIN, Content, Part, merged
from trajsynth.builders.formats.axolotl import message_features, spoken, stringed
from trajsynth.builders.formats.base import (
    Format,
    Kind,
    Laid,
    datasets_module,
    provenance,
    source_features,
    strings,
)
from trajsynth.builders.prompts import Prompt
from trajsynth.builders.rows import Refusal, Row
from trajsynth.builders.split import train_stem

RUN_TOOL = "trajsynth.verl.RunTool"
"""Runs the tools of a run of ours as they ran for its teachers."""
TOOL_CLASS = "my_tools.Tool"
"""Stands in tool_config.yaml until the user names the class that runs the tools."""


class Verl(Format):
    """See the module."""

    name = "verl"
    file_types = ("parquet",)
    notes = {  # noqa: RUF012  (a constant)
        "sft": (
            "one file a tool set; raise data.max_length; set data.ignore_input_ids_mismatch=True for Qwen3 templates",
            "messages are tokenised one by one, where Qwen3's stock template drops every thought: set "
            "model.custom_chat_template to one that keeps them (its training variant)",
            "arguments are JSON text: right for templates that print it as it is (Qwen), not for Llama 3's `tojson`",
        ),
        "rl": (
            "reward.custom_reward_function.path=pkg://trajsynth.builders.reward, .name=compute_score",
            "raise multi_turn.max_tool_response_length: verl's default of 256 characters cuts nearly every tool result",
        ),
    }
    refuses = {"dpo": "it has no DPO trainer; use trl or swift"}  # noqa: RUF012

    def __init__(self, tool_class: str = "", run: str = "") -> None:
        """`tool_class` runs the tools of RL rollouts: `package.module.Class`, a verl.tools.base_tool.BaseTool.

        Without one, trajsynth.verl.RunTool does, where `run` (a folder) is given.
        """
        self._tool_class = tool_class or (RUN_TOOL if run else TOOL_CLASS)
        self._tool_options: dict[str, str] = {"type": "native"} | ({"run": run} if self._tool_class == RUN_TOOL else {})
        if self._tool_class == TOOL_CLASS:
            unnamed = f"name the class that runs the tools: --tool-class ({TOOL_CLASS} stands in tool_config.yaml)"
            self.notes = self.notes | {"rl": (*self.notes["rl"], unnamed)}  # type: ignore[misc]
        self._sets: dict[bytes, str] = {}
        self._schemas: dict[str, list[dict[str, Any]]] = {}

    def sft(self, row: Row) -> list[Laid] | Refusal:
        """One record, in the file of its tool set, cut after the last unmasked turn."""
        trained = frozenset(i for i, m in enumerate(row.messages) if m["role"] == "assistant") - row.masked
        if not trained:
            return Refusal(reason="all_masked")
        end = max(trained) + 1
        if any(i < end for i in row.masked):
            return Refusal(reason="masked", detail="verl has no loss flags")
        if row.tools and not survives_parquet(row.tools):
            return Refusal(reason="tools.null_filled", detail="Parquet would fill the schemas with each other's keys")
        record = {"messages": _messages(row.messages[:end]), **({"tools": row.tools} if row.tools else {})}
        part = Part(row=row, end=end, trained=trained)
        return [Laid(file=self._file(row.tools), record={**record, **provenance(row)}, holds=(part,))]

    def rl(self, prompt: Prompt) -> Laid | Refusal:
        """One prompt, in the file of its tool set."""
        unfit = next((why for why in map(_unfit_schema, prompt.tools) if why), "")
        if unfit:
            return Refusal(reason="tools.schema", detail=unfit)
        file = self._file(prompt.tools)
        names = [tool["function"]["name"] for tool in prompt.tools]
        extra: dict[str, Any] = {
            "index": prompt.index,
            "split": prompt.split,
            "question": prompt.question,
            "group": prompt.group,
            "answers": list(prompt.answers),
            "samples": prompt.samples,
            "solve_rate": prompt.solve_rate,
            "need_tools_kwargs": bool(names),
        }
        if names:
            extra["tools_kwargs"] = {name: {"create_kwargs": {"question": prompt.question}} for name in names}
        return Laid(
            file=file,
            record={
                "data_source": "trajsynth",
                "agent_name": "tool_agent",
                "prompt": prompt.messages,
                "ability": "agent",
                "reward_model": {"style": "rule", "ground_truth": prompt.answers[0]},
                "extra_info": extra,
            },
        )

    def read(self, kind: Kind, file: str, record: dict[str, Any]) -> tuple[Content, ...]:
        """As its datasets give a cell to the chat template."""
        said = [spoken(message, True) for message in record["messages"]]
        return (Content(messages=merged(said), tools=tuple(record.get("tools") or ())),)

    def features(self, kind: Kind, file: str = "train") -> Any:
        """No `Json` columns; tool definitions are structs of the file's own tool set."""
        ds = datasets_module()
        if kind == "rl":
            return ds.Features(_rl_features(ds, [tool["function"]["name"] for tool in self._schemas.get(file, [])]))
        tools = self._schemas.get(file, [])
        typed = {"tools": ds.Features.from_arrow_schema(_tools_schema(tools))["tools"]} if tools else {}
        return ds.Features({"messages": ds.List(message_features()), **typed, **source_features()})

    def extras(self, kind: Kind, files: dict[str, int]) -> dict[str, bytes]:
        """tool_config.yaml (one a tool set) for RL."""
        if kind != "rl":
            return {}
        stems = dict.fromkeys(train_stem(file.rpartition(".")[0]) for file in files)
        return {
            f"tool_config{stem.removeprefix('train')}.yaml": self._tool_config(self._schemas[stem])
            for stem in stems
            if self._schemas[stem]
        }

    def _tool_config(self, tools: list[dict[str, Any]]) -> bytes:
        listed = [
            {
                "class_name": self._tool_class,
                "config": self._tool_options | {"definition": json.dumps(tool, ensure_ascii=False)},
                "tool_schema": copy.deepcopy(tool),  # a copy, or YAML writes references
            }
            for tool in tools
        ]
        return yaml.safe_dump({"tools": listed}, sort_keys=False, allow_unicode=True).encode()

    def _file(self, tools: list[dict[str, Any]]) -> str:
        key = hashlib.sha256(json.dumps(tools, sort_keys=True).encode()).digest()
        if key not in self._sets:
            self._sets[key] = f"train_{len(self._sets) + 1}" if self._sets else "train"
            self._schemas[self._sets[key]] = tools
        return self._sets[key]


def survives_parquet(tools: list[dict[str, Any]]) -> bool:
    """Whether the definitions come out of Parquet structs as they went in."""
    import pyarrow as pa

    if _hollow(tools):
        return False
    try:
        return bool(_tools_array(tools).to_pylist() == [tools])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return False


def _hollow(value: Any) -> bool:
    """Whether an object without keys is in there: Parquet has no such struct."""
    if isinstance(value, dict):
        return not value or any(map(_hollow, value.values()))
    return isinstance(value, list) and any(map(_hollow, value))


def _tools_array(tools: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.array([tools])


def _tools_schema(tools: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.schema([("tools", _tools_array(tools).type)])


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """String arguments; results that follow one another joined."""
    kept: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] == "tool" and kept[-1]["role"] == "tool":
            kept[-1] = kept[-1] | {"content": kept[-1]["content"] + RESULT_JOIN + message["content"]}
        else:
            kept.append(stringed(message))
    return kept


def _unfit_schema(tool: dict[str, Any]) -> str:
    """Why verl's own tool model (name, type, description and enum of each parameter) cannot hold a definition."""
    if "${" in json.dumps(tool):
        return f"tool {tool['function']['name']!r} has ${{ in its definition, which OmegaConf would fill"
    parameters = tool["function"]["parameters"]
    properties = parameters.get("properties", {}) if isinstance(parameters, dict) else None
    if not isinstance(properties, dict):
        return f"tool {tool['function']['name']!r} has no properties"
    for name, schema in properties.items():
        if not isinstance(schema, dict) or "type" not in schema:
            return f"parameter {name!r} of {tool['function']['name']!r} has no type"
    return ""


def _rl_features(ds: Any, tools: list[str]) -> dict[str, Any]:
    extra = {
        "index": ds.Value("int64"),
        **strings("split", "question", "group"),
        "answers": ds.List(ds.Value("string")),
        "samples": ds.Value("int64"),
        "solve_rate": ds.Value("float64"),
        "need_tools_kwargs": ds.Value("bool"),
    }
    if tools:
        extra["tools_kwargs"] = {name: {"create_kwargs": strings("question")} for name in tools}
    return {
        **strings("data_source", "agent_name", "ability"),
        "prompt": ds.List(strings("role", "content")),
        "reward_model": strings("style", "ground_truth"),
        "extra_info": extra,
    }
