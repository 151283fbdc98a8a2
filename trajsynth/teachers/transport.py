"""One try at an endpoint through the openai client: bytes out, bytes in, everything else a `Fault`.

The client is the SDK's, so proxies, certificates and headers behave as its users know; its own retries are off, and it
never sees the body. Level 2; openai and httpx2 are imported when the client is made. Tests:
tests/teachers/test_teachers_endpoint.py.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from trajsynth.errors import MissingExtra, NetworkError, RolloutTimeout
from trajsynth.teachers.faults import Fault, from_exception, from_status, unusable

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

LARGEST_REPLY = 64 * 2**20
"""Bytes of a reply that are read: 2,000 replies at once must not exhaust memory, and no real one comes near."""
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


class Answer(NamedTuple):
    """A response of status 200."""

    body: bytes
    content_type: str


class Transport:
    """The shared HTTP client of one teacher."""

    def __init__(self, api_key: str, headers: Mapping[str, str], *, timeout: float, connect: float, most: int) -> None:
        """`timeout` and `connect` in seconds; `most` connections are kept. Raises MissingExtra without openai."""
        self._timeout = timeout
        self._client = _make_client(api_key, headers, timeout, connect, most)

    async def post(self, url: str, body: bytes) -> Answer:
        """POST a JSON body; raises Fault."""
        return await self._send(self._client.post(url, content=body, cast_to=self._response, options=_JSON))

    async def get(self, url: str) -> Answer:
        """GET; raises Fault."""
        return await self._send(self._client.get(url, cast_to=self._response))

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    @property
    def _response(self) -> type[httpx2.Response]:
        import httpx2

        return httpx2.Response

    async def _send(self, sending: Any) -> Answer:
        import aiohttp
        import openai

        try:
            async with asyncio.timeout(self._timeout):
                response: httpx2.Response = await sending
        except openai.APIStatusError as error:
            raise from_status(error.status_code, error.response.headers, error.response.content) from None
        except TimeoutError:
            raise Fault(RolloutTimeout(f"no reply within {self._timeout:g} s"), "again") from None
        except openai.APIConnectionError as error:
            raise from_exception(error) from None
        except (openai.OpenAIError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Fault(NetworkError(f"the exchange failed ({type(error).__name__})"), "again") from None
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
        timeout=httpx2.Timeout(timeout, connect=connect, pool=None),
        limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=30),
        mounts=dict.fromkeys(_LOOPBACK),  # a proxy from the environment cannot reach our own machine
        event_hooks={"response": [_bound]},
    )
    return AsyncOpenAI(
        api_key=api_key,
        base_url="http://unset.invalid",  # each request names its replica in full
        max_retries=0,
        default_headers=dict(headers),
        http_client=http_client,
    )


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
                    raise unusable(f"the body is larger than {LARGEST_REPLY >> 20} MiB")
                yield chunk

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()
