"""Honest work that looks like a defect: polling, paging, tests run again, retries, arguments that only look wrong.

Level 3, imports no filter. Sizes are 1, 2, 3: how long the stretch is.
Tests: tests/testing/test_testing_near_misses.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from trajsynth.grammar import wire_name
from trajsynth.testing.edits import number_at, splice, with_conversation, with_message
from trajsynth.testing.place import Defect, Place
from trajsynth.testing.prose import plain
from trajsynth.testing.stock import JOINT, language, sentences
from trajsynth.testing.wording import NETWORK_ERRORS
from trajsynth.testing.writing import Said, exchange
from trajsynth.types import Message, ToolCall, ToolSpec

Planter = Callable[[Place], Defect | None]

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_MAYBE: Final[dict[str, Any]] = {"anyOf": [_TEXT, {"type": "null"}], "default": None}
_SERVER: Final = "workbench"
_TOOLS: Final[dict[str, dict[str, Any]]] = {
    "job_status": {"job": _TEXT},
    "list_sailings": {"port": _TEXT, "page": {"type": "integer"}},
    "run_tests": {"folder": _TEXT},
    "edit_file": {"path": _TEXT, "old": _TEXT, "new": _TEXT},
    "lookup": {"name": _TEXT},
    "fetch_page": {"url": _TEXT},
    "find_ship": {
        "query": _TEXT,
        "flag": _MAYBE,
        "year": {"type": ["integer", "null"]},
    },
}
_REQUIRED: Final = {"find_ship": ["query"]}
_PLAN: Final = {
    "en": "Plan: first I look at what the tool gives, then I check it against the question.",
    "zh": "计划：先看工具返回的内容，然后与问题核对。",
    "ja": "計画：まずツールの結果を見て、次に質問と照らし合わせます。",
    "th": "แผน: ขั้นแรกดูผลจากเครื่องมือ จากนั้นตรวจเทียบกับคำถาม",
}
"""Said before the first call of a conversation, which else would have none."""


def polling(place: Place) -> Defect | None:
    """The same call until the job is done; each status is another."""
    rounds = place.pick(4, 7, 14)
    steps = [
        ("Checking on it.", "job_status", {"job": "tide-7"}, f'{{"state": "running", "done": {100 * i // rounds}}}')
        for i in range(rounds)
    ]
    return _worked(place, [*steps, ("Once more.", "job_status", {"job": "tide-7"}, '{"state": "finished"}')])


def pagination(place: Place) -> Defect | None:
    """Page after page with the same words."""
    lang = language(place)
    said = JOINT[lang].join(sentences(place.dice, lang, 3))
    return _worked(
        place,
        [
            (
                said,
                "list_sailings",
                {"port": "Brack", "page": i + 1},
                "\n".join(sentences(place.dice, "en", 3)),
            )
            for i in range(place.pick(4, 7, 14))
        ],
    )


def rerun_tests(place: Place) -> Defect | None:
    """Tests run again after each edit, which fail as before until the last one."""
    rounds = place.pick(3, 5, 9)
    steps: list[_Step] = []
    for i in range(rounds):
        failed = f"{rounds - i} failed, {i} passed" if place.severity == 1 else "1 failed, 11 passed: test_ebb"
        steps.append(("Let us see the tests.", "run_tests", {"folder": "tests"}, f"{failed} in 0.4s"))
        edit = {"path": "tides.py", "old": f"ebb({i})", "new": f"ebb({i + 1})"}
        steps.append((f"The offset {i} was wrong.", "edit_file", edit, "1 replacement made"))
    return _worked(place, [*steps, ("And again.", "run_tests", {"folder": "tests"}, "12 passed in 0.4s")])


def fanout(place: Place) -> Defect | None:
    """One tool for many names; most are not found."""
    names = place.dice.sample("ABCDEFGHIJKLMNOPQRSTUVWXYZ", place.pick(4, 8, 16))
    return _worked(place, [(f"Now {x}.", "lookup", {"name": f"steamer {x}"}, "No matching entries.") for x in names])


def error_words(place: Place) -> Defect | None:
    """Results that speak of errors and time-outs without being any."""
    pages = (
        "Errors and their history: a reader's guide. Chapter 2 is about time-outs in sport.",
        '{"errors": [], "warnings": null, "ships": 4}',
        '{"success": true, "error": null, "rows": ["Brack", "Kelda"]}',
        "HTTP 404 means that a page was not found; 503 that a service is unavailable.",
        "Failed harvests of the 1840s, by an anonymous clerk. 214 pages.",
        "The game was stopped by a timeout called with nine seconds left.",
        "Exception to the rule: ships from Kelda paid no harbour dues.",
        '{"status": "ok", "message": "previous error resolved"}',
    )
    chosen = place.dice.sample(pages, place.pick(3, 5, 8))
    return _worked(place, [("Reading on.", "lookup", {"name": f"entry {i}"}, page) for i, page in enumerate(chosen)])


def open_host(place: Place) -> Defect | None:
    """Pages that are not blocked, some of them on the same host or with a similar address."""
    pages = (
        "https://huggingface.co/docs/hub/index",
        "https://nothuggingface.example/datasets/a/b",
        "https://blog.example/huggingface.co-datasets-explained",
        "https://huggingface.co/papers",
        "https://example.net/spaces/huggingface",
    )
    chosen = place.dice.sample(pages, place.pick(1, 3, 5))
    return _worked(place, [("Opening it.", "fetch_page", {"url": url}, "A page of prose.") for url in chosen])


def odd_strings(place: Place) -> Defect | None:
    """Values that look like no JSON and are strings."""
    values = (
        "NaN",
        "Infinity",
        "-Infinity",
        "None",
        "undefined",
        '{"a": 1',
        "null",
        "[1, 2",
        "True",
        "\\boxed{",
        "1e999",
    )
    chosen = place.dice.sample(values, place.pick(1, 4, 8))
    return _worked(place, [("Is it a ship's name?", "find_ship", {"query": x}, f"{x}: one ship") for x in chosen])


def extra_keys(place: Place) -> Defect | None:
    """Keys the schema does not list and does not forbid."""
    more = {f"hint_{i}": "brig" for i in range(place.pick(1, 3, 8))}
    return _worked(place, [("With a hint.", "find_ship", {"query": "Alma", **more}, "Alma: a brig")])


def null_optional(place: Place) -> Defect | None:
    """null for arguments that may be left out, where the schema allows it."""
    nulls = ({"flag": None}, {"year": None}, {"flag": None, "year": None})[place.severity - 1]
    return _worked(place, [("Any year will do.", "find_ship", {"query": "Alma", **nulls}, "Alma: a brig")])


def retry_after_failure(place: Place) -> Defect | None:
    """A call of the trajectory's own fails on the network and is made again: once, twice in a row, at two places."""
    steps = [s for s in place.callable() if s.index == 0 and s.result is not None and s.result.outcome == "ok"]
    if not steps:
        return None
    targets = place.dice.sample(steps, min(len(steps), place.pick(1, 1, 2)))
    times = place.pick(1, 2, 1)
    trajectory, first = place.trajectory, 0
    for step in sorted(targets, key=lambda s: -s.at):
        for _ in range(times):
            text = place.dice.choice([t for t in NETWORK_ERRORS if "timed" not in t]).format(7)
            first = number_at(trajectory.conversations[place.c], step.at)
            said = Said(text, "unavailable")
            new = exchange(place, first, plain(step.message), step.call, step.message, said, step.message.reasoning)
            trajectory = splice(trajectory, place.c, step.at, new)
    return Defect(trajectory, first)


