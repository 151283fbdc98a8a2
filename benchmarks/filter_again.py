"""What the stored first pass saves: CPU time of `filter` the first time, again, with more rows, and of a what-if.

    python benchmarks/filter_again.py [--rows 400] [--recipes sft,dpo] [--seed 1]
    python benchmarks/filter_again.py --store 100000

Agent trajectories of 50-100 KB (filter_corpus.py), one worker, each run a process of its own: CPU time without Python's
start. "killed" is a run that stops when three quarters are measured, "continued" the next one. Every
run that writes must write what the first one did, or the script fails. `--store` fills a store with so many
made-up rows and prints the memory it takes and the time to open it again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import filter_corpus

MB = 1_000_000


def inside(path: Path, out: Path, names: str, what: str) -> None:
    """The measured process: prints CPU seconds as JSON."""
    from trajsynth.curate import curate
    from trajsynth.curate.engine_local import Local
    from trajsynth.curate.whatif import what_if
    from trajsynth.filters import recipe

    recipes = [recipe(name) for name in names.split(",")]
    rows = sum(1 for _ in path.open("rb"))
    seen = 0

    def stop(phase: str, count: int) -> None:
        nonlocal seen
        seen += count
        if seen >= 0.75 * rows:
            raise KeyboardInterrupt

    began = time.process_time()
    try:
        if what == "what if":
            what_if(Local(), out, recipes, {"repeat.loop": 40}, inputs=[path])
        else:
            curate([path], recipes, out, progress=stop if what == "killed" else None)
    except KeyboardInterrupt:
        pass
    print(json.dumps({"cpu": time.process_time() - began}))


def run(path: Path, out: Path, names: str, what: str) -> None:
    """Print the cost of one run."""
    command = [sys.executable, __file__, "--inside", str(path), str(out), names, what]
    cost = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    size = path.stat().st_size / MB
    print(f"  {what:<20} {names:<8} {cost['cpu']:7.2f} s CPU  {size / cost['cpu']:7.1f} MB/s")


def written(out: Path) -> dict[str, bytes]:
    """Everything but the stored measures."""
    files = (file for file in out.rglob("*") if file.is_file() and file.parent.name != "measured")
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def store(count: int) -> None:
    """Print what the store itself takes."""
    from trajsynth.codec import encode
    from trajsynth.curate.examine import Examined, Looked, Stored
    from trajsynth.curate.measured import Store
    from trajsynth.curate.plan import Keys

    keys, known = Keys(rows=("made-up",)), {"id": "x", "shingles": "A" * 2000}
    examined = Examined(arm="a/b/c", correct=True, spoken=((0, 1),), masked=(), measures=({"x": 1},) * 25, mended={})
    with tempfile.TemporaryDirectory() as folder:
        tracemalloc.start()
        with Store(Path(folder)) as made:
            made.open(keys)
            for i in range(count):
                name = f"traj-{i:016x}"
                row = Stored(digest=i, id=name, grade=0, plan=0, examined=examined, signatures=(known,))
                made.expect(b"", {})
                made.add(Looked(digest=i, id=name, line=encode(row)))
            made.finish([], [])
            print(f"{tracemalloc.get_traced_memory()[0] / count:.0f} bytes a row, {count:,} rows")
        tracemalloc.stop()
        began = time.process_time()
        with Store(Path(folder)) as made:
            made.open(keys)
            size = (Path(folder) / "measured/rows").stat().st_size / MB
            print(f"{time.process_time() - began:.2f} s CPU to open {made.usable:,} rows of {size:.0f} MB")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=400)
    options.add_argument("--recipes", default="sft,dpo")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--store", type=int, metavar="ROWS")
    options.add_argument("--inside", nargs=4, metavar=("PATH", "OUT", "RECIPES", "WHAT"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.store:
        store(chosen.store)
        return
    if chosen.inside:
        path, out, names, what = chosen.inside
        inside(Path(path), Path(out), names, what)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, out, other = folder / "rows.jsonl", folder / "out", folder / "other"
        lines = list(filter_corpus.rows(chosen.rows, chosen.seed))
        path.write_bytes(b"".join(line + b"\n" for line in lines[: chosen.rows * 10 // 11]))
        print(f"{path.stat().st_size / MB:.1f} MB, {chosen.rows * 10 // 11} rows")
        run(path, out, chosen.recipes, "first")
        first = written(out)
        print(
            f"  measured/ {sum(f.stat().st_size for f in (out / 'measured').iterdir()) / path.stat().st_size:.1%} of it"
        )
        run(path, out, chosen.recipes, "again")
        run(path, out, chosen.recipes, "what if")
        run(path, other, chosen.recipes, "killed")
        run(path, other, chosen.recipes, "continued")
        if not first == written(out) == written(other):
            raise SystemExit("runs over the same rows wrote different files")
        run(path, out, chosen.recipes.partition(",")[0], "one of the recipes")
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        run(path, out, chosen.recipes, "10 % more rows")


if __name__ == "__main__":
    main()
