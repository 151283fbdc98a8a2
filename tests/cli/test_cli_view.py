"""`trajsynth view` on a small run: choosing, nesting, findings, the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from climain import trajsynth

SMALL = ["--set", "questions.questions=1", "--set", "questions.pages=60", "--set", "samples=1", "--quiet"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view") / "run"
    assert trajsynth("generate", "quickstart", "-o", str(folder), *SMALL) == 0
    assert trajsynth("filter", str(folder), "--recipe", "sft", "--quiet") == 0
    return folder


@pytest.mark.slow
def test_a_team_reads_as_a_nested_conversation(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trajsynth("view", str(run), "--text", "--paradigm", "miroflow", "--invocation", "mcp") == 0
    said = capsys.readouterr().out
    assert "/miroflow/mcp" in said
    assert "→ agents__browsing" in said
    assert "    │ ── browsing" in said
    assert "recipe    sft: " in said
    identity = said[:6]
    assert trajsynth("view", str(run), "--text", "--id", identity, "--full") == 0
    assert len(capsys.readouterr().out) > len(said)


@pytest.mark.slow
def test_the_page_has_every_arm(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trajsynth("view", str(run)) == 0
    assert "12 trajectories in" in capsys.readouterr().out
    html = (run / "report.html").read_text()
    assert html.count("<details") == 12
    assert "sloppy/miroflow/function_calling" in html


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--text", "--id", "zzz"], "no trajectory number 0 with id 'zzz'"),
        (["--text", "--index", "99"], "no trajectory number 99"),
        (["--teacher", "nobody"], "no such trajectories"),
    ],
)
def test_nothing_found_is_one_line(
    run: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trajsynth("view", str(run), *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_folder_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trajsynth("view", str(tmp_path), "--text") == 2
    assert "holds no trajectories" in capsys.readouterr().err
