"""Repetition inside a turn: a stretch of the trajectory's own text again and again, a runaway of characters.

Level 3. Severity of `repeat.loop`: 3, 5, 12 copies of a block of 8 to 120 words and punctuation marks; of `repeat.run`:
200, 800, 4,000 characters. Tests: tests/testing/test_testing_plant_repeats.py.
"""

from __future__ import annotations

from dataclasses import replace

from trajsynth.testing.edits import with_message, with_text
from trajsynth.testing.place import Defect, Place
from trajsynth.testing.prose import gap, paragraph, stretch
from trajsynth.types import Message

BLOCKS = (8, 13, 24, 45, 80, 120)
"""Units of a repeated block; 3 copies of the shortest make the 24 units the definition asks for, none is over 150."""
RUN_UNITS = ("ha", "no ", "la la ", "!", "?!", "啊", "哈哈", "✓", "🙂", "wait... ", "e", "xyz")
GROSS_RUN_UNITS = (*RUN_UNITS, "0", ".", "\\n", "=-")
"""Separators and digits are a runaway only when there are very many."""


def loop(place: Place) -> Defect | None:
    """`repeat.loop`."""
    copies = place.pick(3, 5, 12)
    block = next((text for size in _sizes(place) if (text := stretch(place, size))), "")
    if not block:
        return None
    joint = "" if not block.isascii() and " " not in block else place.dice.choice((" ", "\n"))
    text = joint.join([block] * copies)
    if place.severity > 1 and place.dice.random() < 0.5:  # often a token limit cuts the last copy short
        text += joint + block[: len(block) // 2]
    return put(place, text)


def run(place: Place) -> Defect | None:
    """`repeat.run`."""
    length = place.pick(200, 800, 4_000)
    unit = place.dice.choice(RUN_UNITS if place.severity == 1 else GROSS_RUN_UNITS)
    return put(place, (unit * length)[:length])


def _sizes(place: Place) -> list[int]:
    """Block sizes to try: one by lot, then the smaller ones."""
    drawn = place.dice.choice(BLOCKS)
    return sorted((size for size in BLOCKS if size <= drawn), reverse=True)


def put(place: Place, text: str) -> Defect | None:
    """The text in some assistant turn, between its sentences; in its reasoning now and then, where it has any."""
    turns = place.assistant_turns()
    if not turns:
        return None
    message = place.dice.choice(turns)
    if message.reasoning and place.dice.random() < 0.3:
        changed = replace(message, reasoning=f"{message.reasoning}\n{text}")
    else:
        changed = _with(message, text, place)
    return Defect(with_message(place.trajectory, place.c, changed), message.n)


def _with(message: Message, text: str, place: Place) -> Message:
    return with_text(message, gap(message, place.dice), paragraph(text) if message.content else text)
