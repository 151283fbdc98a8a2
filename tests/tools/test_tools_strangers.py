"""Servers nobody here wrote, configured by the standard `mcpServers` block and used by rollouts in both invocations.

From npm: server-everything, server-filesystem, server-memory; from PyPI: mcp-server-time. Fetched by their ordinary
clients on the first run; skipped where that is not possible.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from loopfakes import ANSWER, DONE, SpeakingTeacher, acting, call, make_rollout, saying

from trajsynth.config import convert
from trajsynth.grammar import wire_name, write_call
from trajsynth.paradigms import ReAct
from trajsynth.protocols import Reply
from trajsynth.tools import Toolbox, build_sources

pytestmark = pytest.mark.slow
NPM = ("@modelcontextprotocol/server-everything", "@modelcontextprotocol/server-filesystem",
       "@modelcontextprotocol/server-memory")  # fmt: skip
FETCHING = 240
"""Seconds the packages may take to arrive."""


def fetched(*command: str) -> None:
    """Run a package client; skips the test when it cannot."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCHING, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{command[0]} cannot fetch: {error}")
    if done.returncode:
        pytest.skip(f"{' '.join(command)} failed: {(done.stderr.strip() or done.stdout).splitlines()[-1:]}")


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The block as other clients have it."""
    if shutil.which("npx") is None:
        pytest.skip("npx is not installed")
    folder = tmp_path_factory.mktemp("strangers")
    for package in NPM:
        fetched("npx", "--yes", "--package", package, "--call", "true")
    python = sys.executable
    if find_spec("mcp_server_time") is None:
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        fetched(python, "-m", "pip", "install", "--quiet", "mcp-server-time")
    shared = folder / "shared"
    shared.mkdir()
    everything, files, memory = NPM
    return {
        "everything": {"command": "npx", "args": ["-y", everything]},
        "files": {"command": "npx", "args": ["-y", files, str(shared)]},
        "memory": {"command": "npx", "args": ["-y", memory], "env": {"MEMORY_FILE_PATH": str(folder / "memory.jsonl")}},
        "time": {"command": python, "args": ["-m", "mcp_server_time"], "autoApprove": ["get_current_time"]},
    }


def steps(block: dict[str, Any]) -> list[tuple[str, str, dict[str, Any], str, str]]:
    """Server, tool, arguments, and outcome and part of what each call brings."""
    page = str(Path(block["files"]["args"][-1]) / "page.txt")
    ada = {"name": "Ada", "entityType": "person", "observations": ["wrote programs"]}
    noon = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}
    return [
        ("everything", "echo", {"message": "grüße"}, "ok", "grüße"),
        ("everything", "get-sum", {"a": 2, "b": 3}, "ok", "5"),
        ("everything", "get-tiny-image", {}, "ok", "[image: image/png, "),
        ("everything", "get-structured-content", {"location": "New York"}, "ok", '"temperature":'),
        ("everything", "get-resource-reference", {"resourceType": "Text", "resourceId": 1}, "ok", "plaintext resource"),
        ("files", "write_file", {"path": page, "content": "Otters swim."}, "ok", "wrote"),
        ("files", "read_text_file", {"path": page}, "ok", "Otters swim."),
        ("files", "read_text_file", {"path": "/etc/passwd"}, "tool_error", "denied"),
        ("memory", "create_entities", {"entities": [ada]}, "ok", ""),
        ("memory", "search_nodes", {"query": "Ada"}, "ok", "wrote programs"),
        ("time", "convert_time", noon, "ok", "21:00"),
        ("time", "get_current_time", {"timezone": "Nowhere/Land"}, "tool_error", "Nowhere"),
    ]


def turn(how: str, server: str, tool: str, arguments: dict[str, Any]) -> Reply:
    raw = json.dumps(arguments, ensure_ascii=False)
    if how == "mcp":
        return saying(f"Next.\n{write_call(server, tool, raw)}")
    return acting(call(name=wire_name(server, tool), raw=raw))


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_rollouts_use_them(how: str, block: dict[str, Any]) -> None:
    config = convert(
        {
            "questions": {"kind": "dataset", "path": "q.jsonl"},
            "teachers": {"t": {"kind": "scripted"}},
            "tools": {"mcpServers": block, "servers": {"everything": {"deny": ["get-env"]}}},
        }
    )
    wanted = steps(block)
    script = [*(turn(how, server, tool, arguments) for server, tool, arguments, *_ in wanted), DONE, ANSWER]
    async with Toolbox(build_sources(config.tools), 60, config.tools.servers) as toolbox:
        assert {spec.server for spec in toolbox.tools()} == set(block)
        assert not [spec for spec in toolbox.tools() if spec.tool == "get-env"]
        rollout = make_rollout(script, how=how, toolbox=toolbox)
        episode = await ReAct().run(rollout)
    (talk,) = episode.conversations
    assert (episode.answer, episode.failure, episode.rollbacks) == ("Paris", None, ())
    results = [message for message in talk.messages if message.role == "tool"]
    assert [result.outcome for result in results] == [outcome for *_, outcome, _ in wanted]
    assert [part for result, (*_, part) in zip(results, wanted, strict=True) if part not in result.content] == []
    assert isinstance(rollout.teacher, SpeakingTeacher)
    seen = rollout.teacher.sent(len(wanted))[-1]["content"]
    assert "Nowhere" in seen
