"""The agent loop: think, act, observe, and the summary turn. There is no second one.

An `Agent` is one conversation with its teacher and tools. ReAct calls `work`; MiroFlow's graph has the steps as nodes.
The loop follows the published method (MiroThinker v1.0, section 3): think and act until a turn without calls, then a
separate summary turn that must give `\\boxed{}`. Imported by paradigms; Tests: tests/paradigms/test_paradigms_loop.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from trajsynth.answers import boxed
from trajsynth.errors import ContextOverflow, RolloutError
from trajsynth.paradigms.attempts import Attempts
from trajsynth.paradigms.gathering import together
from trajsynth.paradigms.offer import Offer
from trajsynth.paradigms.prompts import prompt
from trajsynth.paradigms.room import Room
from trajsynth.paradigms.transcript import Transcript
from trajsynth.protocols import ChatRequest, Reading, Reply, Rollout, Teacher, ToolResult
from trajsynth.schemas import CallCheck, check_call
from trajsynth.signals import after_thinking, is_refusal
from trajsynth.types import (
    Conversation,
    Failure,
    Message,
    Planted,
    Rollback,
    StopReason,
    ToolCall,
    Toolset,
    ToolSpec,
    Turn,
)

T = TypeVar("T")

SEED_STEP = 1_000_003
"""A rolled-back attempt `a` of a turn is sampled with the rollout's seed + a * SEED_STEP."""
SUMMARY_TRIES = 3
"""Most tries for a summary with a boxed answer (published code: 3); one without rollback."""
SUMMARY_GRACE = 300.0
"""Seconds the summary turn may still take after the wall clock ran out."""
NO_LIMIT = 10.0 * 365 * 86_400
"""Seconds that stand for no wall clock."""


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
        reports: bool = False,
    ) -> None:
        """`reports`: it ends with a report to the agent that called it, not with a boxed answer."""
        self.rollout, self.name, self.index, self.called_by, self.task = rollout, name, index, called_by, task
        self.reports = reports
        self.teacher = teacher or rollout.teacher
        self.transcript = Transcript(rollout.invocation, self.teacher.profile)
        self.path = f"{name}-{index}" if index else name
        self.offer = Offer(rollout, self.path, tools)
        self.steps = self.calls_made = 0
        self.stop_reason: StopReason = "unknown"
        self.failure: Failure | None = None
        self.answer: str | None = None
        self.rollbacks: list[Rollback] = []
        self.planted: list[Planted] = []
        self._attempts = Attempts()
        self._hidden_at, self._hidden_now = 0, frozenset[int]()
        self._room = Room(rollout.limits, self.teacher.profile)
        self._deadline = rollout.clock() + (rollout.limits.wall_clock or NO_LIMIT)
        self.tell(rollout.invocation.system_prompt(instructions, self.offer.tools), "system")
        self.tell(task)

    # ---- the whole road ----

    async def work(self) -> None:
        """Think, act and observe until done or a limit is met, then summarise; failures are kept, not raised."""
        with self.failing():
            while self.stop_reason == "unknown":
                await self.step()
            await self.summarise()

    @contextmanager
    def failing(self) -> Iterator[None]:
        """What ends the rollout ends this agent: the failure is kept, not raised."""
        try:
            yield
        except RolloutError as error:
            self.stop_reason, self.failure = "failed", error.failure()

    async def step(self) -> None:
        """One turn: think, then act and observe. Sets `stop_reason` when this was the last one."""
        thought = await self.turn()
        if thought is not None:
            self.observe(thought, await self.act(thought))

    async def turn(self) -> Thought | None:
        """Think within the limits; None after setting `stop_reason`, or after answering a call nobody can read."""
        self.stop_reason = self.limit() or "unknown"
        if self.stop_reason != "unknown":
            return None
        if changes := self.offer.renew(self.steps):
            self.tell(changes)
        thought = await self._within_limits(self.think)
        if thought is None:
            return None
        if thought.final:
            self.stop_reason = "answered"
        elif not thought.reading.calls:
            self.tell(prompt("unreadable_call", detail=thought.reading.detail))
        return thought if thought.reading.calls else None

    async def _within_limits(self, work: Callable[[], Awaitable[T]], grace: float = 0.0) -> T | None:
        """What the work gives; None after setting `stop_reason` when time or context ran out."""
        try:
            async with asyncio.timeout(max(self.time_left, 0) + grace if grace else self.time_left):
                return await work()
        except TimeoutError:
            self.stop_reason = "time_limit"
        except ContextOverflow:
            self.stop_reason = "context_full"
        return None

    def limit(self) -> StopReason | None:
        """The limit that forbids another turn, if one does."""
        limits = self.rollout.limits
        if limits.max_turns and self.steps >= limits.max_turns:
            return "max_turns"
        if limits.max_tool_calls and self.calls_made >= limits.max_tool_calls:
            return "max_tool_calls"
        if self.time_left <= 0:
            return "time_limit"
        return "context_full" if self._room.overflows(self._size(self.transcript.body(self._hidden()))) else None

    # ---- think ----

    async def think(self) -> Thought:
        """One assistant turn. A faulty attempt is rolled back and tried with the next seed, `limits.rollback` times."""
        hidden = self._hidden()
        body = self.transcript.body(hidden)
        for attempt in range(self.rollout.limits.rollback + 1):
            reply, turn = await self._complete(body, hidden, str(self.steps), attempt)
            reading = self.rollout.invocation.read(reply, self.offer.tools)
            checks = tuple(check_call(call, self.offer.tools) for call in reading.calls)
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

    async def act(self, thought: Thought, only: Sequence[int] | None = None) -> list[ToolResult]:
        """Run the turn's calls (or those with an index in `only`) side by side; see `admit` for those not executed."""
        turn = f"{self.path}/{self.steps - 1}/{thought.attempt}"
        chosen = range(len(thought.checks)) if only is None else only
        return await together([self._run(f"{turn}/{i}", i, thought.checks[i]) for i in chosen])

    def admit(self, check: CallCheck, index: int) -> ToolResult | None:
        """Count a turn's call; the typed result of one that is invalid or over a limit and must not be executed."""
        if self.rollout.limits.one_call and index:
            return ToolResult(text=prompt("one_call"), outcome="blocked")
        limit = self.rollout.limits.max_tool_calls
        if limit and self.calls_made >= limit:
            return ToolResult(text=f"Not executed: the limit of {limit} tool calls is reached.", outcome="blocked")
        self.calls_made += 1
        if check.spec is None or check.arguments is None or check.code:
            return ToolResult(text=f"Invalid call, not executed: {check.detail}", outcome="invalid_call")
        return None

    async def _run(self, key: str, index: int, check: CallCheck) -> ToolResult:
        refused = self.admit(check, index)
        if refused is not None:
            return refused
        spec, arguments = cast(ToolSpec, check.spec), check.arguments or {}

        async def execute() -> ToolResult:
            return await self.offer.call(spec, arguments)

        try:
            async with asyncio.timeout(self.time_left):
                return await self.rollout.journal.result(key, execute)
        except TimeoutError:
            return ToolResult(text="Not finished: the time limit of this task was reached.", outcome="timeout")

    def observe(self, thought: Thought, results: Sequence[ToolResult]) -> None:
        """Add one tool message per call, in the order of the calls."""
        for i, (check, result) in enumerate(zip(thought.checks, results, strict=True)):
            self._attempts.note(check, result)
            self.offer.note(check, result)
            message = Message(
                n=self.transcript.next_n,
                role="tool",
                content=self.rollout.context.clip(result.text),
                answers=(thought.message.n, i),
                outcome=result.outcome,
                outcome_from="typed",
                cached=result.cached,
            )
            self.transcript.add(message)

    # ---- turns without calls: plan and summary ----

    async def plan(self) -> None:
        """An opening turn in which no tools may be called; for paradigms whose instructions ask for a plan."""
        message = await self._within_limits(lambda: self._closed_turn("plan", 1 + self.rollout.limits.rollback))
        if message is not None:
            self._decline_calls(message, "Not executed: the plan comes first.")

    def tell(self, text: str, role: Literal["system", "user"] = "user") -> None:
        """Add a message; the next turn answers it."""
        self.transcript.add(Message(n=self.transcript.next_n, role=role, content=text))

    async def summarise(self) -> None:
        """The closing turn: no tools, and the answer in `\\boxed{}` or, of an agent that reports, as its text."""
        self.tell(prompt("report" if self.reports else "summary", question=self.task))
        tries = min(SUMMARY_TRIES, 1 + self.rollout.limits.rollback)
        step = f"summary-{self.steps}"  # resumed under other limits, it is another
        message = await self._within_limits(lambda: self._closed_turn(step, tries), SUMMARY_GRACE)
        if message is None:
            return
        self.answer = self._answer_in(message.content)
        self._decline_calls(message, "Not executed: the conversation is closed.")
        if self.answer is None and is_refusal(message.content):
            self.stop_reason = "refused"
        elif not self.answer and self.stop_reason == "answered":
            self.stop_reason = "no_answer"

    def _answer_in(self, text: str) -> str | None:
        if not self.reports:
            return boxed(text)
        report = after_thinking(text)
        return None if not report or is_refusal(report) else report

    async def _closed_turn(self, step: str, tries: int) -> Message:
        """A turn without tools; tried again while it lacks what it is for."""
        for attempt in range(tries):
            reply, message = await self._closed_reply(step, attempt)
            planned = step == "plan" and after_thinking(reply.content) and not message.tool_calls
            if planned or (step != "plan" and self._answer_in(reply.content)) or attempt == tries - 1:
                break
            self._roll_back(message, attempt, "plan.missing" if step == "plan" else "answer.missing")
        self._accept(message, reply)
        return message

    async def _closed_reply(self, step: str, attempt: int) -> tuple[Reply, Message]:
        """One try; when the context is full, older results are hidden until it fits."""
        hidden = self._hidden()
        while True:
            body = self.transcript.body(hidden)
            rest = [m.n for m in self.transcript.messages if m.role == "tool" and m.n not in hidden]
            try:
                if rest and self._room.overflows(self._size(body)):
                    raise ContextOverflow("estimated")
                reply, turn = await self._complete(body, hidden, step, attempt, closed=True)
            except ContextOverflow:
                if not rest:
                    raise
                hidden |= frozenset(rest[: (len(rest) + 1) // 2])
                continue
            listens = bool(reply.tool_calls) or step == "plan"
            calls = self.rollout.invocation.read(reply, self.offer.tools).calls if listens else ()
            return reply, self._message(reply, turn, calls)

    def _decline_calls(self, message: Message, text: str) -> None:
        for i in range(len(message.tool_calls)):  # calls in spite of the request: answered, never executed
            n = self.transcript.next_n
            answers = (message.n, i)
            self.transcript.add(
                Message(n=n, role="tool", content=text, answers=answers, outcome="blocked", outcome_from="typed")
            )

    # ---- shared pieces ----

    async def _complete(
        self, body: tuple[bytes, ...], hidden: frozenset[int], step: str, attempt: int, *, closed: bool = False
    ) -> tuple[Reply, Turn]:
        size = self._size(body)
        seed = self.rollout.seed + attempt * SEED_STEP
        request = ChatRequest(
            messages=body,
            tools=self.offer.payload,
            tool_choice="none" if closed and self.offer.payload else "",
            seed=seed if self.teacher.profile.seeded else None,
            route=self.rollout.id,
            estimated_tokens=self._room.tokens(size),
        )
        reply = await self.rollout.journal.reply(
            f"{self.path}/{step}/{attempt}", lambda: self.teacher.complete(request)
        )
        self._room.learn(size, reply.usage.input)
        turn = Turn(
            finish_reason=reply.finish_reason,
            usage=reply.usage,
            latency=reply.latency,
            model=reply.model,
            seed=request.seed,
            toolset=len(self.offer.lists) - 1,
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
            cached=reply.cached,
        )

    def _accept(self, message: Message, reply: Reply) -> None:
        self.transcript.add(message)
        self.planted += [Planted(code=code, conversation=self.index, n=message.n) for code in reply.planted]

    def _roll_back(self, message: Message, attempt: int, reason: str) -> None:
        self.rollbacks.append(
            Rollback(conversation=self.index, before=message.n, attempt=attempt, reason=reason, reply=message)
        )

    def _hidden(self) -> frozenset[int]:
        """What the next turn may not see; the policy is asked once for each state of the conversation."""
        if self._hidden_at != self.transcript.next_n:
            self._hidden_at = self.transcript.next_n
            self._hidden_now = self.rollout.context.hidden(self.transcript.messages)
        return self._hidden_now

    def _size(self, body: tuple[bytes, ...]) -> int:
        return sum(map(len, body)) + len(self.offer.payload)

    @property
    def time_left(self) -> float:
        """Seconds until the wall clock runs out; NO_LIMIT's worth without one."""
        return self._deadline - self.rollout.clock()

    def conversation(self) -> Conversation:
        """The record of this agent's context."""
        return Conversation(
            agent=self.name,
            teacher=self.teacher.profile.name,
            toolsets=tuple(self.offer.lists),
            messages=tuple(self.transcript.messages),
            called_by=self.called_by,
            answer=self.answer,
            stop_reason=self.stop_reason,
            failure=self.failure,
        )
