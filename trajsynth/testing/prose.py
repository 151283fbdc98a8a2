"""The trajectory's own words: stretches of text to repeat, places to put text in.

Level 3, imports types. Defects are made of what the trajectory says, so they read like it.
Tests: tests/testing/test_testing_plant_repeats.py.
"""

from __future__ import annotations

import re
from random import Random

from trajsynth.testing.place import Place
from trajsynth.types import Message

UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Thai, Lao, kana and Han: scripts without spaces."""
UNIT = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+|([^\w\s])\1*")
"""A word, a character of a script without spaces, or a run of one punctuation mark."""
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]|\n")
_MARKUP = re.compile(r"[<>{}\[\]`\\|]|https?:")
_FENCE = re.compile(r"^ *(?:```|~~~)", re.MULTILINE)
_TRIES = 60


def stretch(place: Place, length: int) -> str:
    """About `length` units of running text from the trajectory, white space collapsed; empty when it has none.

    Taken from what the agent says where that is enough, else from what it was asked and shown. Text with markup, or
    that repeats itself, is no running text.
    """
    said = [text for message in place.assistant_turns() for text in (message.content, message.reasoning)]
    shown = [message.content for message in place.messages if message.role != "assistant"]
    described = [spec.description for tools in place.conversation.toolsets for spec in tools]
    for texts in (said, [place.trajectory.question.text, *shown], described):
        found = _stretch(texts, length, place.dice)
        if found:
            return found
    return ""


def _stretch(texts: list[str], length: int, dice: Random) -> str:
    lines = [" ".join(part.split()) for text in texts for part in re.split(r"\n\s*\n", text)]
    pools = [(line, list(UNIT.finditer(line))) for line in lines]
    pools = [(line, marks) for line, marks in pools if len(marks) >= length]
    for _ in range(_TRIES if pools else 0):
        line, marks = dice.choice(pools)
        first = dice.randrange(len(marks) - length + 1)
        text = line[marks[first].start() : marks[first + length - 1].end()]
        if is_running(text):
            return text
    return ""


def is_running(text: str) -> bool:
    """Whether a text is prose: mostly words with letters, few of them twice, no markup."""
    found = [unit.casefold() for unit in units(text)]
    letters = [unit for unit in found if unit[0].isalpha()]
    varied = len(set(found)) >= 0.5 * len(found) and len(set(letters)) >= 4
    return varied and len(letters) >= 0.6 * len(found) and _MARKUP.search(text) is None


def units(text: str) -> list[str]:
    """The units of a text."""
    return [match[0] for match in UNIT.finditer(text)]


def gap(message: Message, dice: Random) -> int:
    """A character position between two sentences of the content, in front of any call markup, not inside code."""
    spans = [call.span[0] for call in message.tool_calls if call.span is not None]
    limit = min([*spans, *_closing(message.content), len(message.content)])
    fences = [match.start() for match in _FENCE.finditer(message.content)]
    ends = [match.end() for match in _SENTENCE_END.finditer(message.content, 0, limit)]
    ends = [end for end in ends if sum(fence < end for fence in fences) % 2 == 0]
    return dice.choice(ends) if ends else min(limit, len(message.content))


def plain(message: Message) -> str:
    """What the message says before any call markup."""
    return message.content[: min((call.span[0] for call in message.tool_calls if call.span), default=None)]


def _closing(content: str) -> list[int]:
    """Where the final answer or other markup begins: nothing is put behind it."""
    marks = [content.find(mark) for mark in ("\\boxed", "<answer", "<use_mcp_tool", "<tool_call")]
    return [at for at in marks if at >= 0]


def paragraph(text: str) -> str:
    """The text set apart from what stands around it."""
    return f"\n{text}\n"
