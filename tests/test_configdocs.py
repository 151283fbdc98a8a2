"""The page about the config is current, complete, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import Struct

from trajsynth import config
from trajsynth.configdocs import DOCS_FILE, markdown, write_docs
from trajsynth.configsave import may_change
from trajsynth.configschema import field_notes
from trajsynth.configyaml import override

SECTIONS = [
    kind
    for kind in vars(config).values()
    if isinstance(kind, type)
    and issubclass(kind, Struct)
    and kind.__module__.startswith(config.__name__)
    and kind.__struct_fields__
]
PAGE = markdown()


def part(heading: str) -> str:
    """The text of one section of the page."""
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_the_page_is_current(tmp_path: Path) -> None:
    write_docs(tmp_path / "config.md")
    fresh = (tmp_path / "config.md").read_text(encoding="utf-8")
    assert DOCS_FILE.read_text(encoding="utf-8") == fresh, "run: python -m trajsynth.configschema"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda kind: kind.__name__)
def test_every_key_has_its_sentence(section: type[Struct]) -> None:
    notes = field_notes()
    silent = [name for name in section.__struct_fields__ if not notes.get((section.__name__, name))]
    assert silent == [], "write a docstring under the field: editors and docs/config.md show it"


def test_every_section_is_there_once() -> None:
    assert PAGE.count("\n## ") == len(SECTIONS)
    for section in SECTIONS:
        about = " ".join((section.__doc__ or "").split())
        assert PAGE.count(f"\n{about}\n") >= 1, section


def test_links_lead_to_headings() -> None:
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]*)\)", PAGE))
    assert links <= anchors and len(links) == len(anchors) - 1  # the top level is linked from nowhere


def test_rows_say_type_default_and_whether_it_may_change() -> None:
    teacher = part("`teachers.NAME`, `kind: openai` (default)")
    assert "| `base_urls` ↻ | list of text | **required** |" in teacher
    assert "| `timeout` ↻ | duration | `10m` |" in teacher
    assert "| `seed` | true or false | `true` |" in teacher
    assert "number 0 to 1" in part("`teachers.NAME`, `kind: scripted`")
    assert "`grid` or `question` or `sample`" in part("Top level")
    assert "| `cached` ↻ |" in part("`teachers.NAME.price`")  # all of a section that may change


def test_marks_are_those_of_resuming() -> None:
    top = part("Top level")
    marked = set(re.findall(r"^\| `(\w+)` ↻", top, re.MULTILINE))
    assert marked == set(may_change(config.Config))


def test_tables_have_four_cells() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_the_examples_of_the_introduction_are_overrides() -> None:
    settings = re.findall(r"--set '?([\w.]+=(?:\{[^}]*\}|\w+))", PAGE.replace("a.b=value", ""))
    data = {"arms": [{"teacher": "qwen"}], "teachers": {"qwen": {"base_urls": ["http://x/v1"]}}}
    for setting in settings:
        override(data, setting)
    assert data["arms"][0]["weight"] == 3  # type: ignore[comparison-overlap]
    assert len(settings) == 3
