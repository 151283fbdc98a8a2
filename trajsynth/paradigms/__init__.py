"""Ways of working on a question: ReAct here, multi-agent and the user's own through the same loop.

Imported by `trajsynth.generate` and `trajsynth.cli`; imports levels 0 and 1 only, langgraph where it is used.
Tests: tests/paradigms/.
"""

from __future__ import annotations

if __name__ == "paradigms":
    raise ImportError("import trajsynth.paradigms, not paradigms")

from trajsynth.paradigms.context import KeepLastResults
from trajsynth.paradigms.gathering import episode
from trajsynth.paradigms.loop import Agent
from trajsynth.paradigms.miroflow import MiroFlow
from trajsynth.paradigms.react import ReAct
from trajsynth.paradigms.seen import seen, tools_seen

__all__ = ["Agent", "KeepLastResults", "MiroFlow", "ReAct", "episode", "seen", "tools_seen"]
