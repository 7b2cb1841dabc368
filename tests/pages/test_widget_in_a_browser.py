"""The widget in a real browser, on a page of another site that is strict, hostile or both."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from listening import QUESTION, SAID, until
from other_site import Site, ask, open_and_ask, page_of, site
from playwright.sync_api import Browser, Page, Route, expect

from firmground.app.access.keys import add_widget_key, remove_key
from firmground.testing.app import ADMINISTRATOR
from firmground.testing.model_server import Reply
from firmground.types import Answer, AnswerStatus

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
HOSTILE_STYLE = """
* { color: red !important; font-size: 3px !important; text-transform: uppercase; }
body * { display: none !important; visibility: hidden !important; opacity: 0 !important; pointer-events: none !important; }
body * { transform: scale(0) !important; position: static !important; width: 1px !important; height: 1px !important; }
html { font-size: 4px; } button, .panel, .main { all: unset !important; } body { line-height: 9; letter-spacing: 1em; }
"""
HOSTILE_SCRIPT = """
Array.prototype.extra = () => 1; Object.prototype.toJSON = () => "broken"; Object.prototype.inherited = true;
addEventListener("load", () => setTimeout(() => {
  window.fetch = () => { throw new Error("theirs"); };
  window.JSON = null; Node.prototype.appendChild = null; document.createElement = null; document.createElementNS = null;
  Array.prototype.map = null; Array.prototype.forEach = null; window.setTimeout = null;
}, 300));
"""
AT_REST = """async () => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  await Promise.all(document.querySelector("firmground-ask").shadowRoot.getAnimations().map((each) => each.finished));
}"""
"""Until nothing of the widget moves."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    with site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def there(shared: Site) -> Site:
    """A page with the widget in it and nothing special."""
    shared.head = shared.tags = shared.policy = ""
    return shared


def test_it_opens_asks_cites_and_goes_on(browser: Browser, there: Site):
    with page_of(browser, there) as page:
        assert not page.get_by_role("dialog").is_visible()
        open_and_ask(page)
        assert page.get_by_text("Weakly supported").is_visible()
        said = page.locator(".said")
        assert said.text_content() == f"{SAID}1"
        page.get_by_role("button", name="Source 1").click()
        assert page.get_by_role("blockquote").text_content() == SAID
        link = page.get_by_role("link")
        address = link.get_attribute("href") or ""
        assert address.startswith(f"{there.on.address}/documents/")
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
        page.get_by_role("button", name="This did not help").click()
        page.get_by_role("button", name="It is incomplete").click()
        page.get_by_text("Thank you.").wait_for()
        ask(page, "and who asks a manager?")
        page.locator("article").nth(1).get_by_role("button", name="This helped").wait_for()
        with there.on.app.database.reading() as tx:
            traces = tx.traces(limit=2)
        assert len({trace.answer.conversation for trace in traces}) == 1
        assert [trace.person.startswith("widget:intranet/") for trace in traces] == [True] * 2


def test_it_tells_what_it_cannot_do(browser: Browser, there: Site):
    file = there.on.app.workspace.root / "brief.toml"
    file.write_text(f"known_limitations = ['It knows <b>no</b> mail.', '{'x' * 4000}']\nworkflow_owner = 'Ada'")
    try:
        with page_of(browser, there) as page:
            page.get_by_role("button", name="Ask our documents").click()
            page.get_by_text("Known limitations").click()
            assert page.get_by_text("It knows <b>no</b> mail.").is_visible()
            assert page.get_by_role("log").evaluate("log => log.scrollWidth <= log.clientWidth")
            ask(page, QUESTION)
            page.get_by_role("button", name="New conversation").click()
            assert page.get_by_text("It knows <b>no</b> mail.").is_visible()
            assert "Ada" not in (page.get_by_role("dialog").text_content() or "")
    finally:
        file.unlink()


def told(page: Page, there: Site, *events: tuple[str, str]) -> None:
    """Ask, and get these events instead of an answer of the server."""
    frames = "".join(f"id: {n}\nevent: {kind}\ndata: {data}\n\n" for n, (kind, data) in enumerate(events, 1))
    headers = {"Content-Type": "text/event-stream", "Access-Control-Allow-Origin": there.origin}
    page.unroute_all()
    page.route("**/api/v1/answers", lambda route: route.fulfill(body=frames, headers=headers))
    ask(page)


