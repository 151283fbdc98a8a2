"""`OpenAITeacher`: a model behind one or more OpenAI-compatible URLs, with retries, pacing and failover.

The one place where what endpoints do becomes our errors. Level 2, imports this package, protocols, config and errors.
Tests: tests/teachers/test_teachers_endpoint.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson

from trajsynth import config as settings
from trajsynth.configsecrets import resolve_secrets
from trajsynth.errors import ConfigError, InputError, RolloutError, RolloutTimeout
from trajsynth.pacing import Backoff, loop_time
from trajsynth.protocols import ChatRequest, Reply, TeacherProfile
from trajsynth.teachers.faults import Fault, clean, from_error_object, shown, unusable
from trajsynth.teachers.limiter import Limiter
from trajsynth.teachers.models import Served, names, read_models
from trajsynth.teachers.reply import read_reply
from trajsynth.teachers.request import RequestBody, given_fields, seeded
from trajsynth.teachers.routing import Circuit, Replica, Router
from trajsynth.teachers.transport import Transport

NO_KEY = "EMPTY"
"""Sent as API key when none is configured: servers without keys ignore it, the SDK wants one."""
_ASKING_TIMEOUT = 30.0
"""Seconds for `GET /models`: nobody waits ten minutes for a list."""
BYTES_PER_TOKEN = 4
"""Of a request whose sender gives no estimate (English prose: 3.6-4.5)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something `trajsynth check` found without spending a token."""

    teacher: str
    where: str
    """The URL, or the config path."""
    what: str
    """What is wrong and the way out, one line."""

    def __str__(self) -> str:
        return f"teacher {self.teacher!r}: {self.where}: {self.what}"


class OpenAITeacher:
    """A `trajsynth.protocols.Teacher` over chat completions. Open it before use, close it afterwards."""

    def __init__(
        self, name: str, config: settings.OpenAITeacher, environ: Mapping[str, str], *, backoff: Backoff | None = None
    ) -> None:
        """Raises ConfigError when `params` or `extra_body` hold what is ours to set (messages, tools, stream, n)."""
        given_fields(name, config)
        self._name = name
        self._config = config
        self._environ = environ
        self._backoff = backoff or Backoff()
        urls = dict.fromkeys(url.rstrip("/") for url in config.base_urls)
        self._router = Router([Replica(url, _limiter(config), Circuit()) for url in urls])
        self._transport: Transport | None = None
        self._secrets: tuple[str, ...] = ()
        self._body = RequestBody(name, config, config.model or "", config.context_tokens or 0)
        self._profile = TeacherProfile(
            name=name,
            model=config.model or "",
            context_tokens=config.context_tokens or 0,
            max_output_tokens=config.max_tokens,
            replay_reasoning=config.replay_reasoning,
            reasoning_field=config.reasoning_field,
            seeded=seeded(config),
        )

    @property
    def profile(self) -> TeacherProfile:
        """Model and context length are final once opened."""
        return self._profile

    @property
    def router(self) -> Router:
        """The base URLs with their pace and health, for progress lines and tests."""
        return self._router

    # ---- open and close ------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect and ask every URL what it serves; one that does not answer is left out while another does.

        Raises InputError: key variable not set, key refused, nobody answers, no such model, several models and none
        named; MissingExtra without the openai package.
        """
        self._connect()
        try:
            self._settle(await self._ask_all())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connections; safe to call twice."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def probe(self) -> list[Problem]:
        """What keeps this teacher from working: variable, URLs, key, model. Spends no token; needs no `open`."""
        was_open = self._transport is not None
        try:
            self._connect()
            found = await self._ask_all()
            problems = [
                Problem(self._name, shown(url), self._way_out(url, answer))
                for url, answer in found.items()
                if isinstance(answer, Fault) and self._matters(answer)
            ]
            if not problems:
                self._choose(found)
            return problems
        except InputError as error:
            return [Problem(self._name, f"teachers.{self._name}", str(error).partition(": ")[2] or str(error))]
        finally:
            if not was_open:
                await self.close()

    # ---- one call ------------------------------------------------------------------------------------------------

    async def complete(self, request: ChatRequest) -> Reply:
        """One validated reply. Passing faults are tried again up to `retries` times, each try within `timeout`.

        Waiting for a place, for a rate cap or because the endpoint said for how long (Retry-After) counts neither as a
        try nor as time: only the caller's own clock ends it. Asking for more than an hour is an outage (LONGEST_WAIT).

        Raises TeacherError, ContextOverflow, TeacherUnavailable, NetworkError or RolloutTimeout.
        """
        body = self._body.build(request)
        prompt = request.estimated_tokens or len(body) // BYTES_PER_TOKEN
        tries = 0
        while True:
            replica = self._router.pick(request.route)
            if rest := replica.circuit.rest_left:
                await asyncio.sleep(rest)
            try:
                return await self._attempt(replica, body, prompt)
            except Fault as fault:
                tries += 0 if fault.wait and fault.then == "slower" else 1
                wait = self._wait(fault, replica, tries)
                if wait is None:
                    raise self._final(fault, replica, tries) from None
                await asyncio.sleep(wait)

    async def _attempt(self, replica: Replica, body: bytes, prompt: int) -> Reply:
        """One try at one URL, with the outcome told to its limiter and its circuit."""
        if self._transport is None:
            raise InputError(f"teacher {self._name!r} is not open; call `await teacher.open()` first")
        limiter, circuit = replica.limiter, replica.circuit
        expected = limiter.expected(prompt)
        acquired = await limiter.acquire(expected)
        circuit.trying()
        try:
            started = loop_time()
            answer = await self._transport.post(f"{replica.url}/chat/completions", body)
            reply = read_reply(
                answer.body,
                price=self._config.price,
                latency=loop_time() - started,
                sent=len(body),
                content_type=answer.content_type,
            )
        except Fault as fault:
            self._note(fault, replica, acquired)
            raise
        else:
            circuit.answered()
            limiter.succeeded()
            limiter.used(expected, reply.usage)
            return reply
        finally:
            circuit.let_go()
            limiter.release()

    def _note(self, fault: Fault, replica: Replica, acquired: float) -> None:
        if fault.then == "slower":
            replica.limiter.cut(acquired, fault.wait)
        if fault.then in ("elsewhere", "closed"):
            replica.circuit.failed(at_once=fault.then == "closed")
        elif fault.error.kind == "teacher":
            replica.circuit.answered()
        else:
            replica.circuit.failed()

    def _wait(self, fault: Fault, replica: Replica, tries: int) -> float | None:
        """Seconds to the next try, None when there is none."""
        if fault.then == "never" or tries > self._config.retries:
            return None
        if self._router.others_alive(replica) and (fault.then in ("elsewhere", "closed") or not replica.in_service):
            return 0.0
        if fault.then == "closed":
            return None
        if fault.then == "slower" and fault.wait:
            return fault.wait
        return max(self._backoff.seconds(max(1, tries)), fault.wait or 0.0)

    def _final(self, fault: Fault, replica: Replica, tries: int) -> RolloutError:
        after = f" (tried {tries} times)" if tries > 1 else ""
        asked = f"; it asks to wait {fault.wait:g} s" if fault.wait else ""
        said = clean(f"{fault.error}", self._secrets)
        return type(fault.error)(clean(f"teacher {self._name!r} at {shown(replica.url)}{after}{asked}: {said}"))

    # ---- what the endpoint serves ----------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._transport is not None:
            return
        config, where = self._config, f"teachers.{self._name}"
        key = NO_KEY
        if config.api_key_env:
            key = self._environ.get(config.api_key_env, "").strip()
            if not key:
                raise InputError(
                    f"{where}: environment variable {config.api_key_env!r} is not set; "
                    f"export {config.api_key_env}=... or change api_key_env"
                )
        try:
            headers = {name: resolve_secrets(text, self._environ) for name, text in config.extra_headers.items()}
        except ConfigError as error:
            raise ConfigError(f"{where}.extra_headers: {error}") from None
        self._secrets = tuple(secret for secret in (key, *headers.values()) if len(secret) >= 8)
        most = config.concurrency * len(self._router.replicas)
        self._transport = Transport(key, headers, timeout=config.timeout, connect=config.connect_timeout, most=most)

    async def _ask_all(self) -> dict[str, list[Served] | Fault]:
        urls = [replica.url for replica in self._router.replicas]
        return dict(zip(urls, await asyncio.gather(*map(self._ask, urls)), strict=True))

    async def _ask(self, url: str) -> list[Served] | Fault:
        assert self._transport is not None
        try:
            async with asyncio.timeout(_ASKING_TIMEOUT):
                answer = await self._transport.get(f"{url}/models")
            data = orjson.loads(answer.body)
        except Fault as fault:
            return fault
        except TimeoutError:
            return Fault(RolloutTimeout(f"no answer within {_ASKING_TIMEOUT:g} s"), "elsewhere")
        except orjson.JSONDecodeError:
            return unusable("/models is not JSON; is the base URL right and does it end in /v1?")
        if isinstance(data, dict) and data.get("error") and "data" not in data:
            return from_error_object(data["error"])
        return read_models(data)

    def _matters(self, fault: Fault) -> bool:
        """Whether a failed `/models` says that calls will fail too. Some endpoints have no list, and some keys may not
        read it: with a model named in the config that is no obstacle."""
        if fault.then == "elsewhere" or str(fault).startswith("HTTP 401"):
            return True
        return not self._config.model

    def _settle(self, found: Mapping[str, list[Served] | Fault]) -> None:
        """Fix model and context length; take URLs that do not answer out of service."""
        faults = {url: answer for url, answer in found.items() if isinstance(answer, Fault) and self._matters(answer)}
        if len(faults) == len(found):
            url, fault = next(iter(faults.items()))
            raise InputError(f"teacher {self._name!r}: {shown(url)}: {self._way_out(url, fault)}")
        for replica in self._router.replicas:
            if replica.url in faults:
                replica.circuit.failed(at_once=True)
        chosen = self._choose(found)
        self._body = RequestBody(self._name, self._config, chosen.id, chosen.context_tokens)
        self._profile = replace(self._profile, model=chosen.id, context_tokens=chosen.context_tokens)

    def _choose(self, found: Mapping[str, list[Served] | Fault]) -> Served:
        """The configured model, or the only one served; with the smallest context length any URL states."""
        lists = {url: answer for url, answer in found.items() if not isinstance(answer, Fault)}
        model = self._config.model or self._only_model(lists)
        for url, models in lists.items():
            if models and all(entry.own_server and entry.id != model for entry in models):
                raise InputError(
                    f"teacher {self._name!r}: {shown(url)} does not serve {model!r}; set teachers.{self._name}.model "
                    f"to one of: {names(models)}"
                )
        stated = [entry.context_tokens for models in lists.values() for entry in models if entry.id == model]
        context = self._config.context_tokens or min((size for size in stated if size), default=0)
        return Served(id=model, context_tokens=context)

    def _only_model(self, lists: Mapping[str, list[Served]]) -> str:
        for url, models in lists.items():
            if len(models) == 1:
                return models[0].id
            if models:
                raise InputError(
                    f"teacher {self._name!r}: {shown(url)} serves several models; set teachers.{self._name}.model "
                    f"to one of: {names(models)}"
                )
        raise InputError(f"teacher {self._name!r}: the endpoint lists no model; set teachers.{self._name}.model")

    def _way_out(self, url: str, fault: Fault) -> str:
        said = clean(str(fault), self._secrets)
        if str(fault).startswith("HTTP 401"):
            variable = self._config.api_key_env
            key = f"check the key in {variable}" if variable else f"set teachers.{self._name}.api_key_env"
            return f"the key is refused ({said}); {key}"
        if fault.then == "elsewhere":
            return f"nobody answers ({said}); start the endpoint or change teachers.{self._name}.base_urls"
        return (
            f"GET /models failed ({said}); check teachers.{self._name}.base_urls (they usually end in /v1) or set model"
        )


def _limiter(config: settings.OpenAITeacher) -> Limiter:
    return Limiter(config.concurrency, rpm=config.rpm or 0, tpm=config.tpm or 0)
