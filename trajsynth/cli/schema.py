"""`trajsynth schema`: the JSON Schema of the config, for editors."""

from __future__ import annotations

import click


@click.command(short_help="Print the JSON Schema of the config.")
def schema() -> None:
    """Print the JSON Schema of the config, for completion and checking in editors.

    \b
    Example:
      trajsynth schema > trajsynth.schema.json
      # first line of your config:
      # yaml-language-server: $schema=trajsynth.schema.json
    """
    import orjson

    from trajsynth.configschema import json_schema

    click.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2).decode())
