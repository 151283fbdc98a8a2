"""How tools are shown to a teacher and how its calls are read back: native function calling, or MCP in the prompt.

Level 2: imports types, errors, protocols, grammar, schemas only. Tests: tests/invocation/.
"""

from __future__ import annotations

from trajsynth.errors import ConfigError, unknown
from trajsynth.invocation.function_calling import FunctionCalling
from trajsynth.invocation.mcp_prompt import McpPrompt
from trajsynth.protocols import Invocation

__all__ = ["FunctionCalling", "McpPrompt", "invocation"]

_KINDS = ("function_calling", "mcp")


def invocation(name: str, *, one_call: bool = False) -> Invocation:
    """The invocation of this name, `function_calling` or `mcp`; raises ConfigError for any other.

    `one_call`: teachers are asked to write one call a message, where the prompt says how calls are written.
    """
    if name not in _KINDS:
        raise ConfigError(unknown("invocation", name, _KINDS))
    return McpPrompt(one_call=one_call) if name == "mcp" else FunctionCalling()
