"""Honest text that looks like a defect: tables, enumerations, JSON, code, logs, casework, refusal-like words.

Level 3, imports no filter. Each writer takes dice, a language and a size (how many rows) and gives what an agent would
say. Tests: tests/testing/test_testing_near_misses.py.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from random import Random
from typing import Final

from trajsynth.testing.stock import JOINT, NOUNS, sentence, sentences

Writer = Callable[[Random, str, int], str]

_PORTS: Final = ("Arnhaven", "Brack", "Calder Bay", "Dunmoor", "Eskerry", "Farloe", "Grimsund", "Hollin", "Ivarsby",
                 "Jutholm", "Kelda", "Lomsey", "Marrick", "Nesting", "Oddavik", "Penrall")  # fmt: skip
_TABLE: Final = {
    "en": ("time", "stop", "state", "on time", "delayed", "yes"),
    "zh": ("时间", "车站", "状态", "正点", "晚点", "有"),
    "ja": ("時刻", "停留所", "状況", "定刻", "遅延", "あり"),
    "th": ("เวลา", "สถานี", "สถานะ", "ตรงเวลา", "ล่าช้า", "มี"),
}
_WORKED: Final = {
    "zh": "{y}年{x}有{n}名工人。",
    "ja": "{y}年の{x}には{n}人の職人がいました。",
    "th": "ปี {y} {x}มีคนงาน {n} คน",
}
_REFUSED: Final = {
    "zh": "“很抱歉，我无法帮助您”是镇长的原话，所以答案是北码头。",
    "ja": "「申し訳ありませんが、お答えできません」と町長は返したので、答えは北埠頭です。",
    "th": "นายกเทศมนตรีตอบว่า “ขออภัย ฉันช่วยไม่ได้” ดังนั้นคำตอบคือท่าเหนือ",
}


def table(dice: Random, lang: str, size: int) -> str:
    """A timetable in Markdown, CSV, tab-separated, aligned or HTML form, its cells often equal."""
    *head, yes = _TABLE[lang]
    rows = [
        [f"{6 + i % 16:02d}:{dice.randrange(60):02d}", dice.choice(NOUNS[lang]), dice.choice(head[3:]), yes]
        for i in range(size)
    ]
    head = [*head[:3], head[2]]
    form = dice.choice(("markdown", "csv", "tab", "aligned", "html"))
    if form == "markdown":
        lines = [f"| {' | '.join(cells)} |" for cells in [head, ["---"] * 4, *rows]]
    elif form == "html":
        lines = [f"<tr><td>{'</td><td>'.join(cells)}</td></tr>" for cells in rows]
        lines = ["<table>", *lines, "</table>"]
    else:
        joint = {"csv": ",", "tab": "\t", "aligned": "    "}[form]
        lines = [joint.join(cells) for cells in [head, *rows]]
    return "\n".join(lines)


def enumeration(dice: Random, lang: str, size: int) -> str:
    """A list whose items have one form: a plan, findings per place, a route."""
    nouns = [dice.choice(NOUNS[lang]) for _ in range(size)]
    if lang != "en":
        forms = {
            "zh": "{i}. 查阅{x}的登记簿，记下启用年份",
            "ja": "{i}. {x}の登記簿を調べて開業年を書き留める",
            "th": "{i}. ตรวจทะเบียนของ{x}แล้วจดปีที่เปิด",
        }
        return "\n".join(forms[lang].format(i=i + 1, x=x) for i, x in enumerate(nouns))
    form = dice.choice(
        (
            "{i}. Write to the owner of the {x} in {p} and ask when it was put up for sale",
            "{i}) {p}: the {x} opened in {y} and closed in {z}",
            "- The {x} at {p} is listed as a monument since {y}.",
            "* Step {i}: compare the deed of the {x} with the tax roll of {y}",
            "{i}. **{p}** ({y}) has a {x} that is open to visitors on Sundays.",
            "({i}) From {p} take the coach to the {x}, {m} minutes",
        )
    )
    return "\n".join(
        form.format(i=i + 1, x=x, p=dice.choice(_PORTS), y=1700 + dice.randrange(250), z=1960 + i, m=5 + i)
        for i, x in enumerate(nouns)
    )


def data(dice: Random, lang: str, size: int) -> str:
    """JSON or YAML with equal keys and often equal values."""
    rows = [
        {"id": i, "stop": dice.choice(NOUNS[lang]), "state": "on time", "seats": None, "tags": ["ferry", "car deck"]}
        for i in range(size)
    ]
    if dice.random() < 0.3:
        return "\n".join(f"- id: {r['id']}\n  stop: {r['stop']}\n  state: on time\n  seats: null" for r in rows)
    text = json.dumps(rows, ensure_ascii=False, indent=dice.choice((None, 2)))
    return f"```json\n{text}\n```" if dice.random() < 0.5 else text


def code(dice: Random, lang: str, size: int) -> str:
    """Statements of one form: asserts, inserts, assignments, cases."""
    forms = (
        ("python", "assert berth({i}) == {y}, 'berth {i} should hold {y}'"),
        ("sql", "INSERT INTO sailings (id, port, year) VALUES ({i}, '{p}', {y});"),
        ("python", "    elif port == '{p}':\n        total += {y}"),
        ("c", '    case {i}: return draught_of("{p}");'),
        ("javascript", "expect(screen.getByText('{p}')).toBeVisible();"),
        ("bash", "cp /srv/charts/{p}-{y}.png /srv/charts/old/ && echo done {i}"),
    )
    kind, form = dice.choice(forms)
    lines = [form.format(i=i, p=dice.choice(_PORTS), y=1700 + dice.randrange(250)) for i in range(size)]
    return "\n".join([f"```{kind}", *lines, "```"])


def log(dice: Random, lang: str, size: int) -> str:
    """Lines of a program, as an agent shows them."""
    forms = (
        "2031-04-{d:02d} 09:{m:02d}:11 INFO  sailing {i} written to disk",
        "[{i}/{n}] fetching tile {i} ... ok",
        "tests/test_tides.py::test_berth[{i}] PASSED",
        "PING quay.example ({d}.0.2.1): icmp_seq={i} ttl=57 time={m}.4 ms",
    )
    form = dice.choice(forms)
    lines = [form.format(i=i + 1, n=size, d=1 + i % 28, m=dice.randrange(60)) for i in range(size)]
    return "\n".join(["The run printed:", "```", *lines, "```"])


def casework(dice: Random, lang: str, size: int) -> str:
    """A computation or a comparison case by case: two things change each time."""
    if lang != "en":
        return JOINT[lang].join(
            _WORKED[lang].format(y=1700 + 11 * i, x=dice.choice(NOUNS[lang]), n=dice.randrange(4, 90))
            for i in range(size)
        )
    if dice.random() < 0.5:
        step = dice.randrange(3, 40)
        return "\n".join(
            f"For n = {n} the tide is at {n * step + 7} cm, which is {n * step % 17} above the sill."
            for n in range(size)
        )
    return " ".join(
        f"In {1700 + 11 * i} the {dice.choice(NOUNS['en'])} of {dice.choice(_PORTS)} had {dice.randrange(4, 90)} hands."
        for i in range(size)
    )


def long_tokens(dice: Random, lang: str, size: int) -> str:
    """Long strings that are data: hashes, base64, sequences, big numbers, rules."""
    hexes = "".join(dice.choices("0123456789abcdef", k=64))
    made = (
        f"sha256 {hexes}",
        "data:image/png;base64," + "".join(dice.choices(string.ascii_letters + string.digits + "+/", k=40 * size)),
        "The sequence reads " + "".join(dice.choices("ACGT", k=30 * size)) + ".",
        "The product is " + str(dice.randrange(10**9, 10**10)) + "0" * 60 + ".",
        "Findings\n" + "=" * 80 + "\n" + sentence(dice, lang) + "\n" + "-" * 80,
        "commit " + hexes[:40] + "\nid 6f1c2a3e-77aa-4b0e-9d55-" + hexes[:12],
    )
    return dice.choice(made)


def refusal_words(dice: Random, lang: str, size: int) -> str:
    """An answer with words that refusals are made of."""
    if lang != "en":
        return _REFUSED[lang]
    what = dice.choice(_PORTS)
    made = (
        f"The mayor's reply, \"I'm sorry, but I can't help with that\", was printed in {what}; so the town is {what}.",
        f"I cannot find a later date than 1871 in any source, so the answer is {what}.",
        f"Sorry for the detour: the ferry to {what} is the one that was meant.",
        f"Unfortunately the first ship sank; the second reached {what}, which answers the question.",
        f"She refused to answer, declined the prize, and moved to {what}.",
        f"The clause says that the insurer is unable to assist owners in {what}.",
        f"As an assistant to the consul he wrote from {what}.",
        f"I won't go through every ship again; the last one docked at {what}.",
        f"I can't say it is certain beyond doubt, but all three records point to {what}.",
    )
    return dice.choice(made)


def foreign_name(dice: Random, lang: str, size: int) -> str:
    """A name in its own script, as one gives it in brackets."""
    made = (
        ("港務局", "Архив порта", "ميناء قديم", "부두 기록", "Λιμάνι") if lang == "en" else ("Arnhaven", "Port Office")
    )
    return f"{JOINT[lang].join(sentences(dice, lang, 4 + size))} ({dice.choice(made)})"


def markup(dice: Random, lang: str, size: int) -> str:
    """Signs that resemble control tokens or calls."""
    made = (
        "In F# one writes xs |> List.map f <| y, and a <| b |> c is legal, too.",
        "Close the tag with </s> or <br/>; <end> and <user> are not HTML.",
        "The macro [INSTALL] expands before [TOOLS].",
        "Use `<tool>` as a placeholder in the manual, and |im_start| in the index.",
        "The regex (<\\|[a-z]+\\|>)* matches such signs.",
    )
    return dice.choice(made)


def no_secret(dice: Random, lang: str, size: int) -> str:
    """What stands where a secret would: placeholders, variables, hashes, ids."""
    made = (
        "export OPENAI_API_KEY=sk-...",
        'api_key = "YOUR-KEY-HERE"',
        "Authorization: Bearer $TOKEN",
        "password: ********",
        "api_key=os.environ['LEDGER_KEY']",
        f"etag: {''.join(dice.choices('0123456789abcdef', k=32))}",
        "client_secret: <paste the secret from the console>",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
        "The password policy asks for 12 characters; tokens: 4096; secret: no",
        "postgres://user:password@localhost:5432/ledger",
    )
    return dice.choice(made)


def two_copies(dice: Random, lang: str, size: int) -> str:
    """A sentence said twice, and once more later: one copy fewer than any definition asks for."""
    said, *others = sentences(dice, lang, 6)
    parts = [said, said, *others[:3], said, *others[3:]]
    return JOINT[lang].join(parts)


def dialogue(dice: Random, lang: str, size: int) -> str:
    """Speech with the same short cue before every line."""
    lines = sentences(dice, lang, size)
    return "\n".join(f"{('A', 'B')[i % 2]}: {line}" for i, line in enumerate(lines))


def citations(dice: Random, lang: str, size: int) -> str:
    """References of one form."""
    return "\n".join(
        f"[{i + 1}] {dice.choice(_PORTS)} Harbour Board, Report {1900 + i}, p. {dice.randrange(300)}."
        for i in range(size)
    )


TEXTS: Final[dict[str, Writer]] = {
    "table": table,
    "enumeration": enumeration,
    "json": data,
    "code": code,
    "log": log,
    "casework": casework,
    "citations": citations,
    "dialogue": dialogue,
    "two_copies": two_copies,
    "long_tokens": long_tokens,
    "refusal_words": refusal_words,
    "foreign_name": foreign_name,
    "markup": markup,
    "no_secret": no_secret,
}
"""Kind -> its writer."""
