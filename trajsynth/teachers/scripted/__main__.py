"""`python -m trajsynth.teachers.scripted --port 0`: serve the scripted models on loopback."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from trajsynth.teachers.scripted.server import serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m trajsynth.teachers.scripted", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port; it is printed as one line")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().port))
