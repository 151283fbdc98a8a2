"""Statuses, bodies and headers are classified."""

from __future__ import annotations

import time
from email.utils import formatdate

import orjson
import pytest

from trajsynth.errors import ContextOverflow, TeacherError, TeacherUnavailable
from trajsynth.signals import is_context_overflow
from trajsynth.teachers.faults import LONGEST_MESSAGE, Next, clean, complaint, from_status, retry_after, shown

OVERFLOWS = [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "The input (40001 tokens) is longer than the model's context length (32768 tokens).",
    "Requested token count exceeds the model's maximum context length of 32768 tokens.",
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens.",
    "prompt is too long: 208310 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "the request exceeds the available context size, try increasing it",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "Please reduce the length of the messages or completion.",
    "Invalid request: Your request exceeded model token limit: 8192",
    "Range of input length should be [1, 30720]",
    "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
    "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
]


@pytest.mark.parametrize("message", OVERFLOWS)
def test_wordings_of_a_full_context(message: str) -> None:
    assert is_context_overflow(message)
    found = from_status(400, {}, orjson.dumps({"error": {"message": message}}))
    assert isinstance(found.error, ContextOverflow)
    assert found.then == "never"


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value for 'temperature'",
        "max_tokens is too large",
        "Unknown parameter: 'context'",
        "messages[3].content is too long a list",
        "Request too large for model on tokens per minute (TPM): Limit 6000",
    ],
)
def test_other_complaints_are_no_full_context(message: str) -> None:
    assert not is_context_overflow(message)
    found = from_status(400, {}, orjson.dumps({"error": {"message": message}}))
    assert type(found.error) is TeacherError
    assert found.then == "never"


@pytest.mark.parametrize(
    ("status", "then", "error"),
    [
        (400, "never", TeacherError),
        (401, "closed", TeacherUnavailable),
        (402, "closed", TeacherUnavailable),
        (403, "closed", TeacherUnavailable),
        (404, "closed", TeacherUnavailable),
        (408, "again", TeacherError),
        (409, "again", TeacherError),
        (413, "never", ContextOverflow),
        (422, "never", TeacherError),
        (429, "slower", TeacherError),
        (500, "again", TeacherError),
        (502, "again", TeacherError),
        (503, "slower", TeacherError),
        (529, "slower", TeacherError),
    ],
)
def test_statuses(status: int, then: Next, error: type[TeacherError]) -> None:
    found = from_status(status, {}, b"")
    assert (found.then, type(found.error)) == (then, error)


def test_an_empty_account_is_no_rate_limit() -> None:
    body = orjson.dumps({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})
    assert from_status(429, {}, body).then == "closed"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "86400"}, 86400.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    found = retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)})
    assert found is not None
    assert 55 <= found <= 61


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "no such model", "code": "model_not_found"}}', "no such model (model_not_found)"),
        (b'{"error": "plain"}', "plain"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b'{"object": "error", "message": "vllm", "type": "BadRequestError", "code": 400}', "vllm"),
        (b"<html><title>502</title></html>", ""),
        (b"upstream gone", "upstream gone"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"null", "None"),
    ],
)
def test_complaints(body: bytes, words: str) -> None:
    assert complaint(body) == words


def test_messages_are_one_short_line_without_keys() -> None:
    said = clean("bad key hunter2hunter2\nsk-proj-abcdef123 Bearer abc.def " + "x" * 500, ["hunter2hunter2"])
    assert "\n" not in said
    assert len(said) == LONGEST_MESSAGE
    assert not any(secret in said for secret in ("hunter2", "abcdef123", "abc.def"))


def test_urls_are_shown_without_passwords() -> None:
    assert shown("https://me:pw@host:8000/v1?key=abc#x") == "https://host:8000/v1"
