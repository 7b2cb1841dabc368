"""From the link that the server prints to signing out, with a real server and a browser's cookies."""

import re
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starter import Started
from test_serve import until
from workplace import Workplace

PASSWORD = "a few words to remember"
LEAVE = "# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
SETTINGS = '[[sources]]\nname = "docs"\npath = "documents"\n[answer]\nthreshold = 0.001\n'


@pytest.fixture
def place(tmp_path: Path, default_model: Path) -> Workplace:
    del default_model
    made = Workplace.new(tmp_path / "place", SETTINGS)
    (made.root / "documents").mkdir()
    (made.root / "documents" / "leave.md").write_text(LEAVE)
    (made.root / "password").write_text(f"{PASSWORD}\n")
    (made.root / "owner").write_text(f"ada:{PASSWORD}\n")
    return made


@pytest.fixture
def serve(place: Workplace) -> Generator[Callable[..., "Running"]]:
    started: list[Running] = []

    def start(*words: str, **environment: str) -> Running:
        started.append(Running(place.start("serve", "--port", "0", *words, **environment)))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()
        each.browser.close()


class Running:
    """A server, and a browser that keeps its cookies."""

    def __init__(self, process: Started) -> None:
        self.process = process
        self.said = process.stderr.readline()
        found = re.search(r"at (http://\S+:\d+)/", self.said)
        assert found, self.said + process.stderr.read()
        self.address = found[1].replace("0.0.0.0", "127.0.0.1")
        self.link = "" if "this machine only" not in self.said else process.stderr.readline().rpartition(" ")[2].strip()
        self.browser = httpx2.Client(base_url=self.address, timeout=60)

    def send(self, page: str, at: str, **fields: str) -> httpx2.Response:
        """A form of `page`, with what it hides."""
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.browser.get(page).text)
        return self.browser.post(at, data={**dict(hidden), **fields}, headers={"Origin": self.address})

    def key(self, secret: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {secret}"}


def test_from_the_link_to_signing_out(place: Workplace, serve: Callable[..., Running]):
    running = serve()
    browser = running.browser
    assert running.link.startswith(f"{running.address}/setup?token=")
    until(lambda: browser.get("/readyz").status_code == 200)
    assert "Local mode" in browser.get("/").text
    job = browser.post("/api/v1/sync", json={}).json()
    until(lambda: browser.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "done")

    done = running.send(running.link, "/setup", name="ada", password=PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    asked = running.send("/", "/", question="How many vacation days may I carry over?")
    while asked.status_code == 303:
        asked = browser.get(asked.headers["location"])
    assert asked.status_code == 200
    until(lambda: "five vacation days" in browser.get(asked.url).text)
    assert "Local mode" not in asked.text
    assert httpx2.get(asked.url).headers["location"].startswith("/login?next=")

    secret = place.json("key", "add", "program", "--as", "ada")["secret"]
    assert httpx2.get(f"{running.address}/api/v1/status", headers=running.key(secret)).status_code == 200
    place.run("key", "remove", "program")
    assert httpx2.get(f"{running.address}/api/v1/status", headers=running.key(secret)).status_code == 401

    stolen = dict(browser.cookies)
    assert running.send("/", "/logout").headers["location"] == "/login"
    assert browser.get("/people").status_code == 303
    assert httpx2.get(f"{running.address}/people", cookies=stolen).status_code == 303
    assert running.send("/login?next=/people", "/login", name="Ada", password=PASSWORD).headers["location"] == "/people"
    assert browser.get("/people").status_code == 200
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0


def test_an_owner_made_on_the_command_line_locks_the_running_server(place: Workplace, serve: Callable[..., Running]):
    running = serve()
    assert running.browser.get("/api/v1/status").status_code == 200
    made = place.run("person", "add", "ada", "--owner", "--password-file", "password")
    assert (made.code, made.out) == (0, "ada may sign in now, as an owner\n")
    assert running.browser.get("/api/v1/status").status_code == 401
    assert running.browser.get(running.link).headers["location"] == "/login"
    assert running.send("/login", "/login", name="ada", password=PASSWORD).status_code == 303
    assert running.browser.get("/api/v1/status").status_code == 200


def test_others_are_listened_to_only_where_there_is_an_owner(place: Workplace, serve: Callable[..., Running]):
    refused = place.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (refused.code, refused.out, refused.err.count("\n")) == (4, "", 1)
    assert "there is no owner yet: make one with" in refused.err
    (place.root / "bad").write_text("ada")
    for name in ("bad", "nowhere"):
        refused = place.run("serve", "--host", "0.0.0.0", "--port", "0", FIRMGROUND_OWNER_FILE=name)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "owner's file" in refused.err
    first: dict[str, Any] = {"FIRMGROUND_OWNER_FILE": "owner"}
    running = serve("--host", "0.0.0.0", **first)
    assert (running.link, "0.0.0.0" in running.said) == ("", True)
    assert running.browser.get("/api/v1/status").status_code == 401
    assert running.send("/login", "/login", name="ada", password=PASSWORD).status_code == 303
    assert PASSWORD not in running.said
