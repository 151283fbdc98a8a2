"""Config sections: the models, their endpoints and prices.

Level 1; import from `trajsynth.config`. Tests: tests/test_config.py.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from trajsynth.config.base import Count, Positive, Seconds, Section, Share


class Price(Section, frozen=True, kw_only=True):
    """Dollars per million tokens."""

    input: float = 0.0
    """Price of input tokens."""
    cached: float | None = None
    """Price of cached input tokens; like `input` when absent."""
    output: float = 0.0
    """Price of output tokens, reasoning included."""


class OpenAITeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="openai"):
    """A model behind one or more OpenAI-compatible endpoints."""

    base_urls: Annotated[list[str], Meta(min_length=1)]
    """Where it is served, `/v1` included. A trajectory stays at one of them, so that its KV cache helps."""
    model: str | None = None
    """Asked of `/v1/models` when absent."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key."""
    context_tokens: Count | None = None
    """Asked of `/v1/models` (`max_model_len`) when absent."""
    max_tokens: Positive = 16384
    """Most tokens of one reply."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The name under which the endpoint takes `max_tokens`."""
    params: dict[str, Any] = {}
    """Sampling parameters sent with each request (temperature, top_p, ...)."""
    extra_body: dict[str, Any] = {}
    """Provider-specific fields merged into each request body."""
    extra_headers: dict[str, str] = {}
    """Sent with each request; secrets as `${NAME}`."""
    parallel_tool_calls: bool | None = None
    """Sent when set."""
    reasoning_effort: str | None = None
    """Sent when set."""
    replay_reasoning: Literal["never", "tools", "always"] = "tools"
    """Whether earlier reasoning is sent back: not at all, with the calls since the last user message, or all of it."""
    reasoning_field: str = ""
    """The field it is sent back under; the one it came in when empty."""
    seed: bool = True
    """Send a seed with each request (each sample and each rolled-back attempt has its own)."""
    summary_tool_choice: bool = True
    """Send `tool_choice: none` on the summary turn; false for endpoints that refuse it."""
    concurrency: Positive = 256
    """Most requests in flight at each base URL."""
    rpm: Positive | None = None
    """Most requests a minute to each base URL; no cap when absent."""
    tpm: Positive | None = None
    """Most tokens a minute, in and out, at each base URL: reserved by estimate, corrected by reported usage."""
    retries: Count = 6
    """Tries after the first for connection faults, 429 and 5xx."""
    timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(600))
    """Longest one try may take. Waiting because the endpoint says so (Retry-After) or for `rpm` and `tpm` is no try."""
    connect_timeout: Seconds = msgspec.field(default_factory=lambda: Seconds(60))
    """Longest a connection may take to open."""
    price: Price = Price()
    """Dollars per million tokens."""
    licence: str = ""
    """The model's licence, for the dataset card (a name or an address); "not stated" there when absent."""
    terms: str = ""
    """Terms its outputs come under (a provider's, by name or address), for the dataset card."""


class ScriptedTeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="scripted"):
    """A rule-based teacher behind a real HTTP server on this machine: for trying and testing, no key, no network."""

    profile: Literal["careful", "hasty", "sloppy"] = "careful"
    """How well it works, and how often it slips."""
    faults: dict[str, Share] = {}
    """Share of rollouts that get a planted fault, per code; overrides the profile's own rates."""
    latency: Seconds = msgspec.field(default_factory=lambda: Seconds(0))
    """Wait before each reply."""
    context_tokens: Count = 32768
    """The context length it pretends to have."""
    price: Price = Price()
    """Dollars per million tokens it pretends to cost."""
    concurrency: Positive = 256
    """Most requests in flight."""


class CustomTeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="custom"):
    """Your own class with `profile`, `open`, `close` and `complete` (trajsynth.protocols.Teacher)."""

    target: str
    """`package.module:Class`."""
    args: dict[str, Any] = {}
    """Its keyword arguments."""
    licence: str = ""
    """The model's licence, for the dataset card (a name or an address); "not stated" there when absent."""
    terms: str = ""
    """Terms its outputs come under (a provider's, by name or address), for the dataset card."""


class ReplayTeacher(Section, frozen=True, kw_only=True, tag_field="kind", tag="replay"):
    """The replies of a recorded run, for tests and debugging: nothing is asked, and nobody is there to be asked."""

    run: str
    """The run's folder."""
    teacher: str | None = None
    """Name the teacher has there; the same as here when absent."""
    context_tokens: Count = 0
    """Context length to work under, 0 for none."""
    licence: str = ""
    """The model's licence, for the dataset card (a name or an address); "not stated" there when absent."""
    terms: str = ""
    """Terms its outputs come under (a provider's, by name or address), for the dataset card."""


TeacherConfig: TypeAlias = OpenAITeacher | ScriptedTeacher | CustomTeacher | ReplayTeacher