def quotation(place: Place) -> Defect | None:
    """The agent shows what a tool printed, which repeats itself."""
    shown = [m for m in place.messages if m.role == "tool"]
    final = place.final_turn()
    if not shown or final is None:
        return None
    line = sentences(place.dice, "en", 1)[0]
    printed = "\n".join([line] * place.pick(3, 6, 12))
    source = shown[-1]
    trajectory = with_message(place.trajectory, place.c, replace(source, content=f"{source.content}\n{printed}"))
    quoted = place.dice.choice((f"```\n{printed}\n```", "\n".join(f"> {x}" for x in printed.split("\n"))))
    content = f"The tool printed this:\n\n{quoted}\n\n{final.content}"
    return Defect(with_message(trajectory, place.c, replace(final, content=content)), final.n)


# ---- writing ------------------------------------------------------------------------------------------------------

_Step = tuple[str, str, dict[str, Any], str]
"""What is said, the tool, its arguments, its result."""


def _worked(place: Place, steps: Sequence[_Step]) -> Defect | None:
    """The steps in front of the last turn, with tools that the conversation then has."""
    turns = [at for at, message in enumerate(place.messages) if message.role == "assistant"]
    if not turns:
        return None
    at = turns[-1]
    equipped = _equipped(place, {tool for _, tool, _, _ in steps})
    first, lang = number_at(equipped.conversation, at), language(place)
    like = equipped.messages[at]
    planned = any(message.tool_calls for message in place.messages[:at])
    own_words = iter(sentences(place.dice, lang, len(steps)))
    new: list[Message] = []
    for english, tool, arguments, shown in steps:
        said = english if lang == "en" else next(own_words)
        if not planned:
            said, planned = f"{_PLAN[lang]}\n\n{said}", True
        call = ToolCall(
            name=_wire(place, tool),
            arguments=json.dumps(arguments, ensure_ascii=False),
            server="" if place.imported else _SERVER,
            tool="" if place.imported else tool,
        )
        new += exchange(equipped, first + len(new), said, call, like, Said(shown))
    return Defect(splice(equipped.trajectory, place.c, at, new), first)


def _wire(place: Place, tool: str) -> str:
    return tool if place.imported else wire_name(_SERVER, tool)


def _equipped(place: Place, tools: set[str]) -> Place:
    """The place with these tools in every list of the conversation; where no list is recorded, none is made."""
    server = "" if place.imported else _SERVER
    made = tuple(
        ToolSpec(name=_wire(place, tool), parameters=_schema(tool), server=server, tool=tool if server else "")
        for tool in sorted(tools)
    )
    sets = tuple((*known, *made) if known else known for known in place.conversation.toolsets)
    changed = with_conversation(place.trajectory, place.c, replace(place.conversation, toolsets=sets))
    return replace(place, trajectory=changed)


def _schema(tool: str) -> dict[str, Any]:
    properties = _TOOLS[tool]
    return {"type": "object", "properties": properties, "required": _REQUIRED.get(tool, list(properties))}


STEPS: Final[dict[str, Planter]] = {
    "polling": polling,
    "pagination": pagination,
    "rerun_tests": rerun_tests,
    "retry_after_failure": retry_after_failure,
    "fanout": fanout,
    "error_words": error_words,
    "open_host": open_host,
    "odd_strings": odd_strings,
    "extra_keys": extra_keys,
    "null_optional": null_optional,
    "quotation": quotation,
}
"""Kind -> its planter."""
