"""How a turn is broken for each fault code: loops and runs of text, calls that cannot be read, found or checked.

Each breaker takes a clean draft and gives the faulty one, or None where the fault makes no sense for this draft.
Imports draft, reading, dice and phrases. Tests: tests/teachers/scripted/test_scripted_faults.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import orjson

from trajsynth.grammar import write_call
from trajsynth.teachers.scripted.dice import Dice
from trajsynth.teachers.scripted.draft import Call, Draft
from trajsynth.teachers.scripted.phrases import LOOP_BLOCKS, RUNS
from trajsynth.teachers.scripted.reading import View

UNKNOWN_TOOLS = (
    "web_browser",
    "wikipedia",
    "calculator",
    "python_interpreter",
    "lookup_entity",
    "google",
    "ask_expert",
)
NOT_OBJECTS = ('["{}"]', '"{}"', "null", "42", '[{{"query": "{}"}}]', "true")


def _loop(draft: Draft, view: View, dice: Dice) -> Draft:
    """A block of one or two sentences, 3 to 10 times back to back (at least 24 words in all)."""
    blocks = dice.shuffled("loop block", LOOP_BLOCKS)[: 1 + dice.number("loop blocks", 2)]
    text = " ".join([" ".join(blocks)] * (3 + dice.number("loop times", 8)))
    if dice.chance("loop in reasoning") < 0.3:
        return replace(draft, reasoning=f"{draft.reasoning} {text}".strip())
    return replace(draft, content=f"{draft.content}\n\n{text}")


def _run(draft: Draft, view: View, dice: Dice) -> Draft:
    """One short unit of characters over more than 200 characters."""
    unit = dice.pick("run unit", RUNS)
    text = unit * (210 // len(unit) + dice.number("run length", 200))
    if dice.chance("run in reasoning") < 0.3:
        return replace(draft, reasoning=f"{draft.reasoning} {text}".strip())
    return replace(draft, content=f"{draft.content} {text}")


def _unknown_tool(draft: Draft, view: View, dice: Dice) -> Draft | None:
    known = {tool.tool for tool in view.tools} | {tool.name for tool in view.tools}
    names = [name for name in UNKNOWN_TOOLS if name not in known]
    call, *rest = draft.calls
    name = dice.pick("unknown tool", names)
    tool = replace(call.tool, name=name, tool=name)
    return replace(draft, calls=(Call(tool, call.arguments), *rest))


def _bad_json(draft: Draft, view: View, dice: Dice) -> Draft | None:
    raw = draft.calls[0].arguments
    variants = [raw[:-1], raw.replace('"', "'"), raw[:-1] + ",}", raw[:-1] + ', "limit": NaN}', raw + "}", raw[:-2]]
    variants += [raw[:-1] + ', "limit": Infinity}', raw.replace(":", "=", 1), f"{raw[:-1]}, limit: 5}}"]
    bad = [text for text in variants if not _parses(text)]
    return _with_arguments(draft, dice.pick("bad json", bad))


def _parses(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


def _not_object(draft: Draft, view: View, dice: Dice) -> Draft | None:
    values = [v for v in orjson.loads(draft.calls[0].arguments).values() if isinstance(v, str)]
    text = orjson.dumps(values[0] if values else "").decode()[1:-1]
    return _with_arguments(draft, dice.pick("not object", NOT_OBJECTS).format(text))


def _schema(draft: Draft, view: View, dice: Dice) -> Draft | None:
    """A required argument left out, or one of the wrong type."""
    call = draft.calls[0]
    arguments = orjson.loads(call.arguments)
    required = [name for name in call.tool.required if name in arguments]
    if not required:
        return None
    name = required[0]
    how = dice.number("schema", 3)
    if how == 0:
        del arguments[name]
    elif how == 1:
        arguments[f"{name}_text"] = arguments.pop(name)
    else:
        arguments[name] = [arguments[name]] if isinstance(arguments[name], str) else str(arguments[name])
    return _with_arguments(draft, orjson.dumps(arguments).decode())


def _malformed(draft: Draft, view: View, dice: Dice) -> Draft:
    """Markup that is no complete call: unclosed or nested (in-prompt), or text where a native call belongs."""
    call = draft.calls[0]
    if view.in_prompt:
        written = write_call(call.tool.server, call.tool.tool, call.arguments)
        texts = [
            written.replace("</use_mcp_tool>", "").rstrip(),
            written.replace("</arguments>\n</use_mcp_tool>", ""),
            written.replace("<tool_name>", "<tool_name>\n<use_mcp_tool>"),
            written.replace("</server_name>", ""),
            written.replace(f"<tool_name>{call.tool.tool}</tool_name>\n", ""),
        ]
    else:
        body = f'{{"name": "{call.tool.name}", "arguments": {call.arguments}}}'
        texts = [
            f"<tool_call>\n{body}\n</tool_call>",
            f"<tool_call>\n{body}",
            write_call(call.tool.server or "tools", call.tool.tool, call.arguments),
        ]
    return replace(draft, content=f"{draft.content}\n\n{dice.pick('malformed', texts)}", calls=())


def _misplaced(draft: Draft, view: View, dice: Dice) -> Draft:
    """A complete call, but inside the reasoning."""
    call = draft.calls[0]
    written = write_call(call.tool.server or "tools", call.tool.tool, call.arguments)
    if not view.in_prompt and dice.chance("misplaced") < 0.5:
        written = f'<tool_call>\n{{"name": "{call.tool.name}", "arguments": {call.arguments}}}\n</tool_call>'
    return replace(draft, reasoning=f"{draft.reasoning}\n\n{written}".strip(), calls=())


def _with_arguments(draft: Draft, raw: str) -> Draft:
    call, *rest = draft.calls
    return replace(draft, calls=(Call(call.tool, raw), *rest))


BREAK: dict[str, Callable[[Draft, View, Dice], Draft | None]] = {
    "repeat.loop": _loop,
    "repeat.run": _run,
    "call.unknown_tool": _unknown_tool,
    "call.bad_json": _bad_json,
    "call.not_object": _not_object,
    "call.schema": _schema,
    "call.malformed": _malformed,
    "call.misplaced": _misplaced,
}


def invented_titles(question: str, dice: Dice) -> list[str]:
    """Titles of pages that nobody wrote."""
    words = [word.strip('",.?()') for word in question.split() if word[:1].isupper()] or ["Question"]
    word = dice.pick("invented", words)
    tails = (
        "timeline",
        "genealogy tables",
        "bibliography, volume IV",
        "statistical yearbook",
        "index of persons",
        "maps",
    )
    return [f"{word} ({tail})" for tail in dice.shuffled("invented tails", tails)]


def cut(text: str, dice: Dice) -> str:
    """The text ended in the middle of a sentence, before any boxed answer."""
    before = text.partition("\\boxed")[0].split()
    keep = max(3, int(len(before) * (0.4 + 0.4 * dice.chance("cut"))))
    return " ".join(before[:keep]).rstrip(".:!?…") if len(before) > keep else " ".join(before[:-1]) or "The"
