"""What the MiroFlow graph costs per turn beside ReAct's plain loop: same teacher, same tool, same prompts, in memory.

    python benchmarks/miroflow_overhead.py [--turns 40] [--rollouts 50] [--repeats 5]

The teacher answers at once from a script, so what is measured is ours and LangGraph's. `alone` is MiroFlow without
roles and planner: the very turns ReAct makes, as graph nodes. `team` gives its tasks to sub-agents of four turns, two
at a time. Prints CPU and wall milliseconds a turn, median of the repeats, and what the graph adds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from typing import Any

from trajsynth.config import MiroFlowParadigm
from trajsynth.generate.journal import NullJournal
from trajsynth.invocation import invocation
from trajsynth.paradigms import KeepLastResults, MiroFlow, ReAct
from trajsynth.protocols import ChatRequest, Episode, Limits, Paradigm, Reply, Rollout, TeacherProfile, ToolResult
from trajsynth.types import Question, ToolCall, Toolset, ToolSpec, Usage

QUERY = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
TOOLS = (ToolSpec(name="corpus__search", description="Search.", parameters=QUERY, server="corpus", tool="search"),)
RESULT = "A page of some length. " * 40
MEMBER_CALLS = 2


class Teacher:
    """Plays lead, member and lone agent by what the request ends with; `calls` searches or tasks of a rollout."""

    profile = TeacherProfile(name="memory", model="memory")

    def __init__(self, calls: int) -> None:
        self.calls = calls

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def complete(self, request: ChatRequest) -> Reply:
        last = request.messages[-1]
        member = b"agent of a research team" in request.messages[0]
        if b"boxed" in last:
            return Reply(content=r"\boxed{1}", usage=Usage(calls=1))
        if b"Write the report" in last or len(request.messages) > 2 + 2 * (MEMBER_CALLS if member else self.calls):
            return Reply(content="That is known now.", usage=Usage(calls=1))
        delegates = b"agents__" in request.tools
        count, name, key = (2, "agents__browsing", "task") if delegates else (1, "corpus__search", "query")
        made = len(request.messages)
        calls = tuple(ToolCall(name=name, arguments=f'{{"{key}": "{made} {i}"}}') for i in range(count))
        return Reply(content="Next I look.", tool_calls=calls, usage=Usage(calls=1))


class Box:
    """One tool that answers at once."""

    def tools(self) -> Toolset:
        return TOOLS

    async def call(self, spec: ToolSpec, arguments: dict[str, Any], *, rollout: str) -> ToolResult:
        return ToolResult(text=f"{arguments['query']}: {RESULT}")


def rollout(i: int, calls: int) -> Rollout:
    """One job."""
    return Rollout(
        id=str(i),
        question=Question(id="q", text="Who was it?"),
        seed=i,
        teacher=Teacher(calls),
        toolbox=Box(),
        invocation=invocation("function_calling"),
        context=KeepLastResults(),
        journal=NullJournal(),
        limits=Limits(max_turns=1000, max_tool_calls=0),
    )


def turns(episode: Episode) -> int:
    """Assistant messages of all agents."""
    return sum(m.role == "assistant" for c in episode.conversations for m in c.messages)


async def measure(paradigm: Paradigm, calls: int, rollouts: int) -> tuple[float, float]:
    """CPU and wall milliseconds a turn, of rollouts running at once."""
    cpu, wall = time.process_time(), time.perf_counter()
    episodes = await asyncio.gather(*(paradigm.run(rollout(i, calls)) for i in range(rollouts)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    made = sum(map(turns, episodes))
    assert all(episode.answer == "1" for episode in episodes)
    return 1000 * cpu / made, 1000 * wall / made


def median(paradigm: Paradigm, calls: int, rollouts: int, repeats: int) -> tuple[float, float]:
    """Medians over repeats, after one that warms up."""
    asyncio.run(measure(paradigm, 2, 1))
    taken = [asyncio.run(measure(paradigm, calls, rollouts)) for _ in range(repeats)]
    return statistics.median(cpu for cpu, _ in taken), statistics.median(wall for _, wall in taken)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--rollouts", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    alone = MiroFlow(MiroFlowParadigm(roles={}, planner=False), "alone")
    team = MiroFlow(MiroFlowParadigm(planner=False), "team")
    began = time.process_time()
    asyncio.run(measure(alone, 1, 1))
    print(f"import langgraph and compile, once a process: {time.process_time() - began:.2f} s CPU")
    print(f"{'':24}{'CPU ms/turn':>12}{'wall ms/turn':>14}")
    for rollouts in (1, options.rollouts):
        react = median(ReAct(), options.turns, rollouts, options.repeats)
        graph = median(alone, options.turns, rollouts, options.repeats)
        crew = median(team, options.turns // 8, rollouts, options.repeats)
        for name, figures in (("react", react), ("miroflow alone", graph), ("miroflow team", crew)):
            print(f"{rollouts:>3} at once {name:13}{figures[0]:>12.3f}{figures[1]:>14.3f}")
        print(f"    the graph adds        {graph[0] - react[0]:>10.3f}{graph[1] - react[1]:>14.3f}")


if __name__ == "__main__":
    main()
