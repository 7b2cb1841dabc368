"""Looking at answers as people do: by keyboard, without scripts, and as who asked and waits."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from listening import QUESTION, Listening, listening
from playwright.sync_api import Page, expect
from reviewed import held, wanted
from test_accessible import SCREENS, faults

from firmground.app.reviewing import acting
from firmground.reviews import ReviewItem
from firmground.types import Actor

REVIEWER = Actor(person="rita", role="reviewer", groups=frozenset({"public", "everyone"}))
SIX = "Every employee may carry over six vacation days into the next year. [1]"
AT_AN_ITEM = re.compile("/reviews/[0-9a-f-]{36}")


@pytest.fixture
def site(tmp_path: Path) -> Generator[Listening]:
    with listening(tmp_path, said=False) as site:
        yield site


def state(site: Listening, item: ReviewItem) -> ReviewItem:
    with site.app.database.reading() as tx:
        found = tx.item(item.id)
    assert found is not None
    return found


def presses(page: Page, *keys: str) -> int:
    page.wait_for_load_state()  # Keys mean something once the page's script is there.
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def test_an_item_takes_three_presses_from_the_queue_and_two_from_then_on(site: Listening, opened: Any) -> None:
    items = [held(site.app), wanted(site.app, "May I book a train?"), wanted(site.app, "Who asks the manager?")]
    page = opened(site, "/reviews", reduced_motion="reduce")
    count = presses(page, "n")
    expect(page).to_have_url(re.compile(items[0].id))
    count += presses(page, "a")
    expect(page.locator("#do")).to_be_focused()
    count += presses(page, "Enter")
    expect(page).to_have_url(re.compile(f"{items[1].id}.done=approve"))
    assert count <= 3
    expect(page.locator("#question")).to_be_focused()
    assert presses(page, "a") + presses(page, "Enter") == 2
    expect(page).to_have_url(re.compile(f"{items[2].id}.done=approve"))
    assert [state(site, each).outcome for each in items] == ["approved", "approved", None]


def test_sentences_are_walked_through_and_marked_by_keys_and_an_edit_is_written_and_sent(site: Listening, opened: Any) -> None:
    item = held(site.app)
    page = opened(site, f"/reviews/{item.id}")
    presses(page, "j", "x")
    expect(page.locator("[data-sentence='0']")).to_be_focused()
    expect(page.locator("#mark-0-wrong")).to_be_checked()
    presses(page, "x", "x")
    expect(page.locator("#mark-0-wrong")).to_be_checked()
    presses(page, "e")
    expect(page.locator("#text")).to_be_focused()
    page.fill("#text", SIX)
    presses(page, "Control+Enter")
    expect(page).to_have_url(re.compile("done=edit"))
    page.goto(f"/reviews/{item.id}")
    expect(page.locator(".changed del").first).to_have_text("five")
    expect(page.locator(".changed ins").first).to_have_text("six")


@pytest.mark.parametrize(("key", "field"), [("r", "reason"), ("f", "reason"), ("e", "text"), ("a", "do")])
def test_each_decision_puts_the_focus_where_it_goes_on(site: Listening, opened: Any, key: str, field: str) -> None:
    page = opened(site, f"/reviews/{held(site.app).id}")
    presses(page, key)
    expect(page.locator(f"#{field}")).to_be_focused()


def test_the_keys_are_listed_and_g_gives_back_what_was_taken(site: Listening, opened: Any) -> None:
    item = held(site.app)
    page = opened(site, f"/reviews/{item.id}")
    presses(page, "t")
    expect(page.locator(".holding")).to_contain_text("You have it until")
    presses(page, "?")
    for told in (
        "Approve",
        "Edit",
        "Reject",
        "Flag",
        "Give it back",
        "Take the next one",
        "Next sentence",
        "Mark the sentence as wrong",
    ):
        expect(page.locator("#shortcuts dl")).to_contain_text(told)
    presses(page, "Escape", "g")
    expect(page).to_have_url(re.compile("/reviews.done=give_back"))
    assert state(site, item).holder == ""


def test_the_queue_is_walked_through_by_keys(site: Listening, opened: Any) -> None:
    first, second = held(site.app), wanted(site.app, "May I book a train?")
    page = opened(site, "/reviews")
    presses(page, "j")
    expect(page.locator(f"#question-{first.id}")).to_be_focused()
    presses(page, "j", "x")
    expect(page.locator(f"[name='item-{second.id}']")).to_be_checked()
    presses(page, "k", "Enter")
    expect(page).to_have_url(re.compile(first.id))


def test_what_is_refused_is_read_first_and_what_was_typed_is_there(site: Listening, opened: Any) -> None:
    item = held(site.app)
    page = opened(site, f"/reviews/{item.id}", tolerate=("status of 409",))
    presses(page, "e")
    page.fill("#text", SIX)
    acting.claim(site.app, REVIEWER, item.id, revision=1)
    presses(page, "Control+Enter")
    expect(page.locator("#wrong")).to_be_focused()
    expect(page.locator("#wrong")).to_contain_text("look at it again")
    expect(page.locator(".holding")).to_contain_text("rita has it until")


def test_without_scripts_an_answer_is_taken_edited_and_rejected(site: Listening, opened: Any) -> None:
    first, second = held(site.app), wanted(site.app, "May I book a train?")
    page = opened(site, "/reviews", java_script_enabled=False)
    page.get_by_role("button", name="Take the next one").click()
    expect(page).to_have_url(re.compile(first.id))
    page.locator("label[for=act-edit]").click()
    page.fill("#text", SIX)
    page.locator("#do").click()
    expect(page).to_have_url(re.compile(f"{second.id}.done=edit"))
    page.locator("label[for=mark-0-wrong]").click()
    page.locator("label[for=act-reject]").click()
    page.select_option("#reason", "outdated")
    page.locator("#do").click()
    expect(page.locator("main")).to_contain_text("Rejected. Nothing else waits for you.")
    assert (state(site, first).outcome, state(site, second).outcome) == ("edited", "rejected")


def test_who_asked_sees_that_a_person_looks_and_reads_what_came_of_it_without_reloading(site: Listening, opened: Any) -> None:
    item = held(site.app, asker=site.served.local_actor)
    page = opened(site, f"/answers/{item.answer}")
    page.clock.install()
    page.reload()
    expect(page.locator(".checked")).to_contain_text("A person is checking this")
    expect(page.locator(".checked")).to_contain_text("Expected by")
    page.fill("#follow", "What I am just writing")
    acting.edit(site.app, REVIEWER, item.id, revision=1, text=SIX)
    page.clock.run_for(20_000)
    expect(page.locator(".checked")).to_contain_text("A person looked at this and corrected it")
    expect(page.locator(".said")).to_contain_text("six vacation days")
    expect(page.locator("body > [data-announcer]")).to_contain_text("What became of it")
    expect(page.locator("#follow")).to_have_value("What I am just writing")


def test_who_asked_reads_after_a_reload_what_came_of_it_too(site: Listening, opened: Any) -> None:
    item = held(site.app, asker=site.served.local_actor)
    page = opened(site, f"/answers/{item.answer}", java_script_enabled=False)
    expect(page.locator(".checked")).to_contain_text("A person is checking this")
    acting.reject(site.app, REVIEWER, item.id, revision=1, reason="outdated", note="Ask again in May.")
    page.reload()
    expect(page.locator(".checked")).to_contain_text("rejected it")
    expect(page.locator(".said")).to_contain_text("Ask again in May.")


def test_a_streamed_answer_that_a_rule_holds_is_a_draft_and_never_shows_its_words(tmp_path: Path, opened: Any) -> None:
    with listening(tmp_path, said=False, rules=[{"name": "look first", "then": "hold"}]) as site:
        page = opened(site, reduced_motion="reduce")
        page.clock.install()
        page.fill("#question", QUESTION)
        presses(page, "Enter")
        expect(page.locator("#state")).to_contain_text("Draft")
        expect(page.locator(".checked")).to_contain_text("A person is checking this")
        expect(page.locator("#talk")).not_to_contain_text("five vacation days")
        item = acting.claim_next(site.app, REVIEWER)
        assert item is not None
        acting.approve(site.app, REVIEWER, item.id, revision=item.revision)
        page.clock.run_for(20_000)
        expect(page.locator(".said")).to_contain_text("five vacation days")
        expect(page.locator(".checked")).to_contain_text("found it right")
        expect(page.locator("#source-1")).to_be_visible()


def test_an_answer_is_challenged_by_keyboard_and_the_page_says_so_at_once(site: Listening, opened: Any) -> None:
    answer = site.ask().json()
    page = opened(site, f"/answers/{answer['id']}")
    page.locator("#act-challenge").focus()
    presses(page, "Enter")
    page.select_option("#challenge-reason", "outdated")
    page.fill("#challenge-note", "It is six days since May.")
    page.locator("details[open] button").click()
    expect(page.locator(".checked")).to_contain_text("A person looks at this answer")
    expect(page.locator("#act-person")).to_be_focused()
    [item] = acting_items(site, answer["id"])
    assert [(cause.kind, cause.name) for cause in item.causes] == [("challenge", "outdated")]
    page.get_by_role("link", name="My questions").click()
    expect(page.locator(".questions")).to_contain_text("with a person")
    page.get_by_role("link", name="Looked at by a person").click()
    expect(page.locator("main")).to_contain_text("No person looked at an answer of yours so far.")


def acting_items(site: Listening, answer: str) -> list[ReviewItem]:
    with site.app.database.reading() as tx:
        return tx.items_of([answer])


@pytest.mark.parametrize("screen", SCREENS)
def test_no_state_of_a_review_shuts_anybody_out(site: Listening, opened: Any, screen: str) -> None:
    items = [
        held(site.app),
        wanted(site.app, "May I book a train?"),
        wanted(site.app, "Who owns the moon rocket?", cause="challenge"),
    ]
    own = held(site.app, asker=site.served.local_actor)
    acting.edit(site.app, REVIEWER, items[1].id, revision=1, text="Yes, in second class.", note="Said at last.")
    places = [
        "/reviews",
        "/reviews?view=done",
        "/reviews/insight",
        *(f"/reviews/{each.id}" for each in items),
        f"/answers/{own.answer}",
        "/me",
    ]
    page = opened(site, "/", reduced_motion="reduce", **SCREENS[screen])
    for place in places:
        page.goto(place)
        page.evaluate("for (const each of document.querySelectorAll('main details:not([name])')) each.open = true")
        if page.locator("#act-edit").count():
            page.locator("label[for=act-edit]").click()
        assert faults(page) == [], place
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
            f"{place} scrolls sideways"
        )
