"""The generated encyclopedia: same seed, same bytes; pages state every fact; answers are unique and unnamed."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from trajsynth.config import EncyclopediaQuestions
from trajsynth.errors import InputError
from trajsynth.questions.encyclopedia import World, generate, main
from trajsynth.questions.encyclopedia_logic import entity_id, evaluate, find_entity
from trajsynth.questions.encyclopedia_pages import mention
from trajsynth.questions.encyclopedia_questions import answer_forms
from trajsynth.questions.encyclopedia_world import SMALLEST, Entity, Value, sizes
from trajsynth.questions.relations import KINDS, RELATIONS
from trajsynth.types import Question

MONTHS = [datetime.date(2000, month, 1).strftime("%B") for month in range(1, 13)]


@pytest.fixture(scope="module")
def world() -> World:
    return generate(EncyclopediaQuestions(pages=300, questions=300, seed=5))


@pytest.fixture(scope="module")
def asked(world: World) -> list[Question]:
    return list(world.questions())


def scan(world: World, key: str, *, subject: Entity | None = None, value: Value | None = None) -> list[Value]:
    """The other side of every fact of a relation, found by looking at all facts: the slow way, without the index."""
    found: list[Value] = []
    for entity in world.facts.entities:
        stated = world.facts.of[entity.index].get(key)
        if stated is not None and subject is entity:
            found.append(stated)
        if stated is not None and subject is None and stated == value:
            found.append(entity)
    return found


def solve(world: World, path: list[Any]) -> list[Value]:
    """Ends of a path by scanning."""
    if path[0] == "both":
        one, two = (solve(world, path[at]) for at in (2, 4))
        values = [x for x in scan(world, path[1], value=one[0]) if x in scan(world, path[3], value=two[0])]
        steps = path[5:]
    else:
        values = [path[1][1:] if path[1].startswith("=") else find_entity(path[1], world.facts)]
        steps = path[2:]
    for step in steps:
        assert len(values) == 1
        value = values[0]
        if step.startswith("~"):
            values = scan(world, step[1:], value=value)
        else:
            assert isinstance(value, Entity)
            values = scan(world, step, subject=value)
    return values


def test_sizes_add_up_and_every_kind_has_pages() -> None:
    for pages in (SMALLEST, 60, 300, 1001):
        count = sizes(pages)
        assert sum(count.values()) == pages
        assert min(count.values()) >= 2
    assert len(KINDS) >= 6


@pytest.mark.parametrize("pages", [SMALLEST, 301])
def test_titles_are_unique(pages: int) -> None:
    documents = list(generate(EncyclopediaQuestions(pages=pages)).documents())
    assert len({document.title.casefold() for document in documents}) == pages


def test_pages_state_every_fact(world: World) -> None:
    pages = {document.title: document.text for document in world.documents()}
    for entity in world.facts.entities:
        text = pages[entity.title]
        for key, value in world.facts.of[entity.index].items():
            if isinstance(value, Entity):
                assert mention(value) in text.replace("The [[", "the [["), key
            elif isinstance(value, datetime.date):
                assert f"{value.day} {MONTHS[value.month - 1]} {value.year}" in text
            else:
                shown = f"{value:,}" if RELATIONS[key].shape == "number" else str(value)
                assert re.search(rf"\b{re.escape(shown)}\b", text), key


def test_pages_are_pages(world: World) -> None:
    titles = {entity.title for entity in world.facts.entities}
    words = []
    for document in world.documents():
        words.append(len(document.text.split()))
        links = re.findall(r"\[\[(.*?)\]\]", document.text)
        assert set(links) <= titles, "a link leads nowhere"
        assert document.title not in re.findall(r"\[\[(.*?)\]\]", document.text.split("\n\n")[-2]), "links to itself"
        assert not re.search(r"[{}]|\bNone\b", document.text), "an unfilled template"
        assert links, "a dead end"
    assert min(words) >= 80 and max(words) <= 300


def test_facts_agree(world: World) -> None:
    facts = world.facts
    born = {who.index: facts.of[who.index]["person.birth_date"].year for who in facts.by_kind["person"]}  # type: ignore[union-attr]
    for key, value in ((key, facts.of[one.index]) for one in facts.entities for key in facts.of[one.index]):
        if key.endswith((".founder", ".author", ".director", ".architect")):
            year = next(made for name, made in value.items() if RELATIONS[name].shape == "year")
            maker = value[key]
            assert isinstance(maker, Entity) and isinstance(year, int)
            assert born[maker.index] < year
    for who in facts.by_kind["person"]:
        spouse = facts.get(who, "person.spouse")
        assert spouse is None or (isinstance(spouse, Entity) and facts.get(spouse, "person.spouse") is who)


def test_every_answer_is_proved(world: World, asked: list[Question]) -> None:
    for question in asked:
        form = question.meta["logic"]
        values = solve(world, form) if form[0] in ("at", "both") else world.values(question)
        assert len(values) == 1, question
        assert answer_forms(values[0])[0] == question.answers[0]


def computed(head: str, ends: list[Value], one: Any, two: Any) -> str:
    """The answer of a computed form from the two ends and their values, in other words than the evaluator's."""
    if head in ("low", "high"):
        winner = ends[0] if (one < two) == (head == "low") else ends[1]
        assert isinstance(winner, Entity)
        return winner.title
    if head == "years":
        return str(abs(getattr(one, "year", one) - getattr(two, "year", two)))
    if head in ("difference", "sum"):
        return str(one + two if head == "sum" else max(one, two) - min(one, two))
    return "yes" if (one < two if head == "less" else one == two) else "no"


