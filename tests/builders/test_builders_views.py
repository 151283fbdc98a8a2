"""Rows in the context the teacher saw: compared with the requests it really answered, in every layout."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopfakes import ANSWER, DONE, LambdaToolbox, acting, call, make_rollout
from wordtokenizer import WordTokenizer, chatml

from trajsynth.builders import BuildReport, Shape, Target, build_sft
from trajsynth.builders.faithful import unfaithful_view
from trajsynth.builders.rows import Refusal, Row
from trajsynth.builders.views import Replay, Seen, seen_rows
from trajsynth.errors import ConfigError
from trajsynth.grammar import write_call
from trajsynth.invocation import invocation
from trajsynth.paradigms import KeepLastResults, ReAct
from trajsynth.paradigms.seen import seen, tools_seen
from trajsynth.protocols import HIDDEN_RESULT, Limits, Reply
from trajsynth.types import Conversation, Edit, Grade, Message, Question, Run, ToolSpec, Trajectory, Turn

Make = Callable[..., Trajectory]
REPLAYS: tuple[Replay, ...] = ("never", "tools", "always")
BOX = {"search": lambda arguments: f"found {arguments['q']}"}


def spoken(i: int, how: str, reasoning: str, calls: int = 1) -> Reply:
    """A turn with calls, in the form of the invocation."""
    made = [call(f"{i}.{k}") for k in range(calls)]
    if how == "function_calling":
        return replace(acting(*made, reasoning=reasoning), content=f"turn {i}")
    text = "\n".join(write_call("s", "search", c.arguments) for c in made)
    return Reply(content=f"turn {i}\n{text}", reasoning=reasoning)


async def rollout(
    calls: int,
    *,
    how: str = "function_calling",
    keep: int = 5,
    thoughtful: bool = True,
    parallel: int = 1,
    every: int = 1,
) -> tuple[Trajectory, list[list[dict[str, Any]]]]:
    """A rollout of ReAct as a trajectory, with the messages of every request."""
    script = [spoken(i, how, f"thought {i}" if thoughtful else "", parallel) for i in range(calls)]
    policy = KeepLastResults(keep=keep, every=every)
    limits = Limits(max_turns=0, max_tool_calls=0)
    made = make_rollout([*script, DONE, ANSWER], how=how, context=policy, limits=limits, toolbox=LambdaToolbox(**BOX))
    episode = await ReAct().run(made)
    requests = made.teacher.requests  # type: ignore[attr-defined]
    trajectory = Trajectory(
        id="t",
        question=Question(id="q", text="?", answers=("Paris",)),
        group="q",
        teacher="teacher",
        paradigm="react",
        invocation=how,
        conversations=episode.conversations,
        answer=episode.answer,
        stop_reason=episode.stop_reason,
        grade=Grade(correct=True, method="exact"),
    )
    return trajectory, [[orjson.loads(m) for m in request.messages] for request in requests]


def rows_of(trajectory: Trajectory, view: Any = "as_seen", **options: Any) -> list[Row]:
    found = seen_rows(trajectory, 0, view, **options)
    assert isinstance(found, Seen), found
    return found.rows


def refusal(trajectory: Trajectory, view: Any = "as_seen") -> str:
    found = seen_rows(trajectory, 0, view)
    assert isinstance(found, Refusal)
    return found.reason


@cache
def read(raw: str) -> Any:
    """JSON, read once however many requests repeat it."""
    return json.loads(raw)


def plain(messages: list[dict[str, Any]]) -> list[Any]:
    """Messages in the words of neither side: calls by place, arguments parsed."""
    places: dict[str, int] = {}
    said: list[Any] = []
    for message in messages:
        calls = []
        for i, made in enumerate(message.get("tool_calls") or ()):
            places[made["id"]] = i
            raw = made["function"]["arguments"]
            calls.append((made["function"]["name"], read(raw) if isinstance(raw, str) else raw))
        answered = places.get(message.get("tool_call_id") or "")
        said.append((message["role"], message["content"], message.get("reasoning_content") or "", calls, answered))
    return said


def trained_once(trajectory: Trajectory, rows: list[Row]) -> None:
    counted = Counter(row.sources[i] for row in rows for i in row.trained)
    turns = {m.n for m in trajectory.conversations[0].messages if m.role == "assistant"}
    assert counted == dict.fromkeys(turns, 1)


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
@pytest.mark.parametrize(("keep", "parallel"), [(0, 1), (1, 2), (3, 1)])
async def test_each_turn_stands_in_the_context_of_its_request(how: str, keep: int, parallel: int) -> None:
    trajectory, requests = await rollout(7, how=how, keep=keep, parallel=parallel)
    rows = rows_of(trajectory)
    trained_once(trajectory, rows)
    contexts = {row.sources[i]: row.messages[:i] for row in rows for i in row.trained}
    turns = [m.n for m in trajectory.conversations[0].messages if m.role == "assistant"]
    for n, request in zip(turns, requests, strict=True):
        assert plain(contexts[n]) == plain(request)
    assert unfaithful_view(trajectory, 0, "as_seen", "tools") == ""
    hidden = any(HIDDEN_RESULT in str(request) for request in requests)
    assert hidden is (keep > 0)


async def test_turns_share_a_row_until_their_context_is_rewritten() -> None:
    trajectory, _ = await rollout(6, keep=0)
    first, last = rows_of(trajectory)
    assert (len(first.trained), len(last.trained)) == (7, 1), "the summary's request lacks the thoughts before it"
    assert not any("reasoning_content" in message for message in last.messages)
    assert (
        rows_of((await rollout(6, keep=0, thoughtful=False))[0])[0].trained
        == rows_of((await rollout(6, keep=0, thoughtful=False))[0], "full")[0].trained
    ), "nothing hidden, nothing thought: the full row"
    sliding = rows_of((await rollout(8, keep=2))[0])
    assert [len(row.trained) for row in sliding] == [3, 1, 1, 1, 1, 1, 1, 1]
    blocks = rows_of((await rollout(8, keep=2, every=4))[0])
    assert [len(row.trained) for row in blocks] == [6, 3, 1], "hidden in blocks, the context grows between them"
    assert [len(row.trained) for row in rows_of((await rollout(4, keep=0))[0], replay="never")] == [
        1, 1, 1, 1, 2,
    ]  # fmt: skip
    assert [len(row.trained) for row in rows_of((await rollout(4, keep=0))[0], replay="always")] == [6]
    assert [len(row.trained) for row in rows_of((await rollout(4, keep=0))[0], reasoning="drop")] == [6]


async def test_final_is_the_last_turn_as_the_teacher_saw_it() -> None:
    trajectory, requests = await rollout(8, keep=2)
    (row,) = rows_of(trajectory, "final")
    assert row.trained == {len(row.messages) - 1}
    assert plain(row.messages[:-1]) == plain(requests[-1])
    assert unfaithful_view(trajectory, 0, "final", "tools") == ""
    last = trajectory.conversations[0].messages[-1].n
    assert refusal(replace(trajectory, masked=((0, last),)), "final") == "all_masked"


async def test_masked_turns_are_context_only() -> None:
    trajectory, _ = await rollout(4, keep=1)
    masked = replace(trajectory, masked=((0, 4), (0, 8)))
    counted = Counter(row.sources[i] for row in rows_of(masked) for i in row.trained)
    turns = {m.n for m in trajectory.conversations[0].messages if m.role == "assistant"}
    assert counted == dict.fromkeys(turns - {4, 8}, 1)
    assert unfaithful_view(masked, 0, "as_seen", "tools") == ""
    assert refusal(replace(trajectory, masked=tuple((0, n) for n in turns))) == "all_masked"


async def test_what_nobody_saw_is_refused(make: Make, tmp_path: Path) -> None:
    trajectory, _ = await rollout(3, keep=1)
    edit = Edit(conversation=0, n=4, field="content", before="a", after="b", rule="trim_tail")
    assert refusal(replace(trajectory, edits=(edit,))) == "view.edited"
    assert len(rows_of(replace(trajectory, edits=(replace(edit, conversation=1),)))) > 1
    conversation = trajectory.conversations[0]
    shorter = replace(conversation, messages=tuple(m for m in conversation.messages if m.n not in (2, 3)))
    assert refusal(replace(trajectory, conversations=(shorter,))) == "view.edited"
    assert refusal(make("unrecorded")) == "view.unrecorded"
    assert refusal(replace(trajectory, run=Run(source="chat"))) == "view.unrecorded", "imported"
    edited = replace(trajectory, id="e", edits=(edit,))
    report = build_sft([trajectory, edited, make("i")], tmp_path, Target(check=True), Shape(view="as_seen"))
    assert report.refused == {"view.edited": 1, "view.unrecorded": 1}
    assert (report.used, report.differences) == (1, ())


async def test_turns_that_saw_other_tools_stand_in_rows_of_their_own() -> None:
    trajectory, _ = await rollout(4, keep=0, thoughtful=False)
    other = (ToolSpec(name="search", description="changed"),)
    conversation = trajectory.conversations[0]
    messages = tuple(
        replace(m, turn=replace(m.turn, toolset=1)) if m.turn and m.n >= 6 else m for m in conversation.messages
    )
    changed = replace(conversation, messages=messages, toolsets=(*conversation.toolsets, other))
    trajectory = replace(trajectory, conversations=(changed,))
    assert refusal(trajectory, "full") == "tools.changed"
    first, second = rows_of(trajectory)
    assert [row.tools[0]["function"]["description"] for row in (first, second)] == ["search", "changed"]
    assert (first.sources[-1], min(second.sources[i] for i in second.trained)) == (4, 6)
    trained_once(trajectory, [first, second])
    assert unfaithful_view(trajectory, 0, "as_seen", "tools") == ""


FORMATS = {
    "trl": "train_masked.jsonl",
    "axolotl": "train.jsonl",
    "swift": "train.jsonl",
    "llamafactory": "train_last_turn.jsonl",
    "openai": "train.jsonl",
}


@pytest.mark.parametrize("name", [*FORMATS, "tokens", pytest.param("verl", marks=pytest.mark.slow)])
@pytest.mark.parametrize("view", ["as_seen", "final"])
async def test_every_format_holds_what_the_view_gives(tmp_path: Path, name: str, view: Any) -> None:
    if name == "verl":
        pytest.importorskip("datasets")
    trajectory, _ = await rollout(7, keep=2)
    prompted, _ = await rollout(7, keep=2, how="mcp")
    tokenizer = WordTokenizer() if name == "tokens" else None
    target = Target(format=name, check=True, tokenizer=tokenizer, reasoning="inline" if name == "openai" else "keep")
    report = build_sft([trajectory, replace(prompted, id="p")], tmp_path, target, Shape(view=view))
    assert report.differences == ()
    shaped = report.shaped
    assert shaped is not None
    if (name, view) == ("verl", "final"):
        assert report.refused == {"masked": 2}, "no loss flags"
        return
    assert report.checked == report.rows > 0
    assert sum(shaped.turns.values()) == 18, "every turn is trained, or counted with a reason"
    if name in FORMATS:
        assert set(report.files) == {FORMATS[name]}
    if name == "verl":
        assert shaped.turns == {"trained": 6, "row:masked": 12}, "no loss flags: only first rows fit"
    elif view == "as_seen":
        assert shaped.turns["trained"] == 18
    else:
        assert (report.rows, shaped.turns) == (2, {"trained": 2, "view.final": 16})


def trl_turns(report: BuildReport) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]:
    """(context, turn) of each trained turn of prompt/completion rows."""
    for line in (Path(report.folder) / "train_masked.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        for i, message in enumerate(row["completion"]):
            if message["role"] == "assistant":
                yield [*row["prompt"], *row["completion"][:i]], message


def token_turns(report: BuildReport, tokenizer: WordTokenizer) -> Iterator[tuple[str, str]]:
    """(text before, text) of each stretch of labels."""
    for line in (Path(report.folder) / "train.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        labels = row["labels"]
        starts = [i for i, label in enumerate(labels) if label != -100 and (i == 0 or labels[i - 1] == -100)]
        for start in starts:
            end = next((i for i in range(start, len(labels)) if labels[i] == -100), len(labels))
            yield tokenizer.decode(row["input_ids"][:start]), tokenizer.decode(labels[start:end])


async def holds_in_trl_and_tokens(tmp_path: Path, calls: int, how: str) -> None:
    """Every turn stands once in each format, behind the request it answered."""
    trajectory, _ = await rollout(calls, how=how, keep=5)
    words, wire = WordTokenizer(), invocation(how)
    shape, tokens = Shape(view="as_seen"), Target(format="tokens", tokenizer=words)
    in_trl = trl_turns(build_sft([trajectory], tmp_path / "trl", Target(), shape))
    in_tokens = token_turns(build_sft([trajectory], tmp_path / "tokens", tokens, shape), words)
    conversation = trajectory.conversations[0]
    turns = {m.content: m.n for m in conversation.messages if m.role == "assistant"}
    for (context, turn), (before, said) in zip(in_trl, in_tokens, strict=True):
        n = turns.pop(turn["content"])
        request = seen(conversation, n, wire)
        assert plain(context) == plain(request)
        assert said.rpartition("</think>\n\n")[2].partition("\n<tool_call>")[0] in (
            turn["content"],
            f"{turn['content']}<|im_end|>",
        )
        definitions = [
            {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.parameters}}
            for t in tools_seen(conversation, n)
        ]
        assert before == chatml([_parsed(message) for message in request], definitions if how != "mcp" else None, True)
    assert not turns


def _parsed(message: dict[str, Any]) -> dict[str, Any]:
    """A wire message as the template is given it: arguments as objects."""
    if not message.get("tool_calls"):
        return message
    calls = [
        made | {"function": made["function"] | {"arguments": read(made["function"]["arguments"])}}
        for made in message["tool_calls"]
    ]
    return message | {"tool_calls": calls}


@pytest.mark.parametrize("how", ["function_calling", "mcp"])
async def test_contexts_are_the_requests_in_trl_and_tokens(tmp_path: Path, how: str) -> None:
    await holds_in_trl_and_tokens(tmp_path, 9, how)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "calls"), [("function_calling", 600), ("mcp", 150)])
async def test_contexts_are_the_requests_after_600_calls(tmp_path: Path, how: str, calls: int) -> None:
    await holds_in_trl_and_tokens(tmp_path, calls, how)


@pytest.mark.slow
def test_a_seldom_seen_conversation_keeps_its_contexts() -> None:
    """Whatever is hidden and whoever thought: contexts are the requests, turns are trained once."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.sets(st.integers(0, 9))), min_size=1, max_size=7))
    def holds(plan: list[tuple[bool, int, set[int]]]) -> None:
        trajectory = planned(plan)
        for how in ("function_calling", "mcp"):
            for replay in REPLAYS:
                told = replace(trajectory, invocation=how)
                assert unfaithful_view(told, 0, "as_seen", replay) == ""
                trained_once(told, rows_of(told, replay=replay))

    holds()


