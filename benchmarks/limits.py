"""What limits cost: milliseconds of an answer with and without them, and of letting one request in.

    python -m benchmarks.limits [--answers N] [--out FILE]

Answers are quotes of one small document, so that there is little else to wait for; with limits of every kind each is set aside and booked.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.library import machine
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.spending.rates import admit
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

QUESTION = "How many vacation days may employees carry over?"
MANY = 10**9
BUDGETS = {f"{what}_a_{window}": MANY for what in ("answers", "tokens", "usd") for window in ("day", "month")}
ALL = {"person": BUDGETS, "key": BUDGETS, "workspace": BUDGETS}


def milliseconds(use: Callable[[], object], times: int) -> dict[str, float]:
    """By the clock, and by the processor alone, which others on the machine disturb less."""
    took: list[float] = []
    worked: list[float] = []
    for _ in range(times):
        began, begun = time.perf_counter(), time.thread_time()
        use()
        took.append((time.perf_counter() - began) * 1000)
        worked.append((time.thread_time() - begun) * 1000)
    median, late = float(np.median(took)), float(np.percentile(took, 95))
    return {"median": round(median, 3), "p95": round(late, 3), "processor_median": round(float(np.median(worked)), 3)}


def measured(limits: dict[str, Any], answers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        settings = Settings.model_validate({"limits": limits, "serve": {"cached_answers": 0}, "answer": {"threshold": 0.001}})
        bench = Bench(Path(place), settings=settings)
        bench.source.contents["leave.md"] = b"# Leave\n\nEmployees may carry over five vacation days into the next year.\n"
        bench.clock = lambda: datetime.now(UTC)
        ada = Actor(person="ada", key="ci", groups=frozenset({"public", "everyone"}), via="http")
        with bench.app() as app:
            sync(app, ADMINISTRATOR)
            ask(app, ada, QUESTION)
            return {
                "answer_ms": milliseconds(lambda: ask(app, ada, QUESTION), answers),
                "admit_ms": milliseconds(lambda: admit(app, ada, "10.0.0.1"), answers),
            }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--answers", type=int, default=300)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    rates = {kind: {"requests_a_minute": MANY} for kind in ("person", "key", "address")}
    none = {kind: {"requests_a_minute": 0} for kind in rates}
    figures = {
        "machine": machine(),
        "as_shipped": measured({}, min(given.answers, 100)),
        "without": measured(none, given.answers),
        "with_all": measured(
            {**rates, **{kind: {**rates.get(kind, {}), **budgets} for kind, budgets in ALL.items()}}, given.answers
        ),
    }
    print(json.dumps(figures, indent=1))
    if given.out:
        given.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
