"""The record of decisions on its page, over HTTP, and on the command line; where its end is anchored."""

import hmac
import itertools
import json
import re
import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from typing import ClassVar

import pytest
from inside import bearer, sign_in, with_account, with_owner
from serving import serving
from starlette.testclient import TestClient
from test_cli import Place

from firmground.app.access import people
from firmground.app.corpus import uploads
from firmground.app.launching.releases import create
from firmground.ledger import KINDS
from firmground.testing.app import ADMINISTRATOR
from firmground.web.pages.ledger import WORDS
from firmground.web.served import Served

NAME = "Ada & <b>Bob</b>"


@pytest.fixture
def site(tmp_path: Path) -> Generator[tuple[TestClient, Served]]:
    with serving(tmp_path) as both:
        yield both


def main(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    text = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def tampered(place: Path, statement: str = "update ledger set entry = replace(entry, 'hr', 'it')") -> None:
    with closing(sqlite3.connect(place / ".firmground" / "firmground.sqlite")) as connection:
        fences = connection.execute("select name, sql from sqlite_schema where type = 'trigger'").fetchall()
        for name, _ in fences:
            connection.execute(f"drop trigger {name}")
        connection.execute(statement)
        for _, fence in fences:
            connection.execute(fence)
        connection.commit()


# ---------------------------------------------------------------- page and HTTP


def test_the_page_tells_who_did_what_when_and_why_newest_first(site: tuple[TestClient, Served]) -> None:
    client, served = site
    people.add_person(served.app, ADMINISTRATOR, NAME, groups=["hr"])
    create(served.app, ADMINISTRATOR, note="because <i>it</i> is better")
    text = main(client, "/ledger")
    assert text.index("Release created 1") < text.index(f"Person added {NAME}")
    assert "because <i>it</i> is better" in text
    assert "not verified just now" in text
    raw = client.get("/ledger").text
    assert "<b>Bob" not in raw
    assert "<i>it" not in raw
    only = main(client, "/ledger?kind=group.joined")
    assert f"Member joined the group hr · {NAME}" in only
    assert "because" not in only
    assert "Mitglied" in main(client, "/ledger?lang=de")


def test_the_page_verifies_on_demand_and_shows_what_was_found(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, served):
        people.add_person(served.app, ADMINISTRATOR, "ada", groups=["hr"])
        assert "each as it was written" in main(client, "/ledger?verify=true")
        tampered(tmp_path)
        text = main(client, "/ledger?verify=true")
        assert "not as it was written" in text
        assert "is not what its digest was made of" in text


def test_a_page_of_entries_that_cannot_be_read_tells_which(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, served):
        people.add_person(served.app, ADMINISTRATOR, "ada", groups=["hr"])
        tampered(tmp_path, "update ledger set entry = '{' where number = 2")
        text = main(client, "/ledger")
        assert "entry 2 cannot be read" in text


def test_the_page_goes_back_in_parts(site: tuple[TestClient, Served]) -> None:
    client, served = site
    for n in range(60):
        people.add_group(served.app, ADMINISTRATOR, f"group-{n:02}")
    first = client.get("/ledger?kind=group.added").text
    older = unescape(re.findall(r'href="(/ledger\?before=[^"]+)"', first)[0])
    assert "kind=group.added" in older
    text = main(client, older)
    assert "group-00" in text
    assert "group-59" not in text


def test_uploads_are_named_as_long_as_they_are_there(site: tuple[TestClient, Served]) -> None:
    client, served = site
    uploads.upload(served.app, ADMINISTRATOR, "tower.md", [b"Ninety-one steps."], ())
    assert "Document uploaded tower.md" in main(client, "/ledger")
    served.app.uploads.remove("tower.md")
    assert "tower" not in main(client, "/ledger")


def test_over_http_entries_come_in_parts_and_their_chain_can_be_followed(site: tuple[TestClient, Served]) -> None:
    client, served = site
    people.add_person(served.app, ADMINISTRATOR, "ada", groups=["hr"])
    found = client.get("/api/v1/ledger").json()["entries"]
    assert [each["number"] for each in found] == [*range(1, len(found) + 1)]
    assert all(each["before"] == before["digest"] for before, each in itertools.pairwise(found))
    assert client.get("/api/v1/ledger?after=1&limit=1").json()["entries"] == [found[1]]
    kinds = client.get("/api/v1/ledger?kind=group.added&kind=group.joined").json()["entries"]
    assert [each["kind"] for each in kinds] == ["group.added", "group.joined"]
    for wrong in ("limit=0", "limit=1001", "after=-1", "after=x"):
        assert client.get(f"/api/v1/ledger?{wrong}").status_code == 422


def test_what_a_program_did_names_its_key(site: tuple[TestClient, Served]) -> None:
    client, served = site
    with_owner(served)
    headers = bearer(served, "ada", "nightly")
    kind = {"Content-Type": "application/octet-stream"}
    made = client.post("/api/v1/documents?name=tower.md", content=b"# Tower\n\nIt is high.\n", headers=headers | kind)
    assert made.status_code == 202, made.text
    (last,) = client.get("/api/v1/ledger?kind=source.uploaded", headers=headers).json()["entries"]
    assert (last["by"], last["key"], last["via"]) == ("ada", "nightly", "http")
    first = client.get("/api/v1/ledger?limit=1", headers=headers).json()["entries"][0]
    assert "key" not in first
    sign_in(client, served)
    assert "by the key nightly" in main(client, "/ledger")


def test_over_http_damage_is_told(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, served):
        people.add_person(served.app, ADMINISTRATOR, "ada", groups=["hr"])
        whole = client.get("/api/v1/ledger/verify").json()
        assert (whole["whole"], whole["faults"], whole["witnesses"]) == (True, [], ["the head file"])
        tampered(tmp_path)
        told = client.get("/api/v1/ledger/verify").json()
        assert told["whole"] is False
        assert {each["what"] for each in told["faults"]} == {"changed"}


def test_nobody_but_administrators_reads_the_record(site: tuple[TestClient, Served]) -> None:
    client, served = site
    with_owner(served)
    with_account(served, "bob")
    sign_in(client, served, "bob")
    for path in ("/ledger", "/ledger?verify=true", "/api/v1/ledger", "/api/v1/ledger/verify"):
        refused = client.get(path)
        assert refused.status_code == 403
        assert "bob may not" in refused.text
        assert "account.added" not in refused.text


# ---------------------------------------------------------------- command line


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """With four entries."""
    (tmp_path / "firmground.toml").write_text("")
    place = Place(tmp_path)
    assert place("person", "add", "ada", "--group", "hr").code == 0
    return place


def damaged(place: Place, statement: str) -> None:
    tampered(place.root, statement)


def settings(place: Place, text: str) -> None:
    (place.root / "firmground.toml").write_text(text)


def test_the_command_shows_the_latest_entries_or_those_that_follow(place: Place):
    shown = place.data("ledger", "show")
    assert [each["kind"] for each in shown] == ["configuration.loaded", "person.added", "group.added", "group.joined"]
    assert shown[1]["digest"] == shown[2]["before"]
    assert [each["number"] for each in place.data("ledger", "show", "--limit", "2")] == [3, 4]
    assert [each["number"] for each in place.data("ledger", "show", "--after", "1", "--limit", "2")] == [2, 3]
    assert [each["number"] for each in place.data("ledger", "show", "--kind", "group.added")] == [3]
    assert "person.added" in place("ledger", "show").out
    assert place("ledger", "show", "--limit", "0").code == 2


def test_a_kind_that_there_is_none_of_is_told_with_those_there_are(place: Place):
    wrong = place("ledger", "show", "--kind", "person.added", "--kind", "nonsense")
    assert (wrong.code, "no entries of the kind 'nonsense': use one of account.added" in wrong.err) == (3, True)
    assert place.data("ledger", "show", "--kind", "release.promoted") == [], "there may be some"
    assert set(WORDS) <= set(KINDS), "the page knows no other"


def test_an_anchor_that_no_longer_fits_after_a_restore_is_explained_and_still_told(place: Place, tmp_path: Path):
    backup = str(tmp_path.parent / f"{tmp_path.name}.zip")
    assert place("ledger", "anchor", "--file", "anchors").code == 0
    assert place("backup", backup).code == 0
    assert place("person", "add", "eve").code == 0
    assert place("ledger", "anchor", "--file", "anchors").code == 0
    assert place("restore", backup, "--yes").code == 0
    assert place("person", "add", "zoe").code == 0
    wrong = place("ledger", "verify", "--anchor", "anchors")
    assert wrong.code == 6
    assert re.search(
        r"to be known: entry \d is a backup\.restored of \S+\.zip, which ends with entry 5: an anchor of a later", wrong.out
    )
    assert "backup.restored" not in place("ledger", "verify").out


def test_a_changed_file_of_settings_shows_with_the_next_command_that_decides(place: Place):
    settings(place, "[answer]\nmax_sentences = 2\n")
    assert place("person", "add", "bob").code == 0
    assert [each["kind"] for each in place.data("ledger", "show", "--after", "4")] == ["configuration.loaded", "person.added"]
    assert place.data("ledger", "show", "--after", "4")[0]["detail"]["changed"] == ["answer.max_sentences"]


def test_verify_ends_with_6_and_a_line_for_each_fault(place: Place):
    whole = place("ledger", "verify")
    assert (whole.code, "4 entries, each as it was written" in whole.out) == (0, True)
    assert "confirmed by the head file" in whole.out
    damaged(place, "delete from ledger where number = 3")
    wrong = place("ledger", "verify")
    assert wrong.code == 6
    assert "entry 3: missing: entry 3 is missing" in wrong.out
    told = place("ledger", "verify", "--json")
    assert (told.code, json.loads(told.out)["whole"]) == (6, False)
    assert json.loads(told.out)["faults"] == [{"number": 3, "what": "missing", "said": "entry 3 is missing"}]


def test_an_anchor_in_a_file_is_added_to_it_and_finds_what_is_cut_off(place: Place):
    for _ in range(2):
        made = place("ledger", "anchor", "--file", "anchors")
        assert (made.code, "is anchored: file anchors" in made.out) == (0, True)
    lines = (place.root / "anchors").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [4, 5]
    confirmed = place("ledger", "verify", "--anchor", "anchors")
    assert (confirmed.code, "anchors, line 2" in confirmed.out) == (0, True)
    damaged(place, "delete from ledger where number > 3")
    (place.root / ".firmground" / "ledger.head").unlink()
    assert place("person", "add", "eve").code == 0
    alone = place("ledger", "verify")
    assert (alone.code, "to be known: entry 4: the head file was gone" in alone.out) == (0, True)
    wrong = place("ledger", "verify", "--anchor", "anchors")
    assert wrong.code == 6
    assert "entry 4: changed: entry 4, or one before it, is not the one that anchors, line 1 knows" in wrong.out
    assert "entry 5: changed" in wrong.out


def test_an_anchor_after_a_torn_line_begins_a_line_of_its_own(place: Place):
    (place.root / "anchors").write_text("torn")
    assert place("ledger", "anchor", "--file", "anchors").code == 0
    torn, line = (place.root / "anchors").read_text().splitlines()
    assert (torn, json.loads(line)["number"]) == ("torn", 4)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "goes to one place"),
        (["--file", "a", "--mail", "a@example.org"], 2, "goes to one place"),
        (["--file", "no/such/folder"], 5, "could not be written"),
        (["--file", "."], 5, "could not be written"),
        (["--mail", "records@example.org"], 2, "set host and sender under [mail]"),
        (["--webhook", "file:///etc/passwd"], 2, "no address of a web server"),
        (["--webhook", "http://127.0.0.1:9/anchors"], 5, "127.0.0.1:9 cannot be reached"),
        (["--webhook", "http://169.254.169.254/latest"], 2, "where no message may be sent"),
        (["--webhook", "http://192.0.2.1/anchors"], 2, "without encryption"),
    ],
)
def test_a_place_that_takes_no_anchor_is_told_and_nothing_is_recorded(place: Place, words: list[str], code: int, said: str):
    refused = place("ledger", "anchor", *words)
    assert (refused.code, said in refused.err) == (code, True), refused.err
    assert len(place.data("ledger", "show")) == 4


