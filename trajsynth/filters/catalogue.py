"""The filters a recipe may name.

Level 2. Tests: tests/filters/test_filters_recipe.py.
"""

from __future__ import annotations

from typing import Any, Final

from trajsynth.filters.actions import ActionLoop
from trajsynth.filters.answers import Answer
from trajsynth.filters.benchmarks import LeakBenchmark
from trajsynth.filters.calls import Calls
from trajsynth.filters.duplicates import DuplicateQuestions, Duplicates
from trajsynth.filters.endings import EndedEarly, EndedSilent, Refusal, Truncated
from trajsynth.filters.errors import ErrorStreak, ErrorTimeouts
from trajsynth.filters.language import LanguageMixed
from trajsynth.filters.leaks import LeakAnswer, LeakHost
from trajsynth.filters.repeat import RepeatLoop, RepeatRun
from trajsynth.filters.repeat_sentences import RepeatDrift, RepeatInterleaved
from trajsynth.filters.repeat_turns import RepeatCrossTurn
from trajsynth.filters.retries import RedundantRetry
from trajsynth.filters.thinking import MultiCall, PlanMissing, ThoughtMissing
from trajsynth.filters.tools import ToolMissing, ToolMisuse
from trajsynth.filters.unsafe import ControlTokens, Secrets
from trajsynth.filters.verdicts import Infra, Verdict

_BUILT_IN: Final[tuple[type[Any], ...]] = (
    Infra,
    Verdict,
    Answer,
    Refusal,
    Truncated,
    EndedEarly,
    EndedSilent,
    RepeatLoop,
    RepeatRun,
    RepeatInterleaved,
    RepeatDrift,
    RepeatCrossTurn,
    Calls,
    ErrorStreak,
    ErrorTimeouts,
    RedundantRetry,
    ActionLoop,
    LeakHost,
    LeakAnswer,
    LeakBenchmark,
    ControlTokens,
    Secrets,
    PlanMissing,
    ThoughtMissing,
    MultiCall,
    LanguageMixed,
    ToolMisuse,
    ToolMissing,
    Duplicates,
    DuplicateQuestions,
)
FILTERS: Final[dict[str, type[Any]]] = {kind.name: kind for kind in _BUILT_IN}
"""Filters a recipe may name."""
