"""Songs, speeches, drills, forms and plans that repeat themselves on purpose; part of repetition_unseen_clean.py."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from repetition_samples import prose
from repetition_words import DID, NAMES, NOUNS, WHAT, WHEN, WHO

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
COUNT = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
GIFTS = (
    "a lantern made of tin",
    "two clay jugs",
    "three woollen hats",
    "four painted plates",
    "five barrels of salt",
    "six brown hens",
    "seven pairs of oars",
    "eight silver spoons",
    "nine empty kegs",
    "ten ells of rope",
)


def around(dice: Random, text: str) -> str:
    return f"{prose(dice, dice.randint(0, 3))}\n\n{text}\n\n{prose(dice, dice.randint(0, 2))}"


# ---- verse and speech ---------------------------------------------------------------------------------------------


def _cumulative(dice: Random) -> str:
    """A song in which each stanza says again what the one before said."""
    days = dice.randint(5, 10)
    joint = dice.choice(("\n", ", ", "\n"))
    stanzas = []
    style = dice.choice(("day", "house", "down"))
    for i in range(days):
        if style == "day":
            given = joint.join([*reversed(GIFTS[: i + 1])])
            stanzas.append(f"On the {COUNT[i]} day of the harvest my brother brought to me{joint}{given}.")
        elif style == "house":
            chain = joint.join(f"that {d} {w}" for d, w in list(zip(DID, WHAT, strict=False))[i::-1])
            stanzas.append(f"Here is the {dice.choice(NOUNS)}{joint}{chain}.")
        else:
            n = days - i
            stanzas.append(
                f"{n} green lanterns hanging by the door, {n} green lanterns hanging,{joint}blow one out and count "
                f"them again,{joint}{n - 1} green lanterns hanging by the door."
            )
    return around(dice, dice.choice(("\n\n", "\n", "\n\n")).join(stanzas))


def _chorus(dice: Random) -> str:
    """A song whose chorus comes back, also twice at the end, and has lines without words."""
    hum = dice.choice(("La la la, la la la, la la la la la", "Na na na na, hey hey, na na na na", "Oh oh oh, oh oh oh"))
    lines = [f"{hum}!", "Carry the lantern down to the shore,", "carry the lantern home,", f"{hum}!"]
    chorus = "\n".join(lines[: dice.randint(3, 4)] if dice.random() < 0.6 else [hum + "!"] * dice.randint(2, 4))
    stanzas = []
    for i in range(dice.randint(3, 5)):
        verse = "\n".join(f"{dice.choice(WHO).capitalize()} {dice.choice(DID)} {dice.choice(WHAT)}," for _ in range(4))
        stanzas += [f"[Verse {i + 1}]\n{verse}", f"[Chorus]\n{chorus}"] if dice.random() < 0.5 else [verse, chorus]
    stanzas += [chorus] * dice.randint(0, 2)
    return dice.choice(("", "Here is a song:\n\n")) + "\n\n".join(stanzas)


def _speech(dice: Random) -> str:
    """Sentences that open alike on purpose."""
    opening = dice.choice(
        ("We will remember", "Let us not forget", "Who among us would have thought that", "Praised be")
    )
    told = " ".join(
        f"{opening} {dice.choice(WHO)} who {dice.choice(DID)} {dice.choice(WHAT)} {dice.choice(WHEN)}."
        for _ in range(dice.randint(4, 7))
    )
    return around(dice, told)


def _dialogue(dice: Random) -> str:
    replies = ("I do not know, sir.", "Yes.", "No, not that I remember.", "I was not there on that day.")
    turns = []
    for _ in range(dice.randint(8, 16)):
        turns.append(f"Q: Did {dice.choice(WHO)} see {dice.choice(WHAT)} {dice.choice(WHEN)}?")
        turns.append(f"A: {dice.choice(replies)}")
    return around(dice, "\n".join(turns))


# ---- instructions and drills --------------------------------------------------------------------------------------


def _training(dice: Random) -> str:
    parts = ("squats", "lunges", "rows", "presses", "planks", "bridges", "raises", "curls")
    form = dice.choice(
        (
            "{i}. {p}: 3 sets of {n} repetitions. Rest for 60 seconds between the sets.",
            "**{p}**\nDo 3 sets of {n}.\nRest for 60 seconds between the sets.\n",
            "- {p} - 3 x {n}, rest for 60 seconds between the sets",
        )
    )
    days = [
        f"### {day}\n" + "\n".join(form.format(i=i + 1, p=p, n=dice.randint(8, 15)) for i, p in enumerate(parts[:5]))
        for day in DAYS[: dice.randint(1, 2)]
    ]
    return around(dice, "\n\n".join(days))


def _gherkin(dice: Random) -> str:
    cases = [
        f"Scenario: {dice.choice(WHO)} {dice.choice(DID)} {dice.choice(WHAT)}\n"
        "  Given the keeper is signed in to the archive\n"
        f"  When the keeper opens entry {dice.randint(1, 900)}\n"
        f"  Then the page shows {dice.choice(WHAT)}\n"
        "  And no warning is shown to the keeper\n"
        for _ in range(dice.randint(3, 7))
    ]
    return around(dice, "\n".join(cases))


def _quiz(dice: Random) -> str:
    cases = [
        f"{i}. Who {dice.choice(DID)} {dice.choice(WHAT)}?\nA) {dice.choice(WHO)}\nB) {dice.choice(WHO)}\n"
        f"C) All of the above\nD) None of the above\nAnswer: {dice.choice('ABCD')}"
        for i in range(1, dice.randint(5, 12))
    ]
    return "\n\n".join(cases)


def _hours(dice: Random) -> str:
    form = dice.choice(
        (
            "{day}: open from {a} to 17:00, last entry at 16:30",
            "- **{day}**: the museum is open from {a}:00 to 17:00",
            "On {day} the museum is open from {a} to 17.",
        )
    )
    return around(dice, "\n".join(form.format(day=day, a=dice.choice((9, 9, 9, 10))) for day in DAYS))


def _statutes(dice: Random) -> str:
    forms = [
        f"§ {i} {dice.choice(WHO).capitalize()} shall not sell {dice.choice(WHAT)} without the consent of the council."
        for i in range(1, dice.randint(6, 14))
    ]
    return around(dice, "\n".join(forms))


def _trace(dice: Random) -> str:
    """An algorithm or a calculation followed step by step, in sentences."""
    form = dice.choice(
        (
            "Step {i}: we compare {a} with {b} and swap them.",
            "Now i = {i}, so the sum grows from {a} to {b}.",
            "After pass {i} the list is [{a}, {b}, {c}].",
            "We divide {a} by {b} and get a remainder of {c}.",
            "Then add {a} to {b}, which gives {c}.",
            "At {i}:00 the train is {a} km from the town and {b} km from the bridge.",
            "The probability of {i} heads in ten throws is {a}/1024.",
        )
    )
    told = (" ", "\n")[dice.random() < 0.5].join(
        form.format(i=i, a=dice.randint(2, 99), b=dice.randint(2, 99), c=dice.randint(2, 99)) for i in range(1, 12)
    )
    return around(dice, told)


def _sift(dice: Random) -> str:
    """Candidates looked at one after another, as prose."""
    form = dice.choice(
        (
            "{name} opened its {noun} in {year}, so it does not qualify.",
            "The {noun} of {name} was built in {year}, which is too late.",
            "What about {name}? Its {noun} dates from {year}, so no.",
            "Checking {name}: the {noun} there was opened in {year}, which is before the war.",
        )
    )
    names = dice.sample(NAMES, dice.randint(4, 9))
    told = [form.format(name=n, noun=dice.choice(NOUNS), year=dice.randint(1700, 1990)) for n in names]
    return around(dice, dice.choice((" ", "\n")).join(told))


def _works(dice: Random) -> str:
    rows = [
        f"{dice.choice(NAMES)}, {dice.choice('ABCDE')}. ({dice.randint(1900, 2020)}). On {dice.choice(WHAT)}. "
        f"Journal of Local History, {dice.randint(1, 60)}({dice.randint(1, 4)}), {dice.randint(1, 90)}-99."
        for _ in range(dice.randint(6, 20))
    ]
    return around(dice, "\n".join(rows))


def _counting(dice: Random) -> str:
    top = dice.randint(60, 200)
    style = dice.choice(("numbers", "table", "letters", "down", "words"))
    if style == "numbers":
        return around(dice, ", ".join(map(str, range(1, top))))
    if style == "table":
        return around(dice, "\n".join(f"{i} x {dice.randint(2, 9)} = {i * 7}" for i in range(1, 40)))
    if style == "letters":
        return around(dice, " ".join("abcdefghijklmnopqrstuvwxyz" * 3))
    if style == "down":
        return around(dice, "... ".join(map(str, range(30, 0, -1))) + "... go!")
    return around(dice, "; ".join(f"the {dice.choice(NOUNS)} of {dice.choice(NAMES)}" for _ in range(60)))


def _grammar(dice: Random) -> str:
    who = ("I", "you", "he", "she", "we", "they")
    tense = ("open the old gate", "have opened the old gate", "will open the old gate", "had opened the old gate")
    style = dice.choice((" ", "\n", ", "))
    return around(dice, style.join(f"{w} {t}" for t in tense for w in who) + ".")


# ---- other scripts ------------------------------------------------------------------------------------------------


def _chinese(dice: Random) -> str:
    years = [str(1800 + dice.randint(0, 190)) for _ in range(8)]
    style = dice.choice(("law", "song", "sift", "fields", "dialogue"))
    if style == "law":
        return "\n".join(
            f"第{n}条 任何人未经议会许可不得出售{w}。"
            for n, w in zip("一二三四五六七八", "桥塔门钟井船屋树", strict=True)
        )
    if style == "song":
        return "\n\n".join(f"河水流过{w}边，\n灯火照着旧{w}，\n啦啦啦，啦啦啦，\n我们一起回家。" for w in "桥塔门钟井")
    if style == "sift":
        return "".join(f"{n}的桥建于{y}年，所以不符合条件。" for n, y in zip(NAMES, years, strict=False))
    if style == "fields":
        return "\n".join(
            f"名称：{n}\n年份：{y}\n状态：已经对外开放\n备注：没有更多资料\n"
            for n, y in zip(NAMES, years, strict=False)
        )
    return "\n".join(f"甲：你见过{w}吗？\n乙：我不记得了，先生。" for w in "桥塔门钟井船屋")


def _japanese(dice: Random) -> str:
    style = dice.choice(("hours", "steps", "song"))
    if style == "hours":
        return "\n".join(f"{d}曜日：九時から十七時まで開館しています" for d in "月火水木金土日")
    if style == "steps":
        return "\n".join(f"手順{i}：{w}のページを開いて年を書き写す" for i, w in enumerate("橋塔門鐘船家", 1))
    return "\n\n".join(f"{w}のそばを川が流れる\nららら ららら\nみんなで家へ帰ろう" for w in "橋塔門鐘")


def _thai(dice: Random) -> str:
    things = ("สะพาน", "หอนาฬิกา", "ประภาคาร", "โรงเรียน", "ตลาด", "วัด")
    if dice.random() < 0.5:
        return "\n".join(f"{i}. {w} เปิดทุกวัน เวลาเก้าโมงถึงห้าโมงเย็น" for i, w in enumerate(things, 1))
    return " ".join(f"{w}สร้างในปี {1800 + dice.randint(0, 190)}" for w in things)


SPOKEN: dict[str, Callable[[Random], str]] = {
    "cumulative song": _cumulative,
    "song with a chorus": _chorus,
    "speech": _speech,
    "dialogue": _dialogue,
    "training plan": _training,
    "scenarios": _gherkin,
    "quiz": _quiz,
    "opening hours": _hours,
    "statutes": _statutes,
    "trace": _trace,
    "candidates": _sift,
    "bibliography": _works,
    "counting": _counting,
    "grammar": _grammar,
    "Chinese, other": _chinese,
    "Japanese, other": _japanese,
    "Thai, other": _thai,
}
