"""The Markdown page: every part is there, what strangers wrote cannot become markup, and it stays the same."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rowfakes import record, says, shared

from trajsynth.curate import curate, markdown
from trajsynth.filters import Report, recipe
from trajsynth.filters.recipe import Weighed
from trajsynth.readers import read_trajectories
from trajsynth.types import Finding, Outcome, Question, Trajectory

OK: tuple[str, str, Outcome] = ("x", "yes", "ok")
ERR: tuple[str, str, Outcome] = ("x", "no", "tool_error")
NASTY = "```\n| a | ``b`` <script>alert(1)</script> ![x](http://h/p.png) ~~~\u202e\x1b[2J"


def rows(count: int = 24) -> list[Trajectory]:
    return [
        record(
            *[(f"{i}", "no", ERR[2])] * (i % 5),
            OK,
            identity=f"t{i}",
            final=f"answer {i}",
            teacher="ab"[i % 2],
            paradigm=("react", "miroflow")[i // 2 % 2],
            correct=i % 3 > 0,
            group=f"g{i}",
            question=Question(id=f"q{i}", text=f"Number {i}?"),
        )
        for i in range(count)
    ]


def blocks(page: str) -> tuple[str, list[str]]:
    """The page outside fenced blocks, and what stands in them, as GitHub's rules read it."""
    outside: list[str] = []
    inside: list[str] = []
    fence = ""
    for line in page.splitlines():
        opening = re.match(r"`{3,}", line)
        if fence:
            fence = "" if line.strip() == fence else fence
            inside.append(line)
        elif opening:
            fence = opening[0]
        else:
            outside.append(line)
    assert not fence, "a block is never closed"
    return "\n".join(outside), inside


def test_every_part_is_there() -> None:
    page = markdown(recipe("sft").run(rows()).report)
    heads = [line for line in page.splitlines() if line.startswith("#") and not line.startswith(("###", "# "))]
    assert heads == [
        "## Funnel",
        "## By arm",
        "## What was measured",
        "## Examples",
        "## Thresholds and actions",
        "## What next",
    ]
    assert "| `error.streak` | 6 | " in page and "| **kept** |  | **10** |" in page
    assert "| paradigm | in |" in page and "| invocation | in |" not in page
    assert "all have invocation `function_calling`" in page
    assert "--recipe sft --rethreshold error.streak=4" in page
    assert re.search(r"^error\.streak +failed results in a row .*│.* failures ≥ 3 ", page, re.MULTILINE)


def test_the_order_of_the_input_changes_nothing() -> None:
    shuffled = random.Random(5).sample(rows(), 24)
    assert markdown(recipe("sft").run(rows()).report) == markdown(recipe("sft").run(shuffled).report)


def test_clusters_name_who_stays_and_who_goes() -> None:
    same = [record(OK, identity=f"t{i}", final="the very same answer in many words of one kind") for i in range(14)]
    page = markdown(recipe("sft").run(same).report)
    assert "`duplicates`: 1 cluster of 14 trajectories; one of each stays." in page
    assert "    14  t0 stays\n        t1  1.000\n" in page and "        and 3 more\n" in page


@pytest.mark.parametrize("nasty", [NASTY, "`", "|", "a|b`", "\n\n## head\n", "<!--", "</details>"])
def test_what_strangers_wrote_stays_text(nasty: str) -> None:
    report = recipe("none").run([says(f"{nasty} and so on, over and over. " * 6, id=nasty, model=nasty)]).report
    finding = Finding(filter=nasty, code=nasty, detail=nasty)
    report.add(f"{nasty}//", True, Weighed(findings=(finding,), dropped=(nasty,), masks=()), id=nasty)
    page = markdown(report)
    outside, inside = blocks(page)
    bare = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", outside)
    assert not re.search(r"<script|!\[|~~~|## head|<!--|</details|`", bare)
    assert inside and not any(sign in page for sign in "\u202e\x1b")
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(columns) == 1, table


@given(st.text(max_size=30))
@settings(max_examples=40, deadline=None)
def test_any_text_leaves_the_page_whole(text: str) -> None:
    report = Report(recipe=text or "r")
    finding = Finding(filter="f", code="a.b", detail=text)
    report.add(f"{text}//", None, Weighed(findings=(finding,), dropped=(), masks=()), id=text)
    blocks(markdown(report))
    markdown(report).encode()


def test_an_empty_input_is_a_page_too() -> None:
    page = markdown(recipe("sft").run([]).report)
    assert "0 trajectories in, **0 kept** (-)" in page and "## Examples" not in page


@pytest.mark.slow
def test_a_curation_writes_the_page_of_its_rows(tmp_path: Path) -> None:
    path = shared("tau_airline")
    names = ("sft", "dpo", "rl", "strict", "none")
    curate([path], [recipe(name) for name in names], tmp_path)
    taken = list(read_trajectories(path))
    for name in names:
        page = (tmp_path / name / "report.md").read_text(encoding="utf-8")
        assert page == markdown(recipe(name).run(taken).report)
        blocks(page)
