"""What the pages show for programs is run as it stands there, against `firmground serve` with accounts, and prints what they show."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from documentation import DOCS, Block, Command, Reader, assert_shown, blocks
from playwright.sync_api import ConsoleMessage, sync_playwright

import firmground

SAMPLE = Path(firmground.__file__).parent / "sample" / "documents"
PAGE = DOCS / "how-to" / "call-the-api.md"
CLIENT = DOCS / "how-to" / "use-an-openai-client.md"
SHARE = ("policies/leave.md", "policies/social-media.md")


class Example(NamedTuple):
    """A block, and what stands below it as what it prints."""

    block: Block
    shown: list[str]


def examples(page: Path, language: str) -> list[Example]:
    found = blocks(page)
    below = [*found[1:], None]
    return [
        Example(block, after.text.splitlines() if after is not None and after.language == "text" else [])
        for block, after in zip(found, below, strict=True)
        if block.language == language
    ]


class Server(NamedTuple):
    address: str
    key: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"FIRMGROUND_URL": self.address, "FIRMGROUND_KEY": self.key}

    def prints(self, *command: str, **environment: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, default_model: Path) -> Generator[Server]:
    place = tmp_path_factory.mktemp("called")
    for name in SHARE:
        (place / "documents" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLE / name, place / "documents" / name)
    (place / "password.txt").write_text("a few words that I remember\n")
    reader, printed = Reader(place), ""
    for command in ("init .", "sync", "person add Ada --owner --password-file password.txt", "key add calls --as Ada"):
        code, printed = reader.type(f"firmground {command}")
        assert code == 0, printed
    words = [Path(sys.executable).parent / "firmground", "serve", "--port", "0"]
    log = place / "serve.log"
    with log.open("w") as told, subprocess.Popen(words, cwd=place, stdout=told, stderr=told) as process:
        try:
            yield Server(address_in(log, process), printed.splitlines()[0], place)
        finally:
            process.terminate()


def address_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Where it says that it listens."""
    for _ in range(600):
        if said := re.search(r"http://[\d.:]+\d", log.read_text()):
            return said[0]
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def assert_prints(example: Example, printed: str) -> None:
    assert example.shown, f"{example.block} shows nothing"
    assert_shown(Command(f"{example.block.language} block", 0, example.shown), printed, example.block)


def test_what_is_typed_into_a_shell_works_in_its_order(server: Server):
    found = examples(PAGE, "sh")
    assert len(found) == 5
    for example in found:
        assert_prints(example, server.prints("bash", "-c", example.block.text))


@pytest.mark.parametrize(
    "example", [*examples(PAGE, "python"), *examples(CLIENT, "python")], ids=lambda example: str(example.block)
)
def test_what_is_shown_in_python_works(server: Server, example: Example):
    assert_prints(example, server.prints(sys.executable, "-c", example.block.text))


def test_python_goes_on_where_it_was_when_the_connection_breaks(server: Server):
    [example] = [each for each in examples(PAGE, "python") if "Last-Event-ID" in each.block.text]
    whole = server.prints(sys.executable, "-c", example.block.text)
    with breaking(server.address, after=1500) as (address, cut):
        broken = server.prints(sys.executable, "-c", example.block.text, FIRMGROUND_URL=address)
    assert cut == [True, False]
    assert broken == whole


def test_what_is_shown_in_javascript_works_on_a_page_of_the_server(server: Server):
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert chromium, "there is no Chromium: run tools/install-test-packages, or install one"
    found = examples(PAGE, "js")
    assert len(found) == 2
    with sync_playwright() as play, play.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser:
        for example in found:
            printed: list[str] = []
            page = browser.new_page()
            page.on("console", lambda message, printed=printed: printed.append(said(message)))
            page.goto(f"{server.address}/login")
            page.evaluate("environment => { globalThis.process = { env: environment }; }", server.environment)
            page.evaluate(f"async () => {{\n{example.block.text}\n}}")
            page.close()
            assert_prints(example, "\n".join(printed))


def said(message: ConsoleMessage) -> str:
    assert message.type == "log", message.text
    return message.text


@contextmanager
def breaking(address: str, *, after: int) -> Generator[tuple[str, list[bool]]]:
    """The server behind something that cuts the first connection once so many bytes of the answer went through. Also, for each connection,
    whether it was cut."""
    there = urlsplit(address)
    cut: list[bool] = []

    def carry(client: socket.socket, most: int | None) -> None:
        with client, socket.create_connection((there.hostname, there.port)) as upstream:
            upstream.sendall(request_of(client))
            left = most
            while part := upstream.recv(65536):
                client.sendall(part[:left])
                if left is not None:
                    left -= len(part)
                    if left <= 0:
                        cut[-1] = True
                        return

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            for most in (after, None):
                client, _ = listener.accept()
                cut.append(False)
                carry(client, most)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", cut
        thread.join(30)


def request_of(client: socket.socket) -> bytes:
    """Head and body, told to close the connection afterwards."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += client.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body
