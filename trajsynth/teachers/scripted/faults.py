"""Planted faults: whether one strikes a rollout, which, and the reply that carries it with its label.

At most one fault a rollout, drawn from teacher, invocation, first user message and seed, so rates are exact in
expectation and a rolled-back turn, which has another seed, is mostly clean. A label stands beside the message, never
inside it.
Imports the modules of this package. Tests: tests/teachers/scripted/test_scripted_faults.py.
"""

from __future__ import annotations

from dataclasses import replace

from trajsynth.teachers.scripted import broken
from trajsynth.teachers.scripted.acting import key
from trajsynth.teachers.scripted.dice import draw
from trajsynth.teachers.scripted.draft import Draft
from trajsynth.teachers.scripted.phrases import FILLER, REFUSALS
from trajsynth.teachers.scripted.policy import Mind
from trajsynth.teachers.scripted.reading import Part, View
from trajsynth.teachers.scripted.roles import mind_of
from trajsynth.teachers.scripted.settings import (
    COURSE_FAULTS,
    END_FAULTS,
    QUESTION_FAULTS,
    ROLLOUT_FAULTS,
    TURN_FAULTS,
    Settings,
)

WELL_SOLVED = ("error.streak", "retry.redundant", "grade.wrong", "loop.action")
"""Faults of rollouts without a slip: the first two are defects of right answers only, the others turn a right one."""
STREAK = 3
"""Failing calls in a row of an error streak."""
FITTING: dict[Part, tuple[str, ...]] = {
    "alone": ROLLOUT_FAULTS + QUESTION_FAULTS,
    "planner": (),
    "lead": TURN_FAULTS + END_FAULTS,
    "agent": (*TURN_FAULTS, "truncated"),
}
"""Faults that a part can have. The ends of others than the main agent are no ends of a rollout."""
AGENTS = 3
"""Agents of a usual team; each gets this part of the rates, so that a rollout has about as many faults as one alone."""
TIMES = 4
"""How often a redundant or stuck call is made."""


def strike(view: View, settings: Settings) -> str:
    """The fault of this rollout, or empty."""
    fitting, share = FITTING[view.part], 1 / AGENTS if view.part == "agent" else 1.0
    rates = {code: rate * share for code, rate in settings.rates().items() if code in fitting}
    key = settings.segment()
    at, taken = draw("question", view.first, key), 0.0
    for code in QUESTION_FAULTS:
        taken += rates.get(code, 0.0)
        if at < taken:
            return code
    at, total = draw("rollout", view.first, view.seed, view.in_prompt, settings.name), 0.0
    for code in ROLLOUT_FAULTS:  # the shares are of all rollouts, so those left get proportionally more
        total += rates.get(code, 0.0) / (1 - taken) if taken < 1 else 0.0
        if at < total:
            return code
    return ""


def write(view: View, settings: Settings) -> Draft:
    """The reply to a request, fault included."""
    code = strike(view, settings)
    seed = None if code in QUESTION_FAULTS else view.seed
    mind = mind_of(view)(view, settings, key=(seed, view.in_prompt), may_slip=code not in WELL_SOLVED)
    turn = int(draw("turn", view.first, view.seed, code) * 3) + (view.part == "lead")  # behind the plan
    if code in TURN_FAULTS:
        return _turn(mind, code, turn)
    if code in COURSE_FAULTS:
        return _COURSES[code](mind, 1 + turn % 2)
    if code in QUESTION_FAULTS:
        return _duplicate(mind, code)
    if code and (view.summary or code in ("truncated", "refusal")):
        return _end(mind, code, turn)
    return mind.work()


# ---- one turn ---------------------------------------------------------------------------------------------------


def _turn(mind: Mind, code: str, turn: int) -> Draft:
    """The fault stands in turn number `turn`; if the work would end before, it goes on until then."""
    draft = mind.work()
    if mind.view.summary or mind.step > turn or (code.startswith("call.") and not mind.view.tools):
        return draft
    if not draft.calls and mind.view.tools:
        draft = mind.spare(f"{code} {mind.step}")
    if mind.step < turn and draft.calls:
        return draft
    if code.startswith("call.") and not draft.calls:
        return draft
    broke = broken.BREAK[code](draft, mind.view, mind.dice)
    return draft if broke is None else replace(broke, planted=(code,))


# ---- several turns ----------------------------------------------------------------------------------------------


