"""The check finds what a layout loses, changes, adds or trains on by mistake, and passes what it does not."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trajsynth.builders import Target, build_dpo, build_rl, build_sft
from trajsynth.builders.faithful import unfaithful
from trajsynth.builders.formats import Laid
from trajsynth.builders.formats.axolotl import Axolotl
from trajsynth.builders.formats.trl import Trl
from trajsynth.builders.prompts import Prompt
from trajsynth.builders.rows import Refusal, Row
from trajsynth.types import Trajectory

Make = Callable[..., Trajectory]
Spoil = Callable[[dict[str, Any]], None]


def spoilt(base: type[Trl] | type[Axolotl], spoil: Spoil) -> Callable[[], Any]:
    """A format that writes something else than it lays out."""

    class Spoilt(base):  # type: ignore[misc, valid-type]
        def sft(self, row: Row) -> list[Laid] | Refusal:
            laid = super().sft(row)
            return laid if isinstance(laid, Refusal) else [self._spoilt(one) for one in laid]

        def dpo(self, chosen: Row, rejected: Row) -> Laid | Refusal:
            laid = super().dpo(chosen, rejected)
            return laid if isinstance(laid, Refusal) else self._spoilt(laid)

        def _spoilt(self, laid: Laid) -> Laid:
            record = deepcopy(laid.record)
            spoil(record)
            return replace(laid, record=record)

    return Spoilt


def call(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = record["messages"][2]["tool_calls"][0]["function"]
    return found


SPOILS: list[tuple[str, Spoil]] = [
    ("message 4: the text differs", lambda r: r["messages"][4].update(content="I know")),
    ("message 3: the text differs", lambda r: r["messages"][3].update(content="page  0")),
    ("message 2: the reasoning differs", lambda r: r["messages"][2].pop("reasoning_content")),
    ("7 messages became 6", lambda r: r["messages"].pop()),
    ("message 1: role 'user' became 'system'", lambda r: r["messages"][1].update(role="system")),
    ("message 2: calls", lambda r: call(r).update(name="corpus__serch")),
    ("message 2: calls", lambda r: call(r)["arguments"].update(title=None)),
    ("message 2: calls", lambda r: call(r)["arguments"].update(n=1)),
    ("message 2: calls", lambda r: r["messages"][2].pop("tool_calls")),
    ("the tools differ", lambda r: r["tools"][0]["function"]["parameters"]["properties"].update(title=None)),
    ("the tools differ", lambda r: r.pop("tools")),
]


@pytest.mark.parametrize(("what", "spoil"), SPOILS)
def test_each_loss_is_found(make: Make, tmp_path: Path, what: str, spoil: Spoil) -> None:
    trajectories = [make("a", arguments='{"query": "capital", "n": 1.0}')]
    report = build_sft(trajectories, tmp_path, Target(format=spoilt(Trl, spoil), check=True))
    assert report.checked == 1
    (difference,) = report.differences
    assert difference.startswith(f"train.jsonl:1: {what}")


def test_a_flag_on_the_wrong_turn_is_found(make: Make, tmp_path: Path) -> None:
    def spoil(record: dict[str, Any]) -> None:
        record["messages"][2]["train"] = True

    trajectories = [make("a", masked=((0, 2),))]
    assert build_sft(trajectories, tmp_path, Target(format="axolotl", check=True)).differences == ()
    report = build_sft(trajectories, tmp_path, Target(format=spoilt(Axolotl, spoil), check=True))
    assert report.differences == ("train.jsonl:1: message 2: is trained",)


def test_a_pair_is_checked_on_both_sides(make: Make, tmp_path: Path) -> None:
    sides = [make("g"), make("b", correct=False, answer="Rome")]
    for side in ("chosen", "rejected"):

        def spoil(record: dict[str, Any], side: str = side) -> None:
            record[side][0]["content"] = "else"

        report = build_dpo(sides, tmp_path, Target(format=spoilt(Trl, spoil), check=True))
        assert report.differences == ("train.jsonl:1: message 2: the text differs",)


def test_prompts_are_checked(make: Make, tmp_path: Path) -> None:
    class Spoilt(Trl):
        def read(self, *_: Any) -> Any:
            raise AssertionError("prompts are compared as they are")

    class Drifting(Trl):
        rounds = 0

        def rl(self, prompt: Prompt) -> Laid | Refusal:
            type(self).rounds += 1
            return super().rl(replace(prompt, samples=self.rounds))

    good = [make("a"), make("b", correct=False, answer="Rome")]
    assert build_rl(good, tmp_path, Target(format=Spoilt, check=True)).differences == ()
    report = build_rl(good, tmp_path, Target(format=Drifting, check=True))
    assert report.differences == ("train.jsonl:1: the prompt differs",)


def test_rows_that_went_missing_or_were_added_are_found(make: Make, tmp_path: Path) -> None:
    class Changing:
        """Gives one trajectory less, or more, the second time."""

        def __init__(self, counts: list[int]) -> None:
            self.counts = counts

        def __iter__(self) -> Any:
            return iter([make(f"t{i}") for i in range(self.counts.pop(0))])

    fewer = build_sft(Changing([3, 2]), tmp_path, Target(check=True))
    assert fewer.differences[0] == "train.jsonl: more rows than the source gives"
    more = build_sft(Changing([2, 3]), tmp_path, Target(check=True))
    assert more.differences[0] == "train.jsonl:3: the row is missing"


def test_an_iterator_cannot_be_checked(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        build_sft(iter([make("a")]), tmp_path, Target(check=True))


def test_rows_say_what_records_say(make: Make) -> None:
    for invocation in ("function_calling", "mcp"):
        assert unfaithful(make("a", invocation=invocation, steps=3), 0) == ""
    assert unfaithful(make("a", arguments="[1]"), 0) == "", "no row, nothing to compare"
    assert unfaithful(make("a", arguments=r'{"q": "\ud800", "\udc00": [1.0, -0.0]}'), 0) == "", "as no file can hold it"
    assert unfaithful(make("a", arguments=" \n"), 0) == ""
