"""A small OpenAI-compatible server on loopback whose answers are a list of behaviours, one per request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeEndpoint:
    """What the server was asked, and what it will answer; the last behaviour repeats."""

    script: list[Behaviour]
    models: Behaviour
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0


def completion(content: str | None = "fine", **message: Any) -> dict[str, Any]:
    """A chat completion with one choice."""
    return {
        "model": "fake",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10},
    }


def json_reply(data: object, status: int = 200, headers: dict[str, str] | None = None) -> Behaviour:
    """Answers with this JSON."""
    return raw_reply(orjson.dumps(data), status, "application/json", headers)


def raw_reply(
    body: bytes, status: int = 200, content_type: str = "application/json", headers: dict[str, str] | None = None
) -> Behaviour:
    """Answers with these bytes."""

    async def behave(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, content_type=content_type, headers=headers)

    return behave


def error_reply(status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None) -> Behaviour:
    """Answers with an error in OpenAI's shape."""
    return json_reply({"error": {"message": message, "code": code}}, status, headers)


def ok(content: str | None = "fine", **message: Any) -> Behaviour:
    """Answers with a completion."""
    return json_reply(completion(content, **message))


def slow(seconds: float, then: Behaviour) -> Behaviour:
    """Answers late."""

    async def behave(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await then(request)

    return behave


async def reset(request: web.Request) -> web.StreamResponse:
    """Drops the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def truncated(request: web.Request) -> web.StreamResponse:
    """Promises more bytes than it sends."""
    response = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"choices": [{"mess')
    assert request.transport is not None
    request.transport.close()
    return response


def models(*entries: dict[str, Any]) -> Behaviour:
    """What `GET /models` answers."""
    return json_reply({"object": "list", "data": list(entries)})


@asynccontextmanager
async def fake_endpoint(
    *script: Behaviour, listing: Behaviour | None = None, served: Sequence[str] = ("fake",)
) -> AsyncIterator[FakeEndpoint]:
    """Serve the script at `endpoint.url` (ends in /v1)."""
    endpoint = FakeEndpoint(list(script) or [ok()], listing or models(*({"id": name} for name in served)))

    async def chat(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        endpoint.bodies.append(body)
        endpoint.requests.append(orjson.loads(body))
        endpoint.headers.append({key.lower(): value for key, value in request.headers.items()})
        behave = endpoint.script[min(len(endpoint.requests), len(endpoint.script)) - 1]
        endpoint.in_flight += 1
        endpoint.most_in_flight = max(endpoint.most_in_flight, endpoint.in_flight)
        try:
            return await behave(request)
        finally:
            endpoint.in_flight -= 1

    async def listing_of(request: web.Request) -> web.StreamResponse:
        return await endpoint.models(request)

    app = web.Application(client_max_size=2**28)
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_get("/v1/models", listing_of)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    endpoint.url = f"http://{host}:{port}/v1"
    try:
        yield endpoint
    finally:
        await runner.cleanup()
