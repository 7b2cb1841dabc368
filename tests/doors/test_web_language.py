"""Pages in the reader's language, and the pages about the look and the calibration."""

from collections.abc import Generator
from pathlib import Path

import pytest
from serving import Elements, serving
from starlette.testclient import TestClient

from firmground.answer.calibration import Apart, At, Bin, Calibration
from firmground.answer.confidence import SHIPPED
from firmground.app.evaluating import calibrated
from firmground.app.launching.releases import recipe_calibrated
from firmground.evaluate.threshold import Promise
from firmground.release.spec import ReleaseSpec
from firmground.web.served import Served

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    with serving(tmp_path_factory.mktemp("spoken")) as both:
        yield both


@pytest.fixture
def client(site: tuple[TestClient, Served]) -> TestClient:
    site[0].cookies.clear()
    return site[0]


def test_a_page_speaks_what_the_browser_asks_for_and_says_so(client: TestClient):
    german, english = client.get("/documents", headers=GERMAN), client.get("/documents")
    assert [each.headers["content-language"] for each in (german, english)] == ["de", "en"]
    assert [Elements(each.text).named("html") for each in (german, english)] == [[{"lang": "de"}], [{"lang": "en"}]]
    assert {"Accept-Language", "Cookie"} <= {each.strip() for each in german.headers["vary"].split(",")}
    assert "Dokumente" in german.text
    assert "set-cookie" not in german.headers


def test_a_choice_is_remembered_and_comes_before_the_browser_s(client: TestClient):
    chosen = client.get("/documents?query=vacation&lang=de")
    cookie = chosen.headers["set-cookie"]
    assert "firmground_language=de" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/", headers={"Accept-Language": "en"}).headers["content-language"] == "de"


def test_the_links_to_other_languages_stay_on_the_page(client: TestClient):
    page = Elements(client.get("/documents?query=a%26b&lang=de&state=indexed").text)
    links = {link["hreflang"]: link["href"] for link in page.named("a") if "hreflang" in link}
    assert links == {"en": "?query=a%26b&state=indexed&lang=en", "de": "?query=a%26b&state=indexed&lang=de"}


def test_a_language_that_is_none_changes_nothing(client: TestClient):
    answer = client.get("/?lang=%3Cscript%3E", headers=GERMAN)
    assert answer.headers["content-language"] == "de"
    assert "set-cookie" not in answer.headers


def test_errors_are_english_and_marked_as_such_on_a_german_page(client: TestClient):
    page = client.get("/nowhere", headers=GERMAN)
    assert page.status_code == 404
    assert "Hier ist nichts" in page.text
    assert any(each.get("lang") == "en" for each in Elements(page.text).named("p"))


def test_two_readers_at_once_each_read_their_own_language(client: TestClient):
    for _ in range(3):
        assert 'lang="de"' in client.get("/", headers=GERMAN).text.partition("<head>")[0]
        assert 'lang="en"' in client.get("/").text.partition("<head>")[0]


def test_files_are_kept_by_browsers_as_long_as_their_address_names_their_content(client: TestClient):
    page = Elements(client.get("/").text)
    sheet = next(link["href"] for link in page.named("link") if "style.css" in str(link.get("href")))
    assert "immutable" in client.get(str(sheet)).headers["cache-control"]
    assert client.get("/static/app.js").headers["cache-control"] == "no-cache"
    assert client.get("/static/nothing.css?v=1").headers["cache-control"] == "no-store"


def test_the_theme_is_set_before_the_first_paint_and_every_other_script_waits(client: TestClient):
    scripts = Elements(client.get("/components").text).named("script")
    blocking = [each for each in scripts if each.get("type") != "module" and "defer" not in each]
    assert ["theme.js" in str(each["src"]) for each in blocking] == [True]


def test_the_page_of_components_shows_both_themes_with_ids_used_once(client: TestClient):
    page = Elements(client.get("/components").text)
    assert [each["data-theme"] for each in page.named("div") if "data-theme" in each] == ["light", "dark"]
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert not any("style" in attributes for _, attributes in page.found)


def test_without_a_calibration_the_page_says_how_to_get_one(client: TestClient):
    assert "firmground release calibrate" in client.get("/calibration").text


def test_a_calibration_is_told_with_its_promise_its_price_and_both_charts(tmp_path: Path):
    rate = At(rate=0.02, threshold=0.5, bound=0.019, bound_independent=0.018, uncovered=0.011, covered=0.815)
    with serving(tmp_path) as (client, served):
        with served.app.database.transaction() as tx:
            found = Calibration(
                confidence=SHIPPED,
                rate=0.02,
                at=(rate,),
                bins=(Bin(questions=40, confidence=0.2, covered=0.25), Bin(questions=400, confidence=0.9, covered=0.93)),
                curve=((0.9, 0.3, 0.001), (0.5, 0.815, 0.011), (0.1, 0.99, 0.4)),
                auroc=0.97,
                ece=0.02,
                questions=440,
                uncovered=430,
                documents=30,
                made_at="2026-11-20T09:00:00+00:00",
            )
            calibrated.keep(tx, calibrated.fingerprint(served.app.candidate), found, Apart(folds={}, rules=()))
        english, german = client.get("/calibration").text, client.get("/calibration", headers=GERMAN).text
    assert "At most 2.0% of the questions" in english
    assert "81.5%" in english
    assert "81,5\u202f%" in german
    assert len(Elements(english).named("figure")) == 2


def test_what_is_promised_about_wrong_answers_is_told_and_so_is_what_is_not(tmp_path: Path):
    found = Calibration(confidence=SHIPPED, rate=0.02, questions=440, documents=30, made_at="2026-11-20T09:00:00+00:00")
    shown = {
        "threshold": 0.7321,
        "cases": 200,
        "documents": 160,
        "wrong": 1,
        "upper": 0.0401,
        "answerable": 150,
        "answered_rightly": 90,
    }
    kept, none = Promise.model_validate({"target": 0.05, **shown}), Promise(target=0.02, why_not="too few cases")
    with serving(tmp_path) as (client, served):
        name = calibrated.fingerprint(served.app.candidate)
        recipe = recipe_calibrated(served.app.candidate, SHIPPED)

        def page_with(made: Promise | None, whole: ReleaseSpec) -> str:
            with served.app.database.transaction() as tx:
                calibrated.keep(tx, name, found, Apart(folds={}, rules=()))
                if made is not None:
                    calibrated.keep_promise(tx, name, made, found, whole)
            return client.get("/calibration").text

        assert "release calibrate --wrong 0.05" in page_with(None, recipe)
        assert "too few cases" in page_with(none, recipe)
        good = page_with(kept, recipe)
        elsewhere = page_with(kept, recipe.model_copy(update={"analysis": 9}))
    for said in ("at most 5.0% get a wrong answer", "0.7321", "1 of 200 cases", "90 of 150 that can be", "4.0%"):
        assert said in good
    assert "Found for another recipe" in elsewhere
    assert "Found for another recipe" not in good
    assert "Not in force" in good, "this workspace sets answer.threshold to less"
