"""All-in client CPU per model call in tool-calling dialogs: ours beside bare aiohttp, the SDK and agent frameworks.

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install aiohttp orjson "openai[aiohttp]" langchain langchain-openai "smolagents[openai]" \\
        inspect-ai
    python benchmarks/cpu_per_turn.py --peers /tmp/peers/bin/python [--concurrent 64 512] [--rounds 3] [--only ours]

Every client answers the same questions at the same endpoint (50 ms, its own process): seven calls of an in-memory tool
that returns 1 kB, then the answer. Ours is the whole product path, `trajsynth.generate.generate`: ReAct, journal, store
with fsync, endpoint client with its limits; its summary turn is one more model call. Each client runs in a process of
its own, is warmed up, and is charged its process CPU over the measured dialogs, divided by the requests the server saw.
Rounds alternate; medians are printed. Without `--peers` only what this interpreter has runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from canned_endpoint import MARK, endpoint, stats

TURNS = 8
WARM_UP = 8
"""Dialogs before the clock starts."""
RESULT = MARK.decode() + ": a search result says a thing or two about the question at hand. " * 16
QUESTION = "Who wrote the book about the lighthouse? (number {})"
SYSTEM = "You are a careful research assistant. Use the tools, then answer."
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "search",
            "description": "Search the catalogue.",
            "parameters": {
                "type": "object",
                "properties": {"query": {"type": "string", "description": "What to look for."}},
                "required": ["query"],
            },
        },
    }
]
Run = Callable[[int, int], None]
"""(dialogs, at once) -> nothing; raises when a dialog went wrong."""
Dialog = Callable[[int], Awaitable[Any]]
runner = asyncio.Runner()
"""One event loop for warm-up and measurement: some clients keep connections beyond a run."""


# ---- what every client does with its replies ---------------------------------------------------------------------


def search(query: str) -> str:
    """Search the catalogue.

    Args:
        query: What to look for.
    """
    return RESULT


async def gathered(dialog: Dialog, dialogs: int, at_once: int) -> None:
    """All dialogs, `at_once` of them in flight."""
    gate = asyncio.Semaphore(at_once)

    async def one(n: int) -> None:
        async with gate:
            answer = await dialog(n)
            if "Ada Quill" not in str(answer):
                raise SystemExit(f"a dialog ended with {str(answer)[:200]!r}")

    await asyncio.gather(*(one(n) for n in range(dialogs)))


async def converse(n: int, ask: Callable[[list[Any]], Awaitable[dict[str, Any]]], loads: Callable[[str], Any]) -> Any:
    """The smallest agent loop: a list of messages that grows until a reply without calls."""
    messages: list[Any] = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": QUESTION.format(n)},
    ]
    while True:
        message = await ask(messages)
        messages.append(message)
        if not message.get("tool_calls"):
            return message["content"]
        for call in message["tool_calls"]:
            result = search(**loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})


# ---- the clients -------------------------------------------------------------------------------------------------


def bare(url: str) -> Run:
    """aiohttp and orjson, nothing else."""
    import aiohttp
    import orjson

    async def main(dialogs: int, at_once: int) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def ask(messages: list[Any]) -> dict[str, Any]:
                body = orjson.dumps({"model": "fake", "messages": messages, "tools": TOOLS})
                headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
                async with session.post(f"{url}/chat/completions", data=body, headers=headers) as response:
                    reply: dict[str, Any] = orjson.loads(await response.read())["choices"][0]["message"]
                    return reply

            await gathered(lambda n: converse(n, ask, orjson.loads), dialogs, at_once)

    return lambda dialogs, at_once: runner.run(main(dialogs, at_once))


def create(url: str) -> Run:
    """The openai SDK's `create()` over its aiohttp transport."""
    import openai

    async def main(dialogs: int, at_once: int) -> None:
        http_client = openai.DefaultAioHttpClient(limits=openai.DEFAULT_CONNECTION_LIMITS)
        async with openai.AsyncOpenAI(base_url=url, api_key="x", http_client=http_client) as client:

            async def ask(messages: list[Any]) -> dict[str, Any]:
                reply = await client.chat.completions.create(model="fake", messages=messages, tools=TOOLS)  # type: ignore[arg-type]
                return reply.choices[0].message.model_dump(exclude_none=True)

            await gathered(lambda n: converse(n, ask, json.loads), dialogs, at_once)

    return lambda dialogs, at_once: runner.run(main(dialogs, at_once))


