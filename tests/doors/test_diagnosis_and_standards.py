"""What the diagnosis and the mapping to standards say, on the page, over HTTP and on the command line."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from inside import sign_in, token_of, with_account, with_owner
from serving import Elements, serving
from starlette.testclient import TestClient

from firmground.app.evaluating import evaluation
from firmground.cli import main
from firmground.testing.app import ADMINISTRATOR
from firmground.web.served import Served

CASES = "- {id: leave, question: how many vacation days may I carry over?, expect: {contains: [five], sources: [leave.md]}}\n"
EVIL = 'consequence_of_error = "<img src=x onerror=alert(1)> a patient is harmed"\n'
PATHS = ["/diagnosis", "/diagnosis/report.json", "/standards", "/standards/report.md", "/api/v1/diagnosis", "/api/v1/standards"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served, str]]:
    place = tmp_path_factory.mktemp("site")
    (place / "golden").mkdir()
    (place / "golden" / "all.yaml").write_text(CASES)
    (place / "brief.toml").write_text(EVIL)
    with serving(place) as (client, served):
        made = evaluation.run(served.app, ADMINISTRATOR)
        yield client, served, made.id


def test_the_page_tells_advice_evidence_and_what_would_change_it(site: tuple[TestClient, Served, str]) -> None:
    client, _, evaluated = site
    shown = client.get("/diagnosis")
    assert shown.status_code == 200
    assert "Is AI the right tool?" in shown.text
    assert "Not without people" in shown.text
    assert "search_may_do" in shown.text
    links = {each["href"] for each in Elements(shown.text).named("a")}
    assert {f"/evaluations/{evaluated}", "/brief", "/diagnosis/report.html"} <= links


def test_what_the_brief_says_stays_text(site: tuple[TestClient, Served, str]) -> None:
    client, _, _ = site
    for path in ("/diagnosis", "/diagnosis/report.html", "/standards"):
        assert "<img src=x" not in client.get(path).text
    assert "&lt;img src=x" in client.get("/diagnosis").text


def test_the_links_of_the_evidence_lead_somewhere(site: tuple[TestClient, Served, str]) -> None:
    client, _, _ = site
    pages = [
        client.get("/diagnosis").text,
        *(client.get(f"/standards?edition={each}").text for each in ("owasp-llm-2026", "nist-ai-600-1")),
    ]
    links = {str(each["href"]).partition("#")[0] for page in pages for each in Elements(page).named("a")}
    inside = {each for each in links if each.startswith("/") and not each.startswith(("/audits", "/ledger"))}
    assert {path: client.get(path).status_code for path in sorted(inside - {""})} == dict.fromkeys(sorted(inside - {""}), 200)


def test_headings_are_german_for_germans_and_titles_stay_as_published(site: tuple[TestClient, Served, str]) -> None:
    client, _, _ = site
    assert "Ist KI das richtige Werkzeug?" in client.get("/diagnosis?lang=de").text
    page = client.get("/standards?lang=de").text
    assert "Punkt für Punkt" in page
    assert "Sensitive Information Disclosure" in page
    client.get("/diagnosis?lang=en")


def test_each_edition_has_its_page_and_another_is_none(site: tuple[TestClient, Served, str]) -> None:
    client, _, _ = site
    for edition, item in {
        "owasp-llm-2025": "LLM07:2025",
        "nist-ai-rmf-1.0": "GOVERN 1",
        "nist-ai-600-1": "Confabulation",
    }.items():
        shown = client.get("/standards", params={"edition": edition})
        assert shown.status_code == 200
        assert item in shown.text
    assert client.get("/standards?edition=nonsense").status_code == 404
    assert client.get("/standards/nothing.html").status_code == 404
    assert client.get("/diagnosis/nothing.html").status_code == 404


def test_what_is_switched_on_shows_at_once(site: tuple[TestClient, Served, str]) -> None:
    client, served, _ = site
    before = client.get("/api/v1/standards", params={"edition": "nist-ai-rmf-1.0"}).json()["standards"][0]["rows"]
    (served.app.workspace.root / "brief.toml").write_text(EVIL + 'workflow_owner = "ada"\ndecision_owner = "bob"\n')
    after = client.get("/api/v1/standards", params={"edition": "nist-ai-rmf-1.0"}).json()["standards"][0]["rows"]
    (served.app.workspace.root / "brief.toml").write_text(EVIL)
    states = [{row["id"]: row["state"] for row in rows} for rows in (before, after)]
    assert [each["GOVERN 2"] for each in states] == ["none", "configured"]


def test_the_reports_are_files_that_ask_for_nothing(site: tuple[TestClient, Served, str]) -> None:
    client, _, _ = site
    for subject in ("diagnosis", "standards"):
        for file, kind in {"report.html": "text/html", "report.md": "text/markdown", "report.json": "application/json"}.items():
            given = client.get(f"/{subject}/{file}")
            assert given.headers["content-type"].startswith(kind)
            assert "attachment" in given.headers["content-disposition"]
        page = client.get(f"/{subject}/report.html").text
        assert "<script" not in page
        assert Elements(page).named("img", "link", "script", "iframe") == []
        assert json.loads(client.get(f"/{subject}/report.json").text)


def test_over_http_both_are_json(site: tuple[TestClient, Served, str]) -> None:
    client, _, evaluated = site
    found = client.get("/api/v1/diagnosis").json()
    assert found["concluded"]["tool"]
    hrefs = {each["href"] for one in found["recommendations"] for each in one["evidence"]}
    assert f"/evaluations/{evaluated}" in hrefs
    every = client.get("/api/v1/standards").json()["standards"]
    assert [len(each["rows"]) for each in every] == [10, 10, 19, 12]
    assert client.get("/api/v1/standards", params={"edition": "x"}).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_nobody_but_administrators_reads_them(tmp_path: Path, path: str) -> None:
    with serving(tmp_path) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        sign_in(client, served, "bob")
        assert token_of(client, served)
        assert client.get(path).status_code == 403


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def firmground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, default_model: Path) -> Command:
    """In a workspace where nothing was synced or evaluated."""
    del default_model
    (tmp_path / "firmground.toml").write_text('[[sources]]\nname = "docs"\npath = "documents"\n')
    (tmp_path / "documents").mkdir()
    monkeypatch.chdir(tmp_path)

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

    return run


def test_on_the_command_line_there_is_text_json_and_a_report(firmground: Command, tmp_path: Path) -> None:
    code, told, _ = firmground("diagnose", "--report", "d.html")
    assert code == 0
    assert "Is AI the right tool?" in told
    assert "What would change it: Measure: `firmground evaluate`" in told
    assert "<h1>Diagnosis</h1>" in (tmp_path / "d.html").read_text()
    assert json.loads(firmground("diagnose", "--json")[1])["concluded"]["tool"].startswith("Not known yet")
    code, told, _ = firmground("standards", "--edition", "owasp-llm-2026", "--report", "s.md")
    assert code == 0
    assert "LLM01:2026 Prompt Injection" in told
    assert "genai.owasp.org" in (tmp_path / "s.md").read_text()
    assert len(json.loads(firmground("standards", "--json")[1])) == 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("diagnose --report d.pdf", 2, "d.pdf is none of .html, .md, .json"),
        ("diagnose --report none/d.md", 5, "cannot write none/d.md"),
        ("diagnose --prototype none.toml", 3, "there is no file"),
        ("standards --edition owasp", 3, "use one of owasp-llm-2026"),
        ("standards --report s", 2, "s is none of"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(firmground: Command, words: str, code: int, said: str) -> None:
    ended, out, err = firmground(*words.split())
    assert (ended, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
