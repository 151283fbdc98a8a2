"""Every code has a section in docs/curation.md whose first example it flags and whose second it leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from trajsynth.filters import CODES, FILTERS, Answer, CorpusFilter, LeakBenchmark, recipe

PAGE = (Path(__file__).resolve().parents[2] / "docs/curation.md").read_text(encoding="utf-8")
SECTIONS: dict[str, str] = {
    match[1]: match[2] for match in re.finditer(r"^### `([\w.]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def examples(code: str, word: str) -> list[Any]:
    """The rows of a section's example."""
    found = re.findall(rf"```json {word}\n(.*?)\n```", SECTIONS[code], re.DOTALL)
    return [json.loads(text) for text in found]


def judge(code: str, folder: Path) -> Any:
    """The filter that gives a code, set as the page says."""
    if code == "format.error":
        return Answer(form="boxed")
    if code == "leak.benchmark":
        named = re.search(r"line `(.*?)`", SECTIONS[code], re.DOTALL)
        assert named is not None
        (folder / "set.txt").write_text(" ".join(named[1].split()), encoding="utf-8")
        return LeakBenchmark(questions=(str(folder / "set.txt"),))
    return next(kind for kind in FILTERS.values() if code in kind.codes)()


def said(kind: Any, example: Any) -> set[str]:
    if isinstance(kind, CorpusFilter):
        return {finding.code for findings in kind.check_all(example).values() for finding in findings}
    return {finding.code for finding in kind.check(example)}


def test_every_code_has_a_section() -> None:
    assert set(SECTIONS) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_examples(code: str, tmp_path: Path) -> None:
    kind = judge(code, tmp_path)
    (flagged,), (left,) = examples(code, "flagged"), examples(code, "left alone")
    assert code in said(kind, flagged)
    assert code not in said(kind, left)
    assert f"filter `{kind.name}`" in SECTIONS[code] and f"Scope {CODES[code].scope}" in SECTIONS[code]


@pytest.mark.parametrize("code", CODES)
def test_thresholds_of_the_page_are_the_recipes(code: str) -> None:
    steps = {step.filter.name: step.filter for step in recipe("none").steps}
    kind = next(kind for kind in FILTERS.values() if code in kind.codes)
    for name, value in re.findall(r"`(\w+): ([\d.]+)`", SECTIONS[code]):
        assert getattr(steps[kind.name], name) == float(value), (code, name)
