"""Somebody signs in with a provider in a real browser, and out again."""

import asyncio
import re
import signal
from collections.abc import Generator
from pathlib import Path
from threading import Event, Thread

import pytest
from inside import PASSWORD, with_account, with_owner
from playwright.sync_api import Browser, Page, expect

from firmground.settings import Settings
from firmground.testing.app import Bench
from firmground.testing.provider import LocalProvider
from firmground.web.application import application
from firmground.web.served import Served
from firmground.web.server import Server, listen


@pytest.fixture
def provider() -> Generator[LocalProvider]:
    with LocalProvider() as provider:
        yield provider


@pytest.fixture
def address(tmp_path: Path, provider: LocalProvider) -> Generator[str]:
    """Of a site that ada owns and cleo has an account on."""
    socket, ready = listen("127.0.0.1", 0), Event()
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    oidc = {"issuer": provider.issuer, "client_id": provider.client_id, "name": "Corporate ID"}
    bench = Bench(tmp_path, settings=Settings.model_validate({"serve": {"url": address}, "oidc": oidc}))
    provider.clock = lambda: bench.clock.now
    with bench.app() as app:
        served = Served(app)
        with_owner(served)
        with_account(served, "cleo")
        server = Server(application(served), served, lambda _: ready.set())
        thread = Thread(target=lambda: asyncio.run(server.serve(sockets=[socket])))
        thread.start()
        assert ready.wait(60)
        yield address
        server.handle_exit(signal.SIGTERM, None)
        thread.join()
        served.close()
        socket.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Generator[Page]:
    """One that tells of what the browser forbade."""
    wrong: list[str] = []
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert [each for each in wrong if "status of 4" not in each] == []


def test_who_signs_in_with_the_provider_comes_to_where_they_wanted_and_out_again(page: Page):
    page.goto("/me")
    page.get_by_role("link", name="Sign in with Corporate ID").press("Enter")
    expect(page).to_have_url(re.compile("/me$"))
    expect(page.locator("summary")).to_contain_text("ben")
    page.locator("summary").filter(has_text="ben").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login"))
    page.go_back()
    page.reload()
    expect(page).to_have_url(re.compile("/login"))


def test_who_is_refused_is_told_so_in_one_line_and_may_try_again(page: Page, provider: LocalProvider):
    provider.token["aud"] = "somebody else"
    page.goto("/login")
    page.get_by_role("link", name="Sign in with Corporate ID").click()
    expect(page.get_by_role("alert")).to_contain_text("meant for somebody else")
    provider.token.clear()
    page.get_by_role("link", name="Sign in with Corporate ID").click()
    expect(page.locator("summary")).to_contain_text("ben")


def test_an_account_is_connected_by_the_one_who_has_it(page: Page):
    page.goto("/login")
    page.get_by_label("Name").fill("cleo")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/account")
    page.get_by_role("link", name="Sign in with Corporate ID").click()
    page.get_by_role("button", name="Connect with Corporate ID").click()
    page.get_by_role("link", name="Continue to Corporate ID").click()
    expect(page).to_have_url(re.compile("/account/identity$"))
    expect(page.locator("main")).to_contain_text("subject-1")
    page.locator("summary").filter(has_text="cleo").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in with Corporate ID").click()
    expect(page.locator("summary")).to_contain_text("cleo")
