"""The pages about releases: made by a button, read like a review."""

import re
from collections.abc import Generator
from html import unescape
from pathlib import Path

import pytest
from serving import serving
from starlette.testclient import TestClient

from firmground.app.evaluating.evaluation import run
from firmground.app.launching import releases
from firmground.release.record import Release
from firmground.testing.app import ADMINISTRATOR
from firmground.web.served import Served


@pytest.fixture
def site(tmp_path: Path) -> Generator[tuple[TestClient, Served]]:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text("- {id: leave, question: how many vacation days may I carry over?}\n")
    with serving(tmp_path) as both:
        yield both


def release(client: TestClient, note: str):
    token = re.findall(r'name="form-token" content="([^"]+)"', client.get("/releases").text)[0]
    return client.post("/releases", data={"token": token, "note": note})


def read(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def another(served: Served, number: int, **changed: object) -> None:
    """A release as it could have been made with other settings."""
    first = releases.show(served.app, ADMINISTRATOR, "candidate")
    generation = first.spec.answering.generation.model_copy(update={"temperature": 0.7})
    answering = first.spec.answering.model_copy(update={"generation": generation, "refusal": "No.\n<b>Never</b>."})
    spec = first.spec.model_copy(update={"answering": answering, **changed})
    settings = {**first.settings, "answer.refusal": "No.\n<b>Never</b>.", "answer.temperature": 0.7}
    made = Release(number=number, spec=spec, settings=settings, by="eva", created_at=served.app.clock())
    with served.app.database.transaction() as tx:
        tx.put_fact("release", str(number), made.model_dump(mode="json"))
        tx.put_fact(releases.RECIPES, spec.digest, spec.model_dump(mode="json"))


def test_a_release_is_created_by_a_button_and_has_one_number(site: tuple[TestClient, Served]) -> None:
    client, _ = site
    assert "Nothing was released yet." in read(client, "/releases")
    made = release(client, "As measured in November.\r\nTwice.")
    assert made.headers["location"] == "/releases/1"
    told = read(client, "/releases/1")
    assert "As measured in November. Twice." in told
    assert "retrieval.passages" in told
    assert "is release 1" in read(client, "/releases")
    again = release(client, "once more").headers["location"]
    assert "no other release was made" in read(client, again)


def test_a_note_that_cannot_be_used_is_told_beside_it_and_stays(site: tuple[TestClient, Served]) -> None:
    client, served = site
    refused = release(client, "x\x07y <i>")
    assert refused.status_code == 400
    assert "the note cannot be used" in refused.text
    assert "&lt;i&gt;" in refused.text
    assert releases.listed(served.app, ADMINISTRATOR) == []


def test_two_releases_read_like_a_review(site: tuple[TestClient, Served]) -> None:
    client, served = site
    release(client, "")
    another(served, 2)
    page = client.get("/releases/1/diff", params={"to": "2"}).text
    assert "<b>Never" not in page
    told = read(client, "/releases/1/diff?to=2")
    assert "From release 1 to release 2" in told
    assert "2 things differ." in told
    assert "answer.temperature" in told
    assert "before: − 0.0" in told
    assert "new: + 0.7" in told
    assert "new: + <b>Never</b>." in told
    assert "Nothing differs" in read(client, "/releases/1/diff?to=candidate")


def test_a_release_whose_index_is_gone_can_still_be_read(site: tuple[TestClient, Served]) -> None:
    client, served = site
    release(client, "")
    another(served, 2, analysis=99)
    assert "answer.refusal" in read(client, "/releases/2")
    assert "analysis" in read(client, "/releases/1/diff?to=2")
    assert client.get("/releases/7").status_code == 404


def test_what_a_release_was_worth_stands_beside_it(site: tuple[TestClient, Served]) -> None:
    client, served = site
    release(client, "")
    assert "not evaluated" in read(client, "/releases")
    made = run(served.app, ADMINISTRATOR)
    assert f"/evaluations/{made.id}" in client.get("/releases").text
    assert f"/evaluations/{made.id}" in client.get("/releases/1").text
