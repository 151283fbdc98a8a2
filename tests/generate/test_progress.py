"""The progress line: what it says, and that it is silent away from a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from trajsynth.generate.progress import Board, Progress, human
from trajsynth.types import Usage


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1.0K"), (1_234_567, "1.2M"), (2e12, "2.0T"), (3e15, "3000.0T")]
)
def test_human_numbers(number: float, text: str) -> None:
    assert human(number) == text


def test_the_line_counts_finished_failed_running_tokens_and_dollars(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    board = Board(skipped=2, done=3, running=5, failed={"bug": 1, "network": 2}, continued=4)
    progress = Progress(board, 20)
    board.meter.add(Usage(calls=1, input=1500, output=500, usd=0.25))
    progress.close()
    last = terminal.getvalue().rsplit("\r", 1)[-1]
    assert "8/20" in last
    for part in ("3 failed", "5 running", "2.0K tokens", "$0.25", "turns/s", "4 continued"):
        assert part in board.text(1.0)


@pytest.mark.parametrize("quiet", [True, False])
def test_no_line_is_drawn_away_from_a_terminal(monkeypatch: pytest.MonkeyPatch, quiet: bool) -> None:
    stream = Terminal() if quiet else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    progress = Progress(Board(done=1), 2, quiet)
    progress.tick()
    assert stream.getvalue() == ""
    progress.say("stopping")
    progress.close()
    assert stream.getvalue() == "stopping\n"
