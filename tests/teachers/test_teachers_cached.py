"""trajsynth.teachers.cached: replies served again are free, marked, and those of the same request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trajsynth.callcache import CallCache
from trajsynth.protocols import ChatRequest, Reply, TeacherProfile
from trajsynth.teachers.cached import CachedTeacher
from trajsynth.types import Usage

ASKED = ChatRequest(messages=(b'{"role":"user"}',), tools=b"[]", seed=3, route="job")


class Counter:
    """A teacher that answers with a running number."""

    def __init__(self, model: str = "m", finish_reason: str = "stop") -> None:
        self.profile = TeacherProfile(name="t", model=model)
        self.finish_reason = finish_reason
        self.asked: list[ChatRequest] = []

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def complete(self, request: ChatRequest) -> Reply:
        self.asked.append(request)
        usage = Usage(calls=1, input=10, output=5, usd=0.5)
        return Reply(content=str(len(self.asked)), usage=usage, finish_reason=self.finish_reason, extra={"x": [1]})


async def ask(path: Path, teacher: Counter, *requests: ChatRequest, identity: str = "") -> list[Reply]:
    cache = CallCache(path)
    try:
        return [await CachedTeacher(teacher, cache, identity).complete(request) for request in requests]
    finally:
        cache.close()


async def test_a_served_reply_is_the_same_free_and_marked(tmp_path: Path) -> None:
    (first,) = await ask(tmp_path / "c", Counter(), ASKED)
    again = Counter()
    (served,) = await ask(tmp_path / "c", again, ASKED)
    assert again.asked == []
    assert served == replace(first, cached=True, usage=replace(first.usage, usd=0.0))


@pytest.mark.parametrize(
    "change",
    [
        {"route": "other"},
        {"seed": 4},
        {"seed": None},
        {"tool_choice": "none"},
        {"tools": b""},
        {"messages": ASKED.messages * 2},
    ],
)
async def test_another_request_is_asked(tmp_path: Path, change: dict[str, object]) -> None:
    await ask(tmp_path / "c", Counter(), ASKED)
    teacher = Counter()
    await ask(tmp_path / "c", teacher, replace(ASKED, **change))  # type: ignore[arg-type]
    assert len(teacher.asked) == 1


async def test_another_model_or_other_parameters_are_asked(tmp_path: Path) -> None:
    await ask(tmp_path / "c", Counter(), ASKED, identity="cool")
    for teacher, identity in [(Counter("n"), "cool"), (Counter(), "hot")]:
        await ask(tmp_path / "c", teacher, ASKED, identity=identity)
        assert len(teacher.asked) == 1


async def test_size_and_place_of_a_request_do_not_matter(tmp_path: Path) -> None:
    await ask(tmp_path / "c", Counter(), ASKED)
    teacher = Counter()
    await ask(tmp_path / "c", teacher, replace(ASKED, estimated_tokens=99))
    assert teacher.asked == []


async def test_a_reply_cut_for_length_is_asked_for_again(tmp_path: Path) -> None:
    await ask(tmp_path / "c", Counter(finish_reason="length"), ASKED)
    teacher = Counter()
    (reply,) = await ask(tmp_path / "c", teacher, ASKED)
    assert len(teacher.asked) == 1
    assert not reply.cached
