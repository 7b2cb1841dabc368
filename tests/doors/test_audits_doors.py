"""Audits and the policy over HTTP and on the command line."""

import contextlib
import io
import json
import sys
import xml.etree.ElementTree as Xml
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from few_attacks import only_some
from serving import JSON, serving
from starlette.testclient import TestClient

from firmground import wire
from firmground.app.launching import audits
from firmground.app.launching.audit_junit import as_junit
from firmground.app.work import handlers
from firmground.cli import main
from firmground.gate.audit import Audit, Evidence, Ruling
from firmground.gate.policy import SHIPPED, TEMPLATE
from firmground.testing.app import ADMINISTRATOR
from firmground.testing.embedder import FakeEmbedder
from firmground.web.served import Served

SMALL = "[requirements.fallback]\n\n[requirements.feedback]\n"
LOOSER = TEMPLATE.replace("least = 50", "least = 2")


@pytest.fixture
def site(tmp_path: Path) -> Generator[tuple[TestClient, Served]]:
    (tmp_path / "policy.toml").write_text(TEMPLATE)
    with serving(tmp_path) as both:
        yield both


def test_an_audit_is_a_job_whose_result_names_it(site: tuple[TestClient, Served]) -> None:
    client, served = site
    asked = client.post("/api/v1/audits", json={"release": "candidate"}, headers=JSON)
    assert asked.status_code == 202, asked.text
    job = asked.json()["id"]
    assert asked.headers["location"] == f"/api/v1/jobs/{job}"
    work = {"audit": handlers(served.app, {})["audit"]}
    served.app.jobs.work(work, until=lambda: not served.app.jobs.unfinished("audit"))
    state = client.get(f"/api/v1/jobs/{job}").json()
    assert state["state"] == "done", state
    found = client.get(f"/api/v1/audits/{state['result']['audit']}").json()
    assert found["passed"] is False
    assert [each["requirement"] for each in found["audit"]["rulings"]] == [each.name for each in SHIPPED.requirements]
    assert client.get("/api/v1/audits").json()["audits"] == [found]
    assert client.get("/api/v1/audits/none").status_code == 404


def test_with_evaluate_the_cases_are_asked_before(site: tuple[TestClient, Served]) -> None:
    client, served = site
    (served.app.workspace.root / "golden").mkdir()
    (served.app.workspace.root / "golden" / "all.yaml").write_text("- {id: moon, question: Who owns the moon?}\n")
    assert client.post("/api/v1/audits", json={"evaluate": True}, headers=JSON).status_code == 202
    assert [job.kind for job in served.app.jobs.unfinished()] == ["evaluate", "audit"]


def test_a_policy_that_asks_less_is_refused_with_its_ways_until_somebody_answers_for_it(site: tuple[TestClient, Served]) -> None:
    client, served = site
    (served.app.workspace.root / "policy.toml").write_text(LOOSER)
    refused = client.post("/api/v1/audits", headers=JSON, json={})
    assert (refused.status_code, len(refused.json()["findings"])) == (409, 1)
    shown = client.get("/api/v1/policy").json()
    assert (shown["in_force"], shown["looser"]) == ("", refused.json()["findings"])
    assert "+least = 2" in shown["diff"]
    with served.app.database.transaction() as tx:
        tx.add_person("ann", role="admin")
    assert client.post("/api/v1/policy/adopt", json={"reason": "", "by": "ann"}, headers=JSON).status_code == 422
    assert client.post("/api/v1/policy/adopt", json={"reason": "small", "by": "nobody"}, headers=JSON).status_code == 404
    made = client.post("/api/v1/policy/adopt", json={"reason": "small", "by": "ann"}, headers=JSON)
    assert made.status_code == 200, made.text
    assert (made.json()["by"], made.json()["loosened"]) == ("ann", shown["looser"])
    shown = client.get("/api/v1/policy").json()
    assert (shown["in_force"], shown["looser"], shown["by"]) == (made.json()["digest"], [], "ann")
    assert client.post("/api/v1/audits", headers=JSON, json={}).status_code == 202


def test_a_policy_that_cannot_be_read_is_told(site: tuple[TestClient, Served]) -> None:
    client, served = site
    (served.app.workspace.root / "policy.toml").write_text("[gate")
    assert client.post("/api/v1/audits", headers=JSON, json={}).status_code == 400
    found = client.get("/api/v1/policy").json()
    assert (found["digest"], found["policy"]) == (None, None)
    assert "policy.toml is no TOML" in found["problem"]


# ---------------------------------------------------------------- the command line

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def firmground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr(wire, "open_embedder", lambda root, settings: FakeEmbedder())
    monkeypatch.chdir(tmp_path)
    text = (
        '[[sources]]\nname = "docs"\npath = "documents"\n\n[parsing]\nocr = false\nworkers = 1\n\n[answer]\nthreshold = 0.001\n'
    )
    (tmp_path / "firmground.toml").write_text(text, encoding="utf-8")
    (tmp_path / "policy.toml").write_text(TEMPLATE)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "leave.md").write_text("# Leave\n\nFive days may be carried over.\n")

    def run(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["firmground", *words])
        code = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return code, out.getvalue(), err.getvalue()

    assert run("sync")[0] == 0
    return run


