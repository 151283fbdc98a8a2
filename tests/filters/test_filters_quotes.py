"""A quotation is known behind `>`, in bullets, with line numbers and out of JSON; other words are none."""

from __future__ import annotations

import json

import pytest

from trajsynth.filters.quotes import quoted

HEARD = "gate open\ngate open\n  gate shut"


@pytest.mark.parametrize(
    "said",
    [
        "gate open\ngate open",
        "> gate open\n> gate open\n> gate shut",
        "ate open\n    gate open\n\n\n    gate sh",
        "- gate open\n- gate open",
        "1| gate open\n2| gate open",
    ],
)
@pytest.mark.parametrize("heard", [HEARD, json.dumps({"output": HEARD}), HEARD.replace("\n", "\r\n")])
def test_quotations(said: str, heard: str) -> None:
    assert quoted(said, heard)


def test_quotations_in_other_scripts() -> None:
    assert quoted("> 门开着\n> 门开着", json.dumps({"output": "门开着\n门开着"}))


@pytest.mark.parametrize(
    "said", ["", "\n\n", "gate open\ngate open\ngate open", "> the gate is open", "gate shut\ngate"]
)
def test_other_words(said: str) -> None:
    assert not quoted(said, HEARD)
    assert not quoted("gate open", "")