@pytest.mark.parametrize("head", ["low", "high", "years", "difference", "sum", "less", "same"])
def test_computed_answers(world: World, asked: list[Question], head: str) -> None:
    forms = [(question, question.meta["logic"]) for question in asked if question.meta["logic"][0] == head]
    assert forms, f"no question of form {head}"
    for question, form in forms:
        if head in ("years", "difference", "sum"):
            keys, paths = (form[1], form[3]), (form[2], form[4])
        else:
            keys, paths = (form[1], form[1]), (form[2], form[3])
        ends = [solve(world, path)[0] for path in paths]
        one, two = (scan(world, key, subject=end)[0] for end, key in zip(ends, keys, strict=True))  # type: ignore[arg-type]
        assert question.answers[0] == computed(head, ends, one, two)
        assert head not in ("low", "high", "less") or one != two


def test_a_broken_description_denotes_nothing(world: World) -> None:
    facts = world.facts
    country = facts.by_kind["country"][0]
    many = ["at", entity_id(country), "~city.country"]
    assert len(evaluate(many, facts)) > 1
    assert evaluate([*many, "city.population"], facts) == []
    assert evaluate(["at", entity_id(country), "person.birthplace"], facts) == []
    assert evaluate(["low", "country.area", many[:2], many[:2]], facts) == [], "a tie has no winner"


def test_neither_answer_nor_bridge_is_named(world: World, asked: list[Question]) -> None:
    for question in asked:
        form = question.meta["logic"]
        text = question.text.casefold()
        if form[0] == "at":
            for length in range(3, len(form) + 1):
                end = solve(world, form[:length])[0]
                if isinstance(end, Entity):
                    assert not re.search(rf"(?<!\w){re.escape(end.name.casefold())}(?!\w)", text), question
        if question.meta["kind"] not in ("comparison", "boolean"):
            for answer in question.answers:
                assert not re.search(rf"(?<!\w){re.escape(answer.casefold())}(?!\w)", text), question
        assert find_entity(re.search(r"@\w+", json.dumps(form))[0], world.facts).name in question.text  # type: ignore[index]


def test_meta_does_not_tell_the_answer(asked: list[Question]) -> None:
    for question in asked:
        told = json.dumps(question.meta).casefold()
        assert not any(answer.casefold() in told for answer in question.answers), question


