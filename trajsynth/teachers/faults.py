"""What one try at an endpoint can end in other than a reply, and what that means for the next try.

A `Fault` carries the typed error that ends the rollout if no try is left, and says whether trying again makes sense,
how long the endpoint asked to wait, and whom it concerns: this request, this URL, or the pace. Level 2, imports errors,
credentials and signals only. Tests: tests/teachers/test_teachers_faults.py.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import orjson

from trajsynth.credentials import masked
from trajsynth.errors import ContextOverflow, NetworkError, RolloutError, TeacherError, TeacherUnavailable
from trajsynth.signals import is_context_overflow

Next: TypeAlias = Literal["again", "slower", "elsewhere", "closed", "never"]
"""`again`: the same may work; `slower`: it may at a lower pace (429, 503, 529); `elsewhere`: the URL did not answer;
`closed`: the URL refuses us (401-404); `never`: this request cannot work."""

LONGEST_WAIT = 3600.0
"""Seconds of an asked-for wait (Retry-After) beyond which the URL counts as closed to us: a day's quota is spent, and
rollouts that sat it out would all end by their wall clock."""
LONGEST_MESSAGE = 300
_LONGEST_DETAIL = 180
_RETRIED = frozenset({408, 409, 425, 429})
_SLOWER = frozenset({429, 503, 529})
_CLOSED = frozenset({401, 402, 403, 404, 405})
_SPENT = ("insufficient_quota", "billing_hard_limit_reached", "insufficient_balance")
"""Codes under which a 429 means an empty account, not a fast client (OpenAI, DeepSeek)."""


class Fault(Exception):
    """One failed try."""

    def __init__(self, error: RolloutError, then: Next, *, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.then = then
        self.wait = wait
        """Seconds the endpoint asked to wait (Retry-After), None when it did not say."""


def clean(text: str, secrets: Iterable[str] = ()) -> str:
    """One line of at most 300 characters without keys."""
    line = " ".join(text.split())
    for secret in secrets:
        line = line.replace(secret, "***")
    line = masked(line)
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def shown(url: str) -> str:
    """The URL without user, password, query and fragment, fit for a message."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def from_status(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """The fault behind an HTTP status of 400 and more."""
    said = complaint(body)
    message = f"HTTP {status}" + (f": {said}" if said else "")
    if status not in _RETRIED and (status == 413 or is_context_overflow(_head(body))):
        return Fault(ContextOverflow(message), "never")
    if status == 429 and any(word in _head(body) for word in _SPENT):
        return Fault(TeacherUnavailable(message), "closed")
    wait = retry_after(headers)
    if status in _SLOWER and (wait or 0.0) > LONGEST_WAIT:
        return Fault(TeacherUnavailable(message), "closed", wait=wait)
    if status in _SLOWER:
        return Fault(TeacherError(message), "slower", wait=wait)
    if status in _RETRIED or status >= 500:
        return Fault(TeacherError(message), "again", wait=wait)
    if status in _CLOSED:
        return Fault(TeacherUnavailable(message), "closed")
    return Fault(TeacherError(message), "never")


def from_error_object(error: object) -> Fault:
    """The fault behind an `error` that came with status 200, at the top or inside a choice."""
    body = orjson.dumps({"error": error}, default=str)
    fields = error if isinstance(error, dict) else {}
    code = fields.get("code", fields.get("status"))
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599:
        return from_status(code, {}, body)
    message = f"HTTP 200 with an error: {complaint(body) or 'no details'}"
    if is_context_overflow(_head(body)):
        return Fault(ContextOverflow(message), "never")
    return Fault(TeacherError(message), "again")


def unusable(what: str) -> Fault:
    """A reply that is no chat completion; the next one may be."""
    return Fault(TeacherError(f"HTTP 200 but {what}"), "again")


def from_exception(error: BaseException) -> Fault:
    """The fault behind what the HTTP client raised. The root cause decides: the aiohttp transport reports every lost
    or refused connection as a connect timeout."""
    import aiohttp

    for cause in _causes(error):
        if isinstance(cause, Fault):
            return cause
        if isinstance(cause, aiohttp.ConnectionTimeoutError):
            return Fault(NetworkError("no connection within connect_timeout"), "elsewhere")
        if isinstance(cause, aiohttp.ClientConnectorDNSError):
            return Fault(TeacherUnavailable("unknown host"), "elsewhere")
        if isinstance(cause, aiohttp.ClientSSLError):
            return Fault(TeacherUnavailable(f"TLS failed ({type(cause).__name__})"), "elsewhere")
        if isinstance(cause, aiohttp.ClientConnectorError):
            refused = isinstance(cause.os_error, ConnectionRefusedError)
            what = "connection refused" if refused else f"cannot connect ({_os_words(cause.os_error)})"
            return Fault(TeacherUnavailable(what), "elsewhere")
        if isinstance(cause, TimeoutError):
            return Fault(NetworkError("the endpoint fell silent"), "again")
        if isinstance(cause, aiohttp.ClientPayloadError):
            return Fault(NetworkError("the reply broke off"), "again")
    return Fault(NetworkError(f"connection lost ({type(_causes(error)[-1]).__name__})"), "again")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by `retry-after-ms` or `Retry-After` (seconds or an HTTP date), however long."""
    millis = _number(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    raw = headers.get("retry-after")
    seconds = _number(raw)
    if seconds is not None or raw is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(raw).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def complaint(body: bytes) -> str:
    """What an error body says, short: the `message` (and `code`) of the usual shapes; empty for pages and noise."""
    try:
        data: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "" if body.lstrip()[:1] == b"<" else body[:_LONGEST_DETAIL].decode("utf-8", "replace").strip()
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return str(error)[:_LONGEST_DETAIL]
    message = next((error[key] for key in ("message", "detail", "msg") if error.get(key)), "")
    code = error.get("code") or error.get("type")
    text = str(message)[:_LONGEST_DETAIL]
    return f"{text} ({code})" if text and isinstance(code, str) else text or str(code or "")


def _head(body: bytes) -> str:
    return body[:4000].decode("utf-8", "replace")


def _number(raw: str | None) -> float | None:
    if raw is None or not re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", raw):
        return None
    return float(raw)


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain


def _os_words(error: OSError) -> str:
    return error.strerror or type(error).__name__