def test_an_audit_of_the_real_parts_tries_everything_says_what_is_open_and_ends_with_4(
    firmground: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_some(monkeypatch)
    code, out, err = firmground("audit", "--report", "audit.html", "--junit", "audit.xml")
    assert code == 4, err
    assert "May not go live" in err
    verdicts = {line.split()[0]: line for line in out.splitlines() if line.split()[:1]}
    for passed in ("fallback", "log_fields", "feedback", "personal_data"):
        assert " pass " in verdicts[passed]
    assert " fail " in verdicts["access"]
    assert Path("audit.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    suite = Xml.parse("audit.xml").getroot()[0]
    assert int(suite.get("tests", "")) == len(SHIPPED.requirements) > int(suite.get("failures", ""))
    code, out, _ = firmground("audit", "--list", "--json")
    [made] = json.loads(out)
    assert (code, made["number"]) == (0, 0)


def test_an_audit_that_passes_ends_well(firmground: Command) -> None:
    Path("policy.toml").write_text(SMALL)
    assert firmground("audit")[0] == 4, "it asks less than what is shipped"
    assert firmground("person", "add", "ann", "--admin")[0] == 0
    assert firmground("policy", "adopt", "--by", "ann", "--reason", "a trial")[0] == 0
    code, out, err = firmground("audit", "--json")
    made = json.loads(out)
    assert (code, {each["verdict"] for each in made["rulings"]}) == (0, {"pass"}), err
    assert all("ann" in line and "a trial" in line for line in made["loosened"])


def test_the_policy_is_shown_compared_adopted_and_written(firmground: Command) -> None:
    assert "comes into force with the next audit" in firmground("policy", "show")[1]
    assert "policy.toml is the policy in force" in firmground("policy", "diff")[1]
    Path("policy.toml").write_text(LOOSER)
    code, out, _ = firmground("policy", "diff")
    assert code == 0
    assert "+least = 2" in out
    assert "asks less: cases.least" in out
    assert "asks less than the policy in force" in firmground("policy", "show")[1]
    firmground("person", "add", "ann", "--admin")
    assert firmground("policy", "adopt", "--by", "nobody", "--reason", "small")[0] == 3
    code, out, _ = firmground("policy", "adopt", "--by", "ann", "--reason", "small", "--json")
    assert (code, json.loads(out)["decided_by"]) == (0, "ann")
    assert "loosened: cases.least" in firmground("policy", "show")[1]
    assert json.loads(firmground("policy", "show", "--json")[1])["in_force"]["reason"] == "small"
    assert firmground("policy", "write")[0] == 4
    Path("policy.toml").unlink()
    assert firmground("policy", "show")[0] == 2
    assert firmground("audit")[0] == 4
    assert firmground("policy", "write")[0] == 0
    assert Path("policy.toml").read_text() == TEMPLATE


def test_a_report_of_another_kind_is_refused_before_anything_is_done(firmground: Command) -> None:
    code, _, err = firmground("audit", "--report", "audit.pdf")
    assert (code, ".html, .md, .json" in err) == (2, True)


@pytest.mark.parametrize("option", ["--report", "--junit"])
def test_a_file_that_cannot_be_written_is_told_before_the_work_begins(firmground: Command, option: str) -> None:
    code, _, err = firmground("audit", option, "nodir/audit.html")
    assert (code, err.count("\n")) == (5, 1), err
    assert "cannot write nodir/audit.html (there is no such folder): name a file that can be written" in err
    assert firmground("audit", "--list")[1].count("\n") <= 1, "none was made"


def test_the_policy_is_shown_in_lines_that_can_be_read_and_numbers_without_what_says_nothing(
    firmground: Command,
) -> None:
    _, out, _ = firmground("policy", "show")
    assert max(map(len, out.splitlines())) <= 120
    assert "gate.override_hours" in out
    assert ".0\n" not in out


def test_build_servers_read_what_an_audit_found_whatever_it_holds(site: tuple[TestClient, Served]) -> None:
    _, served = site
    made = audits.run(served.app, ADMINISTRATOR, exercising={})
    odd = Ruling(
        requirement="odd",
        asks="Is it?",
        verdict="not_proven",
        said="no\x00 <b>&",
        evidence=(Evidence(label="l", value="\ud800"),),
    )
    suite = Xml.fromstring(as_junit(made.model_copy(update={"rulings": (*made.rulings, odd)})).split("\n", 1)[1])[0]
    last = suite[-1]
    assert (last.get("name"), last[0].get("type"), last[0].get("message")) == ("odd", "not_proven", "no\ufffd <b>&")
    assert isinstance(made, Audit)
