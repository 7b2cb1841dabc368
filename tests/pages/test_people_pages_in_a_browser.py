"""The pages about people, groups, keys, budgets and sessions in a browser: without fault for axe-core, by keyboard, and with a script."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from inside import PASSWORD, with_account, with_owner
from listening import Listening, listening
from playwright.sync_api import Page, expect
from test_accessible import SCREENS, faults

from firmground.app.access import keys
from firmground.app.spending import budgets
from firmground.testing.app import ADMINISTRATOR
from firmground.usage import Booking, Limits, Taken

LONG = "n" * 200
RIGHT_TO_LEFT = "\u05d0\u05d1\u05d2\u05d3"
PLACES = [
    "/people",
    f"/people/of/{LONG}",
    "/people/of/ben",
    "/groups",
    "/groups/of/crew",
    "/keys",
    "/budgets",
    "/sessions",
    "/account",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    """Ada owns it; ben nearly spent what he may, and has a key."""
    with listening(tmp_path_factory.mktemp("site"), said=False) as on:
        with_owner(on.served)
        for name in ("ben", LONG, RIGHT_TO_LEFT):
            with_account(on.served, name, groups=("crew",))
        keys.add_key(on.app, ADMINISTRATOR, "nightly", person="ben", days=30, scopes=["ask"])
        keys.add_widget_key(on.app, ADMINISTRATOR, "site", origins=["https://intranet.example.org"], groups=["crew"])
        budgets.set_limits(on.app, ADMINISTRATOR, "person", "ben", Limits(answers_a_day=10, usd_a_day=1))
        day = f"{on.app.clock():%Y-%m-%d}"
        with on.app.database.transaction() as tx:
            tx.book(Booking(day, "ben", "nightly", "1", "http", {"large": Taken(answers=9, input_tokens=9, usd=2.5, unpriced=1)}))
        yield on


@pytest.fixture(scope="module")
def cookies(site: Listening, browser: Any) -> dict[str, Any]:
    """What a browser keeps that ada is signed in with."""
    context = browser.new_context(base_url=site.address)
    sign_in(context.new_page(), "ada", "/login")
    kept = context.storage_state()
    context.close()
    return kept


def sign_in(page: Page, name: str, path: str = "") -> None:
    if path:
        page.goto(path)
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").first.click()
    expect(page.locator("header.top .menu")).to_be_visible()


@pytest.mark.parametrize("screen", ["dark", "phone"])
def test_no_page_about_people_shuts_anybody_out(site: Listening, opened: Any, cookies: Any, screen: str) -> None:
    page = opened(site, "/account", storage_state=cookies, reduced_motion="reduce", **SCREENS[screen])
    for place in PLACES:
        answered = page.goto(place)
        assert (answered.status, place) == (200, place)
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        assert faults(page) == [], place
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), f"{place} sideways"


def test_a_key_that_is_shown_once_is_copied_by_a_button(site: Listening, opened: Any, cookies: Any) -> None:
    page = opened(site, "/keys", storage_state=cookies, permissions=["clipboard-read", "clipboard-write"])
    page.locator("#add-form > summary").click()
    page.locator("#key-name").fill("by hand")
    expect(page.locator("#scope-ask")).to_be_checked()
    page.get_by_role("button", name="Make a key", exact=True).click()
    secret = page.locator("#once").input_value()
    assert secret.startswith("fg_")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("[data-announcer]")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert faults(page) == []


def test_without_scripts_people_are_found_changed_and_removed_by_keyboard(site: Listening, opened: Any, cookies: Any) -> None:
    with_account(site.served, "cleo")
    page = opened(site, "/people", storage_state=cookies, java_script_enabled=False)
    page.locator("#search").press_sequentially("CLE")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="cleo").press("Enter")
    page.locator("#set-role-form > summary").press("Enter")
    page.locator("#role-auditor").press("Space")
    page.get_by_role("button", name="Change it").press("Enter")
    expect(page.get_by_role("status").filter(has_text="The role is changed.")).to_be_visible()
    expect(page.locator("h1 .badge")).to_contain_text("Auditor")
    page.get_by_role("button", name="Remove this person").press("Enter")
    page.get_by_role("button", name="Remove this person").first.press("Enter")
    expect(page).to_have_url(re.compile(r"/people\?done=remove$"))
    assert "cleo" not in page.content()


def test_who_signs_out_everywhere_is_out_in_both_browsers(site: Listening, opened: Any) -> None:
    with_account(site.served, "dora")
    here, elsewhere = opened(site, "/login"), opened(site, "/login")
    for each in (here, elsewhere):
        sign_in(each, "dora")
    here.goto("/sessions")
    expect(here.locator("tbody tr")).to_have_count(2)
    expect(here.locator("tbody .badge")).to_contain_text(["this browser"])
    with here.expect_navigation():
        here.get_by_role("button", name="Sign out everywhere").click()
    for each in (here, elsewhere):
        each.goto("/account")
        expect(each.get_by_label("Password")).to_be_visible()
