"""Honest turns of kinds nobody had in mind when the filters were written: pictures, dumps, songs, sequences, drills.

Written before the filters of repetition saw any of them; what they made of them at the first try stands in RESULTS.md.
Used by repetition.py (`--unseen`) and by tests/filters/test_filters_repetition_bench.py.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from random import Random

from repetition_samples import Sample, sentence
from repetition_unseen_spoken import SPOKEN, around
from repetition_words import NAMES, NOUNS

# ---- data without a fence -----------------------------------------------------------------------------------------


def _svg(dice: Random) -> str:
    n = dice.randint(8, 40)
    shapes = [f'<circle cx="{10 * i}" cy="{dice.randint(0, 90)}" r="4" fill="none" stroke="black"/>' for i in range(n)]
    lines = [f'<line x1="{i}" y1="0" x2="{i}" y2="100" style="stroke:gray;stroke-width:1"/>' for i in range(n)]
    path = '<path d="' + " ".join(f"L {10 * i} {dice.randint(0, 99)}" for i in range(3 * n)) + '"/>'
    text = "".join(dice.choice((shapes, lines)))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">{dice.choice((text, path))}</svg>'
    return dice.choice((svg, f"Here is the picture: {svg}", around(dice, svg)))


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
    return around(dice, "\n".join(rows))


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
        return around(dice, "\n".join(map(json.dumps, rows)))
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
    return around(dice, "\n".join([head, *rows]))


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
    return around(dice, "\n".join(rows))


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
    return around(dice, "\n".join(form.format(name=dice.choice(NAMES), noun=dice.choice(NOUNS), i=i) for i in range(n)))


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
    return around(dice, "\n".join(rows))


# ---- sequences, rules, bars ---------------------------------------------------------------------------------------


def _sequence(dice: Random) -> str:
    """Genes, proteins, repeating decimals, moves, bits."""
    style = dice.choice(("repeat", "dna", "protein", "decimal", "bits", "moves", "morse", "melody"))
    if style == "repeat":
        unit, times = dice.choice(("CAG", "CGG", "GAA", "TTAGGG", "AT", "CA")), dice.randint(30, 90)
        flank = "".join(dice.choice("ACGT") for _ in range(dice.choice((0, 12, 40))))
        said = dice.choice(
            ("The allele reads {}, which is far above the usual range.", "Sequence:\n{}\n", "`{}` is the expansion.")
        )
        return around(dice, said.format(flank + unit * times + flank[::-1]))
    if style == "dna":
        return around(dice, ">entry 1\n" + "\n".join("".join(dice.choices("ACGT", k=60)) for _ in range(12)))
    if style == "protein":
        return around(dice, "MK" + "".join(dice.choices("ACDEFGHIKLMNPQRSTVWY", k=80)) + "Q" * 90 + "PPPLL")
    if style == "decimal":
        return around(dice, f"1/7 = 0.{'142857' * 40} and 1/9 = 0.{'1' * 120}, so the digits come again.")
    if style == "bits":
        return around(dice, " ".join("".join(dice.choices("01", k=8)) for _ in range(60)) + " " + "00000000 " * 30)
    if style == "moves":
        return " ".join(f"{i}. N{dice.choice('fgdc')}{i % 8 + 1} K{dice.choice('ab')}8" for i in range(1, 60))
    if style == "morse":
        return around(dice, " ".join(dice.choice((".-", "-...", "...", "---", ".")) for _ in range(150)))
    return around(dice, " ".join(dice.choice(("C4", "E4", "G4", "C4 C4", "-")) for _ in range(120)))


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
    return around(dice, form.format(text))


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
    **SPOKEN,
}


def unseen_negatives(seed: int, each: int) -> Iterator[Sample]:
    """`each` samples of every kind."""
    for kind, made in UNSEEN_CLEAN.items():
        for i in range(each):
            yield Sample(kind, "", 0, made(Random(f"{seed} {kind} {i}")))
