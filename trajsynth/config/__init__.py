"""The config a user writes, as types: unknown keys are refused and errors name the path.

Level 1. `trajsynth.configload` reads YAML into these and saves the resolved form. Each docstring under a field is what
`docs/config.md` and the JSON Schema say about it. Tests: tests/test_config.py.
"""

from __future__ import annotations

from trajsynth.config.base import Count, Positive, Seconds, Section, Share
from trajsynth.config.mixture import Mixture
from trajsynth.config.questions import Columns, CustomQuestions, DatasetQuestions, EncyclopediaQuestions, Questions
from trajsynth.config.rollouts import AgentRole, Arm, CustomParadigm, MiroFlowParadigm, ParadigmConfig, RolloutConfig
from trajsynth.config.run import (
    Budget,
    BuildTarget,
    Config,
    CustomFilter,
    Judge,
    Outage,
    Push,
    Samples,
    convert,
    decode_hook,
    plain,
)
from trajsynth.config.teachers import CustomTeacher, OpenAITeacher, Price, ReplayTeacher, ScriptedTeacher, TeacherConfig
from trajsynth.config.tools import (
    CorpusTools,
    CustomTools,
    FilesTools,
    FunctionTool,
    McpServer,
    SandboxTools,
    ServerTools,
    ToolLimits,
    Tools,
    WebSearch,
    WebTools,
)

__all__ = [
    "AgentRole",
    "Arm",
    "Budget",
    "BuildTarget",
    "Columns",
    "Config",
    "CorpusTools",
    "Count",
    "CustomFilter",
    "CustomParadigm",
    "CustomQuestions",
    "CustomTeacher",
    "CustomTools",
    "DatasetQuestions",
    "EncyclopediaQuestions",
    "FilesTools",
    "FunctionTool",
    "Judge",
    "McpServer",
    "MiroFlowParadigm",
    "Mixture",
    "OpenAITeacher",
    "Outage",
    "ParadigmConfig",
    "Positive",
    "Price",
    "Push",
    "Questions",
    "ReplayTeacher",
    "RolloutConfig",
    "Samples",
    "SandboxTools",
    "ScriptedTeacher",
    "Seconds",
    "Section",
    "ServerTools",
    "Share",
    "TeacherConfig",
    "ToolLimits",
    "Tools",
    "WebSearch",
    "WebTools",
    "convert",
    "decode_hook",
    "plain",
]
