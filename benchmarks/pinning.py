"""What pins cost an answer: the look into the table before each question, and an answer that is given from one.

    python -m benchmarks.pinning [--pins N …] [--times N] [--out FILE]

Milliseconds of the processor, on SQLite; `nothing`: nothing is pinned to the question, `pinned`: something is, and its documents are
compared.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.library import machine
from firmground.app.app import App
from firmground.app.teaching import pins
from firmground.lessons import Pin
from firmground.serve.pinned import key
from firmground.testing.app import Bench
from firmground.testing.documents import a_document
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Draft, Within

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_DOCUMENTS = 200


def fill(app: App, start: int, count: int) -> None:
    """Each pin rests on two of the documents."""
    with app.database.transaction() as tx:
        if start == 0:
            for n in range(_DOCUMENTS):
                tx.save_document(a_document(f"d{n}", id=f"d{n}", content_hash=f"{n:064}"), "Five days.")
        for n in range(start, count):
            evidence = [a_passage(f"d{each % _DOCUMENTS}") for each in (n, n + 1)]
            trace = a_trace(f"{n:08}", *evidence)
            tx.save_trace(trace)
            said = trace.answer
            tx.save_pin(
                Pin(
                    id=f"p{n:08}",
                    question=f"How many days in year {n}?",
                    key=key(f"How many days in year {n}?", {}),
                    answer=said.id,
                    item="i",
                    says=Draft(status="answered", text=said.text, sentences=said.sentences, citations=said.citations),
                    sources={f"d{each % _DOCUMENTS}": f"{each % _DOCUMENTS:064}" for each in (n, n + 1)},
                    by="rita",
                    at=_NOW,
                )
            )


def timed(app: App, count: int, times: int) -> dict[str, Any]:
    took: dict[str, list[float]] = {"nothing": [], "pinned": []}
    for n in range(times):
        for name, question in (
            ("nothing", f"Who was it in year {n}?"),
            ("pinned", f"How many days in year {n % count if count else n}?"),
        ):
            began = time.thread_time()
            found = pins.of_question(app, question, {}, Within())
            took[name].append((time.thread_time() - began) * 1000)
            assert (found is not None) == (name == "pinned" and count > 0)
    return {"pins": count, **{name: _figures(each) for name, each in took.items()}}


def _figures(took: list[float]) -> dict[str, float]:
    return {f"p{share}_ms": round(float(np.percentile(took, share)), 3) for share in (50, 95, 99)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pins", type=int, nargs="+", default=[0, 100, 10_000])
    options.add_argument("--times", type=int, default=1000)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder)).app() as app:
        made = 0
        for count in sorted(given.pins):
            fill(app, made, count)
            made = count
            rows.append(timed(app, count, given.times))
            print(rows[-1])
    if given.out:
        given.out.write_text(json.dumps({"machine": machine(), "runs": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
