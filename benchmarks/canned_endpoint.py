"""A chat-completions endpoint that costs its clients nothing but the wire: one process, raw asyncio, canned replies.

Shared by the generation benchmarks. Calls one tool until the conversation holds `turns - 1` results, then answers; with
a tool named `final_answer` or `submit` on offer it answers by calling that (smolagents, inspect_ai). Latency is a fixed
number of seconds, or lognormal given by median and 99th percentile. `GET /stats` tells what the server saw.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import orjson

ANSWER = "The lighthouse book is by Ada Quill. \\boxed{Ada Quill}"
MARK = b"shelf mark LH-7731"
"""Stands in every tool result of the benchmarks: smolagents sends results without call ids."""
_Z99 = 2.3263
_SAMPLE_EVERY = 0.05
_BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds between the last byte of a request and the first of its reply."""

    median: float = 0.05
    p99: float | None = None
    """None: every reply takes the median."""
    longest: float = 600.0

    def draw(self, source: random.Random) -> float:
        """One latency."""
        if self.p99 is None:
            return self.median
        return min(self.longest, source.lognormvariate(log(self.median), log(self.p99 / self.median) / _Z99))


class Served(NamedTuple):
    """What the server saw; times are of the machine's monotonic clock."""

    requests: int
    received: int
    """Bytes of request bodies."""
    latency: float
    """Sum of the latencies drawn."""
    most: int
    """Requests in flight at once, at most."""
    in_flight: list[tuple[float, int]]
    """(time, requests in flight), sampled."""


@contextmanager
def endpoint(turns: int = 8, latency: Latency = Latency()) -> Iterator[str]:
    """The base URL of a server in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, turns, latency), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1"
    finally:
        server.terminate()
        server.join()


def stats(url: str) -> Served:
    """The server's counters so far."""
    with urllib.request.urlopen(f"{url}/stats") as response:
        return Served(**orjson.loads(response.read()))


class _Server:
    def __init__(self, turns: int, latency: Latency) -> None:
        self.turns, self.latency = turns, latency
        self.random = random.Random(7)
        self.requests = self.received = self.now = self.most = 0
        self.total = 0.0
        self.samples: list[tuple[float, int]] = []
        self.calls = [_chat(_call(turn)) for turn in range(turns)]
        self.finals = {name: _chat(_final(name)) for name in ("", "final_answer", "submit")}

    def reply(self, body: bytes) -> bytes:
        """A tool call or the answer, by the number of results the conversation holds."""
        results = max(body.count(b'"tool_call_id"'), body.count(MARK))
        if results < self.turns - 1 and b'"tools"' in body:
            return self.calls[results]
        return self.finals["final_answer" if b'"final_answer"' in body else "submit" if b'"submit"' in body else ""]

    async def sample(self) -> None:
        """Keep the in-flight curve."""
        while True:
            self.samples.append((time.monotonic(), self.now))
            await asyncio.sleep(_SAMPLE_EVERY)

    def stats(self) -> bytes:
        """`Served` as JSON."""
        seen = Served(self.requests, self.received, self.total, self.most, self.samples)
        return _http(orjson.dumps(seen._asdict()))


class _Exchange(asyncio.Protocol):
    """One connection; clients send a request only after the reply to the one before."""

    def __init__(self, server: _Server) -> None:
        self.server = server
        self.buffer = bytearray()
        self.wanted = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.wanted:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.wanted = end + 4 + _content_length(bytes(self.buffer[:end]))
        if len(self.buffer) >= self.wanted:
            request, self.wanted = bytes(self.buffer[: self.wanted]), 0
            self.buffer.clear()
            self.answer(request)

    def answer(self, request: bytes) -> None:
        """Send the reply when its latency is over."""
        server = self.server
        if request.startswith(b"GET"):
            listing = orjson.dumps({"object": "list", "data": [{"id": "fake", "object": "model"}]})
            self.send(server.stats() if b"/stats" in request[:60] else _http(listing))
            return
        seconds = server.latency.draw(server.random)
        server.requests += 1
        server.received += len(request)
        server.total += seconds
        server.now += 1
        server.most = max(server.most, server.now)
        asyncio.get_running_loop().call_later(seconds, self.finish, server.reply(request))

    def finish(self, reply: bytes) -> None:
        """The latency is over."""
        self.server.now -= 1
        self.send(reply)

    def send(self, reply: bytes) -> None:
        """Write unless the client has gone."""
        if self.transport is not None:
            self.transport.write(reply)


def _serve(pipe: Connection, turns: int, latency: Latency) -> None:
    async def main() -> None:
        server = _Server(turns, latency)
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: _Exchange(server), "127.0.0.1", 0, backlog=_BACKLOG)
        pipe.send(listener.sockets[0].getsockname()[1])
        await server.sample()

    asyncio.run(main())


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _tool_call(n: int, name: str, arguments: dict[str, str]) -> dict[str, Any]:
    function = {"name": name, "arguments": orjson.dumps(arguments).decode()}
    return {"id": f"call_{n}", "type": "function", "function": function}


def _call(n: int) -> dict[str, Any]:
    said = "I will look for the lighthouse in the catalogue first."
    return {"role": "assistant", "content": said, "tool_calls": [_tool_call(n, "search", {"query": f"lighthouse {n}"})]}


def _final(name: str) -> dict[str, Any]:
    if not name:
        return {"role": "assistant", "content": ANSWER}
    return {"role": "assistant", "content": None, "tool_calls": [_tool_call(9999, name, {"answer": ANSWER})]}


def _chat(message: dict[str, Any]) -> bytes:
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    usage = {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    data = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake", "choices": [choice]}
    return _http(orjson.dumps(data | {"usage": usage}))
