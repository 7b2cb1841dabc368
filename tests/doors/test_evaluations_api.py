"""Golden cases and evaluations over HTTP."""

import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from serving import JSON, serving
from starlette.testclient import TestClient

from firmground.app.work import handlers
from firmground.web.served import Served

CASES = """\
- id: leave
  question: how many vacation days may I carry over?
  expect: {contains: ["five"], sources: ["leave.md"]}
  unacceptable: ["ten"]
  owner: hr
- id: moon
  kind: out_of_scope
  question: who owns the moon?
  expect: {behaviour: abstain}
  owner: hr
- id: broken
  knd: x
"""


@pytest.fixture
def site(tmp_path: Path) -> Generator[tuple[TestClient, Served]]:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASES)
    with serving(tmp_path) as both:
        yield both


def test_cases_are_listed_and_checked(site: tuple[TestClient, Served]) -> None:
    client, _ = site
    listed = client.get("/api/v1/cases").json()
    assert [(case["id"], case["place"]) for case in listed["cases"]] == [
        ("leave", "golden/all.yaml:1"),
        ("moon", "golden/all.yaml:6"),
    ]
    assert [case["id"] for case in client.get("/api/v1/cases", params={"kind": "out_of_scope"}).json()["cases"]] == ["moon"]
    assert client.get("/api/v1/cases", params={"kind": "odd"}).status_code == 400
    checked = client.get("/api/v1/cases/check").json()
    assert checked["digest"] == listed["digest"]
    assert checked["kinds"] == {"normal": 1, "out_of_scope": 1}
    assert ("error", "unreadable", "golden/all.yaml:11") in [
        (flaw["severity"], flaw["code"], flaw["place"]) for flaw in checked["flaws"]
    ]


def test_an_evaluation_is_a_job_whose_result_names_it(site: tuple[TestClient, Served]) -> None:
    client, served = site
    asked = client.post("/api/v1/evaluations", json={"repeats": 2}, headers=JSON)
    assert asked.status_code == 202
    job = asked.json()["id"]
    assert asked.headers["location"] == f"/api/v1/jobs/{job}"
    ended = threading.Event()
    served.app.jobs.work(handlers(served.app), until=lambda: ended.is_set() or not served.app.jobs.unfinished())
    state = client.get(f"/api/v1/jobs/{job}").json()
    assert state["state"] == "done", state
    report = client.get(f"/api/v1/evaluations/{state['result']['evaluation']}").json()
    assert (report["repeats"], report["passed"]["cases"]) == (2, 2)
    assert client.get("/api/v1/evaluations").json()["evaluations"] == [report]
    assert client.get("/api/v1/evaluations/none").status_code == 404
    assert client.post("/api/v1/evaluations", json={"repeats": 0}, headers=JSON).status_code == 422
