"""Call markup gone wrong: a call that is not complete (`call.malformed`), or inside the reasoning (`call.misplaced`).

Level 3. The turn makes no call; the agent is told so and then makes the call it made before. Severity of malformed: the
last tag missing, an inner part missing, broken off in the arguments; of misplaced: beside the call it should have been,
only in the reasoning, only in an inline think block. Tests: tests/testing/test_testing_plant_calls.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trajsynth.testing.edits import number_at, splice, with_message
from trajsynth.testing.place import Defect, Exchange, Place
from trajsynth.testing.wording import MENDING, MISPLACED, UNREADABLE
from trajsynth.testing.writing import markup, turn, user
from trajsynth.types import ToolCall

Writer = Callable[[ToolCall], str]


def malformed(place: Place) -> Defect | None:
    """`call.malformed`."""
    candidate = _drawn(place)
    if candidate is None:
        return None
    breakers = _IN_PROMPT if place.in_prompt else _NATIVE
    write = place.dice.choice(breakers[place.severity - 1])
    text = f"{place.dice.choice(MENDING)}\n\n{write(candidate.call)}"
    return _spoken(place, candidate, text, "", UNREADABLE)


def misplaced(place: Place) -> Defect | None:
    """`call.misplaced`."""
    candidate = _drawn(place)
    if candidate is None:
        return None
    written = markup(candidate.call) if place.in_prompt or place.dice.random() < 0.5 else _hermes(candidate.call)
    thought = f"I know what to ask for.\n{written}\nThen I will read what comes back."
    if place.severity == 1:
        message = replace(candidate.message, reasoning=f"{candidate.message.reasoning}\n{thought}".strip())
        return Defect(with_message(place.trajectory, place.c, message), message.n)
    if place.severity == 2:
        return _spoken(place, candidate, place.dice.choice(MENDING), thought, MISPLACED)
    return _spoken(place, candidate, f"<think>{thought}</think>\nWaiting for the result.", "", MISPLACED)


def _drawn(place: Place) -> Exchange | None:
    candidates = [candidate for candidate in place.callable() if candidate.index == 0]
    return place.dice.choice(candidates) if candidates else None


def _spoken(place: Place, candidate: Exchange, text: str, reasoning: str, reply: str) -> Defect:
    """A turn without a call, and what the user says to it, in front of the candidate's turn."""
    n = number_at(place.conversation, candidate.at)
    told = replace(turn(place, n, "", [], candidate.message, reasoning), content=text)
    return Defect(splice(place.trajectory, place.c, candidate.at, [told, user(n + 1, reply)]), n)


# ---- the in-prompt grammar --------------------------------------------------------------------------------------


def _unclosed(call: ToolCall) -> str:
    return markup(call).removesuffix("\n</use_mcp_tool>")


def _arguments_unclosed(call: ToolCall) -> str:
    return markup(call).replace("\n</arguments>", "")


def _toolless(call: ToolCall) -> str:
    return "\n".join(line for line in markup(call).split("\n") if not line.startswith("<tool_name>"))


def _server_unclosed(call: ToolCall) -> str:
    return markup(call).replace("</server_name>", "", 1)


def _nested(call: ToolCall) -> str:
    return markup(call).replace("<tool_name>", "<use_mcp_tool>\n<tool_name>", 1)


def _broken_off(call: ToolCall) -> str:
    """Ends in the middle of the arguments."""
    head, tag, rest = markup(call).partition("<arguments>\n")
    return head + tag + rest[: max(1, len(call.arguments) // 2)]


def _opened(call: ToolCall) -> str:
    return "<use_mcp_tool>"


_IN_PROMPT: tuple[tuple[Writer, ...], ...] = (
    (_unclosed, _arguments_unclosed),
    (_toolless, _server_unclosed, _nested),
    (_broken_off, _opened),
)

# ---- native calls written as text by models whose server did not parse them ------------------------------------


def _json(call: ToolCall) -> str:
    return f'{{"name": "{call.name}", "arguments": {call.arguments or "{}"}}}'


def _hermes(call: ToolCall) -> str:
    return f"<tool_call>\n{_json(call)}\n</tool_call>"


def _hermes_open(call: ToolCall) -> str:
    return f"<tool_call>\n{_json(call)}"


def _function_open(call: ToolCall) -> str:
    return f"<function={call.name}>{call.arguments}"


def _kimi_open(call: ToolCall) -> str:
    return f"<|tool_calls_section_begin|><|tool_call_begin|>functions.{call.name}:0"


def _deepseek_open(call: ToolCall) -> str:
    return f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>{call.name}"


def _mistral_half(call: ToolCall) -> str:
    return f"[TOOL_CALLS] [{_json(call)[:-1]}"


def _python_tag_half(call: ToolCall) -> str:
    return f"<|python_tag|>{_json(call)[:-2]}"


def _invoke_open(call: ToolCall) -> str:
    return f'<invoke name="{call.name}">\n<parameter name="input">{call.arguments}'


def _channel_open(call: ToolCall) -> str:
    return f"<|channel|>commentary to=functions.{call.name} <|message|>{call.arguments[:-1]}"


def _hermes_half(call: ToolCall) -> str:
    return _hermes_open(call)[: -max(2, len(call.arguments) // 2)]


_NATIVE: tuple[tuple[Writer, ...], ...] = (
    (_hermes_open, _function_open, _unclosed),
    (_kimi_open, _deepseek_open, _invoke_open, _channel_open, _toolless),
    (_hermes_half, _mistral_half, _python_tag_half, _broken_off),
)
