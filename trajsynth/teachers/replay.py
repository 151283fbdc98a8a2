"""A teacher that says again what a recorded run's teacher said: for tests and for stepping through a run at no cost.

A reply is found by the conversation so far: who asked what, and what the teacher had answered. Finished and failed
rollouts and the journals of unfinished ones are read. Level 2: imports types, protocols, errors, config, codec,
grammar, schemas, signals. Tests: tests/teachers/test_teachers_replay.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import orjson

from trajsynth import config as settings
from trajsynth.codec import canonical, decode, read_lines, read_records
from trajsynth.errors import InputError, RecordError, TeacherError
from trajsynth.grammar import wire_name
from trajsynth.protocols import ChatRequest, Reply, TeacherProfile
from trajsynth.schemas import parse_arguments
from trajsynth.signals import after_thinking
from trajsynth.types import Conversation, Message, ToolCall, Trajectory, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A reply and what it answered."""

    reply: Reply
    route: str
    """Id of its rollout."""
    task: str | None
    """First user message of its conversation; None: a journal does not say."""
    so_far: bytes
    """Hash of the replies before it."""
    seed: int | None = None
    after: str = ""
    """The user message just before it (a summary prompt, say); empty after a tool result or where nobody knows."""


class ReplayTeacher:
    """Serves the replies of one teacher of a run folder; holds them in memory."""

    def __init__(self, name: str, config: settings.ReplayTeacher) -> None:
        self._name, self._config = name, config
        self._recorded_as = config.teacher or name
        self._found: dict[tuple[str, bytes], list[Recorded]] = {}
        self._served: Counter[tuple[str, bytes, int | None, str]] = Counter()
        self._profile = TeacherProfile(name=name, model="replay", context_tokens=config.context_tokens)

    @property
    def profile(self) -> TeacherProfile:
        """The model is the recorded one, once opened."""
        return self._profile

    async def open(self) -> None:
        """Read the run; raises InputError when it holds no reply of the teacher."""
        folder = Path(self._config.run)
        for recorded in recorded_replies(folder, self._recorded_as):
            for group in (f"rollout {recorded.route}", f"task {recorded.task}"):
                self._found.setdefault((group, recorded.so_far), []).append(recorded)
        if not self._found:
            where = f"teachers.{self._name}"
            raise InputError(f"{where}: {str(folder)!r} holds no reply of a teacher {self._recorded_as!r}")
        replies = (recorded.reply for group in self._found.values() for recorded in group)
        model = next((reply.model for reply in replies if reply.model), "replay")
        self._profile = replace(self._profile, model=model)

    async def close(self) -> None:
        """Forget everything."""
        self._found.clear()
        self._served.clear()

    async def complete(self, request: ChatRequest) -> Reply:
        """The recorded reply; raises TeacherError when the conversation went another way than the recorded ones."""
        wire = [orjson.loads(message) for message in request.messages]
        answers = [_heard(message) for message in wire if message.get("role") == "assistant"]
        task = next((_text(message) for message in wire if message.get("role") == "user"), "")
        so_far = digest(answers)
        last = _text(wire[-1]) if wire else ""
        for group in (f"rollout {request.route}", f"task {task}"):
            fitting = _fitting(self._found.get((group, so_far), ()), task, request.seed, last)
            if fitting:
                asked = (f"{request.route}\0{task}", so_far, fitting[0].seed, fitting[0].after)
                self._served[asked] += 1
                return fitting[min(self._served[asked], len(fitting)) - 1].reply
        raise TeacherError(
            f"teacher {self._name!r}: no conversation recorded in {self._config.run!r} went on from here "
            f"(after {len(answers)} replies)"
        )


def _fitting(found: Sequence[Recorded], task: str, seed: int | None, last: str) -> Sequence[Recorded]:
    """The records that can be meant: of this task, with this seed if any has it, after these words of the user."""
    found = [recorded for recorded in found if recorded.task in (task, None) and last.endswith(recorded.after)]
    told = [recorded for recorded in found if recorded.after]
    seeded = [recorded for recorded in told or found if seed is not None and recorded.seed == seed]
    return seeded or told or found


# ---- what a run holds --------------------------------------------------------------------------------------------


