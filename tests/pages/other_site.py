"""A page of another site with the widget in it, and a browser that looks at it."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from listening import QUESTION, Listening, listening
from playwright.sync_api import Browser, Page

from firmground.app.access.accounts import create_owner
from firmground.app.access.keys import add_widget_key
from firmground.testing.app import ADMINISTRATOR, make_live
from firmground.testing.model_server import Reply

# A closed shadow root is closed to tests too: this opens it, where a test wants to look inside.
OPENED = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (how) { return attach.call(this, { ...how, mode: "open" }); };
"""


@dataclass
class Site:
    """A page elsewhere. What it is made of may be changed before it is loaded."""

    on: Listening
    origin: str
    secret: str
    head: str = ""
    tags: str = ""
    policy: str = ""

    def tag(self, attributes: str = "") -> str:
        return f'<script src="{self.on.address}/widget.js" data-key="{self.secret}" {attributes} async></script>'

    def html(self) -> bytes:
        body = f"<body><main><h1>Intranet</h1><p id='theirs'>News</p></main>{self.tags or self.tag()}</body>"
        return f"<!doctype html><html lang='en'><head><title>Intranet</title>{self.head}</head>{body}</html>".encode()


@contextmanager
def site(place: Path, default: Reply | None = None, groups: tuple[str, ...] = ("everyone",)) -> Generator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if made.policy:
                self.send_header("Content-Security-Policy", made.policy)
            self.end_headers()
            self.wfile.write(made.html() if self.path == "/" else b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    origin = f"http://127.0.0.1:{server.server_port}"
    with listening(place, default=default, said=default is not None, streams={"grace": 0.1}) as on:
        create_owner(on.app, "olga", "correct horse battery staple")
        make_live(on.app)
        _, secret = add_widget_key(on.app, ADMINISTRATOR, "intranet", origins=[origin], groups=groups)
        made = Site(on, origin, secret)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def page_of(browser: Browser, site: Site, *, opened: bool = True, complains: bool = False, **context: Any) -> Generator[Page]:
    """The page, loaded. Whatever it complains of fails the test."""
    with browser.new_context(**context) as visit:
        page = visit.new_page()
        page.set_default_timeout(15_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda told: wrong.append(told.text) if told.type == "error" and "favicon" not in told.location["url"] else None,
        )
        if opened:
            page.add_init_script(OPENED)
        page.goto(site.origin)
        page.locator("firmground-ask").wait_for(state="attached")
        yield page
        assert bool(wrong) == complains, wrong


def ask(page: Page, question: str = QUESTION) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def open_and_ask(page: Page) -> None:
    page.get_by_role("button", name="Ask our documents").click()
    ask(page)
    page.get_by_role("button", name="This helped").wait_for()
