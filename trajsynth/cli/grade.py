"""`trajsynth grade`: judge the final answers of a finished run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from trajsynth.config import Config
    from trajsynth.curate.regrade import RegradeReport


@click.command(short_help="Grade a run's answers again.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--judge", help="A teacher of the run's config that judges what exact matching rejects.")
@click.option("--unknown", is_flag=True, help="Only answers nobody could tell about.")
@click.option("--concurrency", type=click.IntRange(min=1), default=32, show_default=True)
def grade(run: Path, judge: str | None, unknown: bool, concurrency: int) -> None:
    """Grade the answers of RUN again: verdicts are appended to its grades.jsonl, the newest wins, shards stay.

    \b
    Example:
      trajsynth grade outputs/my --judge qwen
    """
    import asyncio

    import msgspec

    from trajsynth.config import Judge
    from trajsynth.configcheck import check
    from trajsynth.generate import read_config

    config = read_config(run)
    if judge is not None:
        config = msgspec.structs.replace(config, grade=("exact", Judge(judge=judge)))
        check(config, "--judge")
    report = asyncio.run(_grade(run, config, unknown, concurrency))
    click.echo(
        f"{report.graded} graded: {report.changed} verdicts changed, {report.unknown} still unknown, "
        f"{report.skipped} left as they were"
    )
    click.echo(f"next: trajsynth filter {run} --recipe {','.join(config.curate) or 'sft'}")


async def _grade(run: Path, config: Config, unknown: bool, concurrency: int) -> RegradeReport:
    from contextlib import AsyncExitStack

    from trajsynth.cli.wiring import open_teachers
    from trajsynth.config import Judge
    from trajsynth.curate.regrade import regrade
    from trajsynth.grading import build_graders

    judges = {method.judge for method in config.grade if isinstance(method, Judge)}
    async with AsyncExitStack() as stack:
        teachers = await open_teachers(config, judges, stack)
        grader = build_graders(config.grade, teachers)
        return await regrade(run, grader, only_unknown=unknown, concurrency=concurrency)
