"""What permissions cost, and whether a search within few visible passages still finds the nearest.

    python -m benchmarks.permissions [--people 10000] [--groups 1000] [--each 100] [--out FILE]
    python -m benchmarks.permissions --recall [--chunks 50000] [--out FILE]

The first fills a database with people, groups, memberships and scopes, and times what every request does before it answers: session or
key, person with groups, scopes they see. `wall` is what a clock says, `cpu` what this thread was busy with: they differ where others use
the machine as well. `usual`: 100 people who come back; `first`: everybody for the first time, or the first time after a change.

`--recall`: a real index of random vectors around random centres, of which 0.1 %, 1 % and 10 % are visible; recall@10 against comparing all.
"""

import argparse
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np
from sqlalchemy import select

from benchmarks.library import record
from firmground.accounts import Account, ApiKey, Secrets, Session
from firmground.ports import Database
from firmground.store import tables
from firmground.store.database import open_database
from firmground.types import IndexRow, Within

_SCOPES = 3_000
_TIMES = 500


def fill(database: Database, people: int, groups: int, each: int, rng: random.Random) -> None:
    names = [f"group-{number:04}" for number in range(groups)]
    made = datetime.now(UTC).replace(microsecond=0)
    with database.transaction() as tx:
        for _ in range(_SCOPES):
            tx.scope(rng.sample(names, rng.randint(1, 4)))
        for name in names:
            tx.add_group(name)
    ends = made + timedelta(days=1)
    for start in range(0, people, 500):
        with database.transaction() as tx:
            numbers = {name: n for n, name in _rows(tx, select(tables.groups.c.id, tables.groups.c.name))}
            several: list[dict[str, Any]] = []
            for number in range(start, min(people, start + 500)):
                person = f"person-{number:05}"
                tx.add_person(person)
                several += [{"person": person, "group": numbers[name], "origin": ""} for name in rng.sample(names, each)]
                tx.save_account(Account(person=person, created_at=made), "x")
                session = Session(id=f"{number}", person=person, created_at=made, seen_at=made, expires_at=ends, changed_at=made)
                tx.save_session(session, Secrets(now=f"s{number}", form=f"f{number}"))
                tx.save_key(f"k{number}", ApiKey(name=f"key-{number}", person=person, created_at=made, expires_at=ends))
            _connection(tx).execute(tables.memberships.insert(), several)


def _connection(tx: Any) -> Any:
    """A million one by one would take minutes."""
    return tx._connection


def _rows(tx: Any, wanted: Any) -> list[Any]:
    return list(_connection(tx).execute(wanted).all())


def timed(work: Callable[[int], object], numbers: list[int]) -> dict[str, float]:
    wall, cpu = list[float](), list[float]()
    for number in numbers:
        began, busy = perf_counter_ns(), thread_time_ns()
        work(number)
        wall.append((perf_counter_ns() - began) / 1e6)
        cpu.append((thread_time_ns() - busy) / 1e6)
    found = {"wall": wall, "cpu": cpu}
    return {f"{name}_p{share}_ms": round(float(np.percentile(found[name], share)), 3) for name in found for share in (50, 95)}


def cost(database: Database, people: int, rng: random.Random) -> dict[str, Any]:
    def by_session(number: int) -> None:
        with database.reading() as tx:
            known = tx.session(f"s{number}")
            assert known is not None
            session, _ = known
            actor = tx.actor(session.person, via="http")
        with database.reading() as tx:
            tx.visible_scopes(actor.groups)

    def by_key(number: int) -> None:
        with database.reading() as tx:
            key = tx.key(f"k{number}")
            assert key is not None
            actor = tx.actor(str(key.person), via="http")
        with database.reading() as tx:
            tx.visible_scopes(actor.groups)

    def nothing(_: int) -> None:
        with database.reading():
            pass

    first = rng.sample(range(people), min(_TIMES, people))
    usual = [rng.choice(first[:100]) for _ in range(_TIMES)]
    found: dict[str, Any] = {"an empty transaction": timed(nothing, usual)}
    for name, work in (("session", by_session), ("key", by_key)):
        with database.transaction() as tx:
            tx.add_member("group-0000", "person-00000", origin=name)
            tx.scope([f"anew {name}"])
        found[f"{name}, first"] = timed(work, first)
        for number in set(usual):
            work(number)
        found[f"{name}, usual"] = timed(work, usual)
    for name, look in (
        ("a page of people", lambda tx, n: tx.people_page(after=f"person-{n:05}", limit=50)),
        ("a page of people, searched", lambda tx, n: tx.people_page(search=f"{n % 100}", limit=50)),
        ("a page of groups", lambda tx, n: tx.groups_page(after=f"group-{n % 900:04}", limit=50)),
    ):

        def page(number: int, look: Callable[[Any, int], object] = look) -> None:
            with database.reading() as tx:
                look(tx, number)

        found[name] = timed(page, first[:50])
    return found


