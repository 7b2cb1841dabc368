"""What the scripts of all pages share, in a real browser: messages, dialogs, shortcuts, the theme, requests with the token."""

from collections.abc import Generator

import pytest
from listening import Listening, listening
from playwright.sync_api import Browser, Page, expect


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    with listening(tmp_path_factory.mktemp("shared"), said=False) as served:
        yield served


@pytest.fixture
def page(browser: Browser, site: Listening) -> Generator[Page]:
    """The page of components, of a browser that remembers nothing."""
    errors: list[str] = []
    with browser.new_context(base_url=site.address, reduced_motion="reduce") as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/components")
        page.wait_for_function("!document.querySelector('[data-themes]').hidden")
        yield page
    assert errors == []


def test_a_theme_that_was_chosen_is_there_before_the_page_is_and_the_system_s_comes_back(page: Page):
    page.emulate_media(color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Dark", exact=True).check(force=True)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload(wait_until="commit")
    page.wait_for_function("document.body")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    expect(page.get_by_label("Dark", exact=True)).to_be_checked()
    page.get_by_label("System", exact=True).check(force=True)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light


def test_where_nothing_may_be_stored_the_page_works_all_the_same(browser: Browser, site: Listening):
    with browser.new_context(base_url=site.address) as context:
        context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })")
        page = context.new_page()
        page.goto("/components")
        page.get_by_label("Dark", exact=True).check(force=True)
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()


def test_a_key_does_what_its_element_does_but_not_while_one_types(page: Page):
    page.locator("#name-light").press_sequentially("p?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#name-light")).to_have_value("p?Ada")
    page.locator("#name-light").blur()
    page.keyboard.press("Control+p")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("p")
    expect(page.locator("#a-panel")).to_be_visible()


def test_the_keys_are_listed_and_can_be_turned_off_for_good(page: Page):
    page.keyboard.press("?")
    expect(page.locator("#shortcuts dl")).to_contain_text("Open the panel")
    page.get_by_label("React to single keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_function("!document.querySelector('[data-themes]').hidden")
    page.keyboard.press("p")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_label("React to single keys")).not_to_be_checked()


def test_a_dialog_takes_the_focus_gives_it_back_and_closes_beside_it(page: Page):
    opener = page.get_by_role("button", name="Open a dialog")
    opener.click()
    dialog = page.get_by_role("dialog", name="A dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog').id") == "a-dialog"
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.click()
    page.mouse.click(3, 3)
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_what_happened_is_said_and_shown_and_what_went_wrong_stays_until_it_is_closed(page: Page):
    said = page.locator("body > [data-toasts]")
    expect(said).to_have_attribute("role", "status")
    page.get_by_role("button", name="Say what went wrong").click()
    expect(said).to_contain_text("That did not work")
    said.get_by_role("button", name="Close").click()
    expect(said).to_be_empty()


def test_a_message_is_said_in_the_dialog_while_the_rest_of_the_page_is_silent(page: Page):
    page.get_by_role("button", name="Open a dialog").click()
    page.evaluate("import('/static/app.js').then((app) => { app.toast('<b>saved</b>'); app.announce('and said'); })")
    expect(page.locator("#a-dialog [data-toasts]")).to_contain_text("<b>saved</b>")
    expect(page.locator("#a-dialog [data-announcer]")).to_have_text("and said")


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(page: Page):
    menu = page.locator("main details.menu")
    menu.locator("summary").click()
    menu.get_by_role("link").focus()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()
    menu.locator("summary").click()
    page.locator("h1").click()
    expect(menu).not_to_have_attribute("open", "")


SENT = """async ([path, method]) => {
  const { send } = await import("/static/app.js");
  return await send(path, undefined, method).then((told) => told, (error) => error.message);
}"""


def test_a_request_carries_the_token_and_an_error_is_one_line(page: Page):
    token = page.locator("meta[name=form-token]").get_attribute("content")
    with page.expect_request("**/api/v1/nothing") as sent:
        assert page.evaluate(SENT, ["/api/v1/nothing", "DELETE"]) == "there is nothing at this address: check it"
    assert sent.value.headers["x-firmground-token"] == token
    assert isinstance(page.evaluate(SENT, ["/api/v1/documents", "GET"])["documents"], list)


def test_when_the_server_is_gone_the_page_says_so_in_its_language(browser: Browser, site: Listening):
    with browser.new_context(base_url=site.address, locale="de") as context:
        page = context.new_page()
        page.goto("/components")
        page.evaluate("import('/static/app.js')")
        context.set_offline(True)
        assert str(page.evaluate(SENT, ["/api/v1/documents", "GET"])).startswith("Der Server ist nicht erreichbar")
