"""A run of ours for the benchmarks: the product's `generate` with ReAct, journal, store and one tool in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trajsynth.config import convert
from trajsynth.generate import Plan, RunDir, Summary, generate
from trajsynth.invocation import invocation
from trajsynth.paradigms import KeepLastResults, ReAct
from trajsynth.teachers import build_teacher
from trajsynth.tools import FunctionTools, Toolbox
from trajsynth.types import Question


def make_questions(text: str, count: int) -> list[Question]:
    """`count` questions; `text` has a place for the number."""
    return [Question(id=f"q{n}", text=text.format(n)) for n in range(count)]


async def make_run(
    folder: Path, url: str, questions: Sequence[Question], at_once: int, *, result: str, **rollout: Any
) -> Summary:
    """One rollout a question, `at_once` in flight, in `folder`/run; `rollout` overrides that section of the config."""

    async def search(query: str) -> str:
        """Search the catalogue.

        Args:
            query: What to look for.
        """
        return result

    config = convert(
        {
            "name": "bench",
            "questions": {"kind": "dataset", "path": "none.jsonl"},
            "teachers": {"bench": {"kind": "openai", "base_urls": [url], "concurrency": at_once}},
            "arms": [{"teacher": "bench"}],
            "samples": 1,
            "concurrency": at_once,
            "rollout": rollout,
        }
    )
    teacher = build_teacher("bench", config.teachers["bench"], {})
    await teacher.open()
    try:
        async with Toolbox([FunctionTools("tools", [search])]) as toolbox:
            with RunDir.open(folder / "run", config) as rundir:
                plan = Plan(
                    config=config,
                    rundir=rundir,
                    questions=questions,
                    teachers={"bench": teacher},
                    toolbox=toolbox,
                    paradigms={"react": ReAct()},
                    invocations={"function_calling": invocation("function_calling")},
                    context=lambda: KeepLastResults(config.rollout.keep_results),
                    quiet=True,
                    signals=False,
                )
                return await generate(plan)
    finally:
        await teacher.close()
