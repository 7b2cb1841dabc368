"""The pages about evaluations, cases and releases show every question and answer: nobody else is shown them, or led to them."""

from collections.abc import Generator

import pytest
from inside import sign_in, token_of, with_account, with_owner
from serving import serving
from starlette.testclient import TestClient

from firmground.app.evaluating import evaluation
from firmground.app.launching import releases
from firmground.testing.app import ADMINISTRATOR
from firmground.web.served import Served

CASES = "- id: leave\n  question: how many vacation days may I carry over?\n  expect: {contains: [five]}\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served, str]]:
    """Bob is signed in. There is an evaluation."""
    place = tmp_path_factory.mktemp("house")
    (place / "golden").mkdir()
    (place / "golden" / "all.yaml").write_text(CASES)
    with serving(place) as (client, served):
        releases.create(served.app, ADMINISTRATOR)
        made = evaluation.run(served.app, ADMINISTRATOR)
        with_owner(served)
        with_account(served, "bob")
        sign_in(client, served, "bob")
        client.headers["X-Firmground-Token"] = token_of(client, served)
        yield client, served, made.id


@pytest.mark.parametrize(
    "path",
    [
        "/evaluations",
        "/evaluations/ID",
        "/evaluations/none",
        "/evaluations/ID/cases/leave",
        "/evaluations/ID/report.json",
        "/cases",
        "/cases.yaml",
        "/cases/leave",
        "/cases/leave/edit",
        "/new-case",
        "/new-case?answer=x",
        "/releases",
        "/releases/1",
        "/releases/1/diff",
    ],
)
def test_no_page_is_shown(house: tuple[TestClient, Served, str], path: str) -> None:
    client, _, id = house
    refused = client.get(path.replace("ID", id))
    assert refused.status_code == 403
    assert "vacation" not in refused.text


@pytest.mark.parametrize(
    "path",
    [
        "/evaluations",
        "/evaluations/jobs/x/cancel",
        "/cases/leave/confirm",
        "/cases/leave/edit",
        "/cases/leave/retire",
        "/new-case",
        "/releases",
    ],
)
def test_no_form_does_anything(house: tuple[TestClient, Served, str], path: str) -> None:
    client, served, _ = house
    refused = client.post(path, data={"token": token_of(client, served), "id": "new", "question": "Mine?", "revision": "x"})
    assert refused.status_code == 403
    assert (served.app.workspace.root / "golden" / "all.yaml").read_text() == CASES
    assert [*(served.app.workspace.root / "golden").iterdir()] == [served.app.workspace.root / "golden" / "all.yaml"]
    assert served.app.jobs.unfinished() == []


def test_nor_do_other_pages_lead_there(house: tuple[TestClient, Served, str]) -> None:
    client, _, _ = house
    answer = client.post("/api/v1/answers", json={"question": "how many vacation days may I carry over?"}).json()
    for path in ("/", "/documents", f"/answers/{answer['id']}"):
        page = client.get(path).text
        assert not any(f'href="{place}' in page for place in ("/evaluations", "/cases", "/releases", "/new-case", "/calibration"))
