"""One try at an endpoint: bytes out, bytes in, everything else a `Fault`.

The client is the SDK's, so proxies, certificates and headers behave as its users know; its own retries are off, and it
never sees the body. Its way from bytes to the socket takes five times the CPU of aiohttp's (0.56 against 0.10 ms), to
prepare URL and headers that are the same each time. So it is asked once for them, and requests then go straight to
aiohttp; behind a proxy they go through the client. Level 2; openai, httpx2 and aiohttp are imported when the client is
made. Tests: tests/teachers/test_teachers_endpoint.py, test_teachers_transport.py.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import getproxies, proxy_bypass

from trajsynth.errors import MissingExtra, NetworkError, RolloutTimeout
from trajsynth.teachers.faults import Fault, from_exception, from_status, unusable

if TYPE_CHECKING:
    import ssl

    import aiohttp
    import httpx2
    import yarl
    from openai import AsyncOpenAI

LARGEST_REPLY = 64 * 2**20
"""Bytes of a reply that are read: 2,000 replies at once must not exhaust memory, and no real one comes near."""
KEEP_ALIVE = 30.0
"""Seconds an idle connection is kept: servers and balancers close theirs after 60 and more."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WRITTEN_BY_AIOHTTP = ("host", "content-length", "connection", "accept-encoding")


class Answer(NamedTuple):
    """A response of status 200."""

    body: bytes
    content_type: str


class Prepared(NamedTuple):
    """What the SDK makes of a request to a URL, the body left out."""

    url: yarl.URL
    headers: Mapping[str, str]
    direct: bool
    """No proxy stands between: aiohttp may send it."""


class Transport:
    """The shared HTTP client of one teacher."""

    def __init__(self, api_key: str, headers: Mapping[str, str], *, timeout: float, connect: float, most: int) -> None:
        """`timeout` and `connect` in seconds; `most` connections are kept. Raises MissingExtra without openai."""
        self._timeout, self._connect, self._most = timeout, connect, most
        self._client = _make_client(api_key, headers, timeout, connect, most)
        self._session: aiohttp.ClientSession | None = None
        self._prepared: dict[str, Prepared] = {}
        self._preparing = asyncio.Lock()

    async def post(self, url: str, body: bytes) -> Answer:
        """POST a JSON body; raises Fault."""
        prepared = self._prepared.get(url) or await self._prepare(url)
        if prepared.direct and self._session is not None:
            return await self._tried(self._directly(self._session, prepared, body))
        sending = self._client.post(url, content=body, cast_to=_response(), options=_JSON)
        return await self._tried(self._through_client(sending))

    async def get(self, url: str) -> Answer:
        """GET; raises Fault."""
        return await self._tried(self._through_client(self._client.get(url, cast_to=_response())))

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        await self._client.close()

    async def _prepare(self, url: str) -> Prepared:
        """Ask the SDK for its URL and headers, over a transport that sends nothing."""
        async with self._preparing:
            if url not in self._prepared:
                self._session = self._session or _make_session(self._timeout, self._connect, self._most)
                self._prepared[url] = await _prepared(self._client, url)
        return self._prepared[url]

    async def _tried(self, exchange: Awaitable[Answer]) -> Answer:
        import aiohttp
        import openai

        try:
            async with asyncio.timeout(self._timeout):
                return await exchange
        except openai.APIStatusError as error:
            raise from_status(error.status_code, error.response.headers, error.response.content) from None
        except (openai.APIConnectionError, aiohttp.ClientError) as error:
            raise from_exception(error) from None
        except TimeoutError:
            raise Fault(RolloutTimeout(f"no reply within {self._timeout:g} s"), "again") from None
        except (openai.OpenAIError, OSError, ValueError) as error:
            raise Fault(NetworkError(f"the exchange failed ({type(error).__name__})"), "again") from None

    async def _directly(self, session: aiohttp.ClientSession, prepared: Prepared, body: bytes) -> Answer:
        async with session.post(prepared.url, headers=prepared.headers, data=body) as response:
            content = await _read(response)
            if response.status >= 300:
                raise from_status(response.status, response.headers, content)
            return Answer(content, response.headers.get("Content-Type", ""))

    async def _through_client(self, sending: Awaitable[httpx2.Response]) -> Answer:
        response = await sending
        return Answer(response.content, response.headers.get("content-type", ""))


_JSON: Any = {"headers": {"Content-Type": "application/json"}}


def _make_client(api_key: str, headers: Mapping[str, str], timeout: float, connect: float, most: int) -> AsyncOpenAI:
    try:
        import aiohttp  # noqa: F401  (the transport below needs it)
        import httpx2
        from openai import AsyncOpenAI, DefaultAioHttpClient
    except ImportError:
        raise MissingExtra("openai", "generate") from None
    # aiohttp warns about bodies above 1 MB given as bytes; handing a socket one buffer is what we want
    warnings.filterwarnings("ignore", "Sending a large body directly", ResourceWarning)
    http_client = DefaultAioHttpClient(
        verify=_certificates(),
        timeout=httpx2.Timeout(timeout, connect=connect, pool=None),
        limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=KEEP_ALIVE),
        mounts={f"all://{_in_url(host)}": None for host in _LOOPBACK},  # no proxy reaches our own machine
        event_hooks={"response": [_bound]},
    )
    return AsyncOpenAI(
        api_key=api_key,
        base_url="http://unset.invalid",  # each request names its replica in full
        max_retries=0,
        default_headers=dict(headers),
        http_client=http_client,
    )


def _response() -> type[httpx2.Response]:
    import httpx2

    return httpx2.Response


@cache
def _certificates() -> ssl.SSLContext:
    """What the SDK trusts (SSL_CERT_FILE included), read once: it takes 50 ms."""
    import httpx2

    return httpx2.create_ssl_context()


# ---- the direct way ----------------------------------------------------------------------------------------------


def _make_session(timeout: float, connect: float, most: int) -> aiohttp.ClientSession:
    """Connections with the certificates, limits and time-outs of the SDK's own."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=most, ssl=_certificates(), keepalive_timeout=KEEP_ALIVE)
    times = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=timeout)
    return aiohttp.ClientSession(connector=connector, timeout=times)


async def _prepared(client: AsyncOpenAI, url: str) -> Prepared:
    import httpx2
    import yarl

    seen: list[httpx2.Request] = []

    def catch(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={})

    async with client.with_options(http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(catch))) as asked:
        await asked.post(url, content=b"{}", cast_to=httpx2.Response, options=_JSON)
    (request,) = seen
    headers = {name: value for name, value in request.headers.items() if name not in _WRITTEN_BY_AIOHTTP}
    direct = not _proxied(request.url.scheme, request.url.host)
    return Prepared(yarl.URL(str(request.url), encoded=True), headers, direct)


def _proxied(scheme: str, host: str) -> bool:
    """Whether the environment names a proxy for requests to the host."""
    proxies = getproxies()
    return bool(proxies.get(scheme) or proxies.get("all")) and host not in _LOOPBACK and not proxy_bypass(host)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, refused when it grows above the limit."""
    chunks, size = [], 0
    while chunk := await response.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_REPLY:
            raise _too_large()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large() -> Fault:
    return unusable(f"the body is larger than {LARGEST_REPLY >> 20} MiB")


# ---- the SDK's way -----------------------------------------------------------------------------------------------


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _bound(response: httpx2.Response) -> None:
    """Refuse bodies above the limit while they arrive."""
    response.stream = _bounded(response.stream)


def _bounded(stream: Any) -> Any:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in stream:
                size += len(chunk)
                if size > LARGEST_REPLY:
                    raise _too_large()
                yield chunk

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()
