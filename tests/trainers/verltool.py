"""A tool of the user's own in verl, as docs/formats.md says to write one: what the RL sets of make_sets.py name."""

from __future__ import annotations

from typing import Any

from verl.tools.base_tool import BaseTool

from trajsynth.verl import whole


class Tool(BaseTool):  # type: ignore[misc]
    """Shows the model its whole definition."""

    def __init__(self, config: dict[str, Any], tool_schema: Any) -> None:
        super().__init__(config, whole(tool_schema, config["definition"]))
