"""`trajsynth stats`: the figures of a run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Figures of a run: accuracy, turns, tools, cost.")
@click.argument("run", type=click.Path(path_type=Path))
def stats(run: Path) -> None:
    """Print accuracy with its interval, turns, tool calls, tokens and dollars of each arm of RUN, and what is odd.

    \b
    Example:
      trajsynth stats outputs/quickstart
    """
    from trajsynth.cli import steps
    from trajsynth.generate import read_config
    from trajsynth.report import render

    config = read_config(run)
    click.echo(render(steps.count(run), steps.kept_by_arm(run, config.curate[0]) if config.curate else None))
    for page in sorted((run / "curated").glob("*/report.md")):
        click.echo(f"curated by {page.parent.name}: {page}")
