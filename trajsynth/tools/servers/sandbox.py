"""The sandbox tools as an MCP server: `python -m trajsynth.tools.servers.sandbox --workspaces DIR [--http PORT]`.

Names, descriptions, schemas and outputs are those of trajsynth.tools.sandbox; nothing is defined twice. Each rollout a
client names has a workspace of its own under DIR, kept until somebody deletes it. Level 2.
Tests: tests/tools/test_tools_servers.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trajsynth import config
from trajsynth.errors import ConfigError
from trajsynth.tools.sandbox import SandboxTools
from trajsynth.tools.servers import serving


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve run_python, run_command, write_file, read_file and list_files in contained workspaces."""
    settings = config.SandboxTools()
    parser = argparse.ArgumentParser(prog="python -m trajsynth.tools.servers.sandbox", description=main.__doc__)
    parser.add_argument("--workspaces", type=Path, required=True, help="folder in which the workspaces lie")
    parser.add_argument("--network", action="store_true", help="let programs reach the network")
    parser.add_argument("--python", default=settings.python, help="the Python of run_python")
    parser.add_argument("--read-only", action="append", default=[], metavar="DIR", help="one more folder to read")
    parser.add_argument("--timeout", type=float, default=float(settings.timeout), help="seconds a program may run")
    for name, text in (
        ("memory-mb", "most memory of a program's processes together"),
        ("processes", "most processes of a program"),
        ("disk-mb", "largest file, and largest workspace"),
        ("output-chars", "longest output shown"),
    ):
        parser.add_argument(f"--{name}", type=int, default=getattr(settings, name.replace("-", "_")), help=text)
    serving.add_http(parser)
    given = parser.parse_args(arguments)

    def sandbox() -> SandboxTools:
        names = ("network", "python", "read_only", "timeout", "memory_mb", "processes", "disk_mb", "output_chars")
        data = {name: getattr(given, name) for name in names}
        try:
            made = msgspec.convert(data, config.SandboxTools, dec_hook=config.decode_hook)
        except msgspec.ValidationError as error:
            raise ConfigError(f"sandbox: {error}") from None
        return SandboxTools(given.workspaces, made)

    return serving.serve(sandbox, given, "Run programs and keep files in a contained workspace.")


if __name__ == "__main__":
    raise SystemExit(main())
