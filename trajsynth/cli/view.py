"""`trajsynth view`: read trajectories, one as text in the terminal or many in one self-contained page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trajsynth.errors import InputError

if TYPE_CHECKING:
    from trajsynth.report.transcript import Remarks
    from trajsynth.types import Trajectory


@click.command(short_help="Read a trajectory as text, or a run as one HTML page.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--id", "identity", default="", metavar="ID", help="Trajectory whose id begins so.")
@click.option("--index", type=click.IntRange(min=0), default=0, show_default=True, help="Which of those that match.")
@click.option("--teacher", default="", help="Only of this teacher.")
@click.option("--paradigm", default="", help="Only of this paradigm.")
@click.option("--invocation", default="", help="Only of this invocation.")
@click.option("--right/--wrong", "correct", default=None, help="Only right or only wrong ones.")
@click.option("--text", is_flag=True, help="Print one trajectory instead of writing a page.")
@click.option("--full", is_flag=True, help="Do not cut long texts.")
@click.option("--most", type=click.IntRange(min=1), default=200, show_default=True, help="Trajectories on the page.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=None, help="The page; RUN/report.html.")
def view(
    run: Path,
    identity: str,
    index: int,
    teacher: str,
    paradigm: str,
    invocation: str,
    correct: bool | None,
    text: bool,
    full: bool,
    most: int,
    output: Path | None,
) -> None:
    """Show trajectories of RUN (a run's folder, or a file of trajectories or chat rows) with what curation found.

    Sub-agents stand indented under the call that spawned them; attempts that were rolled back, results that later turns
    did not see, and findings are marked.

    \b
    Examples:
      trajsynth view outputs/quickstart --text --paradigm miroflow
      trajsynth view outputs/quickstart --text --id 3f2a --full
      trajsynth view outputs/quickstart --wrong            # writes outputs/quickstart/report.html
    """
    from trajsynth.report.transcript import CLIP, transcript

    chosen = Choice(identity, teacher, paradigm, invocation, correct)
    matching = (trajectory for trajectory in read(run) if chosen.takes(trajectory))
    clip = 0 if full else CLIP
    if not text:
        _page(run, list(islice(matching, index, index + most)), clip, output)
        return
    trajectory = next(islice(matching, index, None), None)
    if trajectory is None:
        raise InputError(f"{str(run)!r} has no trajectory number {index} {chosen.spoken()}")
    click.echo(transcript(trajectory, remarks(run, {trajectory.id}).get(trajectory.id), clip))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which trajectories are wanted; empty and None: any."""

    identity: str = ""
    teacher: str = ""
    paradigm: str = ""
    invocation: str = ""
    correct: bool | None = None

    def takes(self, trajectory: Trajectory) -> bool:
        """Whether it is one of them."""
        wanted = (self.teacher, self.paradigm, self.invocation)
        has = (trajectory.teacher, trajectory.paradigm, trajectory.invocation)
        return (
            trajectory.id.startswith(self.identity)
            and all(want in ("", own) for want, own in zip(wanted, has, strict=True))
            and (self.correct is None or trajectory.correct is self.correct)
        )

    def spoken(self) -> str:
        """The choice in words, for messages."""
        parts = [f"with id {self.identity!r}"] if self.identity else []
        parts += [f"of {name!r}" for name in (self.teacher, self.paradigm, self.invocation) if name]
        parts += [] if self.correct is None else ["that is right" if self.correct else "that is wrong"]
        return " ".join(parts) or "(there are fewer)"


def read(run: Path) -> Iterator[Trajectory]:
    """A run's trajectories under their newest grades, then its failures; or those of a file."""
    from trajsynth.curate.grades import FILE, read_grades, with_grade
    from trajsynth.generate import read_failures
    from trajsynth.generate import read_trajectories as of_run
    from trajsynth.readers import read_trajectories as of_file

    if run.is_file():
        yield from of_file(run)
        return
    if not any(run.glob("trajectories*.jsonl")) and not any(run.glob("failures*.jsonl")):
        raise InputError(f"{str(run)!r} holds no trajectories; give a run's folder or a JSONL file")
    grades = read_grades(run / FILE)
    yield from (with_grade(trajectory, grades) for trajectory in of_run(run))
    yield from read_failures(run)


def remarks(run: Path, ids: set[str]) -> dict[str, Remarks]:
    """What curation of the run said of these trajectories; nothing for one that was not curated."""
    from trajsynth.codec import decode, from_builtins, read_lines
    from trajsynth.report.transcript import Remarks
    from trajsynth.types import Finding

    folder = run / "curated"
    if not (folder / "findings.jsonl").exists():
        return {}
    marks = {f'{{"id":"{identity}"'.encode(): identity for identity in ids}
    length = max(map(len, marks), default=0)

    def about(path: Path) -> Iterator[tuple[str, bytes]]:
        if path.exists():
            for _, line in read_lines(path):
                identity = next((i for mark, i in marks.items() if line[:length].startswith(mark)), None)
                if identity is not None:
                    yield identity, line

    fates: dict[str, dict[str, str]] = {identity: {} for identity in ids}
    for recipe in sorted(path.name for path in folder.iterdir() if path.is_dir()):
        for identity, _ in about(folder / recipe / "kept.jsonl"):
            fates[identity][recipe] = "kept"
        for identity, line in about(folder / recipe / "rejected.jsonl"):
            fates[identity][recipe] = f"dropped for {', '.join(decode(line, dict)['dropped'])}"
    return {
        identity: Remarks(
            findings=[from_builtins(f, Finding, identity) for f in decode(line, dict)["findings"]],
            recipes=fates[identity],
        )
        for identity, line in about(folder / "findings.jsonl")
    }


def _page(run: Path, trajectories: list[Trajectory], clip: int, output: Path | None) -> None:
    from trajsynth.cli import steps
    from trajsynth.codec import atomic_write
    from trajsynth.report import render
    from trajsynth.report.page import page

    if not trajectories:
        raise InputError(f"{str(run)!r} has no such trajectories")
    figures = render(steps.count(run)) if run.is_dir() else ""
    path = output or (run / "report.html" if run.is_dir() else run.with_suffix(".html"))
    text = page(run.name, figures, trajectories, remarks(run, {t.id for t in trajectories}), clip)
    with atomic_write(path) as file:
        file.write(text.encode())
    click.echo(f"{len(trajectories)} trajectories in {path}")