def langchain(url: str) -> Run:
    """langchain's `create_agent` (a langgraph graph) over langchain-openai."""
    from langchain.agents import create_agent
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    async def main(dialogs: int, at_once: int) -> None:
        @tool
        async def search(query: str) -> str:
            """Search the catalogue."""
            return RESULT

        model = ChatOpenAI(model="fake", base_url=url, api_key="x", use_responses_api=False)  # type: ignore[arg-type]
        agent = create_agent(model, tools=[search], system_prompt=SYSTEM)

        async def dialog(n: int) -> Any:
            question = {"messages": [{"role": "user", "content": QUESTION.format(n)}]}
            state = await agent.ainvoke(question, config={"recursion_limit": 100})  # type: ignore[call-overload]
            return state["messages"][-1].content

        await gathered(dialog, dialogs, at_once)

    return lambda dialogs, at_once: runner.run(main(dialogs, at_once))


def langgraph(url: str) -> Run:
    """A hand-written langgraph StateGraph over the SDK's `create()`."""
    import operator
    from typing import Annotated, TypedDict

    import openai
    from langgraph.graph import END, START, StateGraph

    State = TypedDict("State", {"messages": Annotated[list[Any], operator.add]})  # noqa: UP013  (local types)

    async def main(dialogs: int, at_once: int) -> None:
        async with openai.AsyncOpenAI(base_url=url, api_key="x", http_client=openai.DefaultAioHttpClient()) as client:

            async def think(state: State) -> dict[str, Any]:
                reply = await client.chat.completions.create(model="fake", messages=state["messages"], tools=TOOLS)  # type: ignore[arg-type]
                return {"messages": [reply.choices[0].message.model_dump(exclude_none=True)]}

            async def act(state: State) -> dict[str, Any]:
                calls = state["messages"][-1]["tool_calls"]
                texts = [search(**json.loads(call["function"]["arguments"])) for call in calls]
                results = [
                    {"role": "tool", "tool_call_id": call["id"], "content": text}
                    for call, text in zip(calls, texts, strict=True)
                ]
                return {"messages": results}

            graph = StateGraph(State)
            graph.add_node("think", think)
            graph.add_node("act", act)
            graph.add_edge(START, "think")
            graph.add_conditional_edges("think", lambda s: "act" if s["messages"][-1].get("tool_calls") else END)
            graph.add_edge("act", "think")
            compiled = graph.compile()

            async def dialog(n: int) -> Any:
                opening = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION.format(n)}]
                state = await compiled.ainvoke({"messages": opening}, config={"recursion_limit": 100})
                return state["messages"][-1]["content"]

            await gathered(dialog, dialogs, at_once)

    return lambda dialogs, at_once: runner.run(main(dialogs, at_once))


def smolagents(url: str) -> Run:
    """smolagents' ToolCallingAgent, a thread each: it has no other way to run several."""
    from smolagents import OpenAIModel, ToolCallingAgent, tool

    found = tool(search)

    def dialog(n: int) -> None:
        model = OpenAIModel(model_id="fake", api_base=url, api_key="x")
        agent = ToolCallingAgent(tools=[found], model=model, verbosity_level=0, max_steps=20)
        answer = agent.run(QUESTION.format(n))
        if "Ada Quill" not in str(answer):
            raise SystemExit(f"a dialog ended with {str(answer)[:200]!r}")

    def run(dialogs: int, at_once: int) -> None:
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(dialog, range(dialogs)))

    return run


def inspect_ai(url: str) -> Run:
    """inspect_ai's `react` agent in an `eval` that writes its log, as users run it."""
    from inspect_ai import Task, eval
    from inspect_ai.agent import react
    from inspect_ai.dataset import Sample
    from inspect_ai.model import get_model
    from inspect_ai.tool import tool

    @tool(name="search")
    def searching() -> Any:
        async def search(query: str) -> str:
            """Search the catalogue.

            Args:
                query: What to look for.
            """
            return RESULT

        return search

    def run(dialogs: int, at_once: int) -> None:
        os.environ["OPENAI_API_KEY"] = "x"
        model = get_model("openai/fake", base_url=url, responses_api=False)
        samples = [Sample(input=QUESTION.format(n), target="Ada Quill") for n in range(dialogs)]
        with tempfile.TemporaryDirectory() as logs:
            task = Task(dataset=samples, solver=react(prompt=SYSTEM, tools=[searching()]))
            (log,) = eval(task, model=model, max_samples=at_once, max_connections=at_once, log_dir=logs, display="none")
            answered = sum("Ada Quill" in sample.output.completion for sample in log.samples or [])
        if answered != dialogs:
            raise SystemExit(f"{answered} of {dialogs} dialogs were answered ({log.error})")

    return run


