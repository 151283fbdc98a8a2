"""Near duplicates in a planted corpus: documents a CPU second, recall and precision, beside the peers.

    python benchmarks/near_duplicates.py [--documents 20000] [--seed 1] [--slow 4000] [--peers PYTHON]
        [--juicer PYTHON] [--keep FOLDER]

Every method runs in a process of its own on one core and reads the file itself; its CPU time (children included) counts
from the first line read to the last document decided, imports left out. Of every planted pair with a Jaccard index of
at least .8 one document should go, and no other. Peers run as their own documentation shows, with 128 permutations;
text-dedup and data-juicer see the first `--slow` documents only. PYTHON has `pip install rensa text-dedup datasketch
msgspec numpy`, the Python of `--juicer` has `py-data-juicer msgspec`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from near_duplicates_corpus import jaccard, rows, write

THRESHOLD = 0.8
PERMUTATIONS = 128
Found = dict[int, int | None]
"""Document that goes -> its partner, where the method names one."""


def trajsynth_texts(path: Path, first: int) -> Callable[[], Found]:
    from trajsynth.filters.duplicates_texts import duplicate_texts

    def run() -> Found:
        return {d.index: d.partner for d in duplicate_texts(row["text"] for row in rows(path, first))}

    return run


def trajsynth_with_datasketch(path: Path, first: int) -> Callable[[], Found]:
    import datasketch  # noqa: F401  (its import is not timed)

    from trajsynth.filters.duplicates_texts import duplicate_texts

    def run() -> Found:
        texts = (row["text"] for row in rows(path, first))
        return {d.index: d.partner for d in duplicate_texts(texts, backend="datasketch")}

    return run


def trajsynth_filter(path: Path, first: int) -> Callable[[], Found]:
    """The filter over chat rows of one answer, each of its own question, as `filter` and `strict` use it."""
    from trajsynth.filters import Duplicates
    from trajsynth.readers import as_trajectory

    def chat(row: dict[str, str]) -> dict[str, object]:
        messages = [{"role": "user", "content": row["id"]}, {"role": "assistant", "content": row["text"]}]
        return {"id": row["id"], "group": row["id"], "messages": messages}

    def run() -> Found:
        checker = Duplicates(across=True)
        signatures = [checker.sign(as_trajectory(chat(row))) for row in rows(path, first)]
        return {int(i): int(str(found[0].value)) for i, found in checker.resolve(signatures).items()}

    return run


def shingled(text: str) -> set[str]:
    spoken = text.lower().split()
    return {" ".join(spoken[i : i + 5]) for i in range(len(spoken) - 4)}


def datasketch_batch(path: Path, first: int) -> Callable[[], Found]:
    from datasketch import MinHash, MinHashLSH

    def run() -> Found:
        index, found = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS), {}
        for row in rows(path, first):
            sketch = MinHash(num_perm=PERMUTATIONS)
            sketch.update_batch([shingle.encode() for shingle in shingled(row["text"])])
            like = index.query(sketch)
            if like:
                found[int(row["id"])] = None
            index.insert(row["id"], sketch)
        return found

    return run


def rensa_deduplicator(path: Path, first: int) -> Callable[[], Found]:
    from rensa import RMinHashDeduplicator

    def run() -> Found:
        index = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=PERMUTATIONS, use_lsh=True)
        kept = index.add_pairs((row["id"], list(shingled(row["text"]))) for row in rows(path, first))
        return {i: None for i, stays in enumerate(kept) if not stays}

    return run


def text_dedup(path: Path, first: int, hashing: str) -> Callable[[], Found]:
    from datasets import load_from_disk
    from text_dedup.minhash import main as minhash

    folder = Path(tempfile.mkdtemp(dir=path.parent))
    part = folder / "part.jsonl"
    with path.open() as file, part.open("w") as out:
        out.writelines(line for line, _ in zip(file, range(first), strict=False))
    given = {
        "path": "json", "data_files": str(part), "split": "train", "cache_dir": str(folder / "cache"),
        "output": str(folder / "out"), "num_proc": 1, "column": "text", "ngram": 5, "num_perm": PERMUTATIONS,
        "threshold": THRESHOLD, "hash_func": hashing,
    }  # fmt: skip
    arguments = [word for name, value in given.items() for word in (f"--{name}", str(value))]

    def run() -> Found:
        minhash.main(arguments, standalone_mode=False)
        left = {int(i) for i in load_from_disk(str(folder / "out"))["id"]}
        return {i: None for i in range(first) if i not in left}

    return run


def text_dedup_sha1(path: Path, first: int) -> Callable[[], Found]:
    return text_dedup(path, first, "sha1")


def text_dedup_xxh3(path: Path, first: int) -> Callable[[], Found]:
    return text_dedup(path, first, "xxh3")


def data_juicer(path: Path, first: int) -> Callable[[], Found]:
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator
    from datasets import Dataset, disable_caching

    disable_caching()

    def run() -> Found:
        op = DocumentMinhashDeduplicator(num_permutations=PERMUTATIONS, jaccard_threshold=THRESHOLD)
        left, _ = op.process(Dataset.from_list(list(rows(path, first))).map(op.compute_hash))
        ids = {int(i) for i in left["id"]}
        return {i: None for i in range(first) if i not in ids}

    return run


OWN = (trajsynth_texts, trajsynth_with_datasketch, trajsynth_filter)
PEERS = (datasketch_batch, rensa_deduplicator)
SLOW = (text_dedup_xxh3, text_dedup_sha1, data_juicer)


def spent() -> float:
    """CPU seconds of this process and its children."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def peak_memory() -> float:
    """MB of this process alone (`ru_maxrss` starts with that of the parent)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def measure(name: str, path: Path, first: int) -> None:
    """Run one method here and print the result as JSON."""
    method = next(m for m in (*OWN, *PEERS, *SLOW) if m.__name__ == name)
    run = method(path, first)
    before, start = spent(), time.perf_counter()
    found = run()
    peak = peak_memory()
    result = {"cpu": spent() - before, "wall": time.perf_counter() - start, "peak": peak, "found": list(found.items())}
    print("\n" + json.dumps(result))


def report(path: Path, truth: list[tuple[int, int, float]], options: argparse.Namespace) -> None:
    """One line a method."""
    texts = [row["text"] for row in rows(path, options.documents)]
    heads = (("documents", 10), ("per CPU s", 10), ("MB/CPU s", 9), ("peak MB", 8), ("recall", 8), ("precision", 10))
    print(f"{'method':<28}" + "".join(f"{head:>{width}}" for head, width in heads) + f"{'ours is':>9}")
    best = 0.0
    for method, first in calls(options):
        python = sys.executable if method in OWN else options.juicer if method is data_juicer else options.peers
        command = [python, __file__, "--method", method.__name__, "--file", str(path), "--documents", str(first)]
        single = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=single, check=False)
        if done.returncode:
            print(f"{method.__name__:<28} did not run: {done.stderr.strip().splitlines()[-1:]}")
            continue
        result = json.loads(done.stdout.splitlines()[-1])
        pairs = [(a, b) for a, b, like in truth if like >= THRESHOLD and b < first]
        wanted = {document for pair in pairs for document in pair}
        found = dict(result["found"])
        right = sum(
            document in wanted if partner is None else jaccard(texts[document], texts[partner]) >= THRESHOLD
            for document, partner in found.items()
        )
        recall = sum(a in found or b in found for a, b in pairs) / max(1, len(pairs))
        rate = first / result["cpu"]
        best = best or rate
        print(
            f"{method.__name__:<28}{first:>10}{rate:>10.0f}{sum(map(len, texts[:first])) / 1e6 / result['cpu']:>9.1f}"
            f"{result['peak']:>8.0f}{recall:>8.4f}"
            f"{right / max(1, len(found)):>10.4f}{best / rate:>8.1f}x",
            flush=True,
        )


def calls(options: argparse.Namespace) -> Iterator[tuple[Callable[[Path, int], Callable[[], Found]], int]]:
    yield from ((method, options.documents) for method in (*OWN, *PEERS))
    yield from ((method, min(options.slow, options.documents)) for method in SLOW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=int, default=4_000, help="Documents for text-dedup and data-juicer.")
    parser.add_argument("--peers", default=sys.executable, help="The Python that has the peers.")
    parser.add_argument("--juicer", default=sys.executable, help="The Python that has data-juicer.")
    parser.add_argument("--keep", type=Path, help="A folder for the corpus (else a temporary one).")
    parser.add_argument("--method", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.method:
        measure(options.method, options.file, options.documents)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = (options.keep or Path(folder)) / "corpus.jsonl"
        truth = write(path, options.documents, options.seed)
        alike = sum(like >= THRESHOLD for *_, like in truth)
        size = path.stat().st_size / 1e6
        print(f"{options.documents} documents, {size:.0f} MB, {len(truth)} pairs, {alike} of them at .8 or more")
        report(path, truth, options)


if __name__ == "__main__":
    main()
