"""Is every mutation of the record found, what does an entry cost, and how long does it take to verify 100,000 of them?

    python -m benchmarks.ledger [--mutations 10000] [--entries 100000] [--out FILE]

Mutations are random, of a ledger of 5 to 60 entries whose head is known outside; a ledger that is whole is inspected as often, and must not
be blamed. An entry costs what a transaction with one takes longer than one without, the head file included.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert

from benchmarks.library import machine
from firmground.gate.ledger import Witness, inspect
from firmground.store.database import open_database
from firmground.store.tables import ledger
from firmground.testing.ledger import add, mutations, written


def found(count: int, seed: int = 20261121) -> dict[str, Any]:
    """Of random mutations of every kind: how many were tried and found, and by which fault first."""
    random = Random(seed)
    kinds = mutations(random)
    tried, seen, blamed = Counter[str](), Counter[str](), 0
    first = Counter[str]()
    while tried.total() < count:
        name = random.choice([*kinds])
        rows = written(random.randint(5, 60))
        head = Witness(len(rows), str(rows[-1].digest), "the head file")
        mutated = kinds[name](rows)
        if mutated == rows:
            continue
        tried[name] += 1
        result = inspect(mutated, [head])
        seen[name] += not result.whole
        first[result.faults[0].what if result.faults else "nothing"] += 1
        blamed += not inspect(rows, [head]).whole
    return {
        "tried": tried.total(),
        "found": seen.total(),
        "whole_and_blamed": blamed,
        "by_kind": {name: {"tried": tried[name], "found": seen[name]} for name in sorted(tried)},
        "first_fault": dict(first.most_common()),
    }


def appending(directory: Path, times: int = 300) -> dict[str, float]:
    """Milliseconds of a small transaction without and with an entry, alternating."""
    database = open_database("sqlite", directory)
    took: dict[str, list[float]] = {"without": [], "with": []}
    for turn in range(times):
        for name, values in took.items():
            started = time.perf_counter()
            with database.transaction() as tx:
                tx.put_fact("benchmark", "turn", turn)
                if name == "with":
                    add(tx, f"person {turn}")
            values.append(1000 * (time.perf_counter() - started))
    database.close()
    medians = {name: statistics.median(values) for name, values in took.items()}
    return {
        "transaction_without_ms": round(medians["without"], 3),
        "transaction_with_ms": round(medians["with"], 3),
        "entry_ms": round(medians["with"] - medians["without"], 3),
    }


def verifying(directory: Path, entries: int) -> dict[str, Any]:
    """Seconds to read and verify a whole ledger from the database, and bytes of an entry there."""
    rows = written(entries)
    database = open_database("sqlite", directory)
    with database.transaction() as tx:
        _fill(tx, rows)
    size = sum(file.stat().st_size for file in directory.iterdir())
    started = time.perf_counter()
    with database.reading() as tx:
        result = inspect(tx.kept_entries(), [Witness(entries, str(rows[-1].digest), "the last")])
    seconds = time.perf_counter() - started
    database.close()
    if not result.whole:
        raise SystemExit(f"a whole ledger was blamed: {result.faults[0].said}")
    return {"entries": entries, "seconds": round(seconds, 2), "bytes_each": round(size / entries)}


def _fill(tx: Any, rows: list[Any]) -> None:
    vars(tx)["_connection"].execute(insert(ledger), [row._asdict() for row in rows])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mutations", type=int, default=10_000)
    options.add_argument("--entries", type=int, default=100_000)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    figures: dict[str, Any] = {"machine": machine(), "mutations": found(chosen.mutations)}
    with tempfile.TemporaryDirectory() as scratch:
        figures["append"] = appending(Path(scratch))
    with tempfile.TemporaryDirectory() as scratch:
        figures["verify"] = verifying(Path(scratch), chosen.entries)
    told = json.dumps(figures, indent=1)
    if chosen.out:
        chosen.out.write_text(told + "\n")
    print(told)


if __name__ == "__main__":
    main()
