"""The pages about evaluations: what was found comes first, with what is known of it; every case is there with what was said."""

import json
import re
import threading
from collections.abc import Generator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from serving import serving
from starlette.testclient import TestClient

from firmground.app.evaluating import evaluation
from firmground.app.launching import releases
from firmground.app.work import handlers
from firmground.evaluate.judge import Agreement, Judged
from firmground.testing.app import ADMINISTRATOR
from firmground.web.served import Served

CASES = """\
- id: leave
  question: how many vacation days may I carry over?
  expect: {contains: ["five"], sources: ["leave.md"]}
  unacceptable: ["ten"]
- id: wings
  question: Are train tickets refunded?
  expect: {contains: ["<b>first</b> class"], sources: ["travel.md"]}
- id: moon
  kind: out_of_scope
  question: who owns the moon?
  expect: {behaviour: abstain}
"""


@pytest.fixture
def site(tmp_path: Path) -> Generator[tuple[TestClient, Served]]:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASES)
    with serving(tmp_path) as both:
        yield both


def send(client: TestClient, path: str, **fields: str):
    token = re.findall(r'name="form-token" content="([^"]+)"', client.get("/evaluations").text)[0]
    return client.post(path, data={"token": token, **fields})


def read(client: TestClient, path: str) -> str:
    """The words of a page."""
    answer = client.get(path)
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<(script|template).*?</\1>|<[^>]+>", " ", main, flags=re.DOTALL)).split())


def work(served: Served) -> None:
    over = threading.Event()
    worker = threading.Thread(target=lambda: served.app.jobs.work(handlers(served.app), until=over.is_set))
    worker.start()
    while served.app.jobs.unfinished():
        threading.Event().wait(0.01)
    over.set()
    worker.join()


def test_an_evaluation_is_started_followed_and_read(site: tuple[TestClient, Served]) -> None:
    client, served = site
    assert "Nothing was evaluated yet" in read(client, "/evaluations")
    started = send(client, "/evaluations", release="candidate", against="", repeats="2")
    assert started.status_code == 303
    assert "Evaluation: queued" in read(client, started.headers["location"])
    work(served)
    told = read(client, started.headers["location"])
    assert "Evaluation: done" in told
    assert "66.7% passed" in told or "33.3% passed" in told
    (made,) = evaluation.reports(served.app, ADMINISTRATOR)
    shown = read(client, f"/evaluations/{made.id}")
    assert "No better than a search without AI so far as these cases show" in shown
    assert f"{made.passed.events} of 3 cases passed" in shown
    assert "Each asked 2 times" in shown
    assert f"Asked for by {made.by}" in shown


def test_one_that_runs_can_be_stopped(site: tuple[TestClient, Served]) -> None:
    client, served = site
    job = send(client, "/evaluations").headers["location"].partition("job=")[2]
    assert send(client, f"/evaluations/jobs/{job}/cancel").status_code == 303
    work(served)
    assert served.app.jobs.get(job).state == "cancelled"
    assert "Evaluation: cancelled" in read(client, f"/evaluations?job={job}")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"repeats": "many"}, "'many' is no number of repeats"),
        ({"repeats": "99"}, "99 repeats cannot be used"),
        ({"release": "77"}, "there is no release '77'"),
    ],
)
def test_what_cannot_be_started_is_told_beside_the_form(
    site: tuple[TestClient, Served], fields: dict[str, str], told: str
) -> None:
    client, served = site
    refused = send(client, "/evaluations", **fields)
    assert refused.status_code in {400, 404}
    assert told in unescape(refused.text)
    assert 'name="repeats"' in refused.text
    assert not served.app.jobs.unfinished()


def test_each_failed_case_says_what_was_expected_what_was_said_and_why(site: tuple[TestClient, Served]) -> None:
    client, served = site
    made = evaluation.run(served.app, ADMINISTRATOR)
    page = client.get(f"/evaluations/{made.id}", params={"outcome": "failed", "kind": "normal"}).text
    assert "<b>first" not in page
    told = read(client, f"/evaluations/{made.id}?kind=normal")
    assert "wings" in told
    assert "it says <b>first</b> class" in told
    assert "It does not say <b>first</b> class" in told
    assert "Train tickets in second class are refunded" in told
    answer = re.findall(r'href="(/answers/[^"]+)"', page)[0]
    assert client.get(answer).status_code == 200
    assert "There is no such case." in read(client, f"/evaluations/{made.id}?outcome=disclosed")
    assert "leave" in read(client, f"/evaluations/{made.id}?outcome=passed")


