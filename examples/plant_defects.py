"""What your filters find: defects planted into your own clean rows, and near misses that they must leave alone.

pip install trajsynth
python examples/plant_defects.py examples/curate_rows.json [-o planted.jsonl]
trajsynth filter planted.jsonl --recipe none
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from trajsynth.codec import encode
from trajsynth.filters import recipe
from trajsynth.readers import read_trajectories
from trajsynth.testing import CODES, NEAR_MISSES, SEVERITIES, SIZES, near_miss, plant
from trajsynth.types import Trajectory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path, help="JSON lines or a JSON array, in any layout trajsynth reads.")
    parser.add_argument("-o", "--output", type=Path, help="Write what was planted, as JSON lines.")
    options = parser.parse_args()
    filters = recipe("none").row_filters
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    made: list[Trajectory] = []
    for clean in read_trajectories(options.rows):
        before = {finding.code for f in filters for finding in f.judge(f.measure(clean))}
        codes = set(CODES) - before - {"leak.benchmark"}  # that filter finds the questions you name to it
        spoiled = [plant(clean, code, severity=s) for code in CODES if code in codes for s in SEVERITIES]
        honest = [near_miss(clean, kind, size=size) for kind in NEAR_MISSES for size in SIZES]
        for trajectory in filter(None, spoiled + honest):
            label = trajectory.run.planted[-1].code
            new = {finding.code for f in filters for finding in f.check(trajectory)} - before
            planted[label] += 1
            found[label] += label in new if label in CODES else bool(new)
            made.append(trajectory)
    print(f"{'planted':<30}{'rows':>6}{'found':>7}   (of near misses: false alarms)")
    for label, count in planted.items():
        print(f"{label:<30}{count:>6}{found[label]:>7}")
    if options.output:
        options.output.write_bytes(b"".join(encode(trajectory) + b"\n" for trajectory in made))


if __name__ == "__main__":
    main()
