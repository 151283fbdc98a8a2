"""The agent loop: think, act, observe, and the summary turn. There is no second one.

An `Agent` is one conversation with its teacher and tools. ReAct calls `work`; graph paradigms call the steps as nodes.
The loop follows the published method (MiroThinker v1.0, section 3): think and act until a turn without calls, then a
separate summary turn that must give `\\boxed{}`. Imported by paradigms; Tests: tests/paradigms/test_paradigms_loop.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trajsynth.answers import boxed
from trajsynth.errors import ContextOverflow, RolloutError
from trajsynth.paradigms.attempts import Attempts
from trajsynth.paradigms.prompts import prompt
from trajsynth.paradigms.transcript import Transcript
from trajsynth.protocols import ChatRequest, Episode, Reading, Reply, Rollout, Teacher, ToolResult
from trajsynth.schemas import CallCheck, check_call
from trajsynth.signals import is_refusal
from trajsynth.types import (
    Conversation,
    Failure,
    Message,
    Planted,
    Rollback,
    StopReason,
    ToolCall,
    Toolset,
    Turn,
)

SEED_STEP = 1_000_003
"""A rolled-back attempt `a` of a turn is sampled with the rollout's seed + a * SEED_STEP."""
SUMMARY_TRIES = 3
"""Most tries for a summary with a boxed answer (published code: 3); one without rollback."""
SUMMARY_GRACE = 300.0
"""Seconds the summary turn may still take after the wall clock ran out."""
TOKENS_PER_BYTE = 0.3
"""Prompt tokens per byte of request before the endpoint has reported a figure (English prose: 0.22-0.28)."""
NO_LIMIT = 10.0 * 365 * 86_400
"""Seconds that stand for no wall clock."""
CONTEXT_MARGIN = 1_000
"""Tokens kept free beside the longest reply (published code: 1,000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """An assistant turn that stands, and the calls to act on."""

    message: Message
    reading: Reading
    checks: tuple[CallCheck, ...]
    attempt: int
    """How many attempts at this turn were rolled back before."""

    @property
    def final(self) -> bool:
        """No call, and none was meant: the teacher has finished working."""
        return not self.reading.calls and not self.reading.problem


class Agent:
    """One agent's conversation: its prompt, its tools, and how far it has come."""

    def __init__(
        self,
        rollout: Rollout,
        *,
        instructions: str,
        task: str,
        name: str = "main",
        index: int = 0,
        teacher: Teacher | None = None,
        tools: Toolset | None = None,
        called_by: tuple[int, int, int] | None = None,
    ) -> None:
        self.rollout, self.name, self.index, self.called_by, self.task = rollout, name, index, called_by, task
        self.teacher = teacher or rollout.teacher
        self.tools = rollout.toolbox.tools() if tools is None else tools
        self.transcript = Transcript(rollout.invocation, self.teacher.profile)
        self.path = name if called_by is None else f"{name}-{index}"
        self.steps = self.calls_made = 0
        self.stop_reason: StopReason = "unknown"
        self.failure: Failure | None = None
        self.answer: str | None = None
        self.rollbacks: list[Rollback] = []
        self.planted: list[Planted] = []
        self._attempts = Attempts()
        self._tokens_per_byte = TOKENS_PER_BYTE
        self._payload = rollout.invocation.tools_payload(self.tools)
        self._deadline = self._now() + (rollout.limits.wall_clock or NO_LIMIT)
        self._say("system", rollout.invocation.system_prompt(instructions, self.tools))
        self._say("user", task)

    # ---- the whole road ----

    async def work(self) -> None:
        """Think, act and observe until done or a limit is met, then summarise; failures are kept, not raised."""
        try:
            while self.stop_reason == "unknown":
                await self.step()
            await self.summarise()
        except RolloutError as error:
            self.stop_reason, self.failure = "failed", error.failure()

    async def step(self) -> None:
        """One turn: think, then act and observe. Sets `stop_reason` when this was the last one."""
        limit = self.limit()
        if limit is not None:
            self.stop_reason = limit
            return
        try:
            async with asyncio.timeout(self._time_left()):
                thought = await self.think()
        except TimeoutError:
            self.stop_reason = "time_limit"
            return
        except ContextOverflow:
            self.stop_reason = "context_full"
            return
        if thought.final:
            self.stop_reason = "answered"
        elif thought.reading.calls:
            self.observe(thought, await self.act(thought))
        else:
            self._say("user", prompt("unreadable_call", detail=thought.reading.detail))

    def limit(self) -> StopReason | None:
        """The limit that forbids another turn, if one does."""
        limits = self.rollout.limits
        if limits.max_turns and self.steps >= limits.max_turns:
            return "max_turns"
        if limits.max_tool_calls and self.calls_made >= limits.max_tool_calls:
            return "max_tool_calls"
        if self._time_left() <= 0:
            return "time_limit"
        return "context_full" if self._overflows(self.transcript.body(self._hidden())) else None

    # ---- think ----

    async def think(self) -> Thought:
        """One assistant turn. A faulty attempt is rolled back and tried with the next seed, `limits.rollback` times."""
        hidden = self._hidden()
        body = self.transcript.body(hidden)
        for attempt in range(self.rollout.limits.rollback + 1):
            reply, turn = await self._complete(body, hidden, attempt)
            reading = self.rollout.invocation.read(reply, self.tools)
            checks = tuple(check_call(call, self.tools) for call in reading.calls)
            message = self._message(reply, turn, reading.calls)
            fault = self._fault(reply, reading, checks) if attempt < self.rollout.limits.rollback else ""
            if not fault:
                break
            self._roll_back(message, attempt, fault)
        self._accept(message, reply)
        self.steps += 1
        return Thought(message=message, reading=reading, checks=checks, attempt=attempt)

    def _fault(self, reply: Reply, reading: Reading, checks: Sequence[CallCheck]) -> str:
        """Why this attempt should not stand, or empty. Arguments that merely break the schema go back as results."""
        if reading.problem:
            return reading.problem
        for check in checks:
            if check.code and check.code != "call.schema":
                return check.code
        if not reading.calls and not reply.content.strip():
            return "empty"
        if not reading.calls and is_refusal(reply.content):
            return "refusal"
        return self._attempts.repeated(checks)

    # ---- act and observe ----

    async def act(self, thought: Thought) -> list[ToolResult]:
        """Run the turn's calls side by side; invalid ones and those over the limit get a typed result unexecuted."""
        turn = f"{self.path}/{self.steps - 1}/{thought.attempt}"
        return await _together([self._run(f"{turn}/{i}", check) for i, check in enumerate(thought.checks)])

    async def _run(self, key: str, check: CallCheck) -> ToolResult:
        limit = self.rollout.limits.max_tool_calls
        if limit and self.calls_made >= limit:
            return ToolResult(text=f"Not executed: the limit of {limit} tool calls is reached.", outcome="blocked")
        self.calls_made += 1
        spec, arguments = check.spec, check.arguments
        if spec is None or arguments is None or check.code:
            return ToolResult(text=f"Invalid call, not executed: {check.detail}", outcome="invalid_call")

        async def execute() -> ToolResult:
            return await self.rollout.toolbox.call(spec, arguments, rollout=self.rollout.id)

        try:
            async with asyncio.timeout(self._time_left()):
                return await self.rollout.journal.result(key, execute)
        except TimeoutError:
            return ToolResult(text="Not finished: the time limit of this task was reached.", outcome="timeout")

    def observe(self, thought: Thought, results: Sequence[ToolResult]) -> None:
        """Add one tool message per call, in the order of the calls."""
        for i, (check, result) in enumerate(zip(thought.checks, results, strict=True)):
            self._attempts.note(check, result)
            message = Message(
                n=self.transcript.next_n,
                role="tool",
                content=self.rollout.context.clip(result.text),
                answers=(thought.message.n, i),
                outcome=result.outcome,
                outcome_from="typed",
            )
            self.transcript.add(message)

    # ---- summary ----

    async def summarise(self) -> None:
        """The closing turn: no tools may be called and the answer stands in `\\boxed{}`. Sets `answer`."""
        self._say("user", prompt("summary", question=self.task))
        tries = min(SUMMARY_TRIES, 1 + self.rollout.limits.rollback)
        grace = max(self._time_left(), 0) + SUMMARY_GRACE
        try:
            async with asyncio.timeout(grace):
                for attempt in range(tries):
                    reply, message = await self._summary_reply(attempt)
                    if boxed(reply.content) or attempt == tries - 1:
                        break
                    self._roll_back(message, attempt, "answer.missing")
        except TimeoutError:
            self.stop_reason = "time_limit"
            return
        except ContextOverflow:
            self.stop_reason = "context_full"
            return
        self._accept(message, reply)
        self.answer = boxed(reply.content)
        self._close(message)

    async def _summary_reply(self, attempt: int) -> tuple[Reply, Message]:
        """The summary call; when the context is full, older results are hidden until it fits."""
        hidden = self._hidden()
        while True:
            body = self.transcript.body(hidden)
            rest = [m.n for m in self.transcript.messages if m.role == "tool" and m.n not in hidden]
            try:
                if rest and self._overflows(body):
                    raise ContextOverflow("estimated")
                reply, turn = await self._complete(body, hidden, attempt, summary=True)
            except ContextOverflow:
                if not rest:
                    raise
                hidden |= frozenset(rest[: (len(rest) + 1) // 2])
                continue
            calls = self.rollout.invocation.read(reply, self.tools).calls if reply.tool_calls else ()
            return reply, self._message(reply, turn, calls)

    def _close(self, message: Message) -> None:
        for i in range(len(message.tool_calls)):  # a call in spite of the request: answered, never executed
            text = "Not executed: the conversation is closed."
            n = self.transcript.next_n
            answers = (message.n, i)
            self.transcript.add(
                Message(n=n, role="tool", content=text, answers=answers, outcome="blocked", outcome_from="typed")
            )
        if self.answer is None and is_refusal(message.content):
            self.stop_reason = "refused"
        elif not self.answer and self.stop_reason == "answered":
            self.stop_reason = "no_answer"

    # ---- shared pieces ----

    async def _complete(
        self, body: tuple[bytes, ...], hidden: frozenset[int], attempt: int, *, summary: bool = False
    ) -> tuple[Reply, Turn]:
        size = sum(map(len, body)) + len(self._payload)
        seed = self.rollout.seed + attempt * SEED_STEP
        request = ChatRequest(
            messages=body,
            tools=self._payload,
            tool_choice="none" if summary and self._payload else "",
            seed=seed if self.teacher.profile.seeded else None,
            route=self.rollout.id,
            estimated_tokens=int(size * self._tokens_per_byte),
        )
        step = f"summary-{self.steps}" if summary else str(self.steps)  # resumed under other limits, it is another
        reply = await self.rollout.journal.reply(
            f"{self.path}/{step}/{attempt}", lambda: self.teacher.complete(request)
        )
        if reply.usage.input:
            self._tokens_per_byte = reply.usage.input / size
        turn = Turn(
            finish_reason=reply.finish_reason,
            usage=reply.usage,
            latency=reply.latency,
            model=reply.model,
            seed=request.seed,
            hidden=tuple(sorted(hidden)),
            reasoning_field=reply.reasoning_field,
            tool_choice=request.tool_choice,
        )
        return reply, turn

    def _message(self, reply: Reply, turn: Turn, calls: tuple[ToolCall, ...]) -> Message:
        return Message(
            n=self.transcript.next_n,
            role="assistant",
            content=reply.content,
            reasoning=reply.reasoning,
            extra=reply.extra,
            tool_calls=calls,
            turn=turn,
        )

    def _accept(self, message: Message, reply: Reply) -> None:
        self.transcript.add(message)
        self.planted += [Planted(code=code, conversation=self.index, n=message.n) for code in reply.planted]

    def _roll_back(self, message: Message, attempt: int, reason: str) -> None:
        self.rollbacks.append(
            Rollback(conversation=self.index, before=message.n, attempt=attempt, reason=reason, reply=message)
        )

    def _say(self, role: Literal["system", "user"], text: str) -> None:
        self.transcript.add(Message(n=self.transcript.next_n, role=role, content=text))

    def _hidden(self) -> frozenset[int]:
        return self.rollout.context.hidden(self.transcript.messages)

    def _overflows(self, body: tuple[bytes, ...]) -> bool:
        profile = self.teacher.profile
        context = self.rollout.limits.context_tokens or profile.context_tokens
        if not context:
            return False
        prompt_tokens = (sum(map(len, body)) + len(self._payload)) * self._tokens_per_byte
        return prompt_tokens + profile.max_output_tokens + CONTEXT_MARGIN >= context

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _time_left(self) -> float:
        return self._deadline - self._now()

    def conversation(self) -> Conversation:
        """The record of this agent's context."""
        return Conversation(
            agent=self.name,
            teacher=self.teacher.profile.name,
            toolsets=(self.tools,),
            messages=tuple(self.transcript.messages),
            called_by=self.called_by,
            answer=self.answer,
            stop_reason=self.stop_reason,
            failure=self.failure,
        )


def episode(agents: Sequence[Agent]) -> Episode:
    """What a group of agents leaves; the first is the main agent."""
    main = agents[0]
    return Episode(
        conversations=tuple(agent.conversation() for agent in agents),
        answer=main.answer,
        stop_reason=main.stop_reason,
        failure=main.failure,
        rollbacks=tuple(rollback for agent in agents for rollback in agent.rollbacks),
        planted=tuple(label for agent in agents for label in agent.planted),
    )


async def _together(jobs: Sequence[Coroutine[Any, Any, ToolResult]]) -> list[ToolResult]:
    """Results in the order of the jobs; the first exception goes on as itself, not as a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
    return [task.result() for task in tasks]