def test_a_case_that_changed_since_is_counted_and_not_shown(site: tuple[TestClient, Served]) -> None:
    client, served = site
    made = evaluation.run(served.app, ADMINISTRATOR)
    file = served.app.workspace.root / "golden" / "all.yaml"
    file.write_text(CASES.replace("who owns", "who bought"))
    assert "1 case was changed or retired since" in read(client, f"/evaluations/{made.id}?outcome=all")
    assert client.get(f"/evaluations/{made.id}/cases/moon").status_code == 404
    assert client.get(f"/evaluations/{made.id}/cases/leave").status_code == 200


def test_two_releases_are_compared_case_by_case(site: tuple[TestClient, Served]) -> None:
    client, served = site
    releases.create(served.app, ADMINISTRATOR)
    made = evaluation.run(served.app, ADMINISTRATOR, against="1")
    assert "No case came out differently." in read(client, f"/evaluations/{made.id}")
    both = read(client, f"/evaluations/{made.id}/cases/leave")
    assert both.count("Evidence it saw") == 2
    assert both.count("five vacation days") >= 2


def test_rates_of_the_same_cases_make_a_trend(site: tuple[TestClient, Served]) -> None:
    client, served = site
    evaluation.run(served.app, ADMINISTRATOR)
    assert "The same cases over time" not in read(client, "/evaluations")
    evaluation.run(served.app, ADMINISTRATOR)
    assert "The same cases over time" in read(client, "/evaluations")
    for of, said in (("out_of_scope", 100), ("source:leave.md", 100), ("source:travel.md", 0)):
        told = client.get("/evaluations", params={"of": of}).text
        assert f'<option value="{of}" selected>' in told
        assert f"<td>{said}%" in told.partition("The same cases over time")[2]
    assert "There are no two evaluations with such cases." in read(client, "/evaluations?of=source:nowhere.md")
    file = served.app.workspace.root / "golden" / "all.yaml"
    file.write_text(CASES.replace("who owns", "who bought"))
    evaluation.run(served.app, ADMINISTRATOR)
    assert "The same cases over time" not in read(client, "/evaluations"), "other cases are not comparable"


def test_a_report_is_saved_in_four_forms(site: tuple[TestClient, Served]) -> None:
    client, served = site
    made = evaluation.run(served.app, ADMINISTRATOR)
    saved = {
        name: client.get(f"/evaluations/{made.id}/{name}") for name in ("report.html", "report.md", "report.json", "junit.xml")
    }
    assert all("attachment" in each.headers["content-disposition"] for each in saved.values())
    assert "&lt;b&gt;first&lt;/b&gt;" in saved["report.html"].text
    assert saved["report.md"].text.startswith("## Evaluation")
    assert len(json.loads(saved["report.json"].text)["cases"]) == 3
    assert len(ElementTree.fromstring(saved["junit.xml"].text).findall(".//testcase")) == 3
    assert client.get(f"/evaluations/{made.id}/report.exe").status_code == 404
    assert client.get("/evaluations/none/report.md").status_code == 404


def test_measures_of_both_releases_and_a_judge_are_told_where_there_are_any(site: tuple[TestClient, Served]):
    client, served = site
    app = served.app
    releases.create(app, ADMINISTRATOR)
    made = evaluation.run(app, ADMINISTRATOR, against="1")
    told = read(client, f"/evaluations/{made.id}")
    assert "What was measured in both" in told
    assert "nDCG" in told
    assert "What a language model thinks" not in told
    with_people = Agreement(cases=0, agreed=0, kappa=None)
    judge = Judged(
        model="local/<b>judge</b>",
        right=2,
        wrong=1,
        unclear=0,
        with_cases=Agreement(cases=3, agreed=2, kappa=0.4),
        with_people=with_people,
        cost_usd=None,
    )
    with app.database.transaction() as tx:
        tx.put_fact(evaluation.REPORTS, made.id, made.model_copy(update={"judge": judge}).model_dump(mode="json"))
    told = read(client, f"/evaluations/{made.id}")
    assert "local/<b>judge</b> finds 2 answers right, 1 wrong and 0 unclear. It decides nothing." in told
    assert "Agrees with the cases 2 of 3 (kappa 0.40) Agrees with people's thumbs not measured" in told
