"""Releases go live and back under real processes: asked meanwhile, killed meanwhile."""

import json
import re
import signal
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
from workplace import NOTES, Workplace, moments

from firmground.app.launching import pointer
from firmground.app.launching.pointer import MOVES
from firmground.wire import open_workspace

SETTINGS = """
[[sources]]
name = "notes"
path = "notes"

[parsing]
ocr = false

[answer]
threshold = 0.9999
refusal = "{refusal}"

[serve]
cached_answers = 0
"""
POLICY = "[gate]\noverride_hours = 72\n[requirements.unreadable_cases]\n"
QUESTIONS = ("Where are bicycles parked?", "When are dogs welcome?", "Which floors does the elevator stop at?")
CLIENTS = 6


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, default_model: Path) -> Workplace:
    """Two releases that say their own words, both with an audit that passed. Never change it: copy it."""
    del default_model
    place = Workplace.new(tmp_path_factory.mktemp("prepared") / "place", SETTINGS.format(refusal="says 1"))
    (place.root / "notes").mkdir()
    for name, text in NOTES.items():
        (place.root / "notes" / name).write_text(text)
    (place.root / "policy.toml").write_text(POLICY)
    (place.root / "golden").mkdir()
    (place.root / "golden" / "all.yaml").write_text("- {id: a, question: Where is the yard?, expect: {behaviour: abstain}}\n")
    place.sync()
    assert place.run("person", "add", "ada", "--admin").code == 0
    assert place.run("policy", "adopt", "--by", "ada", "--reason", "a test of something else").code == 0
    for number in (1, 2):
        (place.root / "firmground.toml").write_text(SETTINGS.format(refusal=f"says {number}"))
        assert place.json("release", "create")["number"] == number
        assert place.run("audit", str(number)).code == 0
    return place


@pytest.fixture
def place(prepared: Workplace, tmp_path: Path) -> Workplace:
    return prepared.copy(tmp_path / "place")


@pytest.fixture
def served(place: Workplace) -> Generator[httpx2.Client]:
    process = place.start("serve", "--port", "0")
    try:
        found = re.search(r"http://\S+:\d+", process.stderr.readline())
        assert found
        with httpx2.Client(base_url=found[0], timeout=60) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.1)
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def test_under_load_every_answer_is_of_one_release(place: Workplace, served: httpx2.Client):
    digests = {each["digest"]: each["number"] for each in place.json("release", "list")}
    over = Event()

    def asks(number: int) -> list[dict[str, Any]]:
        given: list[dict[str, Any]] = []
        while not over.is_set():
            response = served.post("/api/v1/answers", json={"question": f"{QUESTIONS[number % 3]} ({number} {len(given)})"})
            assert response.status_code == 200, response.text
            given.append(response.json())
        return given

    with ThreadPoolExecutor(CLIENTS) as clients:
        asking = [clients.submit(asks, number) for number in range(CLIENTS)]
        try:
            assert place.json("release", "promote", "1")["number"] == 1
            assert place.json("release", "promote", "2")["number"] == 2
            assert place.json("release", "rollback", "--by", "ada", "--reason", "a test")["number"] == 1
        finally:
            over.set()
        given = [answer for each in asking for answer in each.result()]
    seen = {digests[answer["release"]] for answer in given}
    assert seen == {1, 2}, "what is live changed while they asked"
    for answer in given:
        assert answer["status"] == "abstained"
        assert answer["text"] == f"says {digests[answer['release']]}", "words and recipe are of the same release"
    moved = [(each["kind"], each["subject"]) for each in place.json("release", "history")["history"]]
    assert moved[::-1] == [("release.promoted", "1"), ("release.promoted", "2"), ("release.rolled_back", "1")]


def test_a_move_that_is_killed_has_happened_with_its_entry_or_not_at_all(place: Workplace):
    undisturbed = place.seconds("release", "promote", "1")
    killed = 0
    for attempt, moment in enumerate(moments(undisturbed, 5)):
        words = ("promote", "2") if attempt % 2 == 0 else ("rollback", "1")
        killed += place.killed(moment, "release", *words)
        with open_workspace(place.root) as app, app.database.reading() as tx:
            live, moves = pointer.pointed_at(tx), tx.entries(kinds=MOVES)
        assert live is not None
        assert (str(live.number), live.release) == (moves[-1].subject, moves[-1].detail["release"])
    assert killed, "else nothing was tried"
    assert place.run("ledger", "verify").code == 0
    assert json.loads(place.run("release", "history", "--json").out)["live"]["number"] in {1, 2}
