"""`trajsynth filter`: say what is wrong with trajectories and keep the good ones."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.command("filter", short_help="Curate a run, or anybody's trajectory files.")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--recipe", "names", default="sft", show_default=True, help="Recipes, separated by commas; or paths.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="This machine, or tasks on a Ray cluster (extra `ray`; RAY_ADDRESS, else this machine).",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder [<run>/curated, else ./curated].")
@click.option("--rethreshold", multiple=True, metavar="CODE=VALUE", help="Another threshold for a code.")
@click.option("--quiet", is_flag=True, help="No progress line.")
def filter_(
    inputs: tuple[Path, ...],
    names: str,
    workers: int,
    engine: Literal["local", "ray"],
    output: Path | None,
    rethreshold: tuple[str, ...],
    quiet: bool,
) -> None:
    """Curate INPUTS: run folders, JSONL files of ours or of plain chat rows, or hf:USER/NAME[:CONFIG[:SPLIT]].

    \b
    Examples:
      trajsynth filter outputs/quickstart --recipe sft,dpo
      trajsynth filter somebody.jsonl --recipe none -o checked
      trajsynth filter hf:somebody/traces:default:train --recipe none -o checked
      trajsynth filter outputs/* --engine ray -o curated     # over the machines of a Ray cluster, same files
    """
    from trajsynth.cli import steps
    from trajsynth.cli.fromhub import from_hub
    from trajsynth.curate.report import render

    if engine == "ray" and workers > 1:
        raise click.UsageError(
            "--workers are processes of this machine; with --engine ray the cluster's processors work"
        )
    config = steps.config_of(inputs[0])
    chosen = steps.recipes([name.strip() for name in names.split(",") if name.strip()], config)
    out = output or (inputs[0] / "curated" if len(inputs) == 1 and inputs[0].is_dir() else Path("curated"))
    changes = steps.parse_rethreshold(rethreshold)
    with from_hub(inputs) as files:
        reports = steps.curate(files, chosen, out, workers=workers, engine=engine, quiet=quiet, rethreshold=changes)
    for report in reports.values():
        click.echo(render(report) + "\n")
    click.echo(f"written to {out}")
