"""Pages in a real browser. A page that logs an error, breaks its content policy or asks another host for something fails its test."""

import shutil
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from listening import Listening, listening
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from firmground.testing.model_server import Reply

expect.set_options(timeout=20_000)
"""Milliseconds. A machine that runs many tests at once is slow."""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "there is no Chromium: run tools/install-test-packages, or install one"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser) -> Generator[Open]:
    """Open a fresh context on a site, as `new_context` takes its options; what it does wrong is told at the end of the test."""
    wrong: list[str] = []
    with ExitStack() as contexts:

        def open_(site: Listening, path: str = "/", *, tolerate: tuple[str, ...] = (), **options: Any) -> Page:
            context: BrowserContext = contexts.enter_context(browser.new_context(base_url=site.address, **options))
            page = context.new_page()
            page.set_default_timeout(20_000)
            watch(page, site, wrong, tolerate)
            page.goto(path)
            return page

        yield open_
    assert wrong == []


def watch(page: Page, site: Listening, wrong: list[str], tolerate: tuple[str, ...]) -> None:
    def logged(message: Any) -> None:
        if message.type in {"error", "warning"} and not any(part in message.text for part in tolerate):
            wrong.append(f"{message.type}: {message.text}")

    def requested(request: Any) -> None:
        if urlsplit(request.url).netloc != urlsplit(site.address).netloc and not request.url.startswith(("data:", "blob:")):
            wrong.append(f"asked {request.url}")

    page.on("console", logged)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("request", requested)


@pytest.fixture(scope="module")
def quotes(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    """A site that answers in quotes."""
    with listening(tmp_path_factory.mktemp("quotes"), said=False) as site:
        yield site


@pytest.fixture
def written(tmp_path: Path) -> Generator[Callable[..., Listening]]:
    """Make a site on which a scripted model writes."""
    with ExitStack() as sites:

        def made(*replies: Reply, **more: Any) -> Listening:
            return sites.enter_context(listening(tmp_path, *replies, **more))

        yield made
