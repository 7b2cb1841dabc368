"""Pinned answers, and corrections that cite what was found: by keyboard, on a phone, in both languages."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from listening import Listening, listening
from playwright.sync_api import expect
from reviewed import QUESTION, wanted
from test_accessible import SCREENS, faults

from firmground.app.reviewing import acting, sources
from firmground.app.teaching import pins
from firmground.reviews import ReviewItem
from firmground.testing.app import ADMINISTRATOR
from firmground.types import Actor

REVIEWER = Actor(person="rita", role="reviewer", groups=frozenset({"public", "everyone"}))
LONG = "Who signs the Donaudampfschifffahrtsgesellschaftskapitänspatentverlängerungsantragsformular?"
MANY = {f"leave-{n}.md": f"# Leave {n}\n\nIn the year {n} I may carry over {n} vacation days.\n" for n in range(1, 12)}
BADGES = {
    "visitors.md": "# Visitors\n\nVisitors wear a green badge.\n",
    "forms.md": f"# Forms\n\nThe director signs it. {LONG}\n",
}


@pytest.fixture
def site(tmp_path: Path) -> Generator[Listening]:
    with listening(tmp_path, said=False, documents=MANY | BADGES) as site:
        yield site


def approved(site: Listening, question: str = QUESTION) -> ReviewItem:
    item = wanted(site.app, question)
    return acting.approve(site.app, REVIEWER, item.id, revision=item.revision, note="It holds for everybody.")


def pinned(site: Listening) -> None:
    """One that is given, one that waits, one that is retired."""
    given, waiting, over = (
        pins.add(site.app, ADMINISTRATOR, approved(site, each).answer) for each in (QUESTION, LONG, "Who wears a badge?")
    )
    pins.retire(site.app, ADMINISTRATOR, over.id)
    assert given.state == "active"
    with site.app.database.transaction() as tx:
        tx.save_pin(waiting.model_copy(update={"state": "waiting"}))


def test_an_approved_answer_is_pinned_and_retired_by_keyboard(site: Listening, opened: Any) -> None:
    page = opened(site, f"/reviews/{approved(site).id}")
    page.get_by_role("button", name="Pin it to its question").press("Enter")
    expect(page.locator(".notice.good")).to_contain_text("Pinned, version 1")
    retire = page.get_by_role("button", name="Retire")
    expect(retire).to_have_accessible_name(f"Retire {QUESTION}")
    retire.press("Enter")
    expect(page.locator(".notice.good")).to_contain_text("Retired")
    expect(page.get_by_role("button", name="Retire")).to_have_count(0)


@pytest.mark.parametrize("screen", SCREENS)
def test_no_state_of_a_pin_shuts_anybody_out(site: Listening, opened: Any, screen: str) -> None:
    pinned(site)
    page = opened(site, "/pins", reduced_motion="reduce", **SCREENS[screen])
    assert page.locator("main li form").count() == 2
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways"


def test_a_pin_whose_answer_is_gone_leads_nowhere(site: Listening, opened: Any) -> None:
    item = approved(site)
    pins.add(site.app, ADMINISTRATOR, item.answer)
    with site.app.database.transaction() as tx:
        tx.drop_traces([item.answer])
    page = opened(site, "/pins")
    expect(page.get_by_text(QUESTION).first).to_be_visible()
    assert page.locator("main li a").count() == 0


def test_a_passage_is_found_and_cited_without_losing_what_was_typed(site: Listening, opened: Any) -> None:
    item = wanted(site.app)
    page = opened(site, f"/reviews/{item.id}")
    page.wait_for_load_state()
    page.keyboard.press("e")
    page.fill("#text", "Visitors wear a green badge.")
    page.fill("#find", "green badge")
    page.press("#find", "Enter")
    found = page.locator("#found li", has_text="Visitors wear a green badge.")
    expect(found).to_be_visible()
    expect(page.locator("#find")).to_be_focused()
    number = found.locator(".ref").first.inner_text()
    page.fill("#find", "who signs forms")
    page.press("#find", "Enter")
    expect(page.locator("#found li", has_text="The director")).to_be_visible()
    expect(found.locator(".ref").first).to_have_text(number)
    expect(page.locator("#text")).to_have_value("Visitors wear a green badge.")
    page.fill("#text", f"Visitors wear a green badge. [{number}]")
    page.press("#text", "Control+Enter")
    expect(page).to_have_url(re.compile("done=edit"))
    with site.app.database.reading() as tx:
        wrote = tx.acts([item.id])[item.id][-1].wrote
    assert wrote is not None
    assert [each.uri for each in wrote.citations] == ["docs/visitors.md"]
    assert sources.find(site.app, REVIEWER, item.id, "green badge")


def test_without_scripts_a_passage_is_found_and_cited_and_what_was_typed_stays(site: Listening, opened: Any) -> None:
    item = wanted(site.app)
    page = opened(site, f"/reviews/{item.id}", java_script_enabled=False)
    page.fill("#find", "green badge")
    page.press("#find", "Enter")
    expect(page.locator("#find")).to_have_value("green badge\n")  # Nothing was sent.
    page.locator("#seek").click()
    expect(page).to_have_url(re.compile("#found$"))
    page.locator("label[for=act-edit]").click()
    page.locator("label[for=mark-0-wrong]").click()
    page.fill("#text", "<b>Visitors</b> wear a green badge.")
    page.fill("#note", "Since May & June")
    page.select_option("#reason", "outdated")
    found = page.locator("#found li", has_text="Visitors wear a green badge.")
    number = found.locator(".ref").first.inner_text()
    page.fill("#find", "who signs forms")
    page.locator("#seek").click()
    expect(page.locator("#found li", has_text="The director")).to_be_visible()
    expect(found.locator(".ref").first).to_have_text(number)
    expect(page.locator("#find")).to_have_value("who signs forms")
    expect(page.locator("#text")).to_have_value("<b>Visitors</b> wear a green badge.")
    expect(page.locator("#note")).to_have_value("Since May & June")
    expect(page.locator("#reason")).to_have_value("outdated")
    expect(page.locator("#act-edit")).to_be_checked()
    expect(page.locator("#mark-0-wrong")).to_be_checked()
    page.fill("#text", f"Visitors wear a green badge. [{number}]")
    page.locator("#do").click()
    expect(page).to_have_url(re.compile("done=edit"))
    with site.app.database.reading() as tx:
        act = tx.acts([item.id])[item.id][-1]
    assert act.wrote is not None
    assert [each.uri for each in act.wrote.citations] == ["docs/visitors.md"]
    assert (act.note, act.reason, act.marks) == ("Since May & June", "outdated", {0: "wrong"})


@pytest.mark.parametrize("screen", ["dark", "phone"])
def test_what_was_found_shuts_nobody_out(site: Listening, opened: Any, screen: str) -> None:
    page = opened(site, f"/reviews/{wanted(site.app).id}", reduced_motion="reduce", **SCREENS[screen])
    page.wait_for_load_state()
    page.fill("#find", "green badge")
    page.locator("#seek").click()
    expect(page.locator("#found li").first).to_be_visible()
    for act in ("approve", "edit", "flag"):
        page.locator(f"label[for=act-{act}]").click()
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways"
    expect(page.locator("label[for=note] span:visible")).to_have_count(1)


def test_who_asked_for_a_person_says_never_mind_beside_the_notice(site: Listening, opened: Any) -> None:
    address = f"/answers/{wanted(site.app, asker=site.served.local_actor).answer}"
    page = opened(site, address)
    page.get_by_role("button", name="Never mind").press("Enter")
    expect(page.get_by_role("button", name="Never mind")).to_have_count(0)
