"""The scripted models behind a real HTTP server: `/<settings>/v1/chat/completions` and `/<settings>/v1/models`.

`reply` is the same as a pure function. Run with `python -m trajsynth.teachers.scripted --port 0`; the port is printed
as one line and the server ends when its standard input closes, so it never outlives a killed parent.
aiohttp is imported on use. Tests: tests/teachers/scripted/test_scripted_server.py.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from trajsynth.errors import ConfigError
from trajsynth.teachers.scripted import faults
from trajsynth.teachers.scripted.dice import draw
from trajsynth.teachers.scripted.draft import completion, prompt_tokens
from trajsynth.teachers.scripted.reading import view
from trajsynth.teachers.scripted.settings import HTTP_FAULTS, Settings

if TYPE_CHECKING:
    from aiohttp import web

SLOW_SECONDS = 1.5
"""What `http.slow` adds."""
MAX_BODY = 256 * 1024 * 1024
_HTML = (
    "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Temporarily unavailable</h1></body></html>"
)


def reply(settings: Settings, body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat-completion object for a request body: a pure function of both."""
    seen = view(body)
    return completion(faults.write(seen, settings), seen, body, settings.model)


@lru_cache(maxsize=256)
def parsed(segment: str) -> Settings:
    """Settings of a path segment; raises ConfigError."""
    return Settings.parse(segment)


class Server:
    """Remembers only which requests it has seen, for faults that strike a request once."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def app(self) -> web.Application:
        """The aiohttp application."""
        from aiohttp import web

        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_get("/{settings}/v1/models", self.models)
        app.router.add_post("/{settings}/v1/chat/completions", self.chat)
        return app

    async def models(self, request: web.Request) -> web.Response:
        """What vLLM would say of the one model here."""
        try:
            settings = parsed(request.match_info["settings"])
        except ConfigError as error:
            return _error(404, str(error), "settings_not_found")
        entry: dict[str, Any] = {
            "id": settings.model,
            "object": "model",
            "created": 1_700_000_000,
            "owned_by": "trajsynth",
        }
        if settings.context_tokens:
            entry["max_model_len"] = settings.context_tokens
        return _json({"object": "list", "data": [entry]})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """One reply, after its latency and transport fault."""
        raw = await request.read()
        try:
            settings = parsed(request.match_info["settings"])
            body = orjson.loads(raw)
        except ConfigError as error:
            return _error(404, str(error), "settings_not_found")
        except ValueError as error:
            return _error(400, f"the request body is not JSON: {error}", "invalid_request_error")
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
            return _error(400, "the request has no list of messages", "invalid_request_error")
        if body.get("model") not in (None, "", settings.model):
            return _error(
                404, f"the model {body.get('model')!r} does not exist; it is {settings.model!r}", "model_not_found"
            )
        tokens = prompt_tokens(body)
        if settings.context_tokens and tokens > settings.context_tokens:
            text = f"This model's maximum context length is {settings.context_tokens} tokens. However, your messages "
            return _error(
                400, f"{text}resulted in {tokens} tokens. Please reduce the length.", "context_length_exceeded"
            )
        fault = self._transport_fault(settings, raw)
        if settings.latency or fault == "http.slow":
            await asyncio.sleep(settings.latency + (SLOW_SECONDS if fault == "http.slow" else 0))
        if fault and fault != "http.slow":
            return _transport(request, fault)
        return _json(reply(settings, body))

    def _transport_fault(self, settings: Settings, raw: bytes) -> str:
        rates = settings.rates()
        if not any(rates.get(code) for code in HTTP_FAULTS):
            return ""
        digest = blake2b(settings.segment().encode() + raw, digest_size=16).digest()
        if digest in self._seen:
            return ""
        self._seen.add(digest)
        at = draw("http", digest.hex())
        for code in HTTP_FAULTS:
            at -= rates.get(code, 0.0)
            if at < 0:
                return code
        return ""


def _transport(request: web.Request, fault: str) -> web.Response:
    from aiohttp import web

    if fault == "http.429":
        wait = str(int(draw("wait", id(request)) * 2))
        return _error(429, "Rate limit reached, try again soon.", "rate_limit_exceeded", {"Retry-After": wait})
    if fault == "http.500":
        return _error(500, "The server had an error while processing your request.", "server_error")
    if fault == "http.html":
        return web.Response(text=_HTML, content_type="text/html")
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    from aiohttp import web

    return web.Response(body=orjson.dumps(value), status=status, headers=headers, content_type="application/json")


def _error(status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _json({"error": {"message": message, "type": "invalid_request_error", "code": code}}, status, headers)


async def serve(port: int) -> None:
    """Serve on loopback until standard input closes; prints the port as one line."""
    from aiohttp import web

    runner = web.AppRunner(Server().app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
    await site.start()
    bound = runner.addresses[0][1]
    sys.stdout.write(f"{bound}\n")
    sys.stdout.flush()
    try:
        await _closed_stdin()
    finally:
        await runner.cleanup()


async def _closed_stdin() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while await reader.read(65536):
            pass
    finally:
        transport.close()
