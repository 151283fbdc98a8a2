"""The command line in this process: `trajsynth("generate", ...)` gives the exit code."""

from __future__ import annotations

import pytest

from trajsynth.cli.main import main


def trajsynth(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return int(stop.value.code or 0)
