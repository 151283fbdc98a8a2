"""The endpoint teacher against a real server on loopback that misbehaves as told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from fake_endpoint import (
    Behaviour,
    FakeEndpoint,
    completion,
    error_reply,
    fake_endpoint,
    json_reply,
    models,
    ok,
    raw_reply,
    reset,
    slow,
    truncated,
)

from trajsynth import config as settings
from trajsynth.config import Seconds
from trajsynth.errors import (
    ContextOverflow,
    InputError,
    NetworkError,
    RolloutError,
    RolloutTimeout,
    TeacherError,
    TeacherUnavailable,
)
from trajsynth.pacing import Backoff
from trajsynth.protocols import ChatRequest, Reply, TeacherProfile
from trajsynth.teachers import build_teacher, transport
from trajsynth.teachers.endpoint import OpenAITeacher
from trajsynth.teachers.reply import LONGEST_MESSAGE
from trajsynth.teachers.routing import FAILURES_TO_OPEN

HELLO = ChatRequest(messages=(b'{"role":"user","content":"hi"}',), seed=5, route="r")
SHORT = Backoff(first=0.005, most=0.01)


def teacher_at(
    *urls: str, environ: dict[str, str] | None = None, backoff: Backoff = SHORT, **fields: Any
) -> OpenAITeacher:
    config = settings.OpenAITeacher(base_urls=list(urls), **fields)
    return OpenAITeacher("t", config, environ or {}, backoff=backoff)


@asynccontextmanager
async def opened(*script: Behaviour, **fields: Any) -> AsyncIterator[tuple[OpenAITeacher, FakeEndpoint]]:
    async with fake_endpoint(*script) as endpoint:
        teacher = teacher_at(endpoint.url, **fields)
        await teacher.open()
        try:
            yield teacher, endpoint
        finally:
            await teacher.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# ---- one call -----------------------------------------------------------------------------------------------------


async def test_a_call_and_what_the_server_saw() -> None:
    fields = {"params": {"temperature": 0.5}, "extra_headers": {"X-Team": "${TEAM}"}, "api_key_env": "KEY"}
    async with opened(ok("hello"), environ={"KEY": "k1", "TEAM": "red"}, **fields) as (teacher, endpoint):
        reply = await teacher.complete(HELLO)
    assert (reply.content, reply.model, reply.usage.input) == ("hello", "fake", 100)
    assert reply.latency > 0
    assert endpoint.requests == [
        {
            "model": "fake",
            "temperature": 0.5,
            "messages": [{"role": "user", "content": "hi"}],
            "seed": 5,
            "max_tokens": 16384,
        }
    ]
    seen = endpoint.headers[0]
    assert (seen["authorization"], seen["x-team"]) == ("Bearer k1", "red")
    assert seen["content-type"] == "application/json"
    assert int(seen["content-length"]) == len(endpoint.bodies[0])


@pytest.mark.parametrize(
    "behaviour",
    [
        raw_reply(b"<html>busy</html>", 200, "text/html"),
        json_reply({"choices": None}),
        json_reply({"error": {"message": "try later"}}),
        raw_reply(b'{"model": "\xff"}'),
        raw_reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
        error_reply(500, "boom"),
        error_reply(429, "slow down"),
        error_reply(429, "slow down", headers={"Retry-After": "0.02"}),
        reset,
        truncated,
    ],
)
async def test_passing_faults_are_tried_again(behaviour: Behaviour) -> None:
    async with opened(behaviour, behaviour, ok("at last")) as (teacher, endpoint):
        assert (await teacher.complete(HELLO)).content == "at last"
    assert len(endpoint.requests) == 3
    assert len(set(endpoint.bodies)) == 1


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (error_reply(500, "boom"), TeacherError),
        (json_reply({"choices": None}), TeacherError),
        (reset, NetworkError),
        (truncated, NetworkError),
        (slow(5, ok()), RolloutTimeout),
    ],
)
async def test_retries_used_up(behaviour: Behaviour, error: type[RolloutError]) -> None:
    async with opened(behaviour, retries=1, timeout=Seconds(0.15)) as (teacher, endpoint):
        with pytest.raises(error) as caught:
            await teacher.complete(HELLO)
    assert type(caught.value) is error
    assert "tried 2 times" in str(caught.value) or error is RolloutTimeout
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (error_reply(400, "maximum context length is 10 tokens"), ContextOverflow),
        (error_reply(400, "too many", "context_length_exceeded"), ContextOverflow),
        (error_reply(400, "bad temperature"), TeacherError),
        (error_reply(401, "bad key"), TeacherUnavailable),
        (error_reply(404, "no such model"), TeacherUnavailable),
    ],
)
async def test_lasting_faults_are_not(behaviour: Behaviour, error: type[RolloutError]) -> None:
    async with opened(behaviour) as (teacher, endpoint):
        with pytest.raises(RolloutError) as caught:
            await teacher.complete(HELLO)
    assert type(caught.value) is error
    assert len(endpoint.requests) == 1


async def test_being_told_to_wait_costs_no_try() -> None:
    busy = error_reply(429, "slow down", headers={"Retry-After": "0.01"})
    async with opened(busy, busy, busy, ok("in the end"), retries=0) as (teacher, _):
        assert (await teacher.complete(HELLO)).content == "in the end"


async def test_an_asked_for_wait_costs_no_time_of_the_request() -> None:
    busy = error_reply(429, "slow down", headers={"Retry-After": "0.4"})
    async with opened(busy, ok("worth it"), retries=0, timeout=Seconds(0.2)) as (teacher, _):
        assert (await teacher.complete(HELLO)).content == "worth it"


async def test_being_told_to_wait_no_time_at_all_is_a_try() -> None:
    busy = error_reply(429, "slow down", headers={"Retry-After": "0"})
    async with opened(busy, retries=2) as (teacher, endpoint):
        with pytest.raises(TeacherError, match="tried 3 times"):
            await asyncio.wait_for(teacher.complete(HELLO), 2)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(("seconds", "error"), [("3600", TimeoutError), ("3601", TeacherUnavailable)])
async def test_a_day_of_waiting_is_an_outage(seconds: str, error: type[Exception]) -> None:
    busy = error_reply(429, "come back tomorrow", headers={"Retry-After": seconds})
    async with opened(busy) as (teacher, endpoint):
        with pytest.raises(error, match=None if error is TimeoutError else "asks to wait 3601 s"):
            await asyncio.wait_for(teacher.complete(HELLO), 0.2)
    assert len(endpoint.requests) == 1


async def test_a_long_pause_of_one_url_moves_its_trajectories_to_another() -> None:
    busy = error_reply(429, "later", headers={"Retry-After": "200"})
    async with fake_endpoint(busy) as paused, fake_endpoint(ok("here")) as free:
        teacher = teacher_at(paused.url, free.url)
        await teacher.open()
        try:
            asked = [ChatRequest(messages=HELLO.messages, route=str(number)) for number in range(12)]
            async with asyncio.timeout(2):
                assert {(await teacher.complete(request)).content for request in asked} == {"here"}
        finally:
            await teacher.close()
        assert len(paused.requests) == 1


async def test_tokens_a_minute_are_kept_by_estimate_and_usage() -> None:
    async with opened(ok(), tpm=61_000) as (teacher, endpoint):  # 1,000 tokens a second, 1,000 at once
        began = asyncio.get_running_loop().time()
        for _ in range(13):
            await teacher.complete(ChatRequest(messages=HELLO.messages, route="r", estimated_tokens=900))
        seconds = asyncio.get_running_loop().time() - began
    assert len(endpoint.requests) == 13
    assert 0.3 <= seconds < 1.5  # the replies report 110 tokens each: 13 x 110 = 1,430, by estimate it were 11,700


async def test_keys_never_show_and_messages_stay_short() -> None:
    echo = error_reply(400, "key 'topsecret-99' is odd\n" + "x" * 900)
    async with opened(echo, environ={"KEY": "topsecret-99"}, api_key_env="KEY") as (teacher, _):
        with pytest.raises(TeacherError) as caught:
            await teacher.complete(HELLO)
    said = str(caught.value)
    assert "topsecret" not in said
    assert "\n" not in said
    assert len(said) <= 300


async def test_a_reply_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_REPLY", 2**20)
    big = json_reply(completion("x" * 2**20))
    async with opened(big, retries=0) as (teacher, _):
        with pytest.raises(TeacherError, match="larger than 1 MiB"):
            await teacher.complete(HELLO)


@pytest.mark.parametrize("field", ["content", "note"])
async def test_a_message_no_model_can_have_written_is_refused(field: str) -> None:
    big = json_reply(completion(**{field: "x" * LONGEST_MESSAGE}))
    async with opened(big, ok("short"), retries=1) as (teacher, _):
        assert (await teacher.complete(HELLO)).content == "short"


async def test_requests_above_a_megabyte_pass() -> None:
    message = orjson.dumps({"role": "user", "content": "x" * 2_000_000})
    async with opened(ok("read it all")) as (teacher, endpoint):
        reply = await teacher.complete(ChatRequest(messages=(message,)))
    assert reply.content == "read it all"
    assert len(endpoint.bodies[0]) > 2_000_000


async def test_no_more_requests_in_flight_than_allowed() -> None:
    async with opened(slow(0.01, ok()), concurrency=3) as (teacher, endpoint):
        replies = await asyncio.gather(*(teacher.complete(HELLO) for _ in range(12)))
    assert len(replies) == 12
    assert endpoint.most_in_flight == 3


async def test_cancelled_calls_give_their_places_back() -> None:
    async with opened(slow(5, ok()), concurrency=2) as (teacher, _):
        calls = [asyncio.create_task(teacher.complete(HELLO)) for _ in range(5)]
        await asyncio.sleep(0.05)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert teacher.router.replicas[0].limiter.in_flight == 0


async def test_a_proxy_in_the_environment_is_not_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with opened(ok("direct")) as (teacher, _):
        assert (await teacher.complete(HELLO)).content == "direct"


# ---- several URLs -------------------------------------------------------------------------------------------------


async def test_a_trajectory_stays_on_its_replica_and_moves_when_it_dies() -> None:
    async with fake_endpoint(ok("a")) as a, fake_endpoint(ok("b")) as b:
        teacher = teacher_at(a.url, b.url)
        await teacher.open()
        try:
            contents = {(await teacher.complete(HELLO)).content for _ in range(4)}
            home, refuge = (a, "b") if contents == {"a"} else (b, "a")
            assert len(contents) == 1
            home.script[:] = [reset]
            asked = len(home.requests)
            assert [(await teacher.complete(HELLO)).content for _ in range(3)] == [refuge] * 3
            assert len(home.requests) == asked + FAILURES_TO_OPEN
        finally:
            await teacher.close()


async def test_one_closed_replica_does_not_matter() -> None:
    async with fake_endpoint(error_reply(401, "no")) as closed, fake_endpoint(ok("open")) as good:
        teacher = teacher_at(closed.url, good.url, f"http://127.0.0.1:{free_port()}/v1")
        await teacher.open()
        try:
            for number in range(6):
                request = ChatRequest(messages=HELLO.messages, route=str(number))
                assert (await teacher.complete(request)).content == "open"
        finally:
            await teacher.close()
        assert len(closed.requests) <= 1


# ---- open and probe -----------------------------------------------------------------------------------------------


async def profile_of(listing: Behaviour, **fields: Any) -> TeacherProfile:
    async with fake_endpoint(listing=listing) as endpoint:
        teacher = teacher_at(endpoint.url, **fields)
        try:
            await teacher.open()
            return teacher.profile
        finally:
            await teacher.close()


async def test_model_and_context_come_from_the_endpoint() -> None:
    vllm = models({"id": "qwen", "max_model_len": 40960})
    profile = await profile_of(vllm)
    assert (profile.model, profile.context_tokens) == ("qwen", 40960)
    assert (await profile_of(vllm, context_tokens=100)).context_tokens == 100
    several = models({"id": "a", "context_length": 7}, {"id": "b", "context_length": 9})
    assert (await profile_of(several, model="b")).context_tokens == 9
    assert (await profile_of(several, model="b:free")).context_tokens == 0


@pytest.mark.parametrize("listing", [error_reply(404, "no list"), raw_reply(b"<html>", 200, "text/html"), models()])
async def test_a_named_model_needs_no_list(listing: Behaviour) -> None:
    assert (await profile_of(listing, model="m")).model == "m"


@pytest.mark.parametrize(
    ("listing", "fields", "words"),
    [
        (models({"id": "a"}, {"id": "b"}), {}, r"several models; set teachers\.t\.model to one of: 'a', 'b'"),
        (models(), {}, r"lists no model; set teachers\.t\.model"),
        (models({"id": "a", "max_model_len": 9}), {"model": "z"}, "does not serve 'z'.*'a'"),
        (error_reply(401, "bad key"), {"model": "m"}, r"the key is refused .*set teachers\.t\.api_key_env"),
        (error_reply(404, "nope"), {}, r"GET /models failed .*end in /v1"),
    ],
)
async def test_what_the_user_must_mend(listing: Behaviour, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        await profile_of(listing, **fields)
    async with fake_endpoint(listing=listing) as endpoint:
        problems = await teacher_at(endpoint.url, **fields).probe()
        assert len(problems) == 1
        assert endpoint.requests == []


async def test_a_missing_key_variable_is_named() -> None:
    teacher = teacher_at("http://127.0.0.1:9/v1", api_key_env="MY_KEY")
    with pytest.raises(InputError, match=r"teachers\.t: environment variable 'MY_KEY' is not set"):
        await teacher.open()
    (problem,) = await teacher.probe()
    assert str(problem).startswith("teacher 't': teachers.t: environment variable 'MY_KEY'")


async def test_nobody_answers() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    teacher = teacher_at(url, model="m")
    with pytest.raises(InputError, match=r"nobody answers \(connection refused\); start the endpoint"):
        await teacher.open()
    (problem,) = await teacher.probe()
    assert (problem.teacher, problem.where) == ("t", url)


async def test_an_endpoint_that_goes_away_is_unavailable() -> None:
    async with fake_endpoint() as endpoint:
        teacher = teacher_at(endpoint.url, retries=1)
        await teacher.open()
    try:
        with pytest.raises(TeacherUnavailable, match="connection refused"):
            await teacher.complete(HELLO)
    finally:
        await teacher.close()


async def test_probe_leaves_an_open_teacher_open() -> None:
    async with opened(ok("still here")) as (teacher, _):
        assert await teacher.probe() == []
        assert (await teacher.complete(HELLO)).content == "still here"


async def test_using_a_closed_teacher_says_so() -> None:
    with pytest.raises(InputError, match="is not open"):
        await teacher_at("http://127.0.0.1:9/v1").complete(HELLO)


# ---- the factory --------------------------------------------------------------------------------------------------


class Parrot:
    """A user's own teacher."""

    def __init__(self, word: str) -> None:
        self.profile = TeacherProfile(name="parrot", model=word)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def complete(self, request: ChatRequest) -> Reply:
        return Reply(content=self.profile.model)


async def test_custom_teachers_are_loaded() -> None:
    config = settings.CustomTeacher(target=f"{__name__}:Parrot", args={"word": "hi"})
    assert (await build_teacher("p", config, {}).complete(HELLO)).content == "hi"


def test_a_custom_teacher_that_cannot_be_loaded() -> None:
    with pytest.raises(InputError, match=r"teachers\.p\.target"):
        build_teacher("p", settings.CustomTeacher(target="nowhere_at_all:Parrot"), {})
