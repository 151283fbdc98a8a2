r"""How a trajectory ends: without an answer, with an empty one, cut off, by refusing, by a failure of the machinery.

Level 3; the main agent's conversation only. Severity of `ended.early`: two failed calls and an answer, one, none; of
`format.error`: the box not closed, without its backslash, in words; of `truncated.open` (imported ones): ends on the
last result, on one half-way, on the question. Severity of `answer.missing`: words but no answer, ends on a late call or
its result, on the first one; of `answer.empty`: an empty box (white space), a final message of only thoughts, nothing;
of `truncated`: 10, 50, 90 % of the last reply lost; of `refusal`: after a polite opening, plain, curt; of `infra.*`:
just before the end, half-way, before the first reply. Tests: tests/testing/test_testing_plant_endings.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from trajsynth.answers import boxed
from trajsynth.testing.edits import cut, number_at, splice, with_conversation, with_message
from trajsynth.testing.place import Defect, Place
from trajsynth.testing.wording import (
    GROSS_REFUSALS,
    INFRA_MESSAGES,
    MILD_REFUSALS,
    PLAIN_REFUSALS,
    TOOL_ERRORS,
    TRYING_ON,
    UNDECIDED,
)
from trajsynth.testing.writing import Said, exchange
from trajsynth.types import Failure, FailureKind, Grade, Message, StopReason, Trajectory, Turn


def graded_wrong(trajectory: Trajectory) -> Trajectory:
    """The trajectory judged wrong, as its planted ending deserves."""
    return replace(trajectory, grade=Grade(correct=False, method="planted"))


def answer_missing(place: Place) -> Defect | None:
    """`answer.missing`; an imported trajectory answers with its last message, so there only the cut ones count."""
    final = _answered(place)
    if final is None:
        return None
    if place.severity == 1 and not place.imported:
        kept = final.content.split("\\boxed")[0].rstrip()
        text = f"{kept}\n\n{place.dice.choice(UNDECIDED)}".strip()
        unboxed = replace(final, content=text, tool_calls=())
        return Defect(_ended(with_message(place.trajectory, 0, unboxed), None, "no_answer"), final.n)
    calling = [at for at, message in enumerate(place.messages) if message.tool_calls]
    if not calling:
        return None
    at = calling[place.pick(-1, len(calling) // 2, 0)]
    keep = at + 1 if place.imported and place.dice.random() < 0.5 else place.after(at)
    return Defect(_ended(cut(place.trajectory, 0, keep), None, "time_limit"), place.messages[at].n)


def answer_empty(place: Place) -> Defect | None:
    """`answer.empty`."""
    final = _answered(place)
    if final is None:
        return None
    if place.imported:
        content = (" \n", "<think>Now I can say what it is.</think>\n", "")[place.severity - 1]
    else:
        lead = final.content.split("\\boxed")[0].rstrip() if place.severity < 3 else ""
        content = f"{lead} \\boxed{{{' ' if place.severity == 1 else ''}}}".strip()
    emptied = replace(final, content=content, tool_calls=())
    return Defect(_ended(with_message(place.trajectory, 0, emptied), "", "no_answer"), final.n)


def truncated(place: Place) -> Defect | None:
    """`truncated`: the final reply ran into its token limit; what its answer loses, its verdict loses too."""
    final = _final(place)
    if final is None or len(final.content.split()) < 5:
        return None
    content = final.content[: int(len(final.content) * (100 - place.pick(10, 50, 90)) / 100)].rstrip()
    about = replace(final.turn or Turn(), finish_reason="length")
    short = with_message(place.trajectory, 0, replace(final, content=content, turn=about))
    if place.imported or place.trajectory.answer is None:
        return Defect(short, final.n)
    answer = boxed(content)
    if answer == place.trajectory.answer:
        return Defect(short, final.n)
    return Defect(graded_wrong(_ended(short, answer, "no_answer")), final.n)


def refusal(place: Place) -> Defect | None:
    """`refusal`: the final turn refuses; graded wrong unless nobody had graded it."""
    final = _final(place)
    if final is None:
        return None
    text = place.dice.choice((MILD_REFUSALS, PLAIN_REFUSALS, GROSS_REFUSALS)[place.severity - 1])
    refused = _ended(with_message(place.trajectory, 0, replace(final, content=text)), None, "no_answer")
    return Defect(graded_wrong(refused) if place.trajectory.grade else refused, final.n)


def ended_early(place: Place) -> Defect | None:
    """`ended.early`: the final turn comes before any call went well; graded wrong. Needs a tool list; no sub-agents."""
    final = _final(place)
    calling = [at for at, message in enumerate(place.messages) if message.tool_calls]
    if final is None or not calling or not place.toolset(final) or len(place.trajectory.conversations) > 1:
        return None
    start = calling[0]
    call = place.messages[start].tool_calls[0]
    trajectory, first = cut(place.trajectory, 0, start), number_at(place.conversation, start)
    new: list[Message] = []
    for number in range(place.pick(2, 1, 0)):
        said = Said(place.dice.choice(TOOL_ERRORS).format(10 + number), "tool_error")
        like = place.messages[start]
        new += exchange(place, first + len(new), place.dice.choice(TRYING_ON), call, like, said)
    about = replace(final.turn, hidden=()) if final.turn else None
    trajectory = splice(trajectory, 0, start, [*new, replace(final, n=first + len(new), turn=about)])
    return Defect(trajectory, first + len(new))


def format_error(place: Place) -> Defect | None:
    r"""`format.error`: of an answer in `\\boxed{}` the form is spoiled; the final answer is then none."""
    final = _final(place)
    said = boxed(final.content) if final is not None else None
    if final is None or not said:
        return None
    mild = (f"\\boxed{{{said}", f"\\boxed {said}", f"\\boxed[{said}]")
    plain = (f"boxed{{{said}}}", f"$boxed({said})$", f"\\box{{{said}}}", f"\\\\boxed {{{said}")
    gross = (f"Boxed answer: {said}", f"The answer, boxed, is {said}", f"[boxed] {said}")
    form = place.dice.choice((mild, plain, gross)[place.severity - 1])
    lead = final.content[: final.content.rfind("\\boxed")]
    if "\\boxed" in lead:
        return None
    spoiled = with_message(place.trajectory, 0, replace(final, content=f"{lead}{form}"))
    return Defect(_ended(spoiled, None, "no_answer"), final.n)


def open_ended(place: Place) -> Defect | None:
    """`truncated.open`: an imported conversation that ends on somebody else's word."""
    if place.c or not place.imported or _final(place) is None:
        return None
    others = [at for at, message in enumerate(place.messages) if message.role in ("user", "tool")]
    if not others:
        return None
    at = others[place.pick(-1, len(others) // 2, 0)]
    return Defect(cut(place.trajectory, 0, at + 1), place.messages[at].n)


def infra(code: str) -> Callable[[Place], Defect | None]:
    """The planter of one kind of failure: the conversation breaks off, nothing of the failure becomes text."""
    kind = cast(FailureKind, code.partition(".")[2])

    def plant(place: Place) -> Defect | None:
        turns = [at for at, message in enumerate(place.messages) if message.role == "assistant"]
        if not turns or place.c:
            return None
        keep = turns[place.pick(-1, len(turns) // 2, 0)]
        failure = Failure(kind=kind, message=INFRA_MESSAGES[code])
        broken = _ended(cut(place.trajectory, 0, keep), None, "failed")
        main = replace(broken.conversations[0], failure=failure)
        return Defect(replace(with_conversation(broken, 0, main), failure=failure, grade=None), None)

    return plant


def _answered(place: Place) -> Message | None:
    """The final turn, if the trajectory has a final answer that can be taken away."""
    return _final(place) if place.imported or place.trajectory.answer else None


def _final(place: Place) -> Message | None:
    return place.final_turn() if place.c == 0 else None


def _ended(trajectory: Trajectory, answer: str | None, stop: StopReason) -> Trajectory:
    """The trajectory with that ending; an imported one records neither answer nor stop reason."""
    if trajectory.run.source and stop != "failed":
        return trajectory
    main = replace(trajectory.conversations[0], answer=answer, stop_reason=stop)
    return replace(with_conversation(trajectory, 0, main), answer=answer, stop_reason=stop)
