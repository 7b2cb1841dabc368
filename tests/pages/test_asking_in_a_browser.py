"""Asking as people do: with the keyboard, without scripts, with a connection that breaks, with documents that mean harm."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from listening import QUESTION, SAID, Listening, until
from playwright.sync_api import Route, expect

from firmground.testing.model_server import Reply

TWO = [
    {"text": "Every employee may carry over five vacation days into the next year.", "citations": [1]},
    {"text": "Train tickets in second class are refunded without asking anybody before.", "citations": [2]},
]
SLOW = Reply(json_text={"answerable": True, "sentences": TWO}, delay=0.05)
ENDLESS = Reply(say="Every employee may carry over five vacation days [1]. ", endless=True, delay=0.02)
FIVE = re.compile("five vacation days")


def test_the_whole_way_by_keyboard_alone(quotes: Listening, opened: Any) -> None:
    page = opened(quotes, reduced_motion="reduce")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("section.answer")).to_contain_text(FIVE)
    expect(page).to_have_url(re.compile("/answers/[0-9a-f-]{36}$"))
    chip = page.locator(".said a.ref").first
    chip.focus()
    page.keyboard.press("Enter")
    panel = page.locator("dialog#evidence")
    expect(panel).to_be_visible()
    expect(panel.locator("mark")).to_contain_text(FIVE)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(chip).to_be_focused()
    page.locator("#act-up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#act-up")).to_have_attribute("aria-pressed", "true")
    page.locator("main").press("/")
    page.keyboard.type("And train tickets?")
    page.keyboard.press("Enter")
    expect(page.locator("h1").last).to_contain_text("And train tickets?")
    expect(page.locator("section.answer").last).not_to_contain_text("being made")


def test_what_is_said_meanwhile_is_heard(written: Callable[..., Listening], opened: Any) -> None:
    page = opened(written(default=SLOW))
    ended: list[Route] = []

    def end(route: Route) -> None:
        """What is said meanwhile is there until this is answered."""
        ended.append(route)

    page.route(re.compile("part=answer"), end)
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    live = page.locator("[aria-live=polite][data-said]")
    expect(live).to_contain_text(FIVE)
    page.unroute_all()
    for route in ended:
        route.continue_()
    expect(page.locator("[data-making]")).to_have_count(0)
    expect(page.locator("section.answer .said")).to_contain_text("five vacation days")
    expect(page.locator("body > [data-announcer]")).to_contain_text("The answer is there")


def test_without_scripts_a_question_is_answered_and_its_quote_found(quotes: Listening, opened: Any) -> None:
    page = opened(quotes, java_script_enabled=False)
    page.fill("#question", QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page).to_have_url(re.compile("/answers/"))
    expect(page.locator("section.answer")).to_contain_text(FIVE)
    page.locator(".said a.ref").first.click()
    expect(page.locator("#source-1, :target").first).to_be_visible()
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(page.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "true")
    page.reload()
    assert len(quotes.client.get("/api/v1/answers").json()["answers"]) >= 1


def test_an_answer_survives_refresh_back_and_forward_while_it_is_made(written: Callable[..., Listening], opened: Any) -> None:
    site = written(default=Reply(delay=0.15, pieces="token"))
    page = opened(site)
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/answers/"))
    page.reload()
    page.go_back()
    expect(page.locator("#question")).to_be_visible()
    page.go_forward()
    expect(page.locator("section.answer .said")).to_contain_text(SAID)
    expect(page.locator("[data-making]")).to_have_count(0)
    assert len(site.client.get("/api/v1/answers").json()["answers"]) == 1


def test_who_stops_is_told_and_nothing_goes_on(written: Callable[..., Listening], opened: Any) -> None:
    site = written(ENDLESS)
    page = opened(site, tolerate=("ERR_ABORTED",))
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_contain_text(FIVE)
    page.get_by_role("button", name=re.compile("Stop")).click()
    expect(page.locator("body > [data-announcer]")).to_contain_text("Stopped")
    expect(page.locator("#question")).to_have_value(QUESTION)
    until(lambda: not any(not stream.over for stream in site.served.streams._streams.values()))
    assert site.client.get("/api/v1/answers").json()["answers"] == []


def test_a_connection_that_breaks_is_told_and_taken_up_again(written: Callable[..., Listening], opened: Any) -> None:
    site = written(default=Reply(delay=0.1, pieces="token"))
    page = opened(site, tolerate=("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK", "Failed to load resource"))
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/answers/"))
    page.context.set_offline(True)
    page.wait_for_timeout(300)
    page.context.set_offline(False)
    expect(page.locator("section.answer .said")).to_contain_text(SAID, timeout=30_000)


def test_a_question_asked_without_a_connection_is_answered_once_when_it_is_back(quotes: Listening, opened: Any) -> None:
    page = opened(quotes, tolerate=("ERR_", "Failed to load resource"))
    before = len(quotes.client.get("/api/v1/answers").json()["answers"])
    page.context.set_offline(True)
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("The connection broke. Trying again")
    page.context.set_offline(False)
    expect(page.locator("article[data-answer]")).to_contain_text(FIVE)  # Whole, so it is kept.
    assert len(quotes.client.get("/api/v1/answers").json()["answers"]) == before + 1


def test_a_connection_that_is_back_is_used_at_once(quotes: Listening, opened: Any) -> None:
    page = opened(quotes, tolerate=("ERR_", "Failed to load resource"))
    page.clock.install()
    page.reload()
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # From here on no pause of the page ends by itself.
    page.context.set_offline(True)
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("The connection broke. Trying again")
    page.context.set_offline(False)
    expect(page.locator("section.answer .said")).to_contain_text(FIVE)


def test_what_documents_and_questions_say_is_text(written: Callable[..., Listening], opened: Any, tmp_path: Path) -> None:
    evil = '<img src=x onerror="window.hurt=1"> <script>window.hurt=1</script> five vacation days [1].'
    site = written(default=Reply(say=evil, delay=0.01))
    page = opened(site)
    for question in (QUESTION + " <script>window.hurt=1</script>", "<img src=x onerror='window.hurt=1'> vacation days?"):
        page.goto("/")
        page.fill("#question", question)
        page.keyboard.press("Enter")
        expect(page.locator("section.answer")).not_to_contain_text("being made")
        expect(page).to_have_url(re.compile("/answers/"))
        page.reload()
        expect(page.locator("h1").last).to_contain_text(question)
        assert page.evaluate("window.hurt") is None
    page.goto("/me")
    assert page.evaluate("window.hurt") is None


def test_the_pages_speak_german_to_those_who_do(quotes: Listening, opened: Any) -> None:
    page = opened(quotes, locale="de-DE")
    assert page.locator("html").get_attribute("lang") == "de"
    expect(page.get_by_role("heading", level=1)).to_have_text("Fragen Sie Ihre Dokumente")
    page.goto("/documents")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dokumente")


def test_placeholders_are_told_in_words_while_an_answer_comes(quotes: Listening, opened: Any) -> None:
    page = opened(quotes)
    said = "Write to EMAIL_AB2CDEFGH7, not to MAX_CONNECTION. [1]"
    lines = [("status", {"status": "waiting", "id": "x"}), ("sentence", {"shown": said, "citations": [1]})]
    body = "".join(f"id: {n}\nevent: {kind}\ndata: {json.dumps(data)}\n\n" for n, (kind, data) in enumerate(lines, 1))
    page.route("**/api/v1/answers**", lambda route: route.fulfill(body=body, headers={"Content-Type": "text/event-stream"}))
    page.route("**/api/v1/answers/**", lambda route: route.fulfill(body="", headers={"Content-Type": "text/event-stream"}))
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    live = page.locator("[data-said]")
    expect(live).to_have_text("Write to e-mail address, hidden FGH7, not to MAX_CONNECTION.1")
    expect(live.locator("span.masked")).to_have_attribute("title", "EMAIL_AB2CDEFGH7")
