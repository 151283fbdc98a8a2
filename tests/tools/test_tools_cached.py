"""trajsynth.tools.cached: results served again are not executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trajsynth.callcache import CallCache
from trajsynth.protocols import ToolResult
from trajsynth.tools.cached import CachedToolbox
from trajsynth.types import Outcome, Toolset, ToolSpec

SEARCH = ToolSpec(name="web__search", server="web", tool="search")


class Box:
    """Answers with one result and counts."""

    def __init__(self, result: ToolResult) -> None:
        self.result, self.calls = result, 0

    def tools(self) -> Toolset:
        return (SEARCH,)

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        self.calls += 1
        return self.result


async def ask(
    path: Path, result: ToolResult, *calls: tuple[str, dict[str, Any]], without: str = ""
) -> list[ToolResult]:
    cache = CallCache(path)
    box = Box(result)
    try:
        cached = CachedToolbox(box, cache, [without])
        assert cached.tools() == (SEARCH,)
        return [await cached.call(SEARCH, arguments, rollout=rollout) for rollout, arguments in calls]
    finally:
        cache.close()


async def test_a_served_result_is_free_and_marked(tmp_path: Path) -> None:
    calls = [("job", {"q": "a", "n": 2**70}), ("job", {"q": "b"}), ("other", {"q": "b"})]
    paid = await ask(tmp_path / "c", ToolResult(text="paid", usd=0.1), *calls)
    assert [result.usd for result in paid] == [0.1, 0.1, 0.1]
    again = [("job", {"n": 2**70, "q": "a"}), *calls[1:], ("third", {"q": "b"})]
    served = await ask(tmp_path / "c", ToolResult(text="new"), *again)
    assert served == [ToolResult(text="paid", cached=True)] * 3 + [ToolResult(text="new")]


@pytest.mark.parametrize(
    ("outcome", "transient", "kept"),
    [
        ("ok", False, True),
        ("tool_error", False, True),
        ("tool_error", True, False),
        ("timeout", True, False),
        ("unavailable", True, False),
        ("unavailable", False, False),
        ("blocked", False, False),
    ],
)
async def test_failures_that_pass_are_not_kept(tmp_path: Path, outcome: Outcome, transient: bool, kept: bool) -> None:
    await ask(tmp_path / "c", ToolResult(text="old", outcome=outcome, transient=transient), ("job", {}))
    (result,) = await ask(tmp_path / "c", ToolResult(text="new"), ("job", {}))
    assert result.cached is kept
    assert result.text == ("old" if kept else "new")


async def test_servers_left_out_are_always_asked(tmp_path: Path) -> None:
    await ask(tmp_path / "c", ToolResult(text="old"), ("job", {}), without="web")
    (result,) = await ask(tmp_path / "c", ToolResult(text="new"), ("job", {}))
    assert result.text == "new"