class Taking(BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    status = 204
    got: ClassVar[list[tuple[str | None, str | None, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers["X-Firmground-Signature"], self.headers["X-Firmground-Timestamp"], body))
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def listening(server: TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_gets_a_signed_anchor(place: Place, monkeypatch: pytest.MonkeyPatch):
    settings(place, '[ledger]\nwebhook_secret_env = "ANCHOR_SECRET"\n')
    handler = type("Here", (Taking,), {"got": []})
    with listening(HTTPServer(("127.0.0.1", 0), handler)) as port:
        url = f"http://127.0.0.1:{port}/anchors?token=hidden"
        unset = place("ledger", "anchor", "--webhook", url)
        assert (unset.code, "ANCHOR_SECRET, which is not set" in unset.err) == (2, True)
        monkeypatch.setenv("ANCHOR_SECRET", "a secret")
        assert place("ledger", "anchor", "--webhook", url).code == 0
    [(signature, timestamp, body)] = handler.got
    signed = str(timestamp).encode() + b"." + body
    assert signature == "sha256=" + hmac.new(b"a secret", signed, "sha256").hexdigest()
    last = place.data("ledger", "show")[-1]
    assert (last["kind"], last["subject"], last["detail"]["to"]) == ("ledger.anchored", "webhook", f"127.0.0.1:{port}")
    assert last["detail"]["entry"] == json.loads(body)["entry"]
    assert "hidden" not in json.dumps(last)
    (place.root / "body").write_bytes(body)
    assert place("ledger", "verify", "--anchor", "body").code == 0


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_sends_elsewhere_or_refuses_has_not_taken_it(place: Place, status: int):
    handler = type("Refusing", (Taking,), {"got": [], "status": status})
    with listening(HTTPServer(("127.0.0.1", 0), handler)) as port:
        refused = place("ledger", "anchor", "--webhook", f"http://127.0.0.1:{port}/")
    assert (refused.code, f"answered {status}" in refused.err) == (5, True)
    assert len(handler.got) == 1
    assert len(place.data("ledger", "show")) == 4


class Mail(StreamRequestHandler):
    """As much of a mail server as a client needs."""

    taken: ClassVar[list[str]] = []
    refuses = False

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            command = line.upper()
            if command.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines: list[bytes] = []
                while (each := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(each)
                self.taken.append(b"".join(lines).decode())
            elif command.startswith(b"RCPT") and self.refuses:
                self.wfile.write(b"550 nobody\r\n")
                continue
            elif command.startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 fine\r\n")


@pytest.mark.parametrize("refuses", [False, True])
def test_a_mail_carries_an_anchor_that_can_be_verified_from_it(place: Place, refuses: bool):
    handler = type("Post", (Mail,), {"taken": [], "refuses": refuses})
    with listening(TCPServer(("127.0.0.1", 0), handler)) as port:
        settings(place, f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "fg@example.org"\n')
        ended = place("ledger", "anchor", "--mail", "records@example.org")
    if refuses:
        assert (ended.code, "refused the mail (550 nobody)" in ended.err) == (5, True)
        assert len(place.data("ledger", "show")) == 4
        return
    assert ended.code == 0, ended.err
    [mail] = handler.taken
    assert "To: records@example.org" in mail
    (place.root / "mail.eml").write_text(mail)
    confirmed = place("ledger", "verify", "--anchor", "mail.eml")
    assert (confirmed.code, "mail.eml, line" in confirmed.out) == (0, True)
