"""For tests that need a real sandbox: the marker that skips them, with the reason, where there can be none."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from pathlib import Path

import pytest

from trajsynth.errors import ToolServerError
from trajsynth.tools.sandbox import SandboxTools


@functools.cache
def why_not() -> str:
    """What keeps code from being contained here; empty when nothing does."""

    async def attempt(folder: Path) -> str:
        tools = SandboxTools(folder)
        try:
            await tools.open()
        except ToolServerError as error:
            return str(error)
        await tools.close()
        return ""

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(attempt(Path(folder)))


needs_sandbox = pytest.mark.skipif(bool(why_not()), reason=why_not())
