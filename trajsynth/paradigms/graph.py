"""The MiroFlow graph: the steps of the one loop as LangGraph nodes, for the main agent and for every sub-agent.

    main:       plan -> think -> act + delegate (one `Send` a task) -> observe -> think ... -> summarise
    sub-agent:         think -> act                                -> observe -> think ... -> summarise -> report

Everything a rollout needs travels in the state, so one compiled graph serves all rollouts. Resuming reruns it over the
journal; no checkpointer is used. langgraph is imported to compile it.
Tests: tests/paradigms/test_paradigms_miroflow.py.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from trajsynth.errors import MissingExtra
from trajsynth.paradigms.loop import Agent, Thought
from trajsynth.paradigms.miroflow import Crew, Errand
from trajsynth.paradigms.prompts import prompt
from trajsynth.protocols import ToolResult

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

Results = dict[int, ToolResult]
"""Results by the index of their call in the turn."""


def gathered(known: Results, new: Results | None) -> Results:
    """Channel of reports: those of one turn come together; None begins the next turn."""
    return {} if new is None else {**known, **new}


class AgentState(TypedDict, total=False):
    """One agent between two steps."""

    agent: Agent
    thought: Thought | None
    results: Results
    """Of the tools the agent called itself."""
    errand: Errand
    """A sub-agent's own task."""
    reports: Annotated[Results, gathered]
    """Of the agents it called; a sub-agent's only output."""


class TeamState(AgentState, total=False):
    """The main agent with its crew."""

    crew: Crew
    errands: list[Errand]
    """Tasks of the current turn."""


def compiled() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph, ready for any number of rollouts at once; raises MissingExtra."""
    try:
        from langgraph.graph import END, START, StateGraph
    except ImportError:
        raise MissingExtra("langgraph", "generate") from None

    sub = StateGraph(AgentState, output_schema=_Reported)
    sub.add_node("think", think)
    sub.add_node("act", act)
    sub.add_node("observe", observe)
    sub.add_node("summarise", summarise)
    sub.add_node("report", report)
    sub.add_edge(START, "think")
    sub.add_conditional_edges("think", after_think, _edges("think", "act", "summarise", failed="report"))
    sub.add_edge("act", "observe")
    sub.add_conditional_edges("observe", after_observe, _edges("think", "summarise", failed="report"))
    sub.add_edge("summarise", "report")
    sub.add_edge("report", END)

    main = StateGraph(TeamState)
    main.add_node("plan", plan)
    main.add_node("think", lead)
    main.add_node("act", act)
    main.add_node("observe", receive)
    main.add_node("summarise", summarise)
    main.add_node("delegate", sub.compile())
    main.add_edge(START, "plan")
    ends = _edges("think", "summarise", failed=END)
    main.add_conditional_edges("plan", after_observe, ends)
    main.add_conditional_edges("think", dispatch, [END, "think", "act", "delegate", "summarise"])
    main.add_edge("act", "observe")
    main.add_edge("delegate", "observe")
    main.add_conditional_edges("observe", after_observe, ends)
    main.add_edge("summarise", END)
    return main.compile()


class _Reported(TypedDict):
    reports: Annotated[Results, gathered]


def _edges(*same: str, failed: str) -> dict[Hashable, str]:
    return {"failed": failed, **{name: name for name in same}}


# ---- nodes of every agent -----------------------------------------------------------------------------------------


async def think(state: AgentState) -> AgentState:
    """A turn."""
    thought = None
    with state["agent"].failing():
        thought = await state["agent"].turn()
    return {"thought": thought}


async def act(state: TeamState) -> AgentState:
    """The turn's own calls: those no sub-agent was given."""
    thought, results = state["thought"], {}
    errands = {errand.index for errand in state.get("errands", ())}
    with state["agent"].failing():
        own = [i for i in range(len(thought.checks)) if i not in errands] if thought else []
        results = dict(zip(own, await state["agent"].act(thought, own), strict=True)) if thought else {}
    return {"results": results}


async def observe(state: AgentState) -> None:
    """What the calls brought, in their order."""
    thought, agent = state["thought"], state["agent"]
    results = {**state.get("results", {}), **state.get("reports", {})}
    if thought is not None and agent.stop_reason == "unknown":
        agent.observe(thought, [results[i] for i in range(len(thought.checks))])


async def summarise(state: AgentState) -> None:
    """The closing turn."""
    with state["agent"].failing():
        await state["agent"].summarise()


# ---- nodes of sub-agents ------------------------------------------------------------------------------------------


async def report(state: AgentState) -> AgentState:
    """The result of the call that spawned this agent."""
    errand = state["errand"]
    return {"reports": {errand.index: errand.result()}}


# ---- nodes of the main agent --------------------------------------------------------------------------------------


async def plan(state: TeamState) -> None:
    """The opening turn, if the team plans."""
    if state["crew"].team.settings.planner:
        with state["agent"].failing():
            await state["agent"].plan()
            state["agent"].tell(prompt("miroflow_begin"))


async def lead(state: TeamState) -> dict[str, Any]:
    """A turn, and a sub-agent for each task it gives."""
    thought = (await think(state))["thought"]
    errands = state["crew"].errands(thought) if thought is not None else []
    return {"thought": thought, "errands": errands, "results": {}, "reports": None}


async def receive(state: TeamState) -> None:
    """Reports and results; a failed sub-agent has failed the rollout."""
    state["crew"].settle(state["errands"])
    await observe(state)


# ---- edges --------------------------------------------------------------------------------------------------------


def after_think(state: AgentState) -> str:
    """Where a turn leads."""
    if state["agent"].stop_reason == "failed":
        return "failed"
    if state["agent"].stop_reason != "unknown":
        return "summarise"
    return "think" if state["thought"] is None else "act"


def after_observe(state: AgentState) -> str:
    """The next turn, unless the agent failed or may not go on."""
    reason = state["agent"].stop_reason
    return "think" if reason == "unknown" else "failed" if reason == "failed" else "summarise"


def dispatch(state: TeamState) -> str | list[Any]:
    """Own calls and every sub-agent side by side, each a `Send`."""
    from langgraph.constants import END
    from langgraph.types import Send

    step = after_think(state)
    if step != "act" or state["thought"] is None:
        return END if step == "failed" else step
    errands = state["errands"]
    tasks = [Send("delegate", {"agent": errand.agent, "errand": errand}) for errand in errands]
    if len(errands) < len(state["thought"].checks):
        tasks.insert(0, Send("act", state))
    return tasks