def recall(chunks: int, rng: np.random.Generator) -> dict[str, Any]:
    from firmground.store.lance import open_lance

    dimension, lot = 384, 5_000
    centres = rng.normal(size=(200, dimension))
    vectors = (centres[rng.integers(200, size=chunks)] + 1.2 * rng.normal(size=(chunks, dimension))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shares = {1: 0.001, 2: 0.01, 3: 0.1}
    scopes = np.zeros(chunks, dtype=int)
    places = rng.permutation(chunks)
    start = 0
    for scope, share in shares.items():
        scopes[places[start : start + round(share * chunks)]] = scope
        start += round(share * chunks)
    found: dict[str, Any] = {"chunks": chunks, "dimension": dimension}
    with tempfile.TemporaryDirectory() as place:
        for memory in (512 * 2**20, 0):
            index = open_lance(Path(place), f"b{memory}", "e", dimension, memory=memory)
            for at in range(0, chunks, lot):
                rows = [
                    IndexRow(id=f"c{n}", document=n, scope=int(scopes[n]), content=f"{n:032x}", terms="word")
                    for n in range(at, min(at + lot, chunks))
                ]
                index.apply(rows, vectors[at : at + lot], replaces=())
            index.maintain(force=True)
            for scope, share in shares.items():
                inside = np.flatnonzero(scopes == scope)
                hits, asked, wrong = 0, 0, 0
                took = list[float]()
                for _ in range(100):
                    question = (centres[rng.integers(200)] + 1.2 * rng.normal(size=dimension)).astype(np.float32)
                    question /= np.linalg.norm(question)
                    exact = inside[np.argsort(-(vectors[inside] @ question))[:10]]
                    began = perf_counter_ns()
                    got = index.search([], question, limit=10, within=Within(scopes=frozenset({scope})))
                    took.append((perf_counter_ns() - began) / 1e6)
                    numbers = {hit.document for hit in got}
                    hits += len(numbers & set(exact.tolist()))
                    wrong += len(numbers - set(inside.tolist()))
                    asked += len(exact)
                where = "in memory" if memory else "from files"
                found[f"{share:.1%} visible, {where}"] = {
                    "recall_at_10": round(hits / asked, 4),
                    "hidden": wrong,
                    "p50_ms": round(float(np.percentile(took, 50)), 2),
                }
            index.close()
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=10_000)
    options.add_argument("--groups", type=int, default=1_000)
    options.add_argument("--each", type=int, default=100)
    options.add_argument("--recall", action="store_true")
    options.add_argument("--chunks", type=int, default=50_000)
    options.add_argument("--url", default="sqlite", help="sqlite, or postgresql://… of an empty database")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    if given.recall:
        record({"benchmark": "recall", **recall(given.chunks, np.random.default_rng(given.seed))}, given.out)
        return
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as place:
        database = open_database(given.url, Path(place))
        fill(database, given.people, given.groups, given.each, rng)
        sizes = {"people": given.people, "groups": given.groups, "memberships": given.people * given.each, "scopes": _SCOPES}
        record({"benchmark": "permissions", **sizes, **cost(database, given.people, rng)}, given.out)
        database.close()


if __name__ == "__main__":
    main()
