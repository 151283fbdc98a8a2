"""Where built data comes from, as plain facts for the card: the run's teachers, tools, prompts, funnel and config.

Addresses, environments and headers stay at home: whoever reads the card learns which models and tools were at work, not
where they are served. Level 3, imports config, configsave, readers. Tests: tests/builders/test_builders_card.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import orjson
import yaml

from trajsynth.config import Config, DatasetQuestions, EncyclopediaQuestions, plain
from trajsynth.configsave import load_saved
from trajsynth.errors import InputError
from trajsynth.readers import read_trajectories
from trajsynth.types import Trajectory

RUN_FILE = "run.yaml"
_LOOKED_AT = 400
"""Trajectories read for prompts and tools; each arm has its own within the first few questions."""
_HOME = frozenset(
    {"base_urls", "api_key_env", "extra_headers", "env", "headers", "url", "cwd", "cache", "push"}
) | frozenset({"price", "budget"})
"""Config keys that are nobody else's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """How a run's rollouts ended."""

    finished: int = 0
    failed: int = 0
    correct: int = 0
    wrong: int = 0
    arms: dict[str, tuple[int, int]] = field(default_factory=dict)
    """(finished, correct) by arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A run, as a card tells it."""

    id: str
    """Name and time: pushes of one run replace each other."""
    name: str
    created: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    questions: str = ""
    teachers: tuple[dict[str, Any], ...] = ()
    """name, kind, model, licence, terms, params."""
    tools: dict[str, str] = field(default_factory=dict)
    """Description by name."""
    prompts: dict[str, str] = field(default_factory=dict)
    """System prompt by `paradigm/invocation/agent`, of one trajectory each."""
    rollouts: Rollouts = field(default_factory=Rollouts)
    recipes: tuple[dict[str, Any], ...] = ()
    """Each recipe's report: total, kept, rejected, masked, dropped, filters."""
    config: str = ""
    """The run's config as YAML, defaults and addresses left out."""
    drift: tuple[str, ...] = ()
    """Differences that were accepted on the way."""


def run_of(folder: Path) -> Path | None:
    """The run a folder is, or was built in (`<run>/datasets/<name>`); None when there is none."""
    places = (folder, folder.resolve().parent.parent)
    return next((place for place in places if (place / RUN_FILE).exists()), None)


def origin(run: Path, rollouts: Rollouts) -> Origin:
    """The facts of a run folder. Raises InputError when run.yaml cannot be read."""
    record = _record(run / RUN_FILE)
    config = load_saved(record["config"], str(run / RUN_FILE))
    name, created = config.name or run.resolve().name, str(record.get("created", ""))
    prompts, tools = _seen(run)
    models = (record.get("made_with") or {}).get("models") or {}
    return Origin(
        id=f"{name} {created}".strip(),
        name=name,
        created=created,
        versions={key: str(value) for key, value in (record.get("versions") or {}).items()},
        questions=_questions(config),
        teachers=tuple(_teacher(config, name, models) for name in _used(config)),
        tools=tools,
        prompts=prompts,
        rollouts=rollouts,
        recipes=tuple(_recipes(run)),
        config=_config(config),
        drift=tuple(line for entry in record.get("drift") or () for line in entry.get("differences", ())),
    )


def _record(path: Path) -> dict[str, Any]:
    try:
        record = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"cannot read {str(path)!r}: {' '.join(str(error).split())}") from None
    if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
        raise InputError(f"{str(path)!r} is not a run file of trajsynth")
    return record


def _used(config: Config) -> list[str]:
    used = config.arm_teachers()
    return [name for name in config.teachers if name in used]


def _teacher(config: Config, name: str, models: dict[str, str]) -> dict[str, Any]:
    section = config.teachers[name]
    data = plain(section)
    shown = {key: data[key] for key in ("kind", "profile", "licence", "terms", "params") if data.get(key)}
    return {"name": name, "model": models.get(name) or data.get("model") or "not recorded", **shown}


def _questions(config: Config) -> str:
    source = config.questions
    if isinstance(source, EncyclopediaQuestions):
        return f"the generated encyclopedia (seed {source.seed}, {source.pages} pages, {source.questions} questions)"
    if isinstance(source, DatasetQuestions):
        if source.path is not None:
            return f"a local file, {Path(source.path).name}"
        parts = [source.hf or "", *(filter(None, (source.config, source.split, source.revision)))]
        return f"the Hub's data set {' / '.join(parts)}"
    return f"a source of the authors' own, {source.target}"


def _recipes(run: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((run / "curated").glob("*/report.json")):
        try:
            report = orjson.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {str(path)!r}: {error}; run trajsynth filter again") from None
        keys = ("recipe", "total", "kept", "rejected", "masked", "masked_turns", "dropped", "filters")
        yield {key: report[key] for key in keys if key in report}


def _seen(run: Path) -> tuple[dict[str, str], dict[str, str]]:
    """System prompts by arm and agent, and tools with their descriptions, as the first trajectories had them."""
    prompts: dict[str, str] = {}
    tools: dict[str, str] = {}
    for trajectory in _first(run):
        for conversation in trajectory.conversations:
            name = f"{trajectory.paradigm}/{trajectory.invocation}/{conversation.agent}"
            system = next((m.content for m in conversation.messages if m.role == "system"), "")
            prompts.setdefault(name, system)
            for toolset in conversation.toolsets:
                for tool in toolset:
                    tools.setdefault(tool.name, tool.description)
    return dict(sorted(prompts.items())), dict(sorted(tools.items()))


def _first(run: Path) -> Iterator[Trajectory]:
    left = _LOOKED_AT
    for path in sorted(run.glob("trajectories*.jsonl")):
        for trajectory in read_trajectories(path):
            yield trajectory
            left -= 1
            if not left:
                return


def _config(config: Config) -> str:
    data = _public(msgspec.to_builtins(config, enc_hook=float))
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _public(item) for key, item in value.items() if key not in _HOME}
    if isinstance(value, list | tuple):
        return [_public(item) for item in value]
    return Path(value).name if isinstance(value, str) and value.startswith(("/", "~")) else value
