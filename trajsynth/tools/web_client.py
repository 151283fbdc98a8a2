"""An HTTP client that an agent may be given: only public addresses, few bytes, little time, no cookies, no proxies.

A host name is resolved once a connection; the addresses that were checked are the ones connected to, so nothing can be
swapped in between (DNS rebinding). Redirects are followed here, each checked like a first request. Level 2; imports
aiohttp inside. Tests: tests/tools/test_tools_web_client.py.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import zlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trajsynth import __version__
from trajsynth.errors import MissingExtra
from trajsynth.tools.web_address import Blocklist, WebError, WebUrl, follow, public

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from aiohttp.abc import AbstractResolver

AGENT = f"trajsynth/{__version__}"
REDIRECTS = 10
"""Most redirects followed for one page."""
_CHUNK = 65_536
_MOVED = frozenset({301, 302, 303, 307, 308})
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_ACCEPT = "text/html,application/xhtml+xml,text/plain;q=0.9,application/json;q=0.9,*/*;q=0.5"

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) -> its IP addresses; raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What an address gave."""

    url: WebUrl
    """The page's own address, after redirects."""
    status: int
    reason: str
    content_type: str
    """In lower case, without parameters."""
    charset: str
    body: bytes
    cut: bool
    """There was more than was read."""


async def system_addresses(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedClient:
    """Fetches public pages; `async with`, or `open` and `close`.

    `max_bytes` bounds what is read of a body, both as sent and as unpacked. `allowed` holds (address, port) pairs that
    may be reached although they are not public: a test's own server.
    """

    def __init__(
        self,
        blocked: Blocklist,
        max_bytes: int,
        *,
        resolve: Resolve = system_addresses,
        allowed: Collection[tuple[str, int]] = (),
    ) -> None:
        self._blocked, self._max_bytes = blocked, max_bytes
        self._resolve, self._allowed = resolve, frozenset(allowed)
        self._session: ClientSession | None = None

    async def __aenter__(self) -> GuardedClient:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the connection pool; raises MissingExtra without aiohttp."""
        try:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
        except ImportError:
            raise MissingExtra("aiohttp", "web") from None
        connector = TCPConnector(resolver=_resolver(self._addresses), use_dns_cache=False, limit=0, limit_per_host=8)
        self._session = ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=ClientTimeout(total=None),
            headers={"User-Agent": AGENT, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"},
        )

    async def close(self) -> None:
        """Drop all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def check(self, url: WebUrl) -> None:
        """Raises WebError for what is refused before anything is asked: a blocked host, an address not public."""
        if self._blocked.covers(url):
            raise WebError(f"{url.host} may not be used for this task; look for another source.", blocked=True)
        if url.address is not None:
            self._check_addresses(url.host, url.port, [url.host])

    async def get(
        self, url: WebUrl, timeout: float, before: Callable[[WebUrl], Awaitable[None]] | None = None
    ) -> Download:
        """The page, redirects followed; `before` may refuse each address. Raises WebError, TimeoutError."""
        seen: set[str] = set()
        async with asyncio.timeout(timeout):
            while True:
                self.check(url)
                if str(url) in seen or len(seen) > REDIRECTS:
                    raise WebError("The page redirects in a circle." if str(url) in seen else "Too many redirects.")
                seen.add(str(url))
                if before is not None:
                    await before(url)
                found = await self._once(url)
                if isinstance(found, Download):
                    return found
                url = found

    async def _once(self, url: WebUrl) -> Download | WebUrl:
        """The page at just this address, or where it redirects to."""
        from aiohttp import ClientError
        from yarl import URL

        assert self._session is not None
        target = URL(str(url))
        if (target.host or "").lower() != url.host or target.port != url.port:
            raise WebError("That URL can be read in more than one way; give it in plain spelling.")
        try:
            async with self._session.get(target, allow_redirects=False) as response:
                location = response.headers.get("Location")
                if response.status in _MOVED and location:
                    response.close()
                    return follow(url, location)
                return await self._download(url, response)
        except ClientError as error:
            raise _explained(url, error) from None

    async def _download(self, url: WebUrl, response: ClientResponse) -> Download:
        body, cut = await self._body(response)
        return Download(
            url=url,
            status=response.status,
            reason=response.reason or "",
            content_type=response.content_type.lower() if "Content-Type" in response.headers else "",
            charset=(response.charset or "").strip("\"' "),
            body=body,
            cut=cut,
        )

    async def _body(self, response: ClientResponse) -> tuple[bytes, bool]:
        """At most `max_bytes` unpacked, from about as many sent. The connection is given up when there is more."""
        packing = response.headers.get("Content-Encoding", "").strip().lower()
        if packing not in ("", "identity", *_WINDOWS):
            response.close()
            raise WebError(f"The page is packed as {packing[:40]!r}, which was not asked for.")
        unpack = _Unpacker(packing)
        parts, size, sent = list[bytes](), 0, 0
        async for chunk in response.content.iter_chunked(_CHUNK):
            sent += len(chunk)
            parts.append(unpack(chunk, self._max_bytes - size + 1))
            size += len(parts[-1])
            if size > self._max_bytes or sent > self._max_bytes:
                response.close()
                return b"".join(parts)[: self._max_bytes], True
        return b"".join(parts), False

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them checked; raises WebError, OSError."""
        found = await self._resolve(host, port)
        self._check_addresses(host, port, found)
        return found

    def _check_addresses(self, host: str, port: int, found: list[str]) -> None:
        for text in found:
            address = ipaddress.ip_address(text.partition("%")[0])
            if not public(address) and (text, port) not in self._allowed:
                raise WebError(f"{host} leads into a private network; only public addresses are opened.")


class _Unpacker:
    """Unpacks a body piece by piece, never making more than it is asked for."""

    def __init__(self, packing: str) -> None:
        self._window = _WINDOWS.get(packing)
        self._stream = None if self._window is None else zlib.decompressobj(self._window)
        self._first = True

    def __call__(self, chunk: bytes, most: int) -> bytes:
        if self._stream is None:
            return chunk[:most]
        try:
            made = self._stream.decompress(chunk, most)
        except zlib.error:
            if not self._first or self._window != zlib.MAX_WBITS:
                raise WebError("The page is damaged: it cannot be unpacked.") from None
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)  # servers that leave out deflate's header
            self._window = -zlib.MAX_WBITS
            return self(chunk, most)
        self._first = False
        return made


def _resolver(addresses: Resolve) -> AbstractResolver:
    """aiohttp's kind of resolver: what it gives is what is connected to."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Checked(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await addresses(host, port)
            if not found:
                raise OSError(f"no address for {host}")
            return [_result(host, port, address) for address in found]

        async def close(self) -> None:
            """Nothing is held."""

    return Checked()


def _result(host: str, port: int, address: str) -> Any:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": flags}


def _explained(url: WebUrl, error: Exception) -> WebError:
    """An aiohttp fault in words, without its addresses."""
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return WebError(f"There is no host {url.host}, or its name cannot be looked up now.")
    if isinstance(error, aiohttp.ClientSSLError):
        return WebError(f"{url.host} has no valid certificate, so it is not trusted.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return WebError(f"{url.host} does not answer.", transient=True)
    if isinstance(error, aiohttp.ClientResponseError):
        return WebError(f"{url.host} does not speak proper HTTP.")
    return WebError(f"The connection to {url.host} was lost.", transient=True)
