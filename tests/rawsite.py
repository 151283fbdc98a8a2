"""A web site on this machine that sends just the bytes a test wants, and remembers who asked for what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

Handler = Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]


def response(body: bytes | str, *headers: str, kind: str = "text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    """A whole HTTP response."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), f"Content-Length: {len(data)}"]
    return "\r\n".join([*lines, *headers, "Connection: close", "", ""]).encode() + data


def moved(location: str, status: str = "302 Found") -> bytes:
    """A redirect."""
    return response(b"", f"Location: {location}", status=status)


class RawSite:
    """`pages`: path -> bytes or a coroutine that writes them. Without a page: 404."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Handler] = {}
        self.asked: list[str] = []
        """`host path` of each request."""
        self.requests: list[bytes] = []
        """Requests as they came."""
        self.sent = 0
        """Bytes written by `stream`."""
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b"0:0")
            self.requests.append(head + await reader.readexactly(int(length.split(b":")[1])))
            path = head.split(b" ")[1].decode()
            host = next(line for line in head.decode().split("\r\n") if line.lower().startswith("host:"))
            self.asked.append(f"{host[5:].strip()} {path}")
            page = self.pages.get(path, response("no such page", status="404 Not Found"))
            if isinstance(page, bytes):
                writer.write(page)
                await writer.drain()
            else:
                await page(writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def stream(self, head: str, piece: bytes, pause: float = 0.0) -> Handler:
        """The head, then the piece again and again until the reader leaves."""

        async def send(writer: asyncio.StreamWriter) -> None:
            writer.write(head.encode())
            while not writer.is_closing():
                writer.write(piece)
                await writer.drain()
                self.sent += len(piece)
                await asyncio.sleep(pause)

        return send


@asynccontextmanager
async def rawsite() -> AsyncIterator[RawSite]:
    """A site that listens while the context lasts."""
    site = RawSite()
    tasks: set[asyncio.Task[Any]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.current_task())  # type: ignore[arg-type]
        try:
            await site.answer(reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            tasks.discard(task)  # type: ignore[arg-type]

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
