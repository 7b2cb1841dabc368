"""A page tells how its answer is used only where the reader agreed."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from inside import PASSWORD, with_account, with_owner
from listening import QUESTION, Listening, listening
from playwright.sync_api import Page, expect


@pytest.fixture
def site(tmp_path: Path) -> Generator[Listening]:
    with listening(tmp_path, said=False) as on:
        with_owner(on.served)
        with_account(on.served, "ben")
        yield on


def asked(opened: Any, site: Listening, *, agrees: bool) -> Page:
    """Ben's page of an answer."""
    page = opened(site, "/me", tolerate=("status of 4",))
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/me$"))
    if agrees:
        page.get_by_role("button", name="Note it").click()
        expect(page.get_by_text("It is noted.")).to_be_visible()
    page.goto("/")
    page.fill("#question", QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("section.answer")).to_contain_text("five vacation days")
    expect(page.locator("[data-making]")).to_have_count(0)
    return page


def kinds(site: Listening) -> list[str]:
    with site.app.database.reading() as tx:
        ids = [trace.answer.id for trace in tx.traces(person="ben")]
        return sorted(sign.kind for signs in tx.signals(ids).values() for sign in signs)


def test_copying_an_answer_and_opening_a_source_are_noted_of_who_agreed(site: Listening, opened: Any) -> None:
    page = asked(opened, site, agrees=True)
    with page.expect_response(lambda response: response.url.endswith("/signals")):
        page.locator(".said [data-cite]").first.click()
    with page.expect_response(lambda response: response.url.endswith("/signals")):
        page.evaluate("""() => {
            document.getSelection().selectAllChildren(document.querySelector("section.answer .said"));
            document.querySelector("section.answer .said").dispatchEvent(new ClipboardEvent("copy", { bubbles: true }));
        }""")
    assert kinds(site) == ["copied", "source_opened"]


def test_nothing_is_sent_of_who_did_not_agree(site: Listening, opened: Any) -> None:
    page = asked(opened, site, agrees=False)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.locator(".said [data-cite]").first.click()
    expect(page.locator("#evidence")).to_be_visible()
    page.goto("/me")
    assert [url for url in sent if "/signals" in url] == []
    assert kinds(site) == []
