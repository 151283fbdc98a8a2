"""Names a config uses are names it defines, and its parts fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from trajsynth.config import convert
from trajsynth.configcheck import check, packaged_recipes
from trajsynth.errors import ConfigError

GOOD: dict[str, Any] = {
    "name": "night1",
    "questions": {"kind": "encyclopedia"},
    "teachers": {"qwen": {"kind": "openai", "base_urls": ["http://x/v1"]}, "hasty": {"kind": "scripted"}},
}
PARADIGM = {"kind": "custom"}
TEAM = {"kind": "miroflow"}
OPENAI = {"kind": "openai", "base_urls": ["http://x/v1"]}


def web(**settings: object) -> dict[str, Any]:
    """The change that sets up the web tools."""
    return {"tools": {"web": settings}}


def faults(change: dict[str, Any]) -> str:
    """The message `check` gives for GOOD with a change."""
    with pytest.raises(ConfigError) as caught:
        check(convert(GOOD | change), "c.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"arms": [{"teacher": "qwen"}, {"teacher": "qwen", "invocation": "mcp"}, {"teacher": "hasty"}]},
        {"paradigms": {"mine": PARADIGM | {"target": "my.mod:P"}}, "arms": [{"teacher": "qwen", "paradigm": "mine"}]},
        {"paradigms": {"miroflow": TEAM | {"roles": {"coding": {"teacher": "hasty"}}}}, "arms": [{"teacher": "qwen"}]},
        {"grade": ["exact", {"judge": "hasty"}]},
        {"curate": ["sft", "dpo"], "build": {"sft": {}, "dpo": {}}},
        {"curate": ["none"], "build": {"sft": {"recipe": "none"}}},
        {"curate": ["sft", "rl"], "build": {"sft": [{"format": "trl"}, {"format": "swift"}], "rl": {"format": "verl"}}},
        {"questions": {"kind": "dataset", "path": "x.jsonl"}},
        {"questions": {"kind": "encyclopedia", "hops": [2, 2]}},
        web(),
        web(extract="hasty", search={"kind": "searxng", "url": "http://x"}, blocked_hosts=["a.org", "b.org/x"]),
        {"tools": {"mcpServers": {"web": {"command": "npx"}}}},
        {"tools": {"mcpServers": {"a": {"command": "npx"}, "b": {"url": "http://x"}, "c": {"disabled": True}}}},
    ],
)
def test_what_fits_passes(change: dict[str, Any]) -> None:
    check(convert(GOOD | change), "c.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a/b"}, "name: 'a/b' cannot name a folder"),
        (web(extract="qwne"), "tools.web.extract: unknown teacher 'qwne'; did you mean 'qwen'?"),
        (web(search={"kind": "searxng"}), "tools.web.search.url: SearXNG needs the address of an instance"),
        (web(search={"kind": "searxng", "url": "x:8888"}), "tools.web.search.url: expected a URL such as"),
        (web(search={"kind": "serper"}), "tools.web.search.api_key_env: Serper needs the name of the environment"),
        (web(search={"kind": "serper", "api_key_env": "sk-1"}), "tools.web.search.api_key_env: expected the name of"),
        (web(blocked_hosts=["https://a.org"]), "tools.web.blocked_hosts.0: expected a host such as example.com"),
        ({"tools": {"web": {}, "mcpServers": {"web": {"command": "x"}}}},
         "tools.mcpServers.web: the name is taken by tools.web"),
        ({"curate": ["sft"], "build": {"sft": [{}, {"reasoning": "drop"}]}},
         "build.sft: name 'sft-trl': two targets have it; set another name"),
        ({"curate": ["sft"], "build": {"sft": {"name": "../x"}}}, "build.sft: name '../x': it cannot name a folder"),
        ({"curate": ["sft"], "build": {"sft": {"format": "tokens"}}}, "build.sft: format 'tokens' needs a tokenizer"),
        ({"curate": ["sft"], "build": {"sft": {"max_blowup": 2.0}}}, "build.sft: max_blowup is for view as_seen"),
        ({"curate": ["sft"], "build": {"sft": {"over_length": "cut"}}}, "build.sft: over_length: cut needs max_tokens"),
        ({"curate": ["dpo"], "build": {"dpo": {"view": "final"}}}, "build.dpo: view, max_blowup, max_tokens and over_"),
        ({"curate": ["rl"], "build": {"rl": {"tool_class": "a.B"}}}, "build.rl: tool_class is for rl with format"),
        ({"name": ".."}, "name: '..' cannot name a folder"),
        ({"name": ""}, "name: '' cannot name a folder"),
        ({"questions": {"kind": "dataset"}}, "questions: needs 'path'"),
        ({"questions": {"kind": "encyclopedia", "hops": [3, 2]}}, "questions.hops: the smallest number comes first"),
        ({"questions": {"kind": "custom", "target": "my.mod"}}, "questions.target: expected 'package.module:Name'"),
        ({"arms": [{"teacher": "hasty"}, {"teacher": "qwn"}]},
         "arms.1.teacher: unknown teacher 'qwn'; did you mean 'qwen'? known: hasty, qwen"),
        ({"arms": [{"teacher": "qwen", "paradigm": "reakt"}]},
         "arms.0.paradigm: unknown paradigm 'reakt'; did you mean 'react'? known: miroflow, react"),
        ({"arms": [{"teacher": "qwen"}, {"teacher": "qwen", "weight": 2}]},
         "arms.1: 'qwen/react/function_calling' is arms.0 again"),
        ({"paradigms": {"react": PARADIGM | {"target": "a:B"}}}, "paradigms.react: the name of a built-in paradigm"),
        ({"paradigms": {"react": TEAM}}, "paradigms.react: the name of a built-in paradigm"),
        ({"paradigms": {"team": TEAM | {"roles": {"coding": {"teacher": "qwn"}}}}},
         "paradigms.team.roles.coding.teacher: unknown teacher 'qwn'; did you mean 'qwen'? known: hasty, qwen"),
        ({"paradigms": {"team": TEAM | {"roles": {"maths": {"tools": ["*"]}}}}},
         "paradigms.team.roles.maths: needs 'description' and 'tools'"),
        ({"paradigms": {"team": TEAM | {"roles": {"Co ding": {}}}}}, "paradigms.team.roles.Co ding: 'Co ding' cannot"),
        ({"paradigms": {"mine": PARADIGM | {"target": "a.B"}}},
         "paradigms.mine.target: expected 'package.module:Name', got 'a.B'"),
        ({"filters": {"mine": {"target": "a b:C"}}}, "filters.mine.target: expected"),
        ({"tools": {"functions": [{"target": "a:b"}, {"target": ":b"}]}}, "tools.functions.1.target: expected"),
        ({"tools": {"custom": {"x": {"target": "a:"}}}}, "tools.custom.x.target: expected"),
        ({"tools": {"custom": {"corpus": {"target": "a:B"}}}}, "tools.custom.corpus: the name is taken"),
        ({"tools": {"custom": {"x": {"target": "a:B"}}, "mcpServers": {"x": {"command": "c"}}}},
         "tools.mcpServers.x: the name is taken by tools.custom.x"),
        ({"tools": {"mcpServers": {"sandbox": {"command": "c"}}, "sandbox": {}}},
         "tools.mcpServers.sandbox: the name is taken by tools.sandbox"),
        ({"tools": {"sandbox": {"timeout": "6m"}}}, "tools.sandbox.timeout: every call ends after tools.timeout"),
        ({"tools": {"mcpServers": {"x": {}}}}, "tools.mcpServers.x: needs 'command' (a local server) or 'url'"),
        ({"tools": {"mcpServers": {"x": {"command": "c", "url": "http://x"}}}}, "tools.mcpServers.x: needs 'command'"),
        ({"tools": {"mcpServers": {"agents": {"command": "c"}}}}, "tools.mcpServers.agents: the name is taken by"),
        ({"tools": {"mcpServers": {"toolbox": {"command": "c"}}, "discovery": "progressive"}},
         "tools.mcpServers.toolbox: the name is taken by the list of tools"),
        ({"tools": {"mcpServers": {"web": {"command": "c"}}, "servers": {"wep": {}}}},
         "tools.servers.wep: unknown server 'wep'; did you mean 'web'?"),
        ({"tools": {"corpus": {}, "servers": {"corpus": {"pool": 2}}}}, "tools.servers.corpus: 'scope' and 'pool' are"),
        ({"tools": {"mcpServers": {"x": {"command": "c"}}, "servers": {"x": {"state": "session", "pool": 2}}}},
         "tools.servers.x.pool: each rollout has a session of its own"),
        ({"tools": {"mcpServers": {"x": {"command": "c"}}, "servers": {"x": {"state": "session", "scope": "shared"}}}},
         "tools.servers.x.scope: state: session with scope: shared would mix"),
        ({"teachers": {"q": {"kind": "custom", "target": "oops"}}}, "teachers.q.target: expected"),
        ({"teachers": {"a/b": {"kind": "scripted"}}}, "teachers: 'a/b' cannot name a teacher"),
        ({"teachers": {"q": OPENAI | {"base_urls": ["http://x", "localhost:8000"]}}},
         "teachers.q.base_urls.1: expected a URL such as http://localhost:8000/v1, got 'localhost:8000'"),
        ({"grade": ["exact", {"judge": "gpt"}]}, "grade.1.judge: unknown teacher 'gpt'"),
        ({"curate": ["stf"]}, "curate.0: unknown recipe 'stf'; did you mean 'sft'? known: dpo, "),
        ({"curate": ["my/own.yaml"]}, "curate.0: no recipe file 'my/own.yaml'; packaged recipes: "),
        ({"curate": ["sft", "sft"]}, "curate.1: 'sft' and 'sft' would share the folder curated/sft"),
        ({"build": {"sft": {}}}, "build.sft: recipe 'sft' is not in curate (nothing)"),
        ({"curate": ["sft"], "build": {"dpo": {"recipe": "none"}}}, "build.dpo: recipe 'none' is not in curate (sft)"),
        ({"push": {"repo": "me/x"}}, "push: nothing is built that could be pushed; add build"),
        ({"curate": ["sft"], "build": {"sft": {}}, "push": {"repo": "a b"}}, "push.repo: 'a b' is no name of a Hub"),
        ({"questions": {"kind": "dataset", "path": "${HOME}/x"}}, "questions.path: '${HOME}/x'"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named(change: dict[str, Any], message: str) -> None:
    assert faults(change).startswith(f"c.yaml: {message}")


def test_a_pasted_key_is_not_repeated_in_the_message() -> None:
    message = faults({"teachers": {"q": OPENAI | {"api_key_env": "sk-verysecret"}}})
    assert message.startswith("c.yaml: teachers.q.api_key_env: expected the name of an environment variable")
    assert "verysecret" not in message


def test_a_recipe_of_ones_own_may_be_curated_and_built(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("filters: []\n")
    for named in (str(own), "mine"):
        check(convert(GOOD | {"curate": [str(own)], "build": {"sft": {"recipe": named}}}), "c.yaml")


def test_packaged_recipes_are_the_files_beside_the_filters() -> None:
    assert {"sft", "dpo", "rl", "none"} <= set(packaged_recipes())


def test_default_arms_need_no_check() -> None:
    config = convert(GOOD)
    assert [arm.teacher for arm in config.all_arms()] == ["qwen", "hasty"]
    check(msgspec.structs.replace(config, name="x"), "c.yaml")
