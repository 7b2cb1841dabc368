"""`firmground serve` as a real process, with real parts."""

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Generator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from starter import Started
from workplace import Workplace

from firmground.store.jobs import open_jobs

PATIENCE = 60
LEAVE = "# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"

SLOW_SERVER = """
import sys, time
from pathlib import Path
from firmground.app.corpus.sync import sync
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.web.server import run

place = Path(sys.argv[1])
bench = Bench(place, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
bench.source.contents["leave.md"] = sys.argv[2].encode()
embed = bench.embedder_.embed

def slowly(texts):
    if "How many vacation days?" in texts:
        (place / "asked").touch()
        while not (place / "go on").exists():
            time.sleep(0.01)
    return embed(texts)

bench.embedder_.embed = slowly
with bench.app() as app:
    sync(app, ADMINISTRATOR)
    run(app, host="127.0.0.1", port=0, ready=lambda line: print(line, file=sys.stderr, flush=True))
print("closed")
"""


class Served:
    """A process that serves, and requests to it."""

    def __init__(self, process: Started) -> None:
        self.process = process
        line = process.stderr.readline()
        found = re.search(r"at http://127\.0\.0\.1:(\d+)/", line)
        assert found, line + process.stderr.read()
        self.port = int(found[1])
        assert "/setup?token=" in process.stderr.readline()

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, path, sent, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def wait_until_ready(self) -> None:
        until(lambda: self.request("GET", "/readyz")[0] == 200)

    def stop(self, number: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.wait(), out, err


@pytest.fixture
def place(tmp_path: Path, default_model: Path) -> Workplace:
    del default_model
    made = Workplace.new(tmp_path / "place", '[[sources]]\nname = "docs"\npath = "documents"\n[answer]\nthreshold = 0.001\n')
    (made.root / "documents").mkdir()
    (made.root / "documents" / "leave.md").write_text(LEAVE)
    return made


@pytest.fixture
def start() -> Generator[Callable[[Started], Served]]:
    started: list[Started] = []

    def begin(process: Started) -> Served:
        started.append(process)
        return Served(process)

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            pytest.fail("it did not happen in time")
        time.sleep(0.05)


def test_a_served_workspace_is_synced_asked_and_stopped(place: Workplace, start: Callable[..., Served]):
    served = start(place.start("serve", "--port", "0"))
    assert served.request("GET", "/healthz") == (200, {"status": "ok"})
    served.wait_until_ready()

    status, job = served.request("POST", "/api/v1/sync", {})
    assert status == 202
    until(lambda: served.request("GET", f"/api/v1/jobs/{job['id']}")[1]["state"] == "done")

    _, answer = served.request("POST", "/api/v1/answers", {"question": "How many vacation days may I carry over?"})
    assert "five vacation days" in answer["text"]
    [citation] = answer["citations"]
    assert LEAVE[citation["locator"]["start"] : citation["locator"]["end"]] == citation["snippet"]

    (place.root / "documents" / "keys.md").write_text("# Keys\n\nLost keys are reported to the janitor.\n")
    assert place.sync()["totals"]["documents"]["added"] == 1  # by the worker of the server, which holds the lease
    _, found = served.request("POST", "/api/v1/search", {"query": "lost keys janitor", "limit": 1})
    assert found["hits"][0]["uri"] == "docs/keys.md"

    assert served.stop(signal.SIGINT) == (0, "", "")
    assert place.run("status").code == 0


def test_a_server_works_on_jobs_as_soon_as_the_other_worker_is_done(place: Workplace, start: Callable[..., Served]):
    place.data.mkdir()
    others = open_jobs(place.data)
    done = threading.Event()
    other = threading.Thread(target=lambda: others.work({}, until=done.is_set))
    other.start()
    try:
        until(others.working)
        served = start(place.start("serve", "--port", "0"))
        served.wait_until_ready()
        _, job = served.request("POST", "/api/v1/sync", {})
        assert served.request("GET", f"/api/v1/jobs/{job['id']}")[1]["state"] == "queued"
    finally:
        done.set()
        other.join()
        others.close()
    until(lambda: served.request("GET", f"/api/v1/jobs/{job['id']}")[1]["state"] == "done")
    assert served.stop(signal.SIGTERM)[0] == 0


def test_a_question_that_was_asked_before_the_end_is_answered(tmp_path: Path, start: Callable[..., Served]):
    served = start(Workplace.new(tmp_path / "place", "").begin(SLOW_SERVER, str(tmp_path), LEAVE))
    served.wait_until_ready()
    answers: list[tuple[int, dict[str, Any]]] = []
    question = {"question": "How many vacation days?"}
    asker = threading.Thread(target=lambda: answers.append(served.request("POST", "/api/v1/answers", question)))
    asker.start()
    until((tmp_path / "asked").exists)

    served.process.send_signal(signal.SIGTERM)
    until(lambda: refused(served))
    assert served.process.poll() is None
    (tmp_path / "go on").touch()
    asker.join(PATIENCE)
    out, err = served.process.communicate(timeout=PATIENCE)
    assert (served.process.returncode, out, err) == (0, "closed\n", "")
    [(status, answer)] = answers
    assert status == 200
    assert "five vacation days" in answer["text"]


def test_what_keeps_it_from_serving_is_one_line(place: Workplace, start: Callable[..., Served]):
    served = start(place.start("serve", "--port", "0"))
    taken = place.run("serve", "--port", str(served.port))
    assert (taken.code, taken.out) == (5, "")
    assert re.fullmatch(r"firmground: 127\.0\.0\.1 port \d+ cannot be used .*: stop what listens there, or .*\n", taken.err)
    abroad = place.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (abroad.code, abroad.out) == (4, "")
    assert abroad.err.count("\n") == 1
    assert served.stop(signal.SIGTERM)[0] == 0


def refused(served: Served) -> bool:
    try:
        served.request("GET", "/healthz")
    except OSError:
        return True
    return False
