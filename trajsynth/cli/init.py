"""`trajsynth init`: copy a packaged config to start from."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write a config to start from.")
@click.argument("target", type=click.Path(path_type=Path), default=Path("trajsynth.yaml"))
@click.option("--from", "source", default="quickstart", show_default=True, help="Packaged config to copy.")
@click.option("--list", "listing", is_flag=True, help="List the packaged configs and stop.")
@click.option("--force", is_flag=True, help="Overwrite the target.")
def init(target: Path, source: str, listing: bool, force: bool) -> None:
    """Write TARGET (trajsynth.yaml) as a copy of a packaged config.

    \b
    Example:
      trajsynth init my.yaml --from openai-compatible
    """
    from trajsynth.codec import atomic_write
    from trajsynth.configload import packaged, template
    from trajsynth.errors import InputError, unknown

    if listing:
        for name in packaged():
            notes = [
                line[2:] for line in template(name).splitlines() if line.startswith("# ") and "$schema" not in line
            ]
            click.echo(f"{name:<20} {notes[0]}")
        return
    if source not in packaged():
        raise InputError(unknown("packaged config", source, packaged()))
    if target.exists() and not force:
        raise InputError(f"{str(target)!r} exists; name another file or add --force")
    with atomic_write(target) as file:
        file.write(template(source).encode())
    click.echo(f"wrote {target}\nnext: trajsynth check {target}   then: trajsynth run {target}")
