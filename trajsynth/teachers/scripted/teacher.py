"""The teacher the config's `kind: scripted` gives: the ordinary OpenAI client, pointed at the scripted server.

Everything between the loop and the model is therefore the real thing. Imports the package's client and process; openai
is imported when opened. Tests: tests/teachers/scripted/test_scripted_server.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from trajsynth import config
from trajsynth.protocols import ChatRequest, Reply, Teacher, TeacherProfile
from trajsynth.teachers.scripted.process import SHARED
from trajsynth.teachers.scripted.settings import Settings

MAX_TOKENS = 4096
"""Room kept for a reply; scripted replies are far shorter, so a small context still leaves space for results."""


class ScriptedTeacher:
    """A scripted model as a protocols.Teacher; raises ConfigError for fault rates that cannot be."""

    def __init__(self, name: str, settings: config.ScriptedTeacher, environ: Mapping[str, str] | None = None) -> None:
        self._name, self._config, self._environ = name, settings, dict(environ or {})
        self.settings = Settings(
            profile=settings.profile,
            faults=dict(settings.faults),
            latency=float(settings.latency),
            context_tokens=settings.context_tokens,
            name=name,
        )
        self._max_tokens = (
            min(MAX_TOKENS, max(1, settings.context_tokens // 8)) if settings.context_tokens else MAX_TOKENS
        )
        self._client: Teacher | None = None

    @property
    def profile(self) -> TeacherProfile:
        """What the loop must know; the same before and after opening."""
        if self._client is not None:
            return self._client.profile
        return TeacherProfile(
            name=self._name,
            model=self.settings.model,
            context_tokens=self.settings.context_tokens,
            max_output_tokens=self._max_tokens,
        )

    async def open(self) -> None:
        """Start or join the server and connect to it; raises TeacherUnavailable when it does not start."""
        from trajsynth.teachers.endpoint import OpenAITeacher

        if self._client is not None:
            return
        port = await SHARED.acquire()
        client = OpenAITeacher(
            self._name,
            config.OpenAITeacher(
                base_urls=[f"http://127.0.0.1:{port}/{self.settings.segment()}/v1"],
                model=self.settings.model,
                context_tokens=self.settings.context_tokens,
                max_tokens=self._max_tokens,
                concurrency=self._config.concurrency,
                price=self._config.price,
            ),
            self._environ,
        )
        try:
            await client.open()
        except BaseException:
            await SHARED.release()
            raise
        self._client = client

    async def close(self) -> None:
        """Disconnect; the last scripted teacher ends the server."""
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.close()
            finally:
                await SHARED.release()

    async def complete(self, request: ChatRequest) -> Reply:
        """One reply; raises what the endpoint client raises."""
        if self._client is None:
            raise RuntimeError(f"teacher {self._name!r} is used before open()")
        return await self._client.complete(request)
