"""Connections that no honest client makes, to a server that really runs: each is refused or survived, nobody else notices, nothing is
half done, and nothing is written to the log."""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from besieged import FORM, HOST, JSON, Besieged, Line, besieged, until

GIGABYTE = 1_000_000_000
MEGABYTE = 1_000_000
SEARCH = '{"query": "vacation days"}'
SLOW = '{"question": "How many days of patience may I carry over?", "stream": true}'
BYTES = "Content-Type: application/octet-stream"
MULTIPART = "Content-Type: multipart/form-data; boundary=limit"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module", autouse=True)
def room() -> None:
    """Many connections are many files, here too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 6000)), hard))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    with besieged(
        tmp_path_factory.mktemp("besieged") / "place", request=1.0, body=1.0, stalled=1.0, upload=1.5, uploads=2
    ) as server:
        yield server


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """It may open few files."""
    with besieged(tmp_path_factory.mktemp("small") / "place", files=500) as server:
        yield server


@pytest.fixture
def server(shared: Besieged) -> Iterator[Besieged]:
    yield shared
    shared.check()


def token(server: Besieged) -> str:
    """What the forms of our pages hold."""
    page = server.ask("GET /documents HTTP/1.1", HOST).body.decode()
    return page.partition('name="token" value="')[2].partition('"')[0]


def part(name: str, content: str, filename: str = "") -> str:
    file = f'; filename="{filename}"' if filename else ""
    return f'--limit\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n'


def drip(lines: dict[Line, str]) -> list[bytes]:
    """Send to each its piece, again and again and slowly, until the server ends it; what it said."""
    talking, rounds = dict(lines), 0
    while talking:
        for line, piece in [*talking.items()]:
            try:
                line.send(piece)
            except OSError:
                del talking[line]
        time.sleep(0.05)
        rounds += 1
        assert rounds < 400, "it goes on for ever"
    return [line.rest() for line in lines]


def flood(line: Line, piece: bytes) -> None:
    """Send a gigabyte of it, unless the server ends the connection before."""
    with suppress(OSError):
        for _ in range(0, GIGABYTE, len(piece)):
            line.send(piece)


# ---------------------------------------------------------------- what is no request, or has two meanings

POST = ("POST /api/v1/search HTTP/1.1", HOST, JSON)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ((*POST, "Content-Length: 5", "Content-Length: 26"), SEARCH),
        ((*POST, "Content-Length: -26"), SEARCH),
        ((*POST, "Content-Length: +26"), SEARCH),
        ((*POST, "Content-Length: " + "9" * 200), SEARCH),
        ((*POST, "Transfer-Encoding: gzip, chunked"), "1\r\nx\r\n0\r\n\r\n"),
        ((*POST, "Transfer-Encoding: xchunked"), "1\r\nx\r\n0\r\n\r\n"),
        ((*POST, CHUNKED), "zz\r\n{}\r\n0\r\n\r\n"),
        ((*POST, CHUNKED), "-2\r\n{}\r\n0\r\n\r\n"),
        ((*POST, CHUNKED), "1\r\n{}\r\n0\r\n\r\n"),
        ((*POST, CHUNKED), "f" * 40 + "\r\n{}\r\n0\r\n\r\n"),
        ((*POST, CHUNKED), "2;" + "x" * 200_000),
        (("POST / HTTP/1.1", HOST, FORM, CHUNKED), "5\r\ntoken\r\nzz\r\n"),
        (("GET /healthz HTTP/1.1",), ""),
        (("GET /healthz HTTP/1.1", HOST, "Host: elsewhere.example"), ""),
        (("GET /healthz HTTP/1.1", "Host : 127.0.0.1"), ""),
        (("GET /healthz HTTP/1.1", HOST, "X: a\0b"), ""),
        (("GET /healthz HTTP/9.9.9", HOST), ""),
        (("GET /d\u00f6rt HTTP/1.1", HOST), ""),
        (("GET /healthz HTTP/1.1", HOST, "X: " + "x" * 300_000), ""),
        (("GET /healthz HTTP/1.1", HOST, *["X: y"] * 60_000), ""),
        (("GET /" + "x" * 300_000 + " HTTP/1.1", HOST), ""),
        (("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\x00\x01"), ""),
    ],
)
def test_what_is_no_http_gets_one_line_and_the_end(server: Besieged, head: tuple[str, ...], body: str):
    with server.line() as line:
        with suppress(OSError):
            line.request(*head, body=body)
        said = line.rest()
    # Of one who still sends when it is refused the system may drop the answer.
    assert not said or said.startswith(b"HTTP/1.1 400 ")
    assert not said or b"this is no HTTP request: look at the client" in said


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_request_that_ends_in_two_places_is_refused_with_all_that_follows(server: Besieged, version: str):
    hidden = f"GET /api/v1/status HTTP/1.1\r\n{HOST}\r\n\r\n"
    length = ["Content-Length: 5"] if version == "1.1" else []
    with server.line() as line:
        line.request(f"POST /api/v1/search HTTP/{version}", HOST, JSON, *length, CHUNKED, body="0\r\n\r\n" + hidden)
        said = line.rest()
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"it is not clear where the request ends: send either" in said


def test_what_breaks_off_behind_a_refusal_ends_quietly(server: Besieged):
    with server.line() as line:
        line.request("POST /api/v1/search HTTP/1.1", HOST, "Content-Type: text/plain", CHUNKED, body="1\r\nx\r\n")
        assert line.response().status == 415
        line.send("zz\r\n")
        assert line.rest() == b""


@pytest.mark.parametrize(
    ("first", "more", "status"),
    [
        ("GET http://127.0.0.1/healthz HTTP/1.1", (), 400),
        ("GET http://elsewhere.example/documents HTTP/1.1", (), 400),
        ("CONNECT elsewhere.example:443 HTTP/1.1", (), 400),
        ("OPTIONS * HTTP/1.1", (), 404),
        ("TRACE / HTTP/1.1", (), 415),
        ("get /healthz HTTP/1.1", (), 415),
        ("GET /healthz HTTP/1.0", (), 200),
        (
            "GET / HTTP/1.1",
            ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="),
            200,
        ),
        ("GET /healthz HTTP/1.1", ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), 200),
        ("GET /healthz HTTP/1.1", ("Content-Length: 5",), 400),
        ("GET /api/v1/status HTTP/1.1", (CHUNKED,), 400),
        ("GET /static/../application.py HTTP/1.1", (), 404),
        ("GET /static/%2e%2e/application.py HTTP/1.1", (), 404),
        ("GET /static/..%2fapplication.py HTTP/1.1", (), 404),
        ("GET /static/..%5capplication.py HTTP/1.1", (), 404),
        ("GET /static/%2fetc%2fpasswd HTTP/1.1", (), 404),
        ("GET //elsewhere.example/documents/ HTTP/1.1", (), 404),
        ("GET /documents/ HTTP/1.1", (), 404),
        ("GET /static/" + "x" * 5_000 + " HTTP/1.1", (), 404),
        ("GET /static/style.css%00.png HTTP/1.1", (), 400),
        ("GET /documents?query=%00 HTTP/1.1", (), 400),
        ("GET /documents?query=%ff HTTP/1.1", (), 400),
        ("GET /documents/%c0%ae HTTP/1.1", (), 400),
        ("GET /documents/%ed%a0%80 HTTP/1.1", (), 400),
        ("GET /?" + "x" * 20_000 + " HTTP/1.1", (), 413),
        ("GET /healthz HTTP/1.1", ("X: y",) * 5_000, 200),
        ("GET / HTTP/1.1", ('Cookie: a="' + "\\" * 30_000 + '"',), 200),
        ("GET / HTTP/1.1", ("Cookie: " + "a=b; " * 6_000,), 200),
        ("GET / HTTP/1.1", ("Accept-Language: " + "de," * 10_000,), 200),
        ("GET / HTTP/1.1", ("Cookie: \xff\xfe=\xff", "X-Request-ID: \xff", "If-None-Match: \xff", "Accept-Language: \xff"), 200),
        ("GET /documents HTTP/1.1", ("If-None-Match: " + "W/" * 15_000, "Range: bytes=9-1,-", "Last-Event-ID: \xff"), 200),
    ],
    ids=lambda given: given[:40].partition(" HTTP")[0] if isinstance(given, str) else "",
)
def test_an_odd_request_is_an_ordinary_one_or_refused(server: Besieged, first: str, more: tuple[str, ...], status: int):
    answer = server.ask(first, HOST, *more)
    assert answer.status == status
    assert "location" not in answer.headers
    assert status // 100 != 4 or b": " in answer.body


def test_requests_that_come_at_once_are_answered_one_after_another(server: Besieged):
    with server.line() as line:
        line.send(
            f"GET /healthz HTTP/1.1\r\n{HOST}\r\n\r\n" * 199, f"GET /healthz HTTP/1.1\r\n{HOST}\r\nConnection: close\r\n\r\n"
        )
        assert line.rest().count(b'{"status":"ok"}') == 200


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize("path", ["/api/v1/search", "/api/v1/answers", "/v1/chat/completions", "/v1/embeddings", "/mcp"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "\xff\xfe"}',
        b"[" * 900_000,
        b'{"a":' * 150_000,
        b'{"query": ' + b"9" * 900_000 + b"}",
        b'{"query": -1e99999, "query": NaN}',
        b'{"query": "a\0b", "question": "\\u0000"}',
        b'{"query": "x", "query": {"query": []}, "question": "x", "question": 5, "model": 7}',
        b"{" + b",".join(b'"%d":0' % number for number in range(50_000)) + b"}",
        b"\0" * 1_000,
        b"",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_json_that_cannot_be_meant_is_a_clean_error(server: Besieged, path: str, body: bytes):
    answer = server.ask(
        f"POST {path} HTTP/1.1",
        HOST,
        JSON,
        "Accept: application/json, text/event-stream",
        f"Content-Length: {len(body)}",
        body=body,
    )
    assert answer.status in {400, 422}
    assert len(answer.body) < 20_000


@pytest.mark.parametrize("path", ["/", "/login", "/setup", "/documents/sync"])
@pytest.mark.parametrize("body", [b"token=%ff", b"token=\xff", b"token=a%00b", b"a=b&" * 100_000, b"=", b"token"])
def test_a_form_that_cannot_be_meant_is_a_clean_error(server: Besieged, path: str, body: bytes):
    assert server.post(path, FORM, body).status in ({400, 403} if len(body) < 20_000 else {400, 413})


@pytest.mark.parametrize("path", ["/login", "/setup"])
def test_those_who_need_no_credentials_have_little_to_say(server: Besieged, path: str):
    assert server.post(path, FORM, "name=" + "x" * 20_000).status == 413
    assert server.ask(f"POST {path} HTTP/1.1", HOST, FORM, CHUNKED, body="4e21\r\n" + "x" * 20_001).status == 413


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "x", "application/json\xff"]
)
@pytest.mark.parametrize("path", ["/api/v1/search", "/", "/mcp", "/v1/embeddings"])
def test_a_body_of_another_kind_is_refused(server: Besieged, path: str, kind: str):
    assert server.post(path, f"Content-Type: {kind}", SEARCH).status == 415


ANNOUNCED = [
    ("/api/v1/search", JSON),
    ("/api/v1/documents?name=large.md", BYTES),
    ("/documents", MULTIPART),
    ("/login", FORM),
    ("/mcp", JSON),
]


@pytest.mark.parametrize(("path", "kind"), ANNOUNCED)
def test_a_gigabyte_is_refused_before_it_comes(server: Besieged, path: str, kind: str):
    before = server.memory()
    with server.line() as line:
        line.request(f"POST {path} HTTP/1.1", HOST, kind, f"Content-Length: {GIGABYTE}")
        assert line.response().status == 413
        flood(line, b"x" * MEGABYTE)
    assert server.memory() - before < 50 * MEGABYTE


@pytest.mark.parametrize(("path", "kind"), ANNOUNCED)
def test_a_gigabyte_that_nobody_announced_is_refused_when_it_is_too_much(server: Besieged, path: str, kind: str):
    before = server.memory()
    opening = (part("token", token(server)) + part("file", "", "large.md")[:-2]).encode() if kind == MULTIPART else b"x"
    with server.line() as line:
        line.request(f"POST {path} HTTP/1.1", HOST, kind, CHUNKED, body=b"%x\r\n%b\r\n" % (len(opening), opening))
        flood(line, b"f4240\r\n" + b"x" * MEGABYTE + b"\r\n")
        assert line.read(13) in {b"", b"HTTP/1.1 413 "}
    assert server.memory() - before < 50 * MEGABYTE
    until(lambda: server.received() == [])


# ---------------------------------------------------------------- slow ones


def test_however_many_dawdle_with_their_headers_others_are_served_and_they_are_let_go(server: Besieged):
    with ExitStack() as lines:
        slow = [lines.enter_context(server.line()) for _ in range(50)]
        for line in slow:
            line.send(f"GET /healthz HTTP/1.1\r\n{HOST}\r\nX-Slow: ")
        server.check()
        assert drip(dict.fromkeys(slow, "x")) == [b""] * 50


def test_who_asked_once_may_not_dawdle_the_second_time(server: Besieged):
    with server.line() as line:
        line.request("GET /healthz HTTP/1.1", HOST)
        assert line.response().status == 200
        assert drip({line: "G"}) == [b""]


DAWDLING = [
    ("/api/v1/search", JSON, " "),
    ("/api/v1/answers", JSON, " "),
    ("/v1/chat/completions", JSON, " "),
    ("/mcp", JSON, " "),
    ("/", FORM, "a"),
    ("/login", FORM, "a"),
    ("/api/v1/documents?name=slow.md", BYTES, "a"),
    ("/documents", MULTIPART, "\r\n"),
]


def test_a_body_that_comes_too_slowly_is_not_waited_for(server: Besieged):
    with ExitStack() as lines:
        slow: dict[Line, str] = {}
        for path, kind, piece in DAWDLING:
            line = lines.enter_context(server.line())
            line.request(f"POST {path} HTTP/1.1", HOST, kind, "Content-Length: 5000")
            slow[line] = piece
        assert server.post("/api/v1/search", JSON, SEARCH).status == 200
        assert {said[:13] for said in drip(slow)} <= {b"HTTP/1.1 408 ", b""}
    assert server.received() == []


def test_who_never_listens_is_cut_off_and_costs_little(server: Besieged):
    before = server.memory()
    lines = [server.line(room=4096) for _ in range(10)]
    for line in lines:
        line.send(f"GET /static/style.css HTTP/1.1\r\n{HOST}\r\n\r\n" * 1_000)
    server.check()
    until(lambda: server.connections() == 0)
    assert server.memory() - before < 50 * MEGABYTE
    for line in lines:
        line.cut()


# ---------------------------------------------------------------- those who leave


BROKEN_OFF = [
    ("/api/v1/search", JSON, '{"query": '),
    ("/api/v1/answers", JSON, '{"question": '),
    ("/v1/chat/completions", JSON, "{"),
    ("/v1/embeddings", JSON, "{"),
    ("/mcp", JSON, "{"),
    ("/", FORM, "question="),
    ("/login", FORM, "name="),
    ("/documents/sync", FORM, ""),
    ("/api/v1/documents?name=half.md", BYTES, "# Half"),
]


@pytest.mark.parametrize("rudely", [False, True])
@pytest.mark.parametrize(("path", "kind", "half"), BROKEN_OFF)
def test_half_a_request_does_nothing(server: Besieged, path: str, kind: str, half: str, rudely: bool):
    line = server.line()
    line.request(f"POST {path} HTTP/1.1", HOST, kind, "Content-Length: 5000", "Expect: 100-continue")
    assert line.read().startswith(b"HTTP/1.1 100 ")
    line.send(half)
    if rudely:
        line.cut()
    else:
        line.__exit__()
    until(lambda: server.connections() == 0)
    until(lambda: server.received() == [])  # the thread that wrote it may be some steps behind


def test_who_asks_again_before_the_answer_and_leaves_is_seen_to_leave(server: Besieged):
    question = SLOW.replace("true", "false")
    with ExitStack() as held:
        lines = [held.enter_context(server.line()) for _ in range(40)]
        for line in lines:
            line.request("POST /api/v1/answers HTTP/1.1", HOST, JSON, f"Content-Length: {len(question)}", body=question)
        until(lambda: server.held() == 40)
        time.sleep(0.3)  # until the server waits for nothing but the answer, or that they leave
        for line in lines:
            line.request("GET /healthz HTTP/1.1", HOST)
        time.sleep(0.1)
    until(lambda: server.held() == 0)
    assert server.connections() == 0


@pytest.mark.parametrize("rudely", [False, True])
def test_half_a_form_with_files_leaves_nothing(server: Besieged, rudely: bool):
    whole = part("token", token(server)) + part("file", "# One\n\nThe first is complete.", "one.md")
    line = server.line()
    line.request("POST /documents HTTP/1.1", HOST, MULTIPART, "Content-Length: 500000", body=whole)
    line.send(part("file", "# Two\n\nOf the second there is only a half." + "x" * 100_000, "two.md"))
    until(lambda: len(server.received()) == 2)
    if rudely:
        line.cut()
    else:
        line.__exit__()
    until(lambda: server.received() == [])
    assert server.ask("GET /api/v1/documents?source=uploads HTTP/1.1", HOST).status == 404


@pytest.mark.parametrize(
    "form",
    [
        "",
        "--limit",
        "--limit\r\n\r\n\r\n--limit--\r\n",
        "--limit\r\nContent-Disposition: form-data\r\n\r\nx\r\n--limit--\r\n",
        "--limit\r\nContent-Disposition: form-data; name=token; name=file; filename=a.md\r\n\r\nx\r\n--limit--\r\n",
        "--limit\r\n" + "X: y\r\n" * 1_000 + "\r\nx\r\n--limit--\r\n",
        "--limit\r\nX: " + "y" * 100_000 + "\r\n\r\nx\r\n--limit--\r\n",
        "--limit\r\nX\0: y\r\n\r\n--limit--\r\n",
        "x" * 10_000,
        "{token}--limit\r\nContent-Disposition: form-data; name=file; filename=a.md\r\n\r\n# A\n\nIt never ends.",
        "{token}" + part("file", "# A\n\nMore is to come.", "a.md") + "--limit\r\nContent-",
        "{token}" + part("group", "x" * 10_000) + "--limit--\r\n",
        "{token}" + part("group", "x") * 300 + "--limit--\r\n",
        "{token}" + part("file", "x", "a.md") * 30 + "--limit--\r\n",
        part("file", "# A\n\nBefore the token.", "a.md") + "{token}--limit--\r\n",
        part("token", "\ufffd") + part("file", "x", "a.md") + "--limit--\r\n",
    ],
    ids=lambda form: repr(form[-30:]),
)
def test_a_form_with_files_that_cannot_be_meant_leaves_nothing(server: Besieged, form: str):
    answer = server.post("/documents", MULTIPART, form.replace("{token}", part("token", token(server))))
    assert answer.status in {400, 403, 413}
    assert server.received() == []


def test_a_form_whose_names_are_no_text_leaves_nothing(server: Besieged):
    opening = part("token", token(server)).encode()
    file = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="\xff.md"\r\n\r\nx\r\n--limit--\r\n'
    assert server.post("/documents", MULTIPART, opening + file).status == 400
    assert server.post("/documents", "Content-Type: multipart/form-data", opening + file).status == 400


def test_a_form_of_another_site_is_refused_before_its_file_has_come(server: Besieged):
    with server.line() as line:
        line.request("POST /documents HTTP/1.1", HOST, MULTIPART, "Content-Length: 4000000")
        line.send(part("token", "guessed"), part("file", "x" * 1_000, "a.md"))
        assert line.response().status == 403
    assert not (server.data / "incoming").exists() or server.received() == []


# ---------------------------------------------------------------- very many


def streams(server: Besieged, count: int, held: ExitStack, address: str = "") -> list[Line]:
    """That have begun and go on as long as the server has patience."""
    lines = [held.enter_context(server.line()) for _ in range(count)]
    for line in lines:
        if address:
            line.request(f"GET {address} HTTP/1.1", HOST)
        else:
            line.request("POST /api/v1/answers HTTP/1.1", HOST, JSON, f"Content-Length: {len(SLOW)}", body=SLOW)
    return lines


def test_a_thousand_open_streams_keep_nobody_waiting(server: Besieged):
    memory = server.memory()
    with ExitStack() as held:
        [first] = streams(server, 1, held)
        address = first.read().decode().lower().partition("content-location: ")[2].partition("\r\n")[0]
        assert {line.read(13) for line in streams(server, 1_000, held, address)} == {b"HTTP/1.1 200 "}
        assert server.connections() > 1_000
        server.check()
        assert server.memory() - memory < 100 * MEGABYTE
    until(lambda: server.held() == 0)


def test_hundreds_who_ask_and_leave_at_once_are_forgotten(server: Besieged):
    with ExitStack() as held:
        for line in streams(server, 400, held):
            line.cut()
    until(lambda: server.held() == 0)
    assert server.connections() == 0


def test_more_connections_than_files_are_let_go_and_those_who_ask_are_served(small: Besieged):
    with ExitStack() as held:
        for _ in range(1_500):
            held.enter_context(small.line())
        assert small.ask("GET /healthz HTTP/1.1", HOST).status == 200
        assert small.post("/api/v1/search", JSON, SEARCH).status == 200
        assert small.connections() <= 250
        assert small.reports == "there are more than 250 connections: those that ask for nothing are closed\n"


def test_a_server_that_has_no_file_left_recovers_and_says_so_once(tmp_path: Path):
    with besieged(tmp_path / "place", files=60) as server:
        with ExitStack() as held:
            for _ in range(80):
                held.enter_context(server.line())
            assert server.ask("GET /healthz HTTP/1.1", HOST).status == 200
        assert server.post("/api/v1/search", JSON, SEARCH).status == 200
        assert server.reports.count("there are no open files left for connections: allow this process more (ulimit -n)\n") <= 1
        assert "Traceback" not in server.reports


def test_where_all_are_busy_the_next_is_told_in_one_line(small: Besieged):
    with ExitStack() as held:
        assert {line.read(13) for line in streams(small, 250, held)} == {b"HTTP/1.1 200 "}
        with small.line() as line:
            answer = line.response()
        assert answer.status == 503
        assert answer.body == b"this server has as many connections as it can hold: try again in a moment"
    until(lambda: small.connections() == 0)
    assert small.post("/api/v1/search", JSON, SEARCH).status == 200


def test_no_more_uploads_at_once_than_there_is_room_for(server: Besieged):
    opening = part("token", token(server)) + part("file", "# A", "a.md")
    with ExitStack() as held:
        for path, kind, body in (("/documents", MULTIPART, opening), ("/api/v1/documents?name=b.md", BYTES, "# B")):
            line = held.enter_context(server.line())
            line.request(f"POST {path} HTTP/1.1", HOST, kind, "Content-Length: 5000", body=body)
        until(lambda: len(server.received()) == 2)
        assert server.post("/documents", MULTIPART, opening + "--limit--\r\n").status == 503
        assert server.post("/api/v1/documents?name=c.md", BYTES, "# C").status == 503
    until(lambda: server.received() == [])
    assert server.post("/documents", MULTIPART, opening.replace("a.md", "CON") + "--limit--\r\n").status == 400
