"""Questions that give orders to a model: how many are told, and how many honest ones are taken for such.

    python benchmarks/orders.py --data DIR [--out FILE]

Precision comes first: what is not blocked is answered from the documents, or refused, as any question is. Most attacks of these sets
ask for an essay or a role, which documents do not answer either.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import library
import numpy as np

from firmground.guard.questions import blocked, orders

SETS = {
    "deepset_prompt_injections, train": "deepset_prompt_injections/train.jsonl",
    "deepset_prompt_injections, test": "deepset_prompt_injections/test.jsonl",
    "notinject, hard benign": "notinject/benign.jsonl",
    "notinject, benign": "notinject/wildguard.jsonl",
    "notinject, valid": "notinject/valid.jsonl",
}


def measured(path: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    counts: Counter[tuple[int, bool]] = Counter()
    kinds: Counter[str] = Counter()
    took: list[float] = []
    for row in rows:
        started = time.perf_counter()
        span = blocked(orders(row["text"]))
        took.append((time.perf_counter() - started) * 1000)
        counts[row["label"], span is not None] += 1
        if span is not None:
            kinds[span.kind] += 1
    return {
        "attacks": counts[1, True] + counts[1, False],
        "attacks blocked": counts[1, True],
        "benign": counts[0, True] + counts[0, False],
        "benign blocked": counts[0, True],
        "by": dict(kinds),
        "ms p95": round(float(np.percentile(took, 95)), 3),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--out", type=Path, help="keeps the report")
    given = options.parse_args()
    library.record({name: measured(given.data / "injection" / path) for name, path in SETS.items()}, given.out)


if __name__ == "__main__":
    main()
