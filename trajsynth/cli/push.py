"""`trajsynth push`: built data sets onto the Hugging Face Hub, with a card that says how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from trajsynth.builders.hub import PushReport
    from trajsynth.builders.origin import Origin


@click.command(short_help="Put built data sets on the Hugging Face Hub, with a dataset card.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("repo")
@click.option("--public", is_flag=True, help="Let everybody see it [private].")
@click.option("--create-pr", is_flag=True, help="Open a pull request instead of writing to the branch.")
@click.option("--revision", help="Branch, made when it is not there [main].")
@click.option("--quiet", is_flag=True, help="No progress.")
def push(folder: Path, repo: str, public: bool, create_pr: bool, revision: str | None, quiet: bool) -> None:
    """Put DIR (a run folder: each of its datasets/* a config; or one built folder) into the data set REPO (USER/NAME).

    The token is that of HF_TOKEN, else of `hf auth login`. Nothing is uploaded when a row holds a key, token or
    password. The same command again resumes, and replaces what it pushed before. See docs/hub.md.

    \b
    Examples:
      trajsynth push outputs/night1 me/night1
      trajsynth push outputs/night1/datasets/dpo me/night1 --create-pr
    """
    report = pushed(folder, repo, public=public, create_pr=create_pr, revision=revision, quiet=quiet)
    click.echo(lines(report))


def pushed(
    folder: Path,
    repo: str,
    *,
    public: bool = False,
    create_pr: bool = False,
    revision: str | None = None,
    quiet: bool = False,
) -> PushReport:
    """Push with progress on stderr; also the end of a run whose config has `push`. Raises InputError."""
    from trajsynth.builders.hub import Destination
    from trajsynth.builders.hub import push as to_hub

    _progress(quiet)
    to = Destination(repo=repo, public=public, create_pr=create_pr, revision=revision)
    return to_hub(folder, to, _origin(folder), tell=lambda line: None if quiet else click.echo(line, err=True))


def _progress(quiet: bool) -> None:
    """The Hub's own bars are for terminals."""
    import sys

    from trajsynth.errors import MissingExtra

    try:
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError:
        raise MissingExtra("huggingface_hub", "hub") from None
    if quiet or not sys.stderr.isatty():
        disable_progress_bars()


def _origin(folder: Path) -> Origin | None:
    """The run's facts, its rollouts counted; None for a folder built elsewhere."""
    from trajsynth.builders.origin import Rollouts, origin, run_of
    from trajsynth.cli import steps

    run = run_of(folder)
    if run is None:
        return None
    stats = steps.count(run)
    rollouts = Rollouts(
        finished=stats.total.n,
        failed=stats.total.failed,
        correct=stats.total.correct,
        wrong=stats.total.wrong,
        arms={name: (arm.n, arm.correct) for name, arm in stats.arms.items()},
    )
    return origin(run, rollouts)


def lines(report: PushReport) -> str:
    """What was pushed, as text."""
    told = [f"  {name}: {rows:,} rows" for name, rows in report.rows.items()]
    if report.deleted:
        told.append(f"  replaced: {len(report.deleted)} files of an earlier push are gone")
    told += [f"  note: {note}" for note in report.notes]
    done = f"pushed {report.files} files to {report.repo}"
    if not report.changed:
        done = f"nothing changed: all {report.files} files are in {report.repo} already, so no commit was made"
    return "\n".join([done, *told, report.url])
