"""Fifty reviewers over ten thousand items: is any lost or decided twice, and how long does it take to claim one and to list what waits?

    python -m benchmarks.reviewing [--items 10000] [--reviewers 50] [--think 30.0] [--seconds 90] [--out FILE]

A database of its own on SQLite, with an owner, so that rights are looked up at every act; half of the reviewers may see all that answers
rest on, the others half of it. Alone: claims beside a transaction that updates one row, in turns. Together: each reviewer claims, thinks
for `--think` seconds on average, approves, and lists what waits now and then, for `--seconds`; then all go on without thinking until
nothing waits. Every item is accounted for at the end: decided once, its history without a gap, one entry in a record that is whole.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.library import machine
from firmground.app.access import accounts, people
from firmground.app.app import App
from firmground.app.recording import ledger
from firmground.app.reviewing import acting, queue
from firmground.app.reviewing.intake import open_item
from firmground.testing.documents import a_document
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Actor, Cause
from firmground.wire import open_workspace

OLGA = Actor(person="olga", groups=frozenset({"public", "everyone"}), role="owner", via="http")
_LOT = 500


class Took:
    """Milliseconds of what several threads do, by name."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str, do: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        made = do()
        spent = 1000 * (time.perf_counter() - started)
        with self._lock:
            self.values.setdefault(name, []).append(spent)
        return made

    def told(self) -> dict[str, dict[str, float]]:
        return {name: _quantiles(values) for name, values in sorted(self.values.items())}


def filled(app: App, items: int, reviewers: int) -> list[Actor]:
    """Items of answers that rest on two documents each; half of them on one that only some reviewers may see."""
    accounts.create_owner(app, "olga", "a password of some length")
    for n in range(reviewers):
        people.add_person(app, OLGA, f"reviewer-{n:02}", role="reviewer", groups=["hr"] if n % 2 else [])
    with app.database.transaction() as tx:
        for n in range(200):
            tx.save_document(a_document(f"d{n}", id=f"d{n}", groups=("hr",) if n % 2 else ("everyone",)), "Five days.")
    random = Random(20261121)
    for start in range(0, items, _LOT):
        with app.database.transaction() as tx:
            for number in range(start, min(start + _LOT, items)):
                secret = number % 2
                named = [f"d{2 * random.randrange(100)}", f"d{2 * random.randrange(100) + secret}"]
                trace = a_trace(f"{number:06}", *map(a_passage, dict.fromkeys(named)))
                tx.save_trace(trace)
                open_item(app, tx, trace, [Cause(kind="rule", name="all")])
    with app.database.reading() as tx:
        return [tx.actor(f"reviewer-{n:02}", via="http") for n in range(reviewers)]


def alone(app: App, reviewer: Actor, times: int = 200) -> dict[str, Any]:
    """One reviewer, and nobody else."""
    took = Took()

    def update(turn: int) -> None:
        with app.database.transaction() as tx:
            tx.put_fact("benchmark", "row", turn)

    for turn in range(times):
        took("update", lambda turn=turn: update(turn))
        item = took("claim", lambda: acting.claim_next(app, reviewer))
        took("give_back", lambda item=item: acting.give_back(app, reviewer, item.id, revision=item.revision))
        if turn % 10 == 0:
            took("list", lambda: queue.listed(app, reviewer))
            took("counts", lambda: queue.counts(app, reviewer))
            took("show", lambda item=item: queue.shown(app, reviewer, item.id))
    told = took.told()
    return {**told, "claim_to_update": round(told["claim"]["p50"] / told["update"]["p50"], 2)}


def together(app: App, reviewers: list[Actor], think: float, seconds: float) -> dict[str, Any]:
    """All of them, as people do."""
    took, until = Took(), time.monotonic() + seconds
    errors: list[str] = []

    def work(n: int, reviewer: Actor) -> None:
        random, turn = Random(n), 0
        time.sleep(random.uniform(0, think))
        while time.monotonic() < until:
            if turn % 10 == 0:
                took("list", lambda: queue.listed(app, reviewer))
            item = took("claim", lambda: acting.claim_next(app, reviewer))
            if item is None:
                return
            time.sleep(random.uniform(0.5, 1.5) * think)
            took("approve", lambda item=item: acting.approve(app, reviewer, item.id, revision=item.revision))
            turn += 1

    _all(work, reviewers, errors)
    return {**took.told(), "errors": errors}


def drained(app: App, reviewers: list[Actor]) -> dict[str, Any]:
    """Until nothing waits, as fast as it goes."""
    errors: list[str] = []
    done: list[str] = []

    def work(n: int, reviewer: Actor) -> None:
        del n
        while (item := acting.claim_next(app, reviewer)) is not None:
            done.append(acting.approve(app, reviewer, item.id, revision=item.revision).id)

    started = time.perf_counter()
    _all(work, reviewers, errors)
    spent = time.perf_counter() - started
    return {"items": len(done), "seconds": round(spent, 1), "a_second": round(len(done) / spent, 1), "errors": errors}


def accounted(app: App, items: int) -> dict[str, int | bool]:
    with app.database.reading() as tx:
        found = tx.items(state=None, limit=2 * items)
        acts = tx.acts([item.id for item in found])
        told = {entry.subject for entry in tx.entries(kinds={"review.decided"}, limit=2 * items)}
    approved = [sum(act.act == "approve" for act in acts[item.id]) for item in found]
    return {
        "items": len(found),
        "lost": items - len(found) + sum(item.state != "done" for item in found),
        "decided_twice": sum(count > 1 for count in approved),
        "gaps": sum([act.number for act in acts[item.id]] != [*range(1, item.revision + 1)] for item in found),
        "without_entry": len({item.id for item in found} - told),
        "ledger_whole": ledger.verify(app, OLGA).whole,
    }


def _all(work: Callable[[int, Actor], None], reviewers: list[Actor], errors: list[str]) -> None:
    def guarded(n: int, reviewer: Actor) -> None:
        try:
            work(n, reviewer)
        except Exception as error:  # noqa: BLE001 - every one is counted
            errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=guarded, args=(n, each)) for n, each in enumerate(reviewers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def _quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {
        name: ordered[min(len(ordered) - 1, int(share * len(ordered)))]
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
    return {**{name: round(value, 2) for name, value in at.items()}, "n": len(ordered)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=10_000)
    options.add_argument("--reviewers", type=int, default=50)
    options.add_argument("--think", type=float, default=30.0)
    options.add_argument("--seconds", type=float, default=90.0)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "firmground.toml").write_text("")
        with open_workspace(Path(scratch)) as app:
            reviewers = filled(app, chosen.items, chosen.reviewers)
            figures: dict[str, Any] = {"machine": machine(), "items": chosen.items, "reviewers": chosen.reviewers}
            figures["alone"] = {"sees_all": alone(app, reviewers[1 % len(reviewers)]), "sees_half": alone(app, reviewers[0])}
            figures["together"] = together(app, reviewers, chosen.think, chosen.seconds)
            figures["drained"] = drained(app, reviewers)
            figures["accounted"] = accounted(app, chosen.items)
    told = json.dumps(figures, indent=1)
    if chosen.out:
        chosen.out.write_text(told + "\n")
    print(told)


if __name__ == "__main__":
    main()
