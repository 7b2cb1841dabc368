"""A server and reviewers that are killed at any moment, several at once: every item is there, was decided once, and the record says so."""

import json
import random
import re
import signal
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread

from starter import Started
from workplace import Workplace

from firmground.app.access.system_user import system_user
from firmground.app.recording import ledger
from firmground.app.reviewing import acting
from firmground.app.reviewing.intake import open_item
from firmground.testing.traces import a_trace
from firmground.types import Actor, Cause
from firmground.wire import open_workspace

ITEMS = 40
MOMENTS = random.Random(9)
REVIEWING = """
import sys
from pathlib import Path
from firmground.app.reviewing import acting
from firmground.types import Actor
from firmground.wire import open_workspace
actor = Actor(person=sys.argv[2], groups=frozenset({"public", "everyone"}), role="reviewer", via="http")
print("ready", flush=True)
with open_workspace(Path(sys.argv[1])) as app:
    while (item := acting.claim_next(app, actor)) is not None:
        acting.approve(app, actor, item.id, revision=item.revision)
        print(item.id, flush=True)
"""


def reviewing(place: Workplace, name: str) -> Started:
    return place.begin(REVIEWING, str(place.root), name)


def fill(place: Workplace) -> set[str]:
    """Items of answers on nothing."""
    with open_workspace(place.root) as app, app.database.transaction() as tx:
        made: set[str] = set()
        for number in range(ITEMS):
            trace = a_trace(f"{number:04}")
            tx.save_trace(trace)
            made.add(open_item(app, tx, trace, [Cause(kind="rule", name="all")]).id)
        return made


def review_over_http(port: int) -> None:
    """Until the server is no more, or nothing waits."""
    with suppress(OSError, HTTPException):
        while (item := post(port, "/api/v1/reviews/claim", {})["item"]) is not None:
            post(port, f"/api/v1/reviews/{item['id']}/approve", {"revision": item["revision"]})


def post(port: int, path: str, body: object) -> dict[str, dict[str, object]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_whoever_is_killed_no_item_is_lost_and_none_is_decided_twice(tmp_path: Path):
    place = Workplace.new(tmp_path / "place", "")
    items = fill(place)
    server = place.start("serve", "--port", "0")
    found = re.search(r":(\d+)/", server.stderr.readline())
    assert found
    over_http = Thread(target=review_over_http, args=(int(found[1]),))
    over_http.start()
    running = [reviewing(place, name) for name in ("r0", "r1")]
    for turn, process in enumerate([running[0], server, running[1]]):
        if process is not server:
            assert process.stdout.readline()
        time.sleep(MOMENTS.uniform(0.1, 0.4) if turn else MOMENTS.uniform(0.4, 0.9))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    over_http.join()
    for name in ("r0", "r1"):  # whoever comes back has what they held
        ended = reviewing(place, name)
        ended.communicate()
        assert ended.returncode == 0
    with open_workspace(place.root) as app:
        alone = Actor(person=system_user(), groups=frozenset({"public", "everyone"}), role="owner", via="http", local=True)
        while (left := acting.claim_next(app, alone)) is not None:
            acting.approve(app, alone, left.id, revision=left.revision)
        with app.database.reading() as tx:
            there = {item.id: item for item in tx.items(state=None, limit=2 * ITEMS)}
            acts = tx.acts([*there])
            told = [entry.subject for entry in tx.entries(kinds={"review.decided"}, limit=1000)]
        assert ledger.verify(app, alone).whole
    assert there.keys() == items
    for id, item in there.items():
        assert (item.state, item.outcome) == ("done", "approved")
        assert [act.number for act in acts[id]] == [*range(1, item.revision + 1)]
        assert [act.act for act in acts[id]].count("approve") == 1
        assert acts[id][-1].person == item.decided_by[0]
    assert sorted(told) == sorted(items)
    assert len({item.decided_by for item in there.values()}) >= 2, "several worked at once"
