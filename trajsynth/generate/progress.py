"""How far a run is: live counters, and one tqdm line on stderr that shows them.

Level 3. Quiet when stderr is not a terminal. Tests: tests/generate/test_progress.py.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from trajsynth.types import Usage

if TYPE_CHECKING:
    from tqdm import tqdm


@dataclass(slots=True)
class Meter:
    """Model calls answered in this session, and what they cost."""

    turns: int = 0
    """Replies to rollouts."""
    usage: Usage = field(default_factory=Usage)
    """Of these replies."""
    graders: Usage = field(default_factory=Usage)
    """Of the judges' replies."""

    def add(self, usage: Usage, grader: bool = False) -> None:
        """Count one reply."""
        if grader:
            self.graders += usage
            return
        self.turns += 1
        self.usage += usage

    def add_tool(self, usd: float) -> None:
        """Count what a tool call cost."""
        if usd:
            self.usage += Usage(usd=usd, tools_usd=usd)


@dataclass(slots=True)
class Board:
    """Rollouts of this session, as they stand."""

    meter: Meter = field(default_factory=Meter)
    planned: int = 0
    """Jobs seen so far."""
    skipped: int = 0
    """Found finished in the shards."""
    spared: int = 0
    """Samples that adaptive sampling found unnecessary."""
    done: int = 0
    running: int = 0
    waiting: int = 0
    """Set aside until their teacher is back."""
    failed: dict[str, int] = field(default_factory=dict)
    """By kind of failure."""
    cancelled: int = 0
    """Begun and left unfinished because the run was stopped."""
    continued: int = 0
    """Rollouts that an earlier process had begun and that went on from their journal."""
    discarded: list[str] = field(default_factory=list)
    """Why a journal could not be continued, one entry a journal."""
    said: list[str] = field(default_factory=list)
    """Lines for the user so far: outages, stopping."""

    def text(self, turns_per_second: float) -> str:
        """The right half of the progress line."""
        usage = self.meter.usage
        parts = [
            f"{sum(self.failed.values())} failed",
            f"{self.running} running",
            f"{human(usage.input + usage.output)} tokens",
            f"${usage.usd + self.meter.graders.usd:.2f}",
            f"{turns_per_second:.1f} turns/s",
        ]
        if self.waiting:
            parts.append(f"{self.waiting} waiting for a teacher")
        if self.continued:
            parts.append(f"{self.continued} continued")
        return ", ".join(parts)


class Progress:
    """The line on stderr; `tick` redraws it."""

    def __init__(self, board: Board, total: int | None, quiet: bool = False) -> None:
        self._board = board
        self._total = total
        self._last = (monotonic(), 0)
        self._rate = 0.0
        self._bar: tqdm[Any] | None = None
        if not quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="rollout", file=sys.stderr, dynamic_ncols=True, smoothing=0.05)

    def tick(self) -> None:
        """Redraw; turns/s is the mean since the last tick, smoothed."""
        now, turns = monotonic(), self._board.meter.turns
        then, before = self._last
        self._last = (now, turns)
        self._rate += 0.3 * ((turns - before) / max(now - then, 1e-6) - self._rate)
        if self._bar is not None:
            board = self._board
            self._bar.initial = board.skipped
            self._bar.total = None if self._total is None else self._total - board.spared
            self._bar.n = board.skipped + board.done + sum(board.failed.values())
            self._bar.set_postfix_str(board.text(self._rate))

    def say(self, line: str) -> None:
        """One line for the user, above the bar."""
        self._board.said.append(line)
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            sys.stderr.write(line + "\n")

    def close(self) -> None:
        """Draw the last state and leave the line standing."""
        self.tick()
        if self._bar is not None:
            self._bar.close()


def human(number: float) -> str:
    """1234567 -> `1.2M`."""
    for unit in ("", "K", "M", "G"):
        if abs(number) < 1000:
            return f"{number:.1f}{unit}" if unit else f"{number:.0f}"
        number /= 1000
    return f"{number:.1f}T"