def ours(url: str) -> Run:
    """`trajsynth.generate.generate` with everything a run has: ReAct, tools, journal, store, limits."""
    from our_run import make_questions, make_run

    def run(dialogs: int, at_once: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            questions = make_questions(QUESTION, dialogs)
            made = runner.run(make_run(Path(folder), url, questions, at_once, result=RESULT))
        if made.done != dialogs:
            raise SystemExit(f"{made.done} of {dialogs} dialogs were answered ({made.failed})")

    return run


CLIENTS: dict[str, Callable[[str], Run]] = {
    client.__name__: client for client in (bare, ours, create, langgraph, langchain, smolagents, inspect_ai)
}
PEERS = ("create", "langgraph", "langchain", "smolagents", "inspect_ai")
FRAMEWORKS = PEERS[1:]


# ---- measuring ---------------------------------------------------------------------------------------------------


def child(name: str, url: str, dialogs: int, at_once: int) -> None:
    """Run one client; print its CPU seconds, wall seconds, requests and peak memory as JSON."""
    run = CLIENTS[name](url)
    run(WARM_UP, WARM_UP)
    requests = stats(url).requests
    cpu, wall = time.process_time(), time.monotonic()
    run(dialogs, at_once)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    found = {"cpu": cpu, "wall": wall, "requests": stats(url).requests - requests}
    print(json.dumps(found | {"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measured(python: str, name: str, url: str, dialogs: int, at_once: int) -> dict[str, float]:
    """What `child` found, in a process of its own."""
    load = ["--dialogs", str(dialogs), "--concurrent", str(at_once)]
    command = [python, __file__, "--client", name, "--url", url, *load]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(found: dict[str, list[dict[str, float]]], at_once: int) -> None:
    """Medians and ratios of one concurrency."""
    costs = {name: [1000 * row["cpu"] / row["requests"] for row in rows] for name, rows in found.items()}
    cost = {name: statistics.median(values) for name, values in costs.items()}
    print(f"\n{at_once} dialogs at once, ms CPU per model call (medians of {len(next(iter(found.values())))} rounds)")
    print(f"{'client':<12} {'ms':>7} {'/ bare':>7} {'/ ours':>7} {'calls':>7} {'wall s':>7} {'peak MB':>8}")
    for name, rows in found.items():
        bare, ours = (cost[name] / cost[base] if base in cost else float("nan") for base in ("bare", "ours"))
        calls, wall, mb = (statistics.median(row[key] for row in rows) for key in ("requests", "wall", "mb"))
        print(f"{name:<12} {cost[name]:>7.3f} {bare:>7.1f} {ours:>7.1f} {calls:>7.0f} {wall:>7.1f} {mb:>8.0f}")
    best = min((cost[name] for name in FRAMEWORKS if name in cost), default=None)
    if "ours" in cost and "bare" in cost:
        print(f"ours / bare: {cost['ours'] / cost['bare']:.1f} (target: at most 6)")
    if "ours" in cost and best is not None:
        print(f"best framework / ours: {best / cost['ours']:.1f} (target: at least 5)")


def compare(names: Sequence[str], peers: str, concurrencies: Sequence[int], rounds: int, dialogs: int) -> None:
    """Alternate the clients and print a table a concurrency."""
    with endpoint(TURNS) as url:
        for at_once in concurrencies:
            found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
            for _ in range(rounds):
                for name in names:
                    python = peers if name in PEERS else sys.executable
                    found[name].append(measured(python, name, url, dialogs or 2 * at_once, at_once))
            table(found, at_once)


def main() -> None:
    """Parse, compare; or be one client."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="interpreter of an environment that has the peers")
    parser.add_argument("--concurrent", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--dialogs", type=int, default=0, help="dialogs a round [twice those at once]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(CLIENTS))
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        child(given.client, given.url, given.dialogs, given.concurrent[0])
        return
    names = given.only or [name for name in CLIENTS if given.peers or name not in PEERS]
    compare(names, given.peers or sys.executable, given.concurrent, given.rounds, given.dialogs)


if __name__ == "__main__":
    main()
