"""Assistant turns that repeat themselves on purpose: tables, lists, JSON, code, logs, verse, casework, quotations.

Used by repetition.py and by tests/filters/test_filters_repetition_bench.py; see repetition_samples.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random

from repetition_samples import Sample, prose, sentence
from repetition_words import DID, JA_PROSE, NAMES, NOUNS, TH_PROSE, WHAT, WHEN, WHO, ZH_PROSE

STATE = ("open", "closed", "not known", "under repair", "yes", "no", "moved to another building")


def _table(dice: Random) -> str:
    rows = dice.randint(5, 40)
    state = dice.choice(STATE)  # often the same value in every row
    fields = lambda i: (  # noqa: E731
        str(1800 + 3 * i),
        f"{dice.choice(NAMES)} {dice.choice(NOUNS)}",
        state if dice.random() < 0.9 else dice.choice(STATE),
        "opened to the public in the summer" if dice.random() < 0.8 else "-",
    )
    style = dice.choice(("markdown", "csv", "tab", "aligned", "ascii"))
    if style == "markdown":
        head = "| year | place | state | note |\n|---|---|---|---|\n"
        return prose(dice, 2) + "\n" + head + "\n".join(f"| {' | '.join(fields(i))} |" for i in range(rows)) + "\n"
    if style == "csv":
        return "year,place,state,note\n" + "\n".join(",".join(fields(i)) for i in range(rows))
    if style == "tab":
        return "\n".join("\t".join(fields(i)) for i in range(rows))
    if style == "ascii":
        rule = "+------+--------------------+----------------+\n"
        return rule + rule.join(f"| {fields(i)[0]:<5}| {fields(i)[1]:<19}| {state:<15}|\n" for i in range(rows)) + rule
    return "\n".join("   ".join(f"{cell:<22}" for cell in fields(i)) for i in range(rows))


def _numbered(dice: Random) -> str:
    form = dice.choice(
        (
            "{i}. Look up item {i} and write its year down",
            "{i}. Check the page of the {noun} in {name} for the date of its opening",
            "Step {i}: search for the {noun} of {name}, then open the first result",
            "{i}) The {name} {noun} was opened in {year} and is still in use today.",
            "**{i}. {name}** - the {noun} there is not mentioned in the records.",
            "{i}. [ ] Ask the office in {name} whether the {noun} is open to visitors",
        )
    )
    lines = [
        form.format(i=i, noun=dice.choice(NOUNS), name=dice.choice(NAMES), year=1800 + dice.randint(0, 150))
        for i in range(1, dice.randint(6, 40))
    ]
    return prose(dice, 2) + "\n\n" + "\n".join(lines) + "\n\n" + prose(dice, 1)


def _fields(dice: Random) -> str:
    blocks = []
    note = "no further information is given in the source"
    for _ in range(dice.randint(4, 7)):
        name = f"{dice.choice(NAMES)} {dice.choice(NOUNS)}"
        state = dice.choice(STATE)
        blocks.append(
            f"**{name}**\n- Built: {dice.randint(1700, 1990)}\n- State: {state}\n- Owner: the town\n- Note: {note}\n"
        )
    return "\n".join(blocks)


def _bullets(dice: Random) -> str:
    return "\n".join(f"- {dice.choice(NAMES)}: the {dice.choice(NOUNS)} is {dice.choice(STATE)}" for _ in range(30))


def _json(dice: Random) -> str:
    rows = [
        {
            "id": i,
            "name": f"{dice.choice(NAMES)} {dice.choice(NOUNS)}",
            "state": "open",
            "tags": ["old", "town"],
            "x": None,
        }
        for i in range(dice.randint(5, 50))
    ]
    style = dice.choice(("flat", "indented", "lines", "same", "fenced"))
    if style == "flat":
        return json.dumps({"rows": rows})
    if style == "lines":
        return "\n".join(map(json.dumps, rows))
    if style == "same":
        return json.dumps([{"state": "open", "owner": "the town", "public": True}] * dice.randint(3, 9), indent=1)
    text = json.dumps(rows, indent=2)
    return text if style == "indented" else f"{sentence(dice)}\n```json\n{text}\n```\n{sentence(dice)}"


def _python(dice: Random) -> str:
    body = [f'    {noun} = load("{noun}", year={dice.randint(1800, 1900)}, strict=True)' for noun in NOUNS]
    checks = [f"    assert read(table, {i}, default=None) == {i * i}" for i in range(dice.randint(5, 30))]
    prints = ['    print("-" * 40)'] * dice.randint(2, 6)
    text = "def build(table):\n" + "\n".join([*body, *checks, *prints]) + "\n    return table\n"
    return text if dice.random() < 0.4 else f"{sentence(dice)}\n```python\n{text}```\n"


def _markup(dice: Random) -> str:
    rows = "\n".join(f'  <li class="item"><a href="/page/{i}">{dice.choice(NAMES)}</a></li>' for i in range(20))
    rules = "\n".join(f".{noun} {{\n  margin: 0;\n  padding: 4px;\n  color: black;\n}}" for noun in NOUNS)
    inserts = "\n".join(
        f"INSERT INTO places (id, name, state) VALUES ({i}, '{n}', 'open');" for i, n in enumerate(NAMES)
    )
    calls = "\n".join(f"client.post(url, data={{'page': {i}}}, timeout=30)" for i in range(15))
    text = dice.choice((f"<ul>\n{rows}\n</ul>", rules, inserts, calls))
    return text if dice.random() < 0.5 else f"{sentence(dice)}\n```\n{text}\n```"


def _log(dice: Random) -> str:
    form = dice.choice(
        (
            "2024-03-0{d} 10:{m:02}:00 INFO worker {d}: fetched the page and wrote it to the store",
            "[INFO] worker {d}: fetched the page and wrote it to the store in {m} ms",
            "10:{m:02}:07 WARN retrying the request to the harbour service, attempt {d}",
            "PASS tests/test_{m}.py::test_the_page_is_read_again ({d} ms)",
        )
    )
    return "\n".join(form.format(d=dice.randint(1, 9), m=i % 60) for i in range(dice.randint(8, 60)))


def _song(dice: Random) -> str:
    refrain = dice.choice(
        (
            "And the river runs on to the sea,\nand the sea gives it back to the rain.",
            "Oh, carry me over the water again",
        )
    )
    stanzas = []
    for _ in range(dice.randint(4, 7)):
        lines = [f"{dice.choice(WHO).capitalize()} {dice.choice(DID)} {dice.choice(WHAT)}," for _ in range(3)]
        stanzas.append("\n".join([*lines, refrain]))
    return "\n\n".join(stanzas)


def _facts(dice: Random) -> str:
    """One template filled with facts, as prose."""
    form = dice.choice(
        (
            "The {noun} of {name} was opened in {year} by {who}.",
            "In {name}, {who} {did} the {noun} in {year}.",
            "{name} has a {noun} that was built in {year} and holds {n} seats.",
            "{name} is a small town with a {noun} on the northern coast.",
        )
    )
    return " ".join(
        form.format(
            noun=dice.choice(NOUNS),
            name=name,
            year=dice.randint(1700, 1990),
            n=dice.randint(40, 900),
            who=dice.choice(WHO),
            did=dice.choice(DID),
        )
        for name in dice.sample(NAMES, dice.randint(4, 7))
    )


def _casework(dice: Random) -> str:
    form = dice.choice(
        (
            "If n = {i}, then the sum is {s} and the product is {p}.",
            "For k = {i} the equation has no solution in whole numbers at all.",
            "f({i}) = {s}, so the difference to the value before it is {p}.",
            "The row with index {i} holds {s} entries, of which {p} are empty.",
        )
    )
    return " ".join(
        form.format(i=i, s=dice.randint(2, 900), p=dice.randint(2, 90)) for i in range(1, dice.randint(5, 12))
    )


def _steps(dice: Random) -> str:
    """An honest chain of thought that comes back to its question."""
    back = "So what remains is the year of the opening."
    text = ""
    for i in range(dice.randint(6, 14)):
        text += prose(dice, dice.randint(1, 3)) + (back + " " if i in (2, 5, 8) else "")
    return text


def _chinese(dice: Random) -> str:
    style = dice.choice(("prose", "list", "table"))
    if style == "prose":
        return "。".join(dice.sample(ZH_PROSE, 12)) + "。"
    if style == "list":
        return "\n".join(f"{i}. 查看第{i}个条目并记下它的年份" for i in range(1, 20))
    return "| 年份 | 地点 | 状态 |\n|---|---|---|\n" + "\n".join(
        f"| {1900 + i} | 城市{i} | 已经对外开放 |" for i in range(20)
    )


def _japanese(dice: Random) -> str:
    if dice.random() < 0.5:
        return "。".join(dice.sample(JA_PROSE, 10)) + "。"
    return "\n".join(f"・{dice.choice(NAMES)}：設立は{1800 + dice.randint(0, 99)}年です" for _ in range(15))


def _thai(dice: Random) -> str:
    if dice.random() < 0.5:
        return " ".join(dice.sample(TH_PROSE, 10))
    return "\n".join(f"{i}. เปิดหน้าที่ {i} แล้วจดปีที่สร้าง" for i in range(1, 15))


def _plain(dice: Random) -> str:
    return prose(dice, dice.randint(5, 120))


def _quoted(dice: Random) -> tuple[str, str]:
    """(turn, observation): a tool result that repeats itself, quoted."""
    line = f"{sentence(dice)} "
    seen = dice.choice(
        (line * 6, "\n".join(f"Result {i}: {line}" for i in range(8)), (line + sentence(dice) + " ") * 5)
    )
    return f"{sentence(dice)} The tool says:\n{seen}\n{sentence(dice)}", seen


CLEAN: dict[str, Callable[[Random], str]] = {
    "table": _table,
    "list, numbered": _numbered,
    "list, fields": _fields,
    "list, bullets": _bullets,
    "JSON": _json,
    "code, Python": _python,
    "code, other": _markup,
    "log": _log,
    "song with a refrain": _song,
    "facts in one form": _facts,
    "casework": _casework,
    "thoughts that return": _steps,
    "Chinese": _chinese,
    "Japanese": _japanese,
    "Thai": _thai,
    "prose": _plain,
}


def negatives(seed: int, each: int) -> Iterator[Sample]:
    """`each` samples of every kind."""
    for kind, made in CLEAN.items():
        for i in range(each):
            yield Sample(kind, "", 0, made(Random(f"{seed} {kind} {i}")))
    for i in range(each):
        text, seen = _quoted(Random(f"{seed} quoted {i}"))
        yield Sample("quoted tool output", "", 0, text, seen)


def reworded(dice: Random) -> str:
    """A clause for the timing text."""
    return f"{dice.choice(WHO)} {dice.choice(DID)} {dice.choice(WHAT)} {dice.choice(WHEN)}"
