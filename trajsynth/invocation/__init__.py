"""How tools are shown to a teacher and how its calls are read back: native function calling, or MCP in the prompt.

Level 2: imports types, errors, protocols, grammar, schemas only. Tests: tests/invocation/.
"""

from __future__ import annotations

from trajsynth.errors import ConfigError, unknown
from trajsynth.invocation.function_calling import FunctionCalling
from trajsynth.invocation.mcp_prompt import McpPrompt
from trajsynth.protocols import Invocation

__all__ = ["FunctionCalling", "McpPrompt", "invocation"]

_KINDS: dict[str, type[FunctionCalling] | type[McpPrompt]] = {"function_calling": FunctionCalling, "mcp": McpPrompt}


def invocation(name: str) -> Invocation:
    """The invocation of this name, `function_calling` or `mcp`; raises ConfigError for any other."""
    if name not in _KINDS:
        raise ConfigError(unknown("invocation", name, _KINDS))
    return _KINDS[name]()
