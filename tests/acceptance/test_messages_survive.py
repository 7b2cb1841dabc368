"""Servers are killed at random moments while they send: every message arrives, none more than twice, and under one id."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from firmground import wire
from firmground.app.notifying.events import announce

MESSAGES = 15
SETTINGS = """
[[notifications]]
name = "chat"
owner = "ada"
events = ["*"]
channel = "webhook"
url_env = "CHAT_URL"
secret_env = "CHAT_SECRET"
"""
SENDS = """
import sys
from datetime import timedelta
from pathlib import Path
from firmground import wire
from firmground.app.notifying.delivering import LEASE, deliver_now

with wire.open_workspace(Path(sys.argv[1])) as app:
    later = int(sys.argv[2]) * (LEASE + timedelta(seconds=1))
    app.clock = lambda: wire.utc_now() + later
    print("here", flush=True)
    deliver_now(app)
"""


class Target:
    """Takes posts, and kills whoever sends one at certain moments, once it has the message and before it says so."""

    def __init__(self, moments: set[int]) -> None:
        self.moments = moments
        self.got: list[str] = []
        self.sender: subprocess.Popen[str] | None = None


@contextmanager
def serving(target: Target) -> Iterator[str]:
    class Site(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            target.got += [each["id"] for each in body["messages"]]
            assert self.headers["X-Firmground-Id"] == body["id"]
            if len(target.got) in target.moments and target.sender is not None:
                os.kill(target.sender.pid, signal.SIGKILL)
                target.sender.wait()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_message_arrives_though_senders_are_killed(tmp_path: Path):
    (tmp_path / "firmground.toml").write_text(SETTINGS)
    with wire.open_workspace(tmp_path) as app, app.database.transaction() as tx:
        for number in range(MESSAGES):
            announce(app, tx, "review.opened", about=str(number))
        expected = {each.id for each in tx.notifications(limit=100)}
    target = Target(set(random.Random(9).sample(range(1, MESSAGES), 2)))
    with serving(target) as url:
        environment = {**os.environ, "CHAT_URL": url, "CHAT_SECRET": "s3cret"}
        ends: list[int] = []
        while not ends or ends[-1]:
            command = [sys.executable, "-c", SENDS, str(tmp_path), str(len(ends))]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as target.sender:
                ends.append(target.sender.wait(timeout=60))
    assert ends == [-signal.SIGKILL, -signal.SIGKILL, 0]
    times = Counter(target.got)
    assert times.keys() == expected
    assert len(target.got) == MESSAGES + 2, "what was sent and not marked is sent once more"
    assert max(times.values()) <= 2
    with wire.open_workspace(tmp_path) as app, app.database.reading() as tx:
        assert {each.state for each in tx.notifications(limit=100)} == {"sent"}
