"""`trajsynth generate`: make the trajectories of a config, or go on where it stood."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from trajsynth.generate import Summary

Command = TypeVar("Command", bound=Callable[..., Any])


def run_options(command: Command) -> Command:
    """The options `generate` and `run` share."""
    options = (
        click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key, e.g. samples=2."),
        click.option("--limit", type=click.IntRange(min=1), help="Only the first so many rollouts."),
        click.option("--concurrency", type=click.IntRange(min=1), help="Most rollouts in flight."),
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Run folder [outputs/<name>]."),
        click.option("--accept-drift", is_flag=True, help="Resume although model, prompts, tools or settings changed."),
        click.option("--quiet", is_flag=True, help="No progress line."),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="This process, or actors on a Ray cluster (extra `ray`; RAY_ADDRESS, else this machine).",
        ),
        click.option("--actors", type=click.IntRange(min=1), help="With --engine ray [one a node; alone: one a CPU]."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(short_help="Make trajectories; the same command again resumes.")
@click.argument("config")
@run_options
@click.option("--shard", metavar="PART/PARTS", help="Only this part of the run, e.g. 3/8: for plain batch jobs.")
def generate(
    config: str,
    overrides: tuple[str, ...],
    limit: int | None,
    concurrency: int | None,
    output: Path | None,
    accept_drift: bool,
    quiet: bool,
    engine: Literal["local", "ray"],
    actors: int | None,
    shard: str | None,
) -> None:
    """Run the rollouts of CONFIG (a file, or a packaged name such as quickstart). The same command again resumes.

    \b
    Examples:
      trajsynth generate my.yaml --limit 20 --set rollout.max_turns=30
      trajsynth generate my.yaml --shard 3/8        # one of eight batch jobs; into one folder or copied into one
      trajsynth generate my.yaml --engine ray       # over the machines of a Ray cluster; folder on a shared file system
    """
    from trajsynth.cli.wiring import GenerateOptions, produce
    from trajsynth.configload import load
    from trajsynth.generate import Slice, resolve

    if shard and engine == "ray":
        raise click.UsageError("--shard and --engine ray both split the run; use one of them")
    options = GenerateOptions(
        limit=limit,
        concurrency=concurrency,
        quiet=quiet,
        accept_drift=accept_drift,
        part=Slice.parse(shard) if shard else None,
        engine=engine,
        actors=actors,
    )
    loaded = load(config, overrides)
    folder = resolve(loaded.config, loaded.path, output)
    summary = produce(loaded, folder, options)
    click.echo(outcome(summary, folder))
    raise SystemExit(exit_code(summary))


def exit_code(summary: Summary) -> int:
    """0 done, 1 with failures or out of budget, 130 interrupted."""
    if summary.interrupted:
        return 130
    return 1 if summary.out_of_budget or any(summary.failed.values()) else 0


def outcome(summary: Summary, folder: Path) -> str:
    """What this call did, in a few lines: why rollouts failed, and on the last line how many."""
    from trajsynth.generate import read_failures
    from trajsynth.report import stats
    from trajsynth.report.text import failed

    lines = [
        f"{summary.finished} of {summary.planned} trajectories in {folder}"
        f" ({summary.done} made now, {summary.skipped} before, {summary.continued} continued from a journal)",
        *([f"{summary.spared} further samples were not needed (decisions.jsonl)"] if summary.spared else []),
        *summary.notes,
    ]
    if summary.interrupted:
        lines.append("interrupted; the same command continues where it stood")
    if summary.failed:
        lines.append(failed(stats((), read_failures(folder))))
        kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(summary.failed.items()))
        lines.append(f"{sum(summary.failed.values())} failed ({kinds}); the same command tries them again")
    return "\n".join(lines)