def made(status: AnswerStatus, text: str, **more: Any) -> tuple[str, str]:
    given = {"id": "1", "question": "?", "conversation": "", "release": "", "corpus": "", "model": "", "confidence": 0.5}
    answer = Answer.model_validate({**given, "created_at": "2026-11-20T09:00:00Z", "status": status, "text": text, **more})
    return "done", answer.model_dump_json()


def test_every_state_is_told_by_its_own_words_sign_and_colour(browser: Browser, there: Site):
    with page_of(browser, there) as page:
        page.get_by_role("button", name="Ask our documents").click()
        for status in get_args(AnswerStatus):
            told(page, there, made(status, f"This is {status}."))
            page.get_by_text(f"This is {status}.").wait_for()
        states = page.locator(".state")
        assert states.all_text_contents() == [
            "Answered",
            "Weakly supported",
            "Draft",
            "One word more",
            "No answer",
            "Out of scope",
            "Refused",
        ]
        shapes = [
            states.nth(n).locator("path").evaluate_all("all => all.map((p) => p.getAttribute('d')).join()") for n in range(7)
        ]
        assert len(set(shapes)) == 7
        colours = [states.nth(n).evaluate("e => getComputedStyle(e).color") for n in range(7)]
        assert len(set(colours)) == 4


def test_placeholders_are_told_in_words(browser: Browser, there: Site):
    with page_of(browser, there) as page:
        page.get_by_role("button", name="Ask our documents").click()
        told(page, there, made("answered", "Write to EMAIL_AB2CDEFGH7, not to MAX_CONNECTION."))
        said = page.locator(".said", has_text="MAX_CONNECTION")
        said.wait_for()
        assert said.text_content() == "Write to e-mail address, hidden, not to MAX_CONNECTION."
        assert said.locator(".masked").get_attribute("title") == "EMAIL_AB2CDEFGH7"
        script = page.request.get(f"{there.on.address}/widget.js").text()
        assert "E-Mail-Adresse, verborgen" in script, "in every language"


def test_what_did_not_hold_is_taken_back_before_the_reader_believes_it(browser: Browser, there: Site):
    sentence = '{"text":"Ten days.","citations":[],"check":"not_checked","shown":"Ten days."}'
    with page_of(browser, there) as page:
        page.get_by_role("button", name="Ask our documents").click()
        told(page, there, ("sentence", sentence), ("withdrawn", '{"why":"x"}'), made("blocked", "This cannot be told."))
        page.get_by_text("This cannot be told.").wait_for()
        assert page.get_by_text("Ten days.").count() == 0


def test_choices_are_buttons_and_tables_are_tables(browser: Browser, there: Site):
    table = "Prices [1] are:\n\n| what | price |\n|---|---|\n| train | 5 |\n"
    with page_of(browser, there) as page:
        page.get_by_role("button", name="Ask our documents").click()
        told(page, there, made("answered", table, sentences=[{"text": table, "citations": []}]))
        page.get_by_role("table").wait_for()
        assert page.get_by_role("cell").all_text_contents() == ["train", "5"]
        assert page.get_by_role("columnheader").all_text_contents() == ["what", "price"]
        assert "Prices [1] are:" in (page.locator(".said").text_content() or "")
        assert page.locator(".chip").count() == 0
        told(page, there, made("clarify", "Which one?", choices=[{"text": "Leave in Germany?", "label": "Germany"}]))
        choice = page.get_by_role("button", name="Germany")
        choice.wait_for()
        page.unroute_all()
        choice.click()
        page.locator(".asked", has_text="Leave in Germany?").wait_for()
        page.locator("article").nth(2).locator(".state").wait_for()


