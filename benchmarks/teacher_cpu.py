"""Client CPU per model call as the history grows: our teacher, bare aiohttp+orjson, and the SDK's `create()`.

    python benchmarks/teacher_cpu.py [--quick]

The server runs in a process of its own, so process CPU here is the client's alone. Rounds of the three alternate and
medians are printed, so that a busy machine disturbs all alike. Targets at 200 and more turns: at most 3x bare, at least
50x below `create()`. The last line fits our cost to a constant and the bytes of a request: what growth remains beyond
the bytes moved.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
import openai
import orjson
from canned_endpoint import Latency, endpoint

from trajsynth.config import OpenAITeacher as TeacherConfig
from trajsynth.protocols import ChatRequest
from trajsynth.teachers.endpoint import OpenAITeacher

TURNS = (1, 8, 64, 200, 256, 600)
IN_FLIGHT = 16
RESULT = "A search result says a thing or two about the question at hand. " * 16
TOOLS = [
    {
        "type": "function",
        "function": {"name": "search", "parameters": {"type": "object", "properties": {"query": {"type": "string"}}}},
    }
]
Call = Callable[[], Awaitable[object]]


def history(turns: int) -> list[dict[str, object]]:
    """A conversation of `turns` tool calls with results of 1 kB."""
    messages: list[dict[str, object]] = [{"role": "user", "content": "Who wrote the book about the lighthouse?"}]
    for turn in range(turns):
        function = {"name": "search", "arguments": f'{{"query": "lighthouse {turn}"}}'}
        call = {"id": f"call_{turn}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": "I will look that up.", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"call_{turn}", "content": RESULT})
    return messages


async def cpu_ms(call: Call, calls: int) -> float:
    """CPU milliseconds a call, `IN_FLIGHT` at a time."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one() -> None:
        async with gate:
            await call()

    before = time.process_time()
    await asyncio.gather(*(one() for _ in range(calls)))
    return (time.process_time() - before) * 1000 / calls


async def measure(url: str, rounds: int, budget: int) -> None:
    """Print one row per history length."""
    teacher = OpenAITeacher("bench", TeacherConfig(base_urls=[url]), {})
    sdk = openai.AsyncOpenAI(base_url=url, api_key="x", http_client=openai.DefaultAioHttpClient())
    await teacher.open()
    tools = orjson.dumps(TOOLS)
    print(
        f"{'turns':>5} {'kB':>6} {'bare ms':>8} {'ours ms':>8} {'create ms':>10} {'ours/bare':>10} {'create/ours':>12}"
    )
    sizes, costs = [], []
    async with aiohttp.ClientSession() as session:
        for turns in TURNS:
            messages = history(turns)
            fragments = tuple(orjson.dumps(message) for message in messages)
            request = ChatRequest(messages=fragments, tools=tools, seed=1)

            async def bare(messages: object = messages) -> object:
                body = orjson.dumps({"model": "fake", "messages": messages, "tools": TOOLS, "seed": 1})
                headers = {"Content-Type": "application/json"}
                async with session.post(f"{url}/chat/completions", data=body, headers=headers) as response:
                    return orjson.loads(await response.read())

            async def ours(request: ChatRequest = request) -> object:
                return await teacher.complete(request)

            async def create(messages: object = messages) -> object:
                return await sdk.chat.completions.create(model="fake", messages=messages, tools=TOOLS, seed=1)  # type: ignore[call-overload]

            calls = {"bare": 200, "ours": 200, "create": max(2, budget // (turns + 4))}
            ways: dict[str, Call] = {"bare": bare, "ours": ours, "create": create}
            found: dict[str, list[float]] = {name: [] for name in ways}
            for name, way in ways.items():
                await cpu_ms(way, min(calls[name], IN_FLIGHT))
            for _ in range(rounds):
                for name, way in ways.items():
                    found[name].append(await cpu_ms(way, calls[name]))
            row = {name: statistics.median(values) for name, values in found.items()}
            size = sum(map(len, fragments)) / 1000
            sizes.append(size)
            costs.append(row["ours"])
            print(
                f"{turns:>5} {size:>6.0f} {row['bare']:>8.2f} {row['ours']:>8.2f} {row['create']:>10.2f} "
                f"{row['ours'] / row['bare']:>10.1f} {row['create'] / row['ours']:>12.0f}",
                flush=True,
            )
    print(explained(sizes, costs))
    await teacher.close()
    await sdk.close()


def explained(sizes: Sequence[float], costs: Sequence[float]) -> str:
    """The least-squares line through cost over bytes, and how far the points lie off it."""
    slope, start = statistics.linear_regression(sizes, costs)
    worst = max(abs(cost - start - slope * size) / cost for size, cost in zip(sizes, costs, strict=True))
    return f"ours = {start:.3f} ms + {1000 * slope:.2f} us per kB sent; no point is off by more than {worst:.0%}"


def main() -> None:
    """Start the server process, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and calls")
    quick: bool = parser.parse_args().quick
    with endpoint(latency=Latency(0.0)) as url:
        asyncio.run(measure(url, rounds=3 if quick else 7, budget=400 if quick else 1500))


if __name__ == "__main__":
    main()
