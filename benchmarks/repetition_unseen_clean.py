"""Honest turns of kinds nobody had in mind when the filters were written: pictures, dumps, songs, sequences, drills.

Written before the filters of repetition saw any of them; what they made of them at the first try stands in RESULTS.md.
Used by repetition.py (`--unseen`) and by tests/filters/test_filters_repetition_bench.py.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from random import Random

from repetition_samples import Sample, prose, sentence
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


def _around(dice: Random, text: str) -> str:
    return f"{prose(dice, dice.randint(0, 3))}\n\n{text}\n\n{prose(dice, dice.randint(0, 2))}"


# ---- data without a fence -----------------------------------------------------------------------------------------


def _svg(dice: Random) -> str:
    n = dice.randint(8, 40)
    shapes = [f'<circle cx="{10 * i}" cy="{dice.randint(0, 90)}" r="4" fill="none" stroke="black"/>' for i in range(n)]
    lines = [f'<line x1="{i}" y1="0" x2="{i}" y2="100" style="stroke:gray;stroke-width:1"/>' for i in range(n)]
    path = '<path d="' + " ".join(f"L {10 * i} {dice.randint(0, 99)}" for i in range(3 * n)) + '"/>'
    text = "".join(dice.choice((shapes, lines)))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">{dice.choice((text, path))}</svg>'
    return dice.choice((svg, f"Here is the picture: {svg}", _around(dice, svg)))


def _hexdump(dice: Random) -> str:
    style = dice.choice(("xxd", "hd", "plain", "zeros"))
    rows = []
    for i in range(dice.randint(6, 30)):
        octets = [0 if style == "zeros" or dice.random() < 0.5 else dice.randrange(256) for _ in range(16)]
        shown = "".join(chr(o) if 32 < o < 127 else "." for o in octets)
        pairs = [f"{a:02x}{b:02x}" for a, b in zip(octets[::2], octets[1::2], strict=True)]
        if style == "xxd":
            rows.append(f"{16 * i:08x}: {' '.join(pairs)}  {shown}")
        elif style == "plain":
            rows.append(" ".join(f"{o:02X}" for o in octets))
        else:
            rows.append(f"{16 * i:08x}  {' '.join(f'{o:02x}' for o in octets)}  |{shown}|")
    return _around(dice, "\n".join(rows))


def _json_lines(dice: Random) -> str:
    rows = [
        {
            "step": i,
            "action": "open the page of the town and read the list of its bridges",
            "result": f"the {dice.choice(NOUNS)} of {dice.choice(NAMES)} is not mentioned on the page",
            "ok": dice.random() < 0.5,
        }
        for i in range(dice.randint(6, 40))
    ]
    style = dice.choice(("lines", "one line", "said", "python"))
    if style == "lines":
        return _around(dice, "\n".join(map(json.dumps, rows)))
    if style == "one line":
        return "The log so far: " + json.dumps({"steps": rows})
    if style == "python":
        return f"The state is now {rows!r} and nothing else."
    return "\n".join(f"Row {i}: {json.dumps(row)}" for i, row in enumerate(rows))


def _csv(dice: Random) -> str:
    joint = dice.choice((",", ";", " | ", "\t", ", "))
    head = joint.join(("id", "place", "note", "remark"))
    rows = [
        joint.join((str(i), dice.choice(NAMES), f"the {dice.choice(NOUNS)} was closed to visitors in the winter", "-"))
        for i in range(dice.randint(6, 50))
    ]
    if dice.random() < 0.4:
        rows = [joint.join(f'"{cell}"' for cell in row.split(joint)) for row in rows]
    return _around(dice, "\n".join([head, *rows]))


def _logs(dice: Random) -> str:
    form = dice.choice(
        (
            "Mar  {d} 10:{m:02}:17 gate sshd[{p}]: Accepted publickey for keeper from 10.0.0.{d} port {p} ssh2",
            '10.0.0.{d} - - [03/Mar/2024:10:{m:02}:17 +0000] "GET /page/{m} HTTP/1.1" 200 {p} "-" "Mozilla/5.0"',
            "npm warn deprecated package-{m}@1.{d}.0: this version is no longer supported by its authors",
            "tests/test_page_{m}.py::test_the_page_is_read_again_after_a_fault PASSED [ {m}%]",
            "pod/worker-{d}-{p} 1/1 Running 0 {m}m",
            "* {p:x} Merge the branch of the harbour office into the main branch ({m} hours ago)",
            "worker {d} | fetched the page of the town and wrote it to the store in {p} ms",
            "Epoch {m}/60 - loss: 0.{p} - accuracy: 0.{d}{p} - validation loss: 0.{p}",
            "E{d:04} {m:02}.{p}: cannot open the file of the harbour office, so it was left out",
        )
    )
    rows = [form.format(d=dice.randint(1, 9), m=i % 60, p=dice.randint(1000, 9999)) for i in range(dice.randint(8, 60))]
    return _around(dice, "\n".join(rows))


def _addresses(dice: Random) -> str:
    form = dice.choice(
        (
            "https://www.example.org/archive/towns/{name}/{noun}?page={i}&sort=year&order=asc",
            "/home/keeper/archive/towns/{name}/{noun}/scan_{i:04}.tiff",
            "Visit https://example.org/{noun}/{i} for the details of the entry",
            "- https://example.org/{name}/{noun}/{i}",
            "{i}. example.org/archive/{name}/{noun}/index.html",
            "from archive.towns.{name} import {noun} as {noun}_{i}",
            "git@example.org:{name}/{noun}-{i}.git",
        )
    )
    n = dice.randint(8, 40)
    return _around(
        dice, "\n".join(form.format(name=dice.choice(NAMES), noun=dice.choice(NOUNS), i=i) for i in range(n))
    )


def _listing(dice: Random) -> str:
    """Code without a fence, in less usual languages."""
    n = dice.randint(8, 30)
    forms = (
        ("mov eax, [ebp-{a}]\nadd eax, {i}\npush eax\ncall write_page"),
        ("  {noun}:\n    image: archive/{noun}\n    restart: always\n    environment:\n      - MODE=read"),
        ('[[town]]\nname = "{name}"\nstate = "open"\n'),
        ("\\item The {noun} of {name} & {i} & open \\\\"),
        ("+    assert page_{i} is not None\n-    assert page_{i}"),
        ("{noun}_{i}.o: {noun}_{i}.c page.h\n\tcc -O2 -c {noun}_{i}.c"),
        ("<item><name>{name}</name><kind>{noun}</kind><state>open</state></item>"),
        ('when {i} -> println("the {noun} of {name}")'),
        ("E:|--{a}--{a}--x--{a}--|\nB:|--0--0--x--0--|\nG:|--1--1--x--1--|"),
        ("x{i} + y{i} <= {a}"),
        ("r{i} := read page {i} in {name}"),
        ('Print["page ", {i}, " of ", {a}];'),
    )
    form = dice.choice(forms)
    rows = [form.format(i=i, a=dice.randint(2, 99), noun=dice.choice(NOUNS), name=dice.choice(NAMES)) for i in range(n)]
    return _around(dice, "\n".join(rows))


# ---- sequences, rules, bars ---------------------------------------------------------------------------------------


def _sequence(dice: Random) -> str:
    """Genes, proteins, repeating decimals, moves, bits."""
    style = dice.choice(("repeat", "dna", "protein", "decimal", "bits", "moves", "morse", "melody"))
    if style == "repeat":
        unit, times = dice.choice(("CAG", "CGG", "GAA", "TTAGGG", "AT", "CA")), dice.randint(30, 90)
        around = "".join(dice.choice("ACGT") for _ in range(dice.choice((0, 12, 40))))
        said = dice.choice(
            ("The allele reads {}, which is far above the usual range.", "Sequence:\n{}\n", "`{}` is the expansion.")
        )
        return _around(dice, said.format(around + unit * times + around[::-1]))
    if style == "dna":
        return _around(dice, ">entry 1\n" + "\n".join("".join(dice.choices("ACGT", k=60)) for _ in range(12)))
    if style == "protein":
        return _around(dice, "MK" + "".join(dice.choices("ACDEFGHIKLMNPQRSTVWY", k=80)) + "Q" * 90 + "PPPLL")
    if style == "decimal":
        return _around(dice, f"1/7 = 0.{'142857' * 40} and 1/9 = 0.{'1' * 120}, so the digits come again.")
    if style == "bits":
        return _around(dice, " ".join("".join(dice.choices("01", k=8)) for _ in range(60)) + " " + "00000000 " * 30)
    if style == "moves":
        return " ".join(f"{i}. N{dice.choice('fgdc')}{i % 8 + 1} K{dice.choice('ab')}8" for i in range(1, 60))
    if style == "morse":
        return _around(dice, " ".join(dice.choice((".-", "-...", "...", "---", ".")) for _ in range(150)))
    return _around(dice, " ".join(dice.choice(("C4", "E4", "G4", "C4 C4", "-")) for _ in range(120)))


def _packed(dice: Random) -> str:
    """Base64 with long runs, as a picture in a page or alone."""
    raw = bytes(dice.randrange(256) for _ in range(40)) + bytes(dice.randint(120, 500)) + bytes([255]) * 150
    text = base64.b64encode(raw).decode()
    form = dice.choice(
        (
            "data:image/png;base64,{}",
            '<img src="data:image/gif;base64,{}" alt="a map">',
            "![map](data:image/png;base64,{})",
            "The key file holds\n{}\nand nothing else.",
            '{{"icon": "{}"}}',
        )
    )
    return _around(dice, form.format(text))


def _rules(dice: Random) -> str:
    """Rules, boxes, indentation, progress."""
    style = dice.choice(("rules", "box", "indent", "bar", "pip", "stars", "dots", "blank"))
    if style == "rules":
        sign = dice.choice("-=_*#~+")
        return "\n".join(f"{sign * dice.randint(40, 300)}\n{sentence(dice)}" for _ in range(6))
    if style == "box":
        rows = "\n".join(f"║{' ' * 60}║" for _ in range(20))
        return f"╔{'═' * 60}╗\n{rows}\n╚{'═' * 60}╝"
    if style == "indent":
        return "\n".join(" " * (4 * i) + f"step({i}," for i in range(40)) + ")" * 40
    if style == "bar":
        return "\n".join(f"[{'=' * i}>{' ' * (80 - i)}] {i * 100 // 80}% of the pages read" for i in range(0, 81, 8))
    if style == "pip":
        return "\n".join(f"     {'━' * 100} 1.{i}/9.9 MB 3.2 MB/s eta 0:00:0{i}" for i in range(9))
    if style == "stars":
        return "\n".join(f"{n}: {'★' * dice.randint(1, 5):☆<5} ({dice.randint(2, 90)} votes)" for n in NAMES)
    if style == "dots":
        return "\n".join(f"Chapter {i} {'.' * 140} {12 * i}" for i in range(1, 15))
    return (
        f"{sentence(dice)}{' ' * 300}\n{chr(10) * 200}{sentence(dice)}{chr(9) * 200}{chr(0xA0) * 200}{sentence(dice)}"
    )


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
    return _around(dice, dice.choice(("\n\n", "\n", "\n\n")).join(stanzas))


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
    return _around(dice, told)


def _dialogue(dice: Random) -> str:
    replies = ("I do not know, sir.", "Yes.", "No, not that I remember.", "I was not there on that day.")
    turns = []
    for _ in range(dice.randint(8, 16)):
        turns.append(f"Q: Did {dice.choice(WHO)} see {dice.choice(WHAT)} {dice.choice(WHEN)}?")
        turns.append(f"A: {dice.choice(replies)}")
    return _around(dice, "\n".join(turns))


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
    return _around(dice, "\n\n".join(days))


def _gherkin(dice: Random) -> str:
    cases = [
        f"Scenario: {dice.choice(WHO)} {dice.choice(DID)} {dice.choice(WHAT)}\n"
        "  Given the keeper is signed in to the archive\n"
        f"  When the keeper opens entry {dice.randint(1, 900)}\n"
        f"  Then the page shows {dice.choice(WHAT)}\n"
        "  And no warning is shown to the keeper\n"
        for _ in range(dice.randint(3, 7))
    ]
    return _around(dice, "\n".join(cases))


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
    return _around(dice, "\n".join(form.format(day=day, a=dice.choice((9, 9, 9, 10))) for day in DAYS))


def _statutes(dice: Random) -> str:
    forms = [
        f"§ {i} {dice.choice(WHO).capitalize()} shall not sell {dice.choice(WHAT)} without the consent of the council."
        for i in range(1, dice.randint(6, 14))
    ]
    return _around(dice, "\n".join(forms))


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
    return _around(dice, told)


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
    return _around(dice, dice.choice((" ", "\n")).join(told))


def _works(dice: Random) -> str:
    rows = [
        f"{dice.choice(NAMES)}, {dice.choice('ABCDE')}. ({dice.randint(1900, 2020)}). On {dice.choice(WHAT)}. "
        f"Journal of Local History, {dice.randint(1, 60)}({dice.randint(1, 4)}), {dice.randint(1, 90)}-99."
        for _ in range(dice.randint(6, 20))
    ]
    return _around(dice, "\n".join(rows))


def _counting(dice: Random) -> str:
    top = dice.randint(60, 200)
    style = dice.choice(("numbers", "table", "letters", "down", "words"))
    if style == "numbers":
        return _around(dice, ", ".join(map(str, range(1, top))))
    if style == "table":
        return _around(dice, "\n".join(f"{i} x {dice.randint(2, 9)} = {i * 7}" for i in range(1, 40)))
    if style == "letters":
        return _around(dice, " ".join("abcdefghijklmnopqrstuvwxyz" * 3))
    if style == "down":
        return _around(dice, "... ".join(map(str, range(30, 0, -1))) + "... go!")
    return _around(dice, "; ".join(f"the {dice.choice(NOUNS)} of {dice.choice(NAMES)}" for _ in range(60)))


def _grammar(dice: Random) -> str:
    who = ("I", "you", "he", "she", "we", "they")
    tense = ("open the old gate", "have opened the old gate", "will open the old gate", "had opened the old gate")
    style = dice.choice((" ", "\n", ", "))
    return _around(dice, style.join(f"{w} {t}" for t in tense for w in who) + ".")


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


UNSEEN_CLEAN: dict[str, Callable[[Random], str]] = {
    "SVG": _svg,
    "hex dump": _hexdump,
    "JSON, unfenced": _json_lines,
    "CSV with remarks": _csv,
    "logs, other": _logs,
    "addresses": _addresses,
    "code, unusual": _listing,
    "sequences": _sequence,
    "packed data": _packed,
    "rules and bars": _rules,
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


def unseen_negatives(seed: int, each: int) -> Iterator[Sample]:
    """`each` samples of every kind."""
    for kind, made in UNSEEN_CLEAN.items():
        for i in range(each):
            yield Sample(kind, "", 0, made(Random(f"{seed} {kind} {i}")))
