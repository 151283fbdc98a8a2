"""trajsynth.callcache: what was paid for once is served, per job and occurrence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from trajsynth.callcache import CallCache
from trajsynth.errors import InputError, TeacherError
from trajsynth.protocols import ToolResult


@contextmanager
def opened(path: Path) -> Iterator[CallCache]:
    cache = CallCache(path)
    try:
        yield cache
    finally:
        cache.close()


class Source:
    """Answers with a running number, so that who was asked can be told from who was served."""

    def __init__(self, cache: CallCache, first: int = 0) -> None:
        self.cache, self.number = cache, first

    async def ask(self, job: str, *asked: bytes) -> str:
        async def make() -> ToolResult:
            self.number += 1
            return ToolResult(text=str(self.number))

        result = await self.cache.serve(
            job, asked, ToolResult, make, worth=lambda r: r.text != "13", served=lambda r: ToolResult(text=f"={r.text}")
        )
        return result.text


async def test_the_same_job_is_served_in_its_order_and_another_asks_anew(tmp_path: Path) -> None:
    calls = [("a", b"x"), ("a", b"x"), ("b", b"x"), ("a", b"y"), ("a", b"x")]
    with opened(tmp_path / "deep" / "calls.sqlite") as cache:
        source = Source(cache)
        assert [await source.ask(*call) for call in calls] == ["1", "2", "3", "4", "5"]
        assert (cache.hits, cache.misses) == (0, 5)
    with opened(tmp_path / "deep" / "calls.sqlite") as cache:
        source = Source(cache, 100)
        shuffled = [calls[2], *calls[:2], calls[3], ("c", b"x"), calls[4], calls[4]]
        assert [await source.ask(*call) for call in shuffled] == ["=3", "=1", "=2", "=4", "101", "=5", "102"]


async def test_what_was_asked_is_told_apart_by_its_parts(tmp_path: Path) -> None:
    with opened(tmp_path / "c") as cache:
        source = Source(cache)
        texts = [await source.ask("j", *asked) for asked in [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b"")]]
    assert texts == ["1", "2", "3", "4"]


async def test_what_is_not_worth_it_is_asked_again(tmp_path: Path) -> None:
    with opened(tmp_path / "c") as cache:
        assert await Source(cache, 12).ask("j", b"x") == "13"
    with opened(tmp_path / "c") as cache:
        assert await Source(cache).ask("j", b"x") == "1"


async def test_a_call_that_failed_is_the_same_call_when_made_again(tmp_path: Path) -> None:
    async def fail() -> ToolResult:
        raise TeacherError("down")

    with opened(tmp_path / "c") as cache:
        for _ in range(3):
            with pytest.raises(TeacherError):
                await cache.serve("j", [b"x"], ToolResult, fail, worth=lambda _: True, served=lambda r: r)
        assert await Source(cache).ask("j", b"x") == "1"
    with opened(tmp_path / "c") as cache:
        assert await Source(cache, 9).ask("j", b"x") == "=1"


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("not a database, and longer than the sixteen bytes a header takes")
    for path in (tmp_path / "notes", tmp_path / "notes" / "below", tmp_path):
        with pytest.raises(InputError, match=r"^cache: .* cannot be used: .*; move it away or set another path$"):
            CallCache(path)


async def test_records_of_another_version_are_asked_for_anew(tmp_path: Path) -> None:
    with opened(tmp_path / "c") as cache:
        assert await Source(cache).ask("j", b"x") == "1"
        cache._file.execute("UPDATE calls SET record = ?", (b'{"text": 5}',)).close()
    with opened(tmp_path / "c") as cache:
        assert await Source(cache, 6).ask("j", b"x") == "7"
    with opened(tmp_path / "c") as cache:
        assert await Source(cache).ask("j", b"x") == "=7"


async def test_a_file_that_takes_no_more_still_serves(tmp_path: Path) -> None:
    with opened(tmp_path / "c") as cache:
        source = Source(cache)
        await source.ask("j", b"x")
        cache._file.execute("PRAGMA query_only=ON").close()  # as a full disk does
        assert await source.ask("j", b"y") == "2"
        assert "readonly" in cache.broken
    with opened(tmp_path / "c") as cache:
        assert [await Source(cache, 6).ask("j", asked) for asked in (b"x", b"y")] == ["=1", "7"]


CALLS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([b"x", b"y"])), max_size=20)


@pytest.mark.slow
@budget(max_examples=15, deadline=None)
@given(CALLS, st.randoms(use_true_random=False))
def test_any_interleaving_of_jobs_is_served_alike(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[str, bytes]], random: object
) -> None:
    path = tmp_path_factory.mktemp("cache") / "c"

    async def run(order: list[tuple[str, bytes]]) -> dict[tuple[str, bytes], list[str]]:
        given_to: dict[tuple[str, bytes], list[str]] = {}
        with opened(path) as cache:
            source = Source(cache, 100)
            for call in order:
                given_to.setdefault(call, []).append((await source.ask(*call)).lstrip("="))
            run.asked = source.number - 100  # type: ignore[attr-defined]
        return given_to

    first = asyncio.run(run(calls))
    other = list(calls)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert asyncio.run(run(other)) == {call: first[call] for call in dict.fromkeys(other)}
    assert run.asked == 0  # type: ignore[attr-defined]
