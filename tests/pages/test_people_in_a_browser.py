"""People sign in, share what they were told, and see no more than they may."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from inside import PASSWORD, with_account, with_owner
from listening import QUESTION, Listening, listening
from playwright.sync_api import Page, expect

from firmground.app.corpus.sync import sync
from firmground.testing.app import ADMINISTRATOR


@pytest.fixture
def site(tmp_path: Path) -> Generator[Listening]:
    """Leave is for the crew alone; ada owns the place, ben and cleo are crew, dora is not."""
    with listening(tmp_path, said=False) as on:
        on.app.sources["docs"].file_groups["leave.md"] = ("crew",)
        sync(on.app, ADMINISTRATOR)
        with_owner(on.served)
        for name, groups in (("ben", ("crew",)), ("cleo", ("crew",)), ("dora", ())):
            with_account(on.served, name, groups=groups)
        yield on


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_who_signs_in_comes_to_where_they_wanted_and_who_signs_out_is_gone(site: Listening, opened: Any) -> None:
    page = opened(site, "/me", tolerate=("status of 4",))
    expect(page).to_have_url(re.compile("/login"))
    sign_in(page, "ben", "wrong horse battery")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page, "ben")
    expect(page).to_have_url(re.compile("/me$"))
    page.locator("summary").filter(has_text="ben").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login"))
    page.go_back()
    page.reload()
    expect(page).to_have_url(re.compile("/login"))


def test_a_shared_answer_is_seen_by_those_who_may_see_its_documents(site: Listening, opened: Any) -> None:
    page = opened(site, "/")
    sign_in(page, "ben")
    page.fill("#question", QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("section.answer")).to_contain_text("five vacation days")
    page.locator("#act-share").click()
    page.get_by_role("button", name="Share this answer").click()
    link = page.locator("#link")
    expect(link).to_be_visible()
    address = re.sub("^https?://[^/]+", "", link.input_value())

    for name, sees in (("cleo", True), ("dora", False)):
        other = opened(site, address, tolerate=("status of 404",))
        sign_in(other, name)
        expect(other.locator("main")).to_contain_text("five vacation days" if sees else "no answer")
        if not sees:
            assert "vacation" not in other.content()


def test_who_may_not_administer_is_offered_nothing_of_it(site: Listening, opened: Any) -> None:
    page = opened(site, "/documents")
    sign_in(page, "dora")
    expect(page.get_by_role("heading", level=1)).to_have_text("Documents")
    assert page.get_by_role("button", name="Sync now").count() == 0
    assert page.locator("#upload").count() == 0
    assert "Leave" not in page.content()


@pytest.mark.parametrize("path", ["/me", "/documents", "/people"])
def test_the_top_of_a_german_page_is_one_line_on_a_screen_of_1280_pixels(site: Listening, opened: Any, path: str) -> None:
    page = opened(site, "/login?lang=de", viewport={"width": 1280, "height": 800}, locale="de-DE")
    page.locator("input[name=name]").fill("ada")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").first.click()
    expect(page.locator("header.top .menu")).to_be_visible()
    page.goto(path)
    middles = page.locator("header.top > *").evaluate_all(
        "(parts) => parts.map((each) => each.getBoundingClientRect()).map((box) => (box.top + box.bottom) / 2)"
    )
    assert max(middles) - min(middles) < 10
    tops = page.locator("header.top nav a").evaluate_all("(links) => links.map((each) => each.offsetTop)")
    assert len(set(tops)) == 1
