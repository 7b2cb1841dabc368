"""The brief as somebody writes it: by keyboard, with scripts and without, printed on one sheet; and its limits as an asker opens them."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from listening import Listening, listening
from playwright.sync_api import expect

from firmground.app.launching.briefs import brief_now
from firmground.app.setup import init

LONG = "x" * 4000


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    with listening(init(tmp_path_factory.mktemp("sample"), sample=True), said=False) as on:
        yield on


@pytest.fixture
def site(sample: Listening) -> Generator[Listening]:
    """With the brief of the sample as it came."""
    file = sample.app.workspace.root / "brief.toml"
    before = file.read_text()
    yield sample
    file.write_text(before)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_step_is_written_and_the_next_one_opens(site: Listening, opened: Any, scripts: bool) -> None:
    page = opened(site, "/brief", java_script_enabled=scripts)
    page.get_by_role("link", name="Edit Limits").click()
    page.get_by_label("Known limitations").fill("It knows no mail.\n\nTables are read wrongly.\n")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When it fails")
    expect(page.locator("[aria-current=step]")).to_contain_text("When it fails")
    assert brief_now(site.app).known_limitations == ("It knows no mail.", "Tables are read wrongly.")


def test_it_is_filled_in_with_the_keyboard_alone(site: Listening, opened: Any) -> None:
    page = opened(site, "/brief/edit/who")
    page.get_by_label("Owner of the workflow").focus()
    for text in ("Ada", "Bo", "Everybody"):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What it does")
    brief = brief_now(site.app)
    assert (brief.workflow_owner, brief.decision_owner, brief.user_role, brief.sample) == ("Ada", "Bo", "Everybody", False)


def test_what_is_wrong_is_said_at_the_top_and_leads_to_the_answer(site: Listening, opened: Any) -> None:
    page = opened(site, "/brief/edit/proof", tolerate=("400",))
    page.get_by_label("First sentence within").fill("fast")
    page.get_by_role("button", name="Save").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("1 answer cannot be saved as it is")
    alert.get_by_role("link", name="First sentence within").click()
    field = page.get_by_label("First sentence within")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "Milliseconds until 95 of 100 askers see the first checked sentence. For example: 500 write a number, e.g. 500."
    )
    expect(field).to_have_value("fast")


def test_the_sample_prints_on_one_sheet(site: Listening, opened: Any, tmp_path: Path) -> None:
    page = opened(site, "/brief/print", color_scheme="dark")
    page.pdf(path=tmp_path / "brief.pdf", prefer_css_page_size=True)
    with pypdfium2.PdfDocument(tmp_path / "brief.pdf") as printed:
        assert len(printed) == 1
        text = printed[0].get_textpage().get_text_bounded()
        picture = printed[0].render().to_pil().convert("L")
    for part in ("Launch brief", "Rowan Baxter", "It knows the handbook as of the last sync", "First review"):
        assert part in " ".join(text.split())
    for part in ("Back to the brief", "Local mode", "My questions"):
        assert part not in text
    # Black on white, whatever the screen was.
    assert picture.getpixel((5, 5)) == 255
    assert picture.getextrema() == (0, 255)


def test_the_button_prints(site: Listening, opened: Any) -> None:
    page = opened(site, "/brief")
    page.get_by_role("link", name="Print view").click()
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printed")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_asker_opens_the_limits_beside_the_question_box(site: Listening, opened: Any, scripts: bool) -> None:
    page = opened(site, "/", java_script_enabled=scripts)
    limits = page.get_by_text("It knows the handbook as of the last sync")
    expect(limits).to_be_hidden()
    page.get_by_text("What it can do, and where its limits are").click()
    expect(limits).to_be_visible()
    expect(page.get_by_text("Service desk, +44 131 496 0111")).to_be_visible()


def test_a_limit_without_end_breaks_no_page(site: Listening, opened: Any) -> None:
    (site.app.workspace.root / "brief.toml").write_text(f"known_limitations = ['{LONG}']\nworkflow_owner = '{LONG}'")
    for path in ("/", "/brief", "/brief/print", "/brief/edit/limits"):
        page = opened(site, path, viewport={"width": 320, "height": 640})
        for closed in page.locator("details.limits > summary").all():
            closed.click()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    page = opened(site, "/")
    page.locator("details.limits > summary").click()
    box = page.locator(".limits .known").bounding_box()
    assert box["height"] <= 0.61 * page.viewport_size["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_of_the_form_shuts_anybody_out(site: Listening, opened: Any, scheme: str) -> None:
    page = opened(site, "/", color_scheme=scheme, reduced_motion="reduce", tolerate=("status of 4",))
    page.locator("details.limits > summary").click()
    assert not Axe().run(page).response["violations"]
    page.goto("/brief/edit")
    (site.app.workspace.root / "brief.toml").write_text("output = 'by hand'")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("the file was changed")
    assert not Axe().run(page).response["violations"]
    page.get_by_label("First sentence within").fill("fast")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be saved")
    assert not Axe().run(page).response["violations"]