def test_when_the_connection_breaks_it_goes_on_and_asks_nothing_twice(browser: Browser, there: Site):
    with page_of(browser, there, complains=True) as page:
        me = page.evaluate("sessionStorage.getItem('firmground-visitor')")
        asking = {"Authorization": f"Bearer {there.secret}", "Origin": there.origin, "X-Firmground-Visitor": me}
        begun = there.on.ask(headers=asking).json()["id"]
        once: list[str] = []

        def broken(route: Route) -> None:
            once.append(route.request.headers["idempotency-key"])
            if len(once) == 1:
                route.abort("connectionreset")
            else:
                first = f'id: 1\nevent: status\ndata: {{"status":"waiting","id":"{begun}"}}\n\nid: 2\neve'
                route.fulfill(
                    body=first, headers={"Content-Type": "text/event-stream", "Access-Control-Allow-Origin": there.origin}
                )

        page.route("**/api/v1/answers", broken)
        open_and_ask(page)
        assert page.locator(".said").text_content() == f"{SAID}1"
        assert len(once) == 2
        assert len(set(once)) == 1


def test_where_there_is_no_answer_it_says_so_in_the_fixed_words(browser: Browser, tmp_path: Path):
    with site(tmp_path, groups=()) as there, page_of(browser, there) as page:
        open_and_ask(page)
        assert page.get_by_text("No answer", exact=True).is_visible()
        assert "I don't know" in (page.locator(".said").text_content() or "")


def test_without_a_right_to_ask_it_says_what_is_wrong(browser: Browser, tmp_path: Path):
    with site(tmp_path) as there, page_of(browser, there, complains=True) as page:
        remove_key(there.on.app, ADMINISTRATOR, "intranet")
        add_widget_key(there.on.app, ADMINISTRATOR, "other", origins=[there.origin], groups=[])
        page.get_by_role("button", name="Ask our documents").click()
        ask(page)
        page.get_by_text("No answer could be made.").wait_for()
        assert page.get_by_text("this key is not known").is_visible()
        assert page.get_by_role("button", name="Try again").is_visible()


def test_sentences_come_one_by_one_and_a_reader_can_stop(browser: Browser, tmp_path: Path):
    endless = Reply(say="Every employee may carry over five vacation days [1]. ", endless=True, delay=0.01)
    with site(tmp_path, endless) as there, page_of(browser, there) as page:
        page.get_by_role("button", name="Ask our documents").click()
        ask(page)
        page.locator(".said", has_text="five vacation days").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped. Nothing was answered.").wait_for()
        until(lambda: not there.on.served.streams._streams or all(s.over for s in there.on.served.streams._streams.values()))
        assert page.get_by_role("button", name="Ask", exact=True).is_visible()


def test_what_the_page_does_to_styles_and_to_the_language_does_not_reach_it(browser: Browser, there: Site):
    there.head = f"<style>{HOSTILE_STYLE}</style><script>{HOSTILE_SCRIPT}</script>"
    with page_of(browser, there) as page:
        page.wait_for_function("window.fetch.toString().includes('theirs')")
        open_and_ask(page)
        look = (
            "e => { const s = getComputedStyle(e); return [s.fontSize, s.textTransform, s.letterSpacing, s.display, s.color]; }"
        )
        assert page.locator(".said").evaluate(look) == ["16px", "none", "normal", "block", "rgb(33, 38, 43)"]
        box = page.get_by_role("button", name="Ask our documents").bounding_box()
        assert box is not None
        assert box["height"] > 30


def test_nothing_of_it_reaches_the_page(browser: Browser, there: Site):
    with page_of(browser, there, opened=False) as page:
        before = "() => { const s = getComputedStyle(document.querySelector('#theirs')); return [s.font, s.color, s.margin, s.display]; }"
        assert page.evaluate("document.querySelector('firmground-ask').shadowRoot") is None
        page.get_by_role("heading", name="Intranet").wait_for()
        with_widget = page.evaluate(before)
        own = page.evaluate("Object.keys(document.querySelector('firmground-ask'))")
        globals_ = page.evaluate("Object.keys(window).filter((name) => /firmground|widget/i.test(name))")
        page.evaluate("document.querySelector('firmground-ask').remove()")
        assert (page.evaluate(before), own, globals_) == (with_widget, [], [])
        assert page.evaluate("document.cookie") == ""
        assert page.context.cookies() == []


