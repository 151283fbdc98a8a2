"""Faults of tools and of their use: time-outs, misuse, a server that is not there, several calls at once.

Level 3. Severity of `error.timeouts`: 3, 5, 10 of them between other work (variant `count`), or two that are more
than a fifth of the results (`share`: of 8 or 9, of 6 or 7, of 5); of `tool.misuse`: a placeholder as an
argument, a URL or an essay as a query, no URL where one is due; of `tool.missing`: a later list or a heading without
tools, a heading with an error, every server so; of `multi_call`: 2, 4, 8 calls in a turn.
Tests: tests/testing/test_testing_plant_faults.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from trajsynth.schemas import parse_arguments
from trajsynth.testing.edits import number_at, splice, with_conversation, with_message
from trajsynth.testing.place import Defect, Exchange, Place
from trajsynth.testing.stock import sentences
from trajsynth.testing.wording import MENDING, TIMEOUTS, TRYING_ON
from trajsynth.testing.writing import Said, exchange, marked_up, result
from trajsynth.types import Conversation, Message, ToolCall, Toolset, ToolSpec, Turn

TIMEOUT_FORMS: Final = ("count", "share")
_QUERY: Final = ("query", "q", "search", "search_query", "keyword", "keywords", "question")
_ADDRESS: Final = ("url", "uri", "link", "href", "page_url", "website")
_PLACEHOLDERS: Final = (
    "<{0}>",
    "{{{{{0}}}}}",
    "your {0} here",
    "[INSERT {0} HERE]",
    "YOUR_{1}",
    "<your {0}>",
    "${{{1}}}",
)
_NO_URLS: Final = ("the page found above", "first result", "Wikipedia article", "see search results", "n/a")
_URLS: Final = ("https://records.example.net/harbour/{0}", "http://www.gazette.example/issue-{0}.html")
_UNLOADED: Final = (
    "Could not load the tools of this server: connection refused.",
    "Failed to list tools (server exited with code 1)",
    "[Error] Unable to fetch tools: timed out after 30 s",
)


# ---- time-outs ----------------------------------------------------------------------------------------------------


def timeouts(place: Place) -> Defect | None:
    """`error.timeouts`: calls that time out, each followed by the same call that goes well."""
    steps = [step for step in place.callable() if step.result is not None and step.result.outcome == "ok"]
    steps = [step for step in steps if step.index == 0]
    if not steps:
        return None
    fitting = _share_count(place)
    form = place.way(*TIMEOUT_FORMS)
    if form == "share" and not fitting:
        if place.variant:
            return None
        form = "count"
    times = fitting if form == "share" else place.pick(3, 5, 10)
    targets = sorted((place.dice.choice(steps) for _ in range(times)), key=lambda step: step.at)
    trajectory, first = place.trajectory, number_at(place.conversation, targets[0].at)
    for number, step in reversed(list(enumerate(targets))):
        said = Said(place.dice.choice(TIMEOUTS).format(10 + 5 * number), "timeout")
        n = number_at(trajectory.conversations[place.c], step.at)
        new = exchange(place, n, place.dice.choice(TRYING_ON), step.call, step.message, said)
        trajectory = splice(trajectory, place.c, step.at, new)
    return Defect(trajectory, first)


def _share_count(place: Place) -> int:
    """Two, where they are so much more than a fifth of the results as the severity says; else none."""
    results = sum(message.role == "tool" for message in place.messages)
    total = results + 2
    least, most = ((8, 9), (6, 7), (5, 5))[place.severity - 1]
    return 2 if least <= total <= most else 0


# ---- misuse -------------------------------------------------------------------------------------------------------


def misuse(place: Place) -> Defect | None:
    """`tool.misuse`: a call that fits its schema and cannot work, in front of the call as it was made."""
    ways = (_placeholder, _no_query, _no_address)[place.severity - 1]
    candidates = [(step, arguments) for step in place.callable() for arguments in ways(place, step)]
    if not candidates:
        return None
    step, arguments = place.dice.choice(candidates)
    n = number_at(place.conversation, step.at)
    call = replace(step.call, arguments=json.dumps(arguments, ensure_ascii=False))
    new = exchange(place, n, place.dice.choice(MENDING), call, step.message, Said("Nothing was found."))
    return Defect(splice(place.trajectory, place.c, step.at, new), n)


def _texts(place: Place, step: Exchange) -> list[str]:
    """The arguments that are free text, by the schema where there is one."""
    arguments = parse_arguments(step.call.arguments).arguments or {}
    spec = place.spec(step)
    schema = spec.parameters if spec is not None and isinstance(spec.parameters, dict) else {}
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    return [name for name, value in arguments.items() if isinstance(value, str) and _is_free(known.get(name), spec)]


def _is_free(entry: Any, spec: ToolSpec | None) -> bool:
    if spec is None or entry is None:
        return spec is None
    closed = ("enum", "pattern", "format", "const", "minLength", "maxLength", "anyOf", "oneOf", "allOf", "$ref")
    return isinstance(entry, dict) and not any(key in entry for key in closed)


def _changed(step: Exchange, name: str, value: str) -> dict[str, Any]:
    return {**(parse_arguments(step.call.arguments).arguments or {}), name: value}


def _placeholder(place: Place, step: Exchange) -> Iterator[dict[str, Any]]:
    for name in _texts(place, step):
        form = place.dice.choice(_PLACEHOLDERS)
        yield _changed(step, name, form.format(name.replace("_", " "), name.upper()))


def _no_query(place: Place, step: Exchange) -> Iterator[dict[str, Any]]:
    for name in _texts(place, step):
        if name.lower() in _QUERY:
            essay = " ".join(sentences(place.dice, "en", 9))
            url = place.dice.choice(_URLS).format(place.dice.randrange(100, 999))
            yield _changed(step, name, place.dice.choice((essay, url)))


def _no_address(place: Place, step: Exchange) -> Iterator[dict[str, Any]]:
    for name in _texts(place, step):
        if name.lower() in _ADDRESS:
            yield _changed(step, name, place.dice.choice(_NO_URLS))


# ---- servers ------------------------------------------------------------------------------------------------------


def missing_server(place: Place) -> Defect | None:
    """`tool.missing`: an advertised server without tools."""
    if not place.assistant_turns():
        return None
    if place.severity == 1 and place.dice.random() < 0.5 and (lost := _lost(place)) is not None:
        return lost
    names = place.dice.sample(("gazetteer", "tide-tables", "herbarium", "rail_archive"), place.pick(1, 1, 3))
    lines = [f"## Server name: {name}\n{_below(place)}" for name in names]
    return _advertised(place, "\n".join(lines))


def _below(place: Place) -> str:
    return "" if place.severity == 1 else place.dice.choice(_UNLOADED) + "\n"


def _advertised(place: Place, text: str) -> Defect:
    system = next((m for m in place.messages if m.role == "system"), None)
    if system is not None:
        longer = replace(system, content=f"{system.content.rstrip()}\n\n{text}")
        return Defect(with_message(place.trajectory, place.c, longer), system.n)
    n = number_at(place.conversation, 0)
    return Defect(splice(place.trajectory, place.c, 0, [Message(n=n, role="system", content=text)]), n)


def _lost(place: Place) -> Defect | None:
    """The last turn, which calls nothing, sees a list without the tools of one server."""
    final = place.final_turn()
    tools = place.toolset(final) if final is not None else ()
    servers = sorted({spec.server for spec in tools if spec.server})
    if final is None or not servers:
        return None
    gone = place.dice.choice(servers)
    fewer: Toolset = tuple(spec for spec in tools if spec.server != gone)
    sets = (*place.conversation.toolsets, fewer)
    about = replace(final.turn or Turn(), toolset=len(sets) - 1)
    changed: Conversation = replace(place.conversation, toolsets=sets)
    trajectory = with_conversation(place.trajectory, place.c, changed)
    return Defect(with_message(trajectory, place.c, replace(final, turn=about)), final.n)


# ---- several calls ------------------------------------------------------------------------------------------------


def multi_call(place: Place) -> Defect | None:
    """`multi_call`: a turn also makes calls that other turns make, and gets their results."""
    steps = [step for step in place.callable() if len(step.message.tool_calls) == 1]
    if not steps:
        return None
    base = place.dice.choice(steps)
    more = [place.dice.choice(steps) for _ in range(place.pick(2, 4, 8) - 1)]
    calls = [base.call, *(step.call for step in more)]
    message = _calling(base.message, calls, in_prompt=base.call.span is not None)
    trajectory = with_message(place.trajectory, place.c, message)
    end = place.after(base.at)
    first = number_at(place.conversation, end)
    if base.result is None:
        return Defect(trajectory, message.n)
    results = [
        result(place, first + i, (message.n, i + 1), Said(step.result.content if step.result else "", "ok"))
        for i, step in enumerate(more)
    ]
    return Defect(splice(trajectory, place.c, end, results), message.n)


def _calling(message: Message, calls: list[ToolCall], *, in_prompt: bool) -> Message:
    if not in_prompt:
        made = [replace(call, id=f"{calls[0].id}_{i}" if i else call.id, span=None) for i, call in enumerate(calls)]
        return replace(message, tool_calls=tuple(made))
    content, marked = marked_up(message.content[: message.tool_calls[0].span[0]], calls)  # type: ignore[index]
    return replace(message, content=content, tool_calls=marked)
