"""How fast the index answers, and what it costs: p50 and p95 of a search at several sizes, all rows visible and 4 % of them.

    python benchmarks/search.py --sizes 1000 10000 100000 --out benchmarks/results/search.json

Rows are made, not read: vectors in clusters as those of real passages, words as unevenly frequent as real ones (Zipf), ten chunks a
document, 262 sets of groups. A question is six words of a row and a vector near it. Each size runs in a process of its own, so that its
peak memory is its own. Processor time (`cpu_ms`, of all threads) says what a search costs, on a busy machine too; the times beside it
say how long somebody waits. `--embed-ms`, what one question takes to embed on this machine, is added to both.
"""

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

DIMENSION, SCOPES, WORDS, LIMIT = 384, 262, 60_000, 50
VISIBLE = frozenset(range(10))
"""10 of 262 scopes: 4 % of the rows."""
SEEN = {"unfiltered": None, "4_percent": VISIBLE}


def batches(count: int) -> Iterator[tuple[np.ndarray, np.ndarray, range]]:
    random = np.random.default_rng(1)
    centres = random.normal(size=(max(20, count // 100), DIMENSION)).astype(np.float32)
    for start in range(0, count, 10_000):
        part = range(start, min(count, start + 10_000))
        vectors = centres[random.integers(0, len(centres), len(part))]
        vectors = vectors + 0.9 * random.normal(size=(len(part), DIMENSION)).astype(np.float32)
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True), random.zipf(1.2, size=(len(part), 80)) % WORDS, part


def build(folder: Path, count: int) -> dict[str, float]:
    from firmground.store.lance import open_lance
    from firmground.types import IndexRow

    index = open_lance(folder, "bench", "made", DIMENSION)
    spent, kept_vectors, kept_words = 0.0, [], []
    for vectors, words, part in batches(count):
        rows = [
            IndexRow(
                id=f"{n:032x}",
                document=n // 10,
                scope=(n // 10) * 7919 % SCOPES,
                content=f"{n * 2654435761:064x}",
                terms=" ".join(f"w{word}" for word in line),
            )
            for n, line in zip(part, words, strict=True)
        ]
        kept_vectors.append(vectors)
        kept_words.append(words[:, :6])
        start = time.perf_counter()
        index.apply(rows, vectors, replaces={row.document for row in rows})
        spent += time.perf_counter() - start
    start = time.perf_counter()
    index.maintain(force=True)
    maintained = time.perf_counter() - start
    size = index.stats().bytes / count
    index.close()
    np.save(folder / "vectors.npy", np.concatenate(kept_vectors))
    np.save(folder / "words.npy", np.concatenate(kept_words))
    return {"rows_per_second": count / (spent + maintained), "apply_s": spent, "maintain_s": maintained, "bytes_per_chunk": size}


def ask(folder: Path, count: int, embed_ms: float, repeats: int) -> dict[str, object]:
    start = time.perf_counter()
    from firmground.store.lance import open_lance
    from firmground.types import Within

    index = open_lance(folder, "bench", "made", DIMENSION)
    opened = time.perf_counter() - start
    random = np.random.default_rng(2)
    asked = random.integers(0, count, repeats)
    # Only these: what the benchmark itself holds would count as memory of the search.
    near, words = (
        np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)[asked],
        np.load(folder / "words.npy", allow_pickle=False)[asked],
    )
    scope = (np.arange(count) // 10) * 7919 % SCOPES
    result: dict[str, dict[str, object]] = {}
    answers: dict[str, list[tuple[np.ndarray, list]]] = {}
    for name, scopes in SEEN.items():
        within, spent, answers[name], used = Within(scopes=scopes), [], [], 0.0
        for place in range(repeats):
            question = near[place] + 0.03 * random.normal(size=DIMENSION).astype(np.float32)
            terms = [f"w{word}" for word in words[place]]
            start, before = time.perf_counter(), time.process_time()
            hits = index.search(terms, question, limit=LIMIT, within=within)
            spent.append((time.perf_counter() - start) * 1000 + embed_ms)
            used += time.process_time() - before if place >= repeats // 10 else 0.0
            if place < 20:
                answers[name].append((question, hits))
        warm = spent[repeats // 10 :]
        result[name] = {
            "p50_ms": round(float(np.percentile(warm, 50)), 2),
            "p95_ms": round(float(np.percentile(warm, 95)), 2),
            "cpu_ms": round(used * 1000 / len(warm) + embed_ms, 2),
            "first_ms": round(spent[0], 1),
            "second_ms": round(spent[1], 1),
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
    for name, scopes in SEEN.items():
        visible = np.arange(count) if scopes is None else np.flatnonzero(np.isin(scope, list(scopes)))
        found = [recalled(hits, question, vectors, visible) for question, hits in answers[name]]
        result[name]["recall_at_10"] = sum(found) / len(found)
    return {"open_s": opened, "peak_mb": round(peak), **result}


def recalled(hits: list, question: np.ndarray, vectors: np.ndarray, visible: np.ndarray) -> float:
    """Share of the ten nearest visible rows that are among the ten nearest of `hits`."""
    near = sorted(hits, key=lambda hit: -(hit.scores.dense or 0))[:10]
    best = visible[np.argsort(-(np.asarray(vectors)[visible] @ question))[:10]]
    return len({int(hit.id, 16) for hit in near} & set(best.tolist())) / len(best)


def remove(folder: Path) -> dict[str, float]:
    """One document goes: what its removal and the purge cost."""
    from firmground.store.lance import open_lance

    index = open_lance(folder, "bench", "made", DIMENSION)
    start = time.perf_counter()
    index.apply([], np.zeros((0, DIMENSION), np.float32), replaces=[3])
    removed, used = time.perf_counter(), time.process_time()
    index.purge()
    return {
        "remove_s": removed - start,
        "purge_s": time.perf_counter() - removed,
        "purge_cpu_s": time.process_time() - used,
    }


def apart(*arguments: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--embed-ms", type=float, default=0.6)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part", choices=["build", "ask", "remove"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        count = options.sizes[0]
        parts = {
            "build": lambda: build(options.folder, count),
            "ask": lambda: ask(options.folder, count, options.embed_ms, options.repeats),
            "remove": lambda: remove(options.folder),
        }
        print(json.dumps(parts[options.part]()))
        return
    report: dict[str, object] = {
        "benchmark": "search",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_before": os.getloadavg()[0],
        "embed_ms": options.embed_ms,
    }
    sizes: dict[int, dict[str, object]] = {}
    for count in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            common = ["--sizes", str(count), "--folder", folder]
            sizes[count] = {"build": apart(*common, "--part", "build")}
            asked = ["--part", "ask", "--embed-ms", str(options.embed_ms), "--repeats", str(options.repeats)]
            sizes[count] |= apart(*common, *asked)
            sizes[count] |= apart(*common, "--part", "remove")
        print(count, json.dumps(sizes[count]), file=sys.stderr)
    report["sizes"] = sizes
    if len(sizes) > 1:
        small, large = min(sizes), max(sizes)
        report["growth_exponent"] = {
            name: round(math.log(sizes[large][name]["p50_ms"] / sizes[small][name]["p50_ms"]) / math.log(large / small), 3)
            for name in ("unfiltered", "4_percent")
        }
    report["load_after"] = os.getloadavg()[0]
    text = json.dumps(report, indent=2)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