def test_a_page_with_a_strict_policy_needs_two_lines_for_it(browser: Browser, there: Site):
    host = there.on.address
    there.policy = f"default-src 'none'; script-src {host}; connect-src {host}; require-trusted-types-for 'script'"
    with page_of(browser, there) as page:
        open_and_ask(page)
        assert page.get_by_role("button", name="Ask our documents").evaluate("e => getComputedStyle(e).borderRadius") == "10px"


def test_several_tags_make_one_button(browser: Browser, there: Site):
    there.tags = there.tag() * 3
    with page_of(browser, there) as page:
        page.wait_for_load_state("networkidle")
        assert page.locator("firmground-ask").count() == 1


def test_markup_in_a_document_stays_text(browser: Browser, tmp_path: Path):
    evil = "<img src=x onerror=alert(1)> carry over five vacation days"
    with site(tmp_path, Reply(say=f"{SAID} [1]")) as there:
        source = there.on.app.sources["docs"]
        source.contents["evil.md"] = f"# Evil\n\n{evil}\n".encode()
        with page_of(browser, there) as page:
            page.get_by_role("button", name="Ask our documents").click()
            ask(page, evil)
            page.get_by_role("button", name="This helped").wait_for()
            assert page.locator("img").count() == 0
            assert page.locator(".asked").text_content() == evil


def test_it_is_used_by_keyboard_alone(browser: Browser, there: Site):
    there.head = "<script>addEventListener('keydown', (event) => (window.heard = (window.heard ?? '') + event.key));</script>"
    with page_of(browser, there) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Your question")).to_be_focused()
        page.keyboard.type(QUESTION)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="This helped").wait_for()
        for _ in range(3):
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("Escape")
        assert not page.get_by_role("dialog").is_visible()
        inside = "document.querySelector('firmground-ask').shadowRoot.activeElement.ariaExpanded"
        assert page.evaluate(inside) == "false"
        assert page.evaluate("window.heard").startswith("Tab")
        assert "v" not in page.evaluate("window.heard")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_open_and_closed_on_a_small_screen_too(browser: Browser, there: Site, scheme: Any):
    with page_of(browser, there, color_scheme=scheme) as page:
        assert Axe().run(page).response["violations"] == []
        open_and_ask(page)
        page.get_by_role("button", name="Source 1").click()
        page.get_by_role("button", name="This did not help").click()
        page.evaluate(AT_REST)
        assert Axe().run(page).response["violations"] == []
        page.set_viewport_size({"width": 320, "height": 480})
        assert Axe().run(page).response["violations"] == []
        assert page.locator("firmground-ask .panel *").evaluate_all("all => all.filter((e) => e.scrollWidth > 320).length") == 0


def test_the_page_in_the_how_to_works_as_it_stands(browser: Browser, there: Site):
    page = (DOCS / "put-the-widget-on-a-page.md").read_text().partition("```html widget-page.html\n")[2].partition("```")[0]
    there.tags = (
        re.findall(r"<script.*</script>", page)[0]
        .replace("https://ask.example.org", there.on.address)
        .replace("fg_…", there.secret)
    )
    with page_of(browser, there) as shown:
        button = shown.get_by_role("button", name="Ask the handbook")
        assert button.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(122, 32, 72)"
        button.click()
        ask(shown)
        shown.get_by_role("button", name="This helped").wait_for()


def test_its_looks_and_language_are_the_pages_choice(browser: Browser, there: Site):
    there.head = "<style>firmground-ask { --firmground-radius: 3px; }</style>"
    there.tags = there.tag('data-lang="de" data-accent="#ffcc00" data-position="left" data-theme="dark" data-title="Frag uns"')
    with page_of(browser, there) as page:
        button = page.get_by_role("button", name="Frag uns")
        look = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.color, s.borderRadius]; }"
        assert button.evaluate(look) == ["rgb(255, 204, 0)", "rgb(0, 0, 0)", "3px"]
        assert (button.bounding_box() or {"x": 999})["x"] < 100
        assert page.locator("firmground-ask").get_attribute("lang") == "de"
