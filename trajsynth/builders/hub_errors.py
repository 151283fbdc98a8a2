"""What the Hub, or the way to it, says no with, as one line with the way out.

Level 3, imports errors; huggingface_hub inside the function. Tests: tests/builders/test_builders_hub.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trajsynth.errors import InputError

_SAID = 200
_AGAIN = "run the same command again, it sends only what is missing"
_TOKENS = "https://huggingface.co/settings/tokens"


@contextmanager
def explained(repo: str) -> Iterator[None]:
    """Turns exceptions of the Hub's client into InputError; those of ours pass."""
    try:
        yield
    except InputError:
        raise
    except _foreign() as error:
        raise InputError(_line(repo, error)) from error


def _foreign() -> tuple[type[Exception], ...]:
    """What the Hub's client raises; the root of its HTTP client's exceptions is found, whichever client it uses."""
    own = (OSError, ValueError, RuntimeError)
    try:
        from huggingface_hub import errors
    except ImportError:
        return own
    kind = getattr(errors, "HTTPError", None)
    return (*own, kind) if isinstance(kind, type) and issubclass(kind, Exception) else own


def _line(repo: str, error: BaseException) -> str:
    cause = error
    while cause.__cause__ is not None and _status(cause) is None:
        cause = cause.__cause__  # an upload's thread wraps what the Hub answered
    status = _status(cause)
    said = " ".join(str(cause).split())
    shown = said if len(said) <= _SAID else f"{said[:_SAID]}..."
    return f"the Hub, {repo!r}: {_advice(repo, cause, status)} ({type(cause).__name__}: {shown})"


def _status(error: BaseException) -> int | None:
    code = getattr(getattr(error, "response", None), "status_code", None)
    return code if isinstance(code, int) else None


def _advice(repo: str, error: BaseException, status: int | None) -> str:
    name = type(error).__name__
    if name == "HFValidationError":
        return "that is no name of a repository; write USER/NAME"
    if name == "OfflineModeIsEnabled":
        return "HF_HUB_OFFLINE is set; unset it to push"
    if status == 401:
        return f"the token was refused; set HF_TOKEN to a valid one that may write ({_TOKENS}), or run: hf auth login"
    if status == 403:
        owner = repo.partition("/")[0]
        return f"the token may not write there; is {owner!r} yours, and has the token write access ({_TOKENS})?"
    if status == 409:
        return "the name is taken, by another kind of repository or by something under way; choose another"
    if name == "RevisionNotFoundError" or (status == 404 and "Revision" in str(error)):
        return "no such revision; name a branch"
    if status == 404:
        return "not found, or not visible to this token; check the name"
    if status == 412:
        return f"somebody else changed it meanwhile; nothing was published, {_AGAIN}"
    if status == 429:
        return f"too many requests; nothing was published, wait and {_AGAIN}"
    if status is not None and status >= 500:
        return f"it answered {status}; nothing was published, {_AGAIN}"
    if status is None and not isinstance(error, ValueError):
        return f"it cannot be reached or stopped answering; nothing was published, check the network and {_AGAIN}"
    return "it refused; nothing was published"
