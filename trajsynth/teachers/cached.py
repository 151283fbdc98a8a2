"""A teacher whose replies are kept in a file and served from there when the same job asks the same again.

Level 2, imports protocols and callcache only. Tests: tests/teachers/test_teachers_cached.py.
"""

from __future__ import annotations

from dataclasses import replace

from trajsynth.callcache import CallCache
from trajsynth.protocols import ChatRequest, Reply, Teacher, TeacherProfile


class CachedTeacher:
    """Another teacher behind a cache. A served reply costs nothing and is marked `cached`.

    `identity` is all that shapes a reply beside request and model (sampling parameters, say). A reply cut for length
    is asked for again: the limit may have been raised.
    """

    def __init__(self, inner: Teacher, cache: CallCache, identity: str = "") -> None:
        self._inner, self._cache, self._identity = inner, cache, identity

    @property
    def profile(self) -> TeacherProfile:
        """That of the teacher behind."""
        return self._inner.profile

    async def open(self) -> None:
        """Open the teacher behind."""
        await self._inner.open()

    async def close(self) -> None:
        """Close the teacher behind; the cache stays its owner's."""
        await self._inner.close()

    async def complete(self, request: ChatRequest) -> Reply:
        """The recorded reply, or a new one; raises what the teacher behind raises."""
        model = self._inner.profile.model
        shaped = f"{self._identity}\0{model}\0{request.tool_choice}\0{request.seed}"
        asked = [b"reply", shaped.encode("utf-8", "surrogatepass"), request.tools, *request.messages]
        return await self._cache.serve(
            request.route, asked, Reply, lambda: self._inner.complete(request), worth=_whole, served=_free
        )


def _whole(reply: Reply) -> bool:
    return reply.finish_reason != "length"


def _free(reply: Reply) -> Reply:
    return replace(reply, usage=replace(reply.usage, usd=0.0, tools_usd=0.0), cached=True)