def _error_streak(mind: Mind, start: int) -> Draft:
    """Three pages in a row that do not exist, then the work goes on."""
    place = mind.step - start
    if mind.view.summary or not 0 <= place < STREAK:
        return _kept_going(mind, start)
    title = broken.invented_titles(mind.view.question, mind.dice)[place]
    call = mind.hands.opening(title)
    if call is None or not all(step.failed for step in mind.view.steps[start:]):
        return mind.work()
    draft = Draft(
        content=mind.voice.next(f"the page {title}", new=not place),
        calls=(call,),
    )
    return replace(draft, planted=("error.streak",)) if place == STREAK - 1 else draft


def _kept_going(mind: Mind, start: int) -> Draft:
    """Clean work that does not end before a course begins."""
    draft = mind.work()
    if not mind.view.summary and not draft.calls and mind.step < start and mind.view.tools:
        return mind.spare("before the course")
    return draft


def _redundant(mind: Mind, start: int) -> Draft:
    """The first call again and again between other work, four times in all."""
    steps = mind.view.steps
    draft = mind.work()
    if mind.view.summary or not steps or not steps[0].calls:
        return draft
    first = steps[0].calls[0]
    made = sum(call.key == first.key for step in steps for call in step.calls)
    just = any(call.key == first.key for call in steps[-1].calls)
    call = mind.hands.repeat(first)
    if call is None or made >= TIMES or (draft.calls and just):
        return draft
    again = Draft(content=mind.voice.check(mind.hands.topic), calls=(call,))
    return replace(again, planted=("retry.redundant",)) if made == TIMES - 1 else again


def _stuck(mind: Mind, start: int) -> Draft:
    """One call four times in a row, or two in turns three times, then a wrong answer or none."""
    cycle = mind.dice.chance("cycle") < 0.4
    calls = [call for name in ("stuck a", "stuck b")[: 1 + cycle] if (call := mind.hands.spare(name, fixed=True))]
    length = 6 if cycle else TIMES
    place = mind.step - start
    if not calls or place < 0:
        return _kept_going(mind, start)
    done = mind.view.steps[start : start + length]
    wanted = [key(calls[i % len(calls)]) for i in range(len(done))]
    if [step.calls[0].key if len(step.calls) == 1 else "" for step in done] != wanted:
        return mind.work()
    if mind.view.summary:
        return mind.summary(mind.wrong_answer()) if len(done) == length else mind.summary()
    if place >= length:
        return replace(mind.done(), content=mind.voice.done(mind.wrong_answer(), (), sure=False))
    draft = Draft(content=mind.voice.next("the missing piece", new=False), calls=(calls[place % len(calls)],))
    return replace(draft, planted=("loop.action",)) if place == length - 1 else draft


_COURSES = {"error.streak": _error_streak, "retry.redundant": _redundant, "loop.action": _stuck}


# ---- the end ----------------------------------------------------------------------------------------------------


def _end(mind: Mind, code: str, turn: int) -> Draft:
    summary = mind.view.summary
    if code == "refusal":
        draft = mind.work()
        if draft.calls:
            return draft
        return Draft(content=mind.dice.pick("refusal", REFUSALS), planted=_labels(code, mind.view))
    if code == "truncated":
        draft = mind.work()
        if draft.calls or summary != (turn > 0):  # in the summary, or in the message before it
            return draft
        return Draft(content=broken.cut(draft.content, mind.dice), finish="length", planted=_labels(code, mind.view))
    if code == "answer.missing":
        text = f"{mind.summary_text()} {mind.voice.unboxed(mind.answer)}"
        return Draft(content=text, planted=(code,))
    answer = "" if code == "answer.empty" else mind.wrong_answer()
    return replace(mind.summary(answer), planted=(code,))


def _labels(code: str, view: View) -> tuple[str, ...]:
    """A refused or cut summary has no boxed answer either; a report needs none."""
    return (code, "answer.missing") if view.summary and view.part != "agent" else (code,)


# ---- duplicates -------------------------------------------------------------------------------------------------


def _duplicate(mind: Mind, code: str) -> Draft:
    """The same words whatever the seed; near duplicates differ by one word of the summary."""
    draft = mind.work()
    if not mind.view.summary:
        return draft
    if code == "duplicate.near":
        first, second = (FILLER[int(draw("filler", i, mind.view.first, mind.view.seed) * len(FILLER))] for i in (1, 2))
        draft = replace(draft, content=f"{first.capitalize()} and {second}: {draft.content}")
    return replace(draft, planted=(code,))
