"""Tools: Python functions, the corpus, MCP servers, and the toolbox that holds a run's tools together.

Level 2; the MCP SDK is imported only when a server is opened. Tests: tests/tools/.
"""

from __future__ import annotations

from trajsynth.tools.functions import FunctionTools
from trajsynth.tools.limits import LimitedToolbox
from trajsynth.tools.mcp import McpSource
from trajsynth.tools.sources import build_sources
from trajsynth.tools.toolbox import Toolbox

__all__ = ["FunctionTools", "LimitedToolbox", "McpSource", "Toolbox", "build_sources"]
