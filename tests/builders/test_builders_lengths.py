"""Rows within a length: what is cut, split, drawn or left out, and that every turn of it is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from wordtokenizer import WordTokenizer

from trajsynth.builders import BuildReport, Shape, Target, build_sft
from trajsynth.builders.lengths import Tokenmeter
from trajsynth.builders.rows import Row, render
from trajsynth.builders.ruler import Ruler
from trajsynth.builders.shape import capped, fitted
from trajsynth.types import Message, Trajectory

Make = Callable[..., Trajectory]


def row_of(trajectory: Trajectory) -> Row:
    row = render(trajectory)
    assert isinstance(row, Row)
    return row


def long(make: Make, steps: int = 8, **fields: Any) -> Row:
    """A row whose results are some 60 words each."""
    base = make(steps=steps, **fields)
    conversation = base.conversations[0]
    messages = tuple(_longer(message) for message in conversation.messages)
    return row_of(replace(base, conversations=(replace(conversation, messages=messages),)))


def _longer(message: Message) -> Message:
    return replace(message, content=message.content + " word" * 30) if message.role == "tool" else message


RULERS = [Ruler(), Ruler(WordTokenizer())]


@pytest.mark.parametrize("ruler", RULERS, ids=["estimate", "tokenizer"])
def test_turns_are_measured_where_they_end(make: Make, ruler: Ruler) -> None:
    row = long(make)
    turns = ruler.turns(row)
    assert set(turns) == row.assistants
    bounds = [bound for place in sorted(turns) for bound in turns[place]]
    assert bounds == sorted(bounds)
    assert 0 <= ruler.size(row) - bounds[-1] <= 1
    some = sorted(turns)[3]
    cut = replace(row, messages=row.messages[: some + 1], sources=row.sources[: some + 1])
    assert 0 <= ruler.size(cut) - turns[some][1] <= 1


def test_a_tokenizer_counts_what_its_template_writes(make: Make) -> None:
    words = WordTokenizer()
    row = row_of(make())
    ids = words.apply_chat_template(row.messages, tools=row.tools, add_generation_prompt=False)["input_ids"]
    assert Ruler(words).size(row) == len(ids)
    assert Ruler(words).name == "words"
    assert Ruler().name == "estimated"
    words.name_or_path = "/home/somebody/models/tiny"
    assert Ruler(words).name == "tiny", "where it lies is nobody's business"
    assert Ruler().size(row) > len(orjson.dumps(row.messages)) * 0.25


class Bare:
    """A tokenizer of a base model: no chat template."""

    name_or_path = "bare"
    chat_template = None
    all_special_ids = ()

    def get_added_vocab(self) -> dict[str, int]:
        return {}

    def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
        return {"input_ids": list(range(len(text.split())))}


def test_without_a_template_messages_are_counted_one_by_one(make: Make) -> None:
    ruler = Ruler(Bare())
    assert ruler.name == "bare, without its template"
    short, more = row_of(make(steps=1)), row_of(make(steps=2))
    assert 0 < ruler.size(short) < ruler.size(more) < ruler.size(long(make, steps=2))


@pytest.mark.parametrize("ruler", RULERS, ids=["estimate", "tokenizer"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.99, 1.0])
def test_a_row_is_cut_behind_the_last_turn_that_fits(make: Make, ruler: Ruler, share: float) -> None:
    row = long(make)
    size = ruler.size(row)
    most = int(size * share)
    cut = fitted(row, size, Shape(max_tokens=most, over_length="cut"), ruler)
    assert sum(len(piece.trained) for piece in cut.rows) + cut.lost.total() == row.turns
    for piece in cut.rows:
        assert ruler.size(piece) <= most
        assert piece.messages == row.messages[: len(piece.messages)]
        assert max(piece.trained) == len(piece.messages) - 1
        following = [i for i in sorted(row.assistants) if i >= len(piece.messages)]
        assert not following or ruler.turns(row)[following[0]][1] > most, "the next turn does not fit"
    assert bool(cut.rows) is (share > 0.1)
    assert fitted(row, size, Shape(max_tokens=most), ruler).rows == ([row] if share == 1.0 else [])


@pytest.mark.parametrize("ruler", RULERS, ids=["estimate", "tokenizer"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("masked", [(), (4, 8)])
def test_a_row_is_split_with_context_that_overlaps(
    make: Make, ruler: Ruler, share: float, masked: tuple[int, ...]
) -> None:
    row = long(make, masked=tuple((0, n) for n in masked))
    size = ruler.size(row)
    most = int(size * share)
    split = fitted(row, size, Shape(max_tokens=most, over_length="split"), ruler)
    assert len(split.rows) > 1
    counted = Counter(piece.sources[i] for piece in split.rows for i in piece.trained)
    assert counted == dict.fromkeys((row.sources[i] for i in row.trained), 1), "each turn once"
    for number, piece in enumerate(split.rows):
        assert ruler.size(piece) <= most
        assert piece.messages[: row.prompt_length] == row.messages[: row.prompt_length], "the question stands in each"
        first = min(piece.trained)
        context = [i for i in sorted(piece.assistants) if i < first]
        assert context or not number, "never without the exchange before it"
        body = piece.sources[row.prompt_length :]
        assert body == list(range(body[0], body[0] + len(body))), "one stretch of the conversation"
        assert row.messages[row.sources.index(body[0])]["role"] == "assistant"


def test_a_turn_that_fits_nowhere_is_counted(make: Make) -> None:
    row = long(make)
    huge = [m | {"content": "word " * 2000} if i == 5 else m for i, m in enumerate(row.messages)]
    row = replace(row, messages=huge)
    ruler = Ruler()
    split = fitted(row, ruler.size(row), Shape(max_tokens=1000, over_length="split"), ruler)
    assert split.lost == {"length.over": 1}
    trained = {piece.sources[i] for piece in split.rows for i in piece.trained}
    assert trained == {row.sources[i] for i in row.trained} - {6}, "only the turn that answers the huge result"


def test_rows_are_drawn_up_to_the_budget(make: Make) -> None:
    rows = [row_of(make(steps=i + 1)) for i in range(9)]
    sizes = [10] * 9
    kept = capped(rows, sizes, 45)
    assert len(kept.rows) == 4
    assert kept.rows[-1] is rows[-1], "the row with the answer stays"
    assert kept.lost == {"view.max_blowup": sum(row.turns for row in rows) - sum(row.turns for row in kept.rows)}
    assert capped(rows, sizes, 45) == kept
    assert capped(rows, sizes, 90).lost == {}
    assert len(capped(rows, sizes, 1).rows) == 1
    assert {len(row.messages) for row in capped(rows, sizes, 65).rows} > {len(row.messages) for row in kept.rows}


def test_lengths_are_told_with_a_histogram() -> None:
    meter = Tokenmeter("estimated", 3000)
    for size in [100, 512, 513, *[1500] * 6, 9000]:
        meter.add(size)
    lengths = meter.lengths()
    assert lengths.histogram == {"512": 2, "1,024": 1, "2,048": 6, "4,096": 0, "8,192": 0, "16,384": 1}
    assert (lengths.p50, lengths.p90, lengths.p99, lengths.max, lengths.over) == (1500, 1500, 9000, 9000, 1)
    assert (lengths.rows, lengths.total) == (10, 19125)
    assert Tokenmeter("x", None).lengths().rows == 0


def built(tmp_path: Path, trajectories: list[Trajectory], shape: Shape, **target: Any) -> BuildReport:
    report = build_sft(trajectories, tmp_path, Target(check=True, **target), shape)
    assert report.differences == ()
    assert orjson.loads((tmp_path / "stats.json").read_bytes())["shaped"]["view"] == shape.view
    return report


@pytest.mark.parametrize("name", ["trl", "swift", "llamafactory", "axolotl", "tokens"])
@pytest.mark.parametrize("policy", ["drop", "cut", "split"])
def test_the_policies_hold_in_every_format(make: Make, tmp_path: Path, name: str, policy: Any) -> None:
    trajectories = [make(f"t{i}", steps=i, masked=((0, 2),) if i % 4 == 0 else ()) for i in range(1, 12)]
    words = WordTokenizer()
    ruler = Ruler(words)
    most = ruler.size(row_of(trajectories[5]))
    shape = Shape(max_tokens=most, over_length=policy)
    report = built(tmp_path, trajectories, shape, format=name, tokenizer=words)
    shaped = report.shaped
    assert shaped is not None
    assert (shaped.tokens.rows, shaped.tokens.limit, shaped.tokens.counted_by) == (11, most, "words")
    assert shaped.tokens.over == 5
    turns = {t.id: len([m for m in t.conversations[0].messages if m.role == "assistant"]) for t in trajectories}
    used = list(turns.values())[:6] if policy == "drop" else list(turns.values())
    assert sum(shaped.turns.values()) == sum(used)
    assert report.used == len(used)
    assert report.refused == ({"length.over": 5} if policy == "drop" else {})
    assert any("% (5) over" in note for note in report.notes)
    if policy == "cut":
        assert shaped.turns["length.over"] > 0
        assert any("in no row:" in note and "length.over" in note for note in report.notes)
    if policy == "split":
        assert shaped.turns["trained"] + shaped.turns["masked"] == sum(used)
    if name == "tokens":
        lengths = [orjson.loads(line)["length"] for line in (tmp_path / "train.jsonl").read_bytes().splitlines()]
        assert max(lengths) <= most