def test_kinds_and_hops(asked: list[Question]) -> None:
    kinds = Counter(question.meta["kind"] for question in asked)
    assert set(kinds) == {"chain", "comparison", "intersection", "numeric", "boolean"}
    assert min(kinds.values()) >= 10
    assert {question.meta["hops"] for question in asked if question.meta["kind"] == "chain"} == {1, 2, 3, 4}
    assert {question.answers[0] for question in asked if question.meta["kind"] == "boolean"} == {"yes", "no"}
    assert len({question.id for question in asked}) == len({question.text for question in asked}) == 300
    assert all(question.text.endswith(("?", ".")) and "{" not in question.text for question in asked)


def test_more_questions_keep_the_first_ones(asked: list[Question]) -> None:
    fewer = generate(EncyclopediaQuestions(pages=300, questions=40, seed=5))
    assert list(fewer.questions()) == asked[:40]
    limited = generate(EncyclopediaQuestions(pages=300, questions=300, seed=5, limit=7))
    assert list(limited.questions()) == asked[:7]


@pytest.mark.parametrize("hops", [(1, 1), (3, 3), (2, 4)])
def test_hops_are_honoured(hops: tuple[int, int]) -> None:
    config = EncyclopediaQuestions(pages=120, questions=30, hops=hops)
    assert {question.meta["hops"] for question in generate(config).questions()} <= set(range(hops[0], hops[1] + 1))


def test_a_form_counts_its_hops(asked: list[Question]) -> None:
    for question in asked:
        form = question.meta["logic"]
        facts = re.findall(r'"~?[a-z]+\.[a-z_]+"', json.dumps(form))
        computed = form[0] in ("low", "high", "less", "same", "difference", "sum", "years")
        one_for_two = computed and form[0] not in ("difference", "sum", "years")
        assert question.meta["hops"] == len(facts) + (1 if one_for_two else 0)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (EncyclopediaQuestions(pages=SMALLEST - 1), f"use {SMALLEST} or more"),
        (EncyclopediaQuestions(hops=(3, 2)), "write [2, 3]"),
    ],
)
def test_impossible_sizes(config: EncyclopediaQuestions, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        generate(config)


@pytest.mark.slow
def test_an_exhausted_world_says_so() -> None:
    world = generate(EncyclopediaQuestions(pages=SMALLEST, questions=2000, hops=(1, 1)))
    with pytest.raises(InputError, match=r"gives only \d+ questions of 1 to 1 hops, 2000 were asked for"):
        list(world.questions())


@pytest.mark.parametrize(
    ("value", "unit", "forms"),
    [
        (True, "", ("yes",)),
        (False, "", ("no",)),
        (1873, "year", ("1873",)),
        (12400, "inhabitants", ("12400", "12,400", "12400 inhabitants", "12,400 inhabitants")),
        (90, "", ("90",)),
        (datetime.date(1873, 3, 4), "", ("4 March 1873", "March 4, 1873", "1873-03-04")),
        ("painter", "", ("painter",)),
        (Entity(0, "person", "Ilva Torren (painter)", "Ilva Torren"), "", ("Ilva Torren (painter)", "Ilva Torren")),
    ],
)
def test_answer_forms(value: Value, unit: str, forms: tuple[str, ...]) -> None:
    assert answer_forms(value, unit) == forms


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    sums = set()
    for number, hash_seed in enumerate(("0", "4242")):
        out = tmp_path / str(number)
        command = [sys.executable, "-W", "error", "-m", "trajsynth.questions.encyclopedia", "--seed", "3"]
        command += ["--pages", "90", "--questions", "30", "--out", str(out)]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        sums.add(
            b"".join(
                hashlib.sha256((out / f"{name}.jsonl").read_bytes()).digest() for name in ("documents", "questions")
            )
        )
    assert len(sums) == 1
    other = generate(EncyclopediaQuestions(pages=90, questions=30, seed=4))
    assert next(other.documents()).text not in (out / "documents.jsonl").read_text()


def test_command_line_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--pages", "3", "--out", str(tmp_path / "x")]) == 2
    assert "too small" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_ten_thousand_pages_are_quick() -> None:
    started = os.times().user
    world = generate(EncyclopediaQuestions(pages=10_000, questions=500))
    assert sum(1 for _ in world.documents()) == 10_000
    assert sum(1 for _ in world.questions()) == 500
    assert os.times().user - started < 20
