"""`trajsynth build`: turn kept trajectories into training files."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write SFT rows or preference pairs.")
@click.argument("kind", type=click.Choice(["sft", "dpo"]))
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "format_", default="trl", show_default=True, help="Layout of the target trainer.")
@click.option("--recipe", help="Whose kept trajectories of a run to use [the kind's own name].")
@click.option("--pairs", type=click.Choice(["within_teacher", "across_teachers"]), default="within_teacher")
@click.option("--max-pairs", type=click.IntRange(min=1), default=1, show_default=True, help="Pairs per question.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder [<run>/datasets/<kind>].")
def build(
    kind: str,
    inputs: tuple[Path, ...],
    format_: str,
    recipe: str | None,
    pairs: str,
    max_pairs: int,
    output: Path | None,
) -> None:
    """Write a KIND set (sft or dpo) from INPUTS: a curated run folder, or files of kept trajectories.

    \b
    Examples:
      trajsynth build sft outputs/quickstart
      trajsynth build dpo outputs/quickstart --max-pairs 4 -o pairs
    """
    import msgspec

    from trajsynth.cli import steps
    from trajsynth.config import BuildTarget
    from trajsynth.errors import ConfigError
    from trajsynth.report.summary import built_lines

    try:
        settings = {"format": format_, "recipe": recipe, "pairs": pairs, "max_pairs": max_pairs}
        target = msgspec.convert(settings, BuildTarget)
    except msgspec.ValidationError as error:
        raise ConfigError(f"build: {error}") from None
    folder = inputs[0] if inputs[0].is_dir() else None
    paths = [file for path in inputs for file in (steps.kept_files(path, recipe or kind) if path.is_dir() else [path])]
    out = output or (folder / "datasets" / kind if folder is not None else Path("datasets") / kind)
    report = steps.build(kind, target, paths, out, steps.config_of(folder) if folder is not None else None)
    click.echo("\n".join(built_lines(report)))
