"""What the paper calls limits of its own data: no plan, no thoughts, another language in between.

Level 3. Severity of `plan.missing`: a word or two before the first call that plan nothing, fewer, none; of
`thought.missing`: just over half, three quarters, all of the turns that call say nothing beside the call; of
`language.mixed`: a clause, a tenth, a third of what is said.
Tests: tests/testing/test_testing_plant_style.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from trajsynth.testing.edits import with_message, with_text
from trajsynth.testing.place import Defect, Place
from trajsynth.testing.prose import gap, plain
from trajsynth.types import Message, Trajectory

FOREIGN: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("[\u0400-\u04ff]", (
        " Теперь нужно ещё раз проверить расписание паромов,",
        " потому что в старом каталоге записан другой причал.",
        " Архив так и не ответил на письмо консула.",
        " Посмотрим, что скажет следующая страница отчёта.",
    )),
    ("[\u0600-\u06ff]", (
        " علينا أن نراجع جدول العبارات مرة أخرى،",
        " لأن السجل القديم يذكر رصيفا آخر.",
        " لم يرد الأرشيف على رسالة القنصل بعد.",
        " لنر ما تقوله الصفحة التالية من التقرير.",
    )),
    ("[\uac00-\ud7af]", (
        " 이제 연락선 시간표를 다시 확인해야 합니다,",
        " 오래된 목록에는 다른 부두가 적혀 있기 때문입니다.",
        " 기록 보관소는 영사의 편지에 아직 답하지 않았습니다.",
        " 보고서의 다음 쪽에 무엇이 있는지 봅시다.",
    )),
    ("[\u4e00-\u9fff]", (
        "现在需要再核对一遍渡轮的时刻表，",
        "因为旧目录里写的是另一个码头。",
        "档案馆一直没有回复领事的来信。",
        "让我们看看报告的下一页怎么说。",
    )),
)  # fmt: skip
"""(letters of the script, things said in it)."""
_LEAST_LETTERS: Final = 14
_PLANLESS: Final = (("Hm, right.", "All right then.", "Interesting question!", "Okay, noted."), ("Ok.", "So.", "Yes."))


def planless(place: Place) -> Defect | None:
    """`plan.missing`: what is said before and with the first call goes, and so do thoughts."""
    calling = next((m for m in place.messages if m.tool_calls), None)
    if calling is None or place.c:
        return None
    early = [m for m in place.assistant_turns() if m.n <= calling.n]
    if not any(plain(m).strip() or m.reasoning.strip() for m in early):
        return None
    trajectory = place.trajectory
    for message in early:
        lead = "" if place.severity == 3 else place.dice.choice(_PLANLESS[place.severity - 1])
        trajectory = with_message(trajectory, place.c, _saying(message, lead))
    return Defect(trajectory, calling.n)


def thoughtless(place: Place) -> Defect | None:
    """`thought.missing`: turns that call a tool lose what they say and think."""
    calling = [(c, m) for c, m in _spoken(place.trajectory) if m.tool_calls]
    speaking = [(c, m) for c, m in calling if plain(m).strip() or m.reasoning.strip()]
    silent = len(calling) - len(speaking)
    least = len(calling) // 2 + 1
    wanted = (least, max(least, -(-3 * len(calling) // 4)), len(calling))[place.severity - 1] - silent
    if not speaking or not 0 < wanted <= len(speaking):
        return None
    trajectory: Trajectory = place.trajectory
    chosen = place.dice.sample(speaking, wanted)
    for c, message in chosen:
        trajectory = with_message(trajectory, c, _saying(message, ""))
    return Defect(trajectory, next((m.n for c, m in chosen if c == place.c), None))


def mixed_language(place: Place) -> Defect | None:
    """`language.mixed`: in a script that the conversation does not have, between the agent's own sentences."""
    shown = "".join(m.content + m.reasoning for c in place.trajectory.conversations for m in c.messages)
    shown += place.trajectory.question.text
    free = [said for script, said in FOREIGN if not re.search(script, shown)]
    turns = [m for m in place.assistant_turns() if plain(m).strip()]
    if not free or not turns:
        return None
    said = place.dice.choice(free)
    agent = sum(len(re.findall(r"[^\W\d_]", m.content + m.reasoning)) for _, m in _spoken(place.trajectory))
    wanted = max(_LEAST_LETTERS, int(agent * (0.03, 0.1, 0.4)[place.severity - 1]))
    pieces = iter(said * (1 + wanted // _LEAST_LETTERS))
    trajectory, first, letters = place.trajectory, turns[-1].n, 0
    while letters < wanted:
        n, piece = place.dice.choice(turns).n, next(pieces)
        message = next(m for m in trajectory.conversations[place.c].messages if m.n == n)
        trajectory = with_message(trajectory, place.c, with_text(message, gap(message, place.dice), piece))
        first, letters = min(first, n), letters + len(re.findall(r"[^\W\d_]", piece))
    return Defect(trajectory, first)


def _spoken(trajectory: Trajectory) -> list[tuple[int, Message]]:
    return [(c, m) for c, talk in enumerate(trajectory.conversations) for m in talk.messages if m.role == "assistant"]


def _saying(message: Message, text: str) -> Message:
    """The message with this instead of what it says before its calls; nothing thought."""
    said = plain(message)
    lead = f"{text}\n\n" if text and len(said) < len(message.content) else text
    by = len(lead) - len(said)
    calls = tuple(
        replace(call, span=(call.span[0] + by, call.span[1] + by)) if call.span else call for call in message.tool_calls
    )
    return replace(message, content=lead + message.content[len(said) :], tool_calls=calls, reasoning="")