def recorded_replies(folder: Path, teacher: str) -> Iterator[Recorded]:
    """Every reply of a teacher in a run folder, discarded attempts included, each attempt before the one after it.

    Raises InputError when the folder cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"no run folder {str(folder)!r}")
    for path in chain(sorted(folder.glob("trajectories-*.jsonl")), sorted(folder.glob("failures*.jsonl"))):
        for trajectory in read_records(path, Trajectory):
            for index, conversation in enumerate(trajectory.conversations):
                if (conversation.teacher or trajectory.teacher) == teacher:
                    yield from _of_conversation(trajectory, index, conversation)
    for path in sorted(folder.glob("journal*/*.jsonl")):
        yield from _of_journal(path)


def _of_conversation(trajectory: Trajectory, index: int, conversation: Conversation) -> Iterator[Recorded]:
    task = next((message.content for message in conversation.messages if message.role == "user"), "")
    rolled_back = [rollback for rollback in trajectory.rollbacks if rollback.conversation == index]
    answers: list[str] = []
    before: Message | None = None
    for message in (*conversation.messages, None):
        end = message is None
        if message is not None and message.role != "assistant":
            before = message
            continue
        tried = [r.reply for r in rolled_back if end or r.before == (message.n if message else -1)]
        rolled_back = [r for r in rolled_back if r.reply not in tried]
        for said in [*tried, *([message] if message is not None else [])]:
            yield Recorded(
                reply=_reply(said, _planted(trajectory, index, said)),
                route=trajectory.id,
                task=task,
                so_far=digest(answers),
                seed=said.turn.seed if said.turn else None,
                after=before.content if before is not None and before.role == "user" else "",
            )
        if message is not None:
            answers.append(_spoken(message.content, [call for call in message.tool_calls if call.span is None]))
            before = message


def _planted(trajectory: Trajectory, index: int, message: Message) -> tuple[str, ...]:
    labels = trajectory.run.planted
    return tuple(label.code for label in labels if (label.conversation, label.n) == (index, message.n))


def _reply(message: Message, planted: tuple[str, ...]) -> Reply:
    turn = message.turn or Turn()
    return Reply(
        content=message.content,
        reasoning=message.reasoning,
        tool_calls=tuple(call for call in message.tool_calls if call.span is None),
        finish_reason=turn.finish_reason,
        usage=turn.usage,
        model=turn.model,
        latency=turn.latency,
        extra=message.extra,
        reasoning_field=turn.reasoning_field,
        planted=planted,
        cached=message.cached,
    )


class _Event(msgspec.Struct):
    """A line of a journal; only replies have one."""

    key: str = ""
    reply: Reply | None = None


def _of_journal(path: Path) -> Iterator[Recorded]:
    """The replies of an unfinished rollout, agent by agent; which teacher gave them it does not say."""
    answers: dict[str, list[str]] = {}
    latest: dict[str, tuple[str, Reply]] = {}
    try:
        events = [decode(line, _Event) for _, line in read_lines(path)]
    except RecordError:
        return  # of another version; the runner would not continue it either
    for event in events:
        if event.reply is None:
            continue
        agent, step, _ = event.key.rsplit("/", 2)
        known = answers.setdefault(agent, [])
        if agent in latest and latest[agent][0] != step:
            stood = latest[agent][1]
            known.append(_spoken(stood.content, stood.tool_calls))
        latest[agent] = (step, event.reply)
        yield Recorded(reply=event.reply, route=path.stem, task=None, so_far=digest(known))


# ---- conversations in a form that records and requests share -----------------------------------------------------


def digest(answers: Iterable[str]) -> bytes:
    """Hash of a teacher's replies so far."""
    return blake2b(canonical(list(answers)).encode(), digest_size=16).digest()


def _spoken(content: str, calls: Iterable[ToolCall]) -> str:
    return canonical([after_thinking(content), [[wire_name("", call.name), _given(call.arguments)] for call in calls]])


def _heard(wire: dict[str, Any]) -> str:
    functions = [call.get("function", {}) for call in wire.get("tool_calls") or ()]
    calls = [[function.get("name", ""), _given(function.get("arguments", ""))] for function in functions]
    return canonical([after_thinking(_text(wire)), calls])


def _given(raw: str) -> Any:
    """Arguments as data; those that are none, as an invocation shows them to the teacher."""
    read = parse_arguments(raw)
    return {"invalid_arguments": raw} if read.code else read.arguments


def _text(wire: dict[str, Any]) -> str:
    content = wire.get("content")
    return content if isinstance(content, str) else ""
