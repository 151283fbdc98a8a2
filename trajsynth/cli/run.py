"""`trajsynth run`: generate, filter and build as the config says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from trajsynth.cli.generate import exit_code, outcome, run_options

if TYPE_CHECKING:
    from trajsynth.config import Config
    from trajsynth.filters import Report
    from trajsynth.generate import Summary


@click.command(short_help="Generate, filter and build; the same command again resumes.")
@click.argument("config")
@run_options
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes for filtering.")
def run(
    config: str,
    overrides: tuple[str, ...],
    limit: int | None,
    concurrency: int | None,
    output: Path | None,
    accept_drift: bool,
    quiet: bool,
    engine: Literal["local", "ray"],
    actors: int | None,
    workers: int,
) -> None:
    """Do everything CONFIG (a file, or a packaged name) asks for: rollouts, curation, training sets.

    \b
    Examples:
      trajsynth run quickstart
      trajsynth run hotpotqa --set questions.path=questions.jsonl
    """
    from trajsynth.cli import steps
    from trajsynth.cli.wiring import GenerateOptions, produce
    from trajsynth.configload import load
    from trajsynth.generate import resolve

    loaded = load(config, overrides)
    recipes = steps.recipes(loaded.config.curate, loaded.config)
    folder = resolve(loaded.config, loaded.path, output)
    options = GenerateOptions(
        limit=limit, concurrency=concurrency, quiet=quiet, accept_drift=accept_drift, engine=engine, actors=actors
    )
    summary = produce(loaded, folder, options)
    if summary.interrupted or not summary.finished:
        click.echo(outcome(summary, folder))
        raise SystemExit(exit_code(summary) or 1)
    reports = {}
    if recipes:
        how = steps.How(workers=workers, engine=engine, quiet=quiet)
        reports = steps.curate([folder], recipes, folder / "curated", how)
    _close(loaded.config, folder, summary, reports, quiet)
    raise SystemExit(exit_code(summary))


def _close(config: Config, folder: Path, summary: Summary, reports: dict[str, Report], quiet: bool) -> None:
    """Build, print the closing text, and push when that is configured."""
    from trajsynth.cli import steps
    from trajsynth.curate.report import render
    from trajsynth.report import Ended
    from trajsynth.report import summary as closing

    built = []
    for kind, name, target in config.build_targets():
        kept = steps.kept_files(folder, Path(target.recipe or kind).stem)
        built.append(steps.build(kind, target, kept, folder / "datasets" / name, config))
    ended = Ended(
        planned=summary.planned,
        finished=summary.finished,
        seconds=summary.seconds,
        resumed=summary.continued,
        lost=summary.discarded,
    )
    first = next(iter(reports), None)
    text = closing(
        ended,
        steps.count(folder),
        kept=steps.kept_by_arm(folder, first) if first else None,
        funnels=[render(report, brief=True) for report in reports.values()],
        built=built,
        next_commands=_next(config, folder, first),
    )
    click.echo("\n".join([*summary.notes, text]))
    if config.push is not None and built:
        from trajsynth.cli.push import lines, pushed

        click.echo("\n" + lines(pushed(folder, config.push.repo, public=not config.push.private, quiet=quiet)))


def _next(config: Config, folder: Path, recipe: str | None) -> dict[str, str]:
    commands = {"look": f"trajsynth stats {folder}"}
    if recipe is not None:
        commands["why"] = f"read {folder}/curated/{recipe}/report.md: what was found, how often, with examples"
    if "sft" in config.build:
        commands["train"] = (
            f"load {folder}/datasets/sft/train.jsonl in TRL as docs/formats.md shows (assistant_only_loss)"
        )
    commands["more"] = "raise samples or append questions and run the same command: finished rollouts are kept"
    return commands