def planned(plan: list[tuple[bool, int, set[int]]]) -> Trajectory:
    """A turn for each (thinks, calls, results so far that are hidden); a user asks after turns without calls."""
    messages = [Message(n=0, role="system", content="s"), Message(n=1, role="user", content="u")]
    for i, (thinks, calls, hidden) in enumerate(plan):
        n = len(messages)
        results = [m.n for m in messages if m.role == "tool"]
        turn = Turn(hidden=tuple(results[k] for k in sorted(hidden) if k < len(results)))
        made = tuple(call(f"{i}.{k}") for k in range(calls))
        said = Message(n=n, role="assistant", content=f"t{i}", reasoning="r" * thinks, tool_calls=made, turn=turn)
        messages.append(said)
        messages += [Message(n=n + 1 + k, role="tool", content=f"res {n} {k}", answers=(n, k)) for k in range(calls)]
        if not calls:
            messages.append(Message(n=len(messages), role="user", content="go on"))
    return trajectory_of(messages)


def trajectory_of(messages: list[Message]) -> Trajectory:
    conversation = Conversation(messages=tuple(messages), toolsets=((ToolSpec(name="search"),),))
    return Trajectory(id="p", question=Question(id="q", text="?"), group="q", conversations=(conversation,),
                      invocation="function_calling", grade=Grade(correct=True))  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"max_blowup": 3.0}, "is for view as_seen"),
        ({"view": "as_seen", "over_length": "split", "max_tokens": 9}, "nobody saw"),
        ({"over_length": "cut"}, "needs max_tokens"),
    ],
)
def test_shapes_that_contradict_themselves_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Shape(**wrong)
