"""What was sent can be rebuilt from the record, to the byte's meaning, at every turn; also after 600 tool calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiohttp import web
from fake_endpoint import completion, fake_endpoint
from loopfakes import ANSWER, DONE, LambdaToolbox, acting, call, make_rollout
from teamfakes import Team

from trajsynth import config as settings
from trajsynth.codec import decode, encode
from trajsynth.invocation import invocation
from trajsynth.paradigms import KeepLastResults, MiroFlow, ReAct, seen
from trajsynth.protocols import Episode, Limits, Reply, TeacherProfile
from trajsynth.teachers.endpoint import OpenAITeacher
from trajsynth.types import Conversation

CALLS = 600
PER_TASK = 9


def every_turn(episode: Episode, how: str, profile: TeacherProfile) -> list[list[dict[str, Any]]]:
    """The rebuilt requests of all accepted turns."""
    return [
        seen(conversation, message.n, invocation(how), profile)
        for conversation in episode.conversations
        for message in conversation.messages
        if message.role == "assistant"
    ]


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
@pytest.mark.parametrize("replay", ["never", "tools", "always"])
async def test_every_request_is_rebuilt(how: str, replay: str) -> None:
    """With hidden results, several calls a turn and replayed reasoning."""
    if how == "mcp":
        rollout = make_rollout(Team(native=False), how=how, profile={"replay_reasoning": replay})
        episode = await MiroFlow().run(rollout)
    else:
        script = [acting(call(f"{i}a"), call(f"{i}b"), reasoning=f"thought {i}") for i in range(5)]
        policy = KeepLastResults(keep=1)
        rollout = make_rollout([*script, DONE, ANSWER], profile={"replay_reasoning": replay}, context=policy)
        episode = await ReAct().run(rollout)
    requests = rollout.teacher.requests  # type: ignore[attr-defined]
    sent = [[orjson.loads(m) for m in request.messages] for request in requests]
    rebuilt = every_turn(episode, how, rollout.teacher.profile)
    assert len(rebuilt) == len(sent)
    assert all(request in rebuilt for request in sent)


async def test_what_nobody_saw_is_not_rebuilt() -> None:
    conversation = (await ReAct().run(make_rollout([acting(call("a")), DONE, ANSWER]))).conversations[0]
    with pytest.raises(ValueError, match="no recorded assistant turn"):
        seen(conversation, 1, invocation("function_calling"))
    mended = replace(conversation, messages=tuple(m for m in conversation.messages if m.n not in (2, 3)))
    with pytest.raises(ValueError, match="message 2 of agent 'main' was taken out"):
        seen(mended, 4, invocation("function_calling"))


class Endpoint:
    """Plays agent or team from the request; keeps each request it answered, under the number its reply names."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: dict[int, bytes] = {}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = orjson.loads(raw)
        self.count += 1
        if self.count % 50 == 0 or self.count < 5:
            self.kept[self.count] = raw
        reply = self._reply(body["messages"])
        message = completion(f"turn {self.count}: {reply.content}")
        message["usage"] = {"prompt_tokens": len(raw) // 4, "completion_tokens": 50}
        if reply.tool_calls:
            message["choices"][0]["message"]["tool_calls"] = [
                {"id": "c", "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                for c in reply.tool_calls
            ]
        return web.json_response(message)

    def _reply(self, talk: list[dict[str, Any]]) -> Reply:
        last, system = str(talk[-1]["content"]), talk[0]["content"]
        if "\\boxed" in last:
            return ANSWER
        if "Write the report" in last or (len(talk) == 2 and "lead of a small" in system):
            return DONE
        if "lead of a small" in system:
            return acting(call(raw=orjson.dumps({"task": f"task {len(talk)}"}).decode(), name="agents__browsing"))
        member = "agent of a research team" in system
        done = member and sum(m["role"] == "tool" for m in talk) == PER_TASK
        return DONE if done else acting(call(f"query {self.count}"), reasoning="")


@pytest.mark.slow
@pytest.mark.parametrize("paradigm", [ReAct(), MiroFlow()], ids=lambda paradigm: str(paradigm.name))
async def test_a_rollout_of_600_tool_calls_finishes_and_turn_300_is_rebuilt_from_its_record(
    paradigm: ReAct | MiroFlow,
) -> None:
    endpoint = Endpoint()
    async with fake_endpoint(endpoint) as server:
        teacher = OpenAITeacher("t", settings.OpenAITeacher(base_urls=[server.url], model="fake"), {})
        await teacher.open()
        limits = Limits(max_turns=0, max_tool_calls=CALLS, context_tokens=262_144)
        box = LambdaToolbox(search=lambda a: f"found {a['q']}: " + "a long page. " * 100)
        rollout = replace(make_rollout([], toolbox=box), teacher=teacher, limits=limits)
        try:
            episode = await paradigm.run(rollout)
        finally:
            await teacher.close()
        server.requests.clear()
    made = sum(len(m.tool_calls) for c in episode.conversations for m in c.messages)
    assert (made, episode.stop_reason, episode.answer) == (CALLS, "max_tool_calls", "Paris")
    record = decode(encode(episode), Episode)
    for number, raw in endpoint.kept.items():
        conversation, n = place(record, f"turn {number}: ")
        assert seen(conversation, n, rollout.invocation, teacher.profile) == orjson.loads(raw)["messages"]
    assert 300 in endpoint.kept
    if paradigm.name == "react":
        conversation, n = place(record, "turn 300: ")
        assert conversation.messages[n].turn.hidden  # type: ignore[union-attr]


def place(episode: Episode, opening: str) -> tuple[Conversation, int]:
    """Where the assistant message with this opening stands."""
    return next((c, m.n) for c in episode.conversations for m in c.messages if m.content.startswith(opening))
