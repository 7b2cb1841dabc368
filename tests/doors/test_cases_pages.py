"""The pages about golden cases: found by their words, checked in plain words, changed in their files, made from real answers."""

import re
from collections.abc import Generator
from html import unescape
from pathlib import Path

import pytest
from serving import Elements, serving
from starlette.testclient import TestClient

from firmground.app.corpus.sync import sync
from firmground.app.evaluating.evaluation import run
from firmground.testing.app import ADMINISTRATOR
from firmground.web.served import Served

CASES = """\
# Ours.
- id: leave
  question: how many vacation days may I carry over?
  expect: {contains: ["five"], sources: ["gone.md"]}
  unacceptable: ["ten"]
  owner: hr

# Kept.
- id: moon
  kind: out_of_scope
  question: who owns <b>the</b> moon?
  expect: {behaviour: abstain}
  status: draft
- id: odd
  question: Which?
  expect: {contains: ["one | two"]}
- id: broken
  knd: x
"""


@pytest.fixture
def served(tmp_path: Path) -> Generator[tuple[TestClient, Served]]:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASES)
    with serving(tmp_path) as both:
        yield both


@pytest.fixture
def site(served: tuple[TestClient, Served]) -> tuple[TestClient, Path]:
    client, site = served
    return client, site.app.workspace.root / "golden" / "all.yaml"


def read(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def filled(client: TestClient, path: str) -> dict[str, str]:
    """The fields of the form on a page, as a browser would send them."""
    page = client.get(path).text.partition("<main")[2]
    fields = {each["name"]: each.get("value") or "" for each in Elements(page).named("input") if each.get("name")}
    for name, text in re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL):
        fields[name] = unescape(text)
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        fields[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    return {name: str(value) for name, value in fields.items()}


def test_cases_are_found_by_kind_state_words_and_what_is_wrong(site: tuple[TestClient, Path]) -> None:
    client, _ = site
    shown = read(client, "/cases")
    assert "3 cases, 2 of them active." in shown
    assert "The source is no document" in shown
    assert "Cannot be read" in shown
    assert "golden/all.yaml:9" in shown

    def ids(query: str) -> set[str]:
        page = client.get("/cases?" + query).text
        return set(re.findall(r'href="/cases/(\w+)"', page.partition('<ol class="runs">')[2]))

    assert ids("kind=out_of_scope") == {"moon"}
    assert ids("status=active") == {"leave", "odd"}
    assert ids("query=VACATION") == {"leave"}
    assert ids("query=VACATION&status=retired") == set()
    assert "leave" in ids("problems=true")
    assert ids("page=2") == set()


def test_a_case_is_read_with_what_is_wrong_and_what_it_came_to(served: tuple[TestClient, Served]) -> None:
    client, site = served
    run(site.app, ADMINISTRATOR)
    shown = read(client, "/cases/leave")
    assert "golden/all.yaml:2" in shown
    assert "The source is no document gone.md is no document" in shown
    assert "It does not cite gone.md" in shown
    assert "who owns <b>the</b> moon?" in read(client, "/cases/moon")
    assert "not evaluated yet" in read(client, "/cases/moon")
    assert client.get("/cases/none").status_code == 404


def test_an_edit_is_written_into_the_file_and_remembered(site: tuple[TestClient, Path]) -> None:
    client, file = site
    fields = filled(client, "/cases/moon/edit")
    changed = {**fields, "question": "Who\r\nowns it?", "contains": "", "groups": "hr, ops", "notes": "- id: x"}
    assert client.post("/cases/moon/edit", data=changed).headers["location"] == "/cases/moon"
    text = file.read_text()
    assert text.startswith(CASES[: CASES.index("- id: moon")])
    assert text.endswith(CASES[CASES.index("- id: odd") :])
    shown = read(client, "/cases/moon")
    assert "hr , ops" in shown
    assert "· changed" in shown
    assert "before: −   question: who owns <b>the</b> moon?" in re.sub(r"− +", "−   ", shown)


def test_an_edit_of_a_file_that_changed_meanwhile_is_refused_and_not_lost(site: tuple[TestClient, Path]) -> None:
    client, file = site
    fields = filled(client, "/cases/leave/edit")
    file.write_text(CASES + "# more\n")
    refused = client.post("/cases/leave/edit", data={**fields, "question": "What I <typed>"})
    assert refused.status_code == 409
    assert "golden/all.yaml was changed since this page was loaded" in refused.text
    assert "What I &lt;typed&gt;" in refused.text
    assert file.read_text() == CASES + "# more\n"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("question", " ", "question cannot be used"), ("kind", "odd", "kind cannot be used"), ("contains", "/(/", "is no pattern")],
)
def test_what_is_no_case_is_told_above_the_form(site: tuple[TestClient, Path], name: str, value: str, told: str) -> None:
    client, file = site
    refused = client.post("/cases/leave/edit", data={**filled(client, "/cases/leave/edit"), name: value})
    assert refused.status_code == 400
    assert told in unescape(refused.text)
    assert file.read_text() == CASES


def test_what_a_form_would_change_is_not_offered_in_one(site: tuple[TestClient, Path]) -> None:
    client, _ = site
    assert "edit the file itself" in read(client, "/cases/odd/edit")
    assert 'name="contains"' not in client.get("/cases/odd/edit").text


def test_a_case_is_retired_with_a_button(site: tuple[TestClient, Path]) -> None:
    client, file = site
    token = filled(client, "/cases/leave/edit")["token"]
    assert client.post("/cases/leave/retire", data={"token": token, "revision": "old"}).status_code == 409
    page = client.get("/cases/leave").text
    revision = re.findall(r'name="revision" value="(\w+)"', page)[0]
    assert client.post("/cases/leave/retire", data={"token": token, "revision": revision}).status_code == 303
    assert "status: retired" in file.read_text()
    assert "Retire" not in read(client, "/cases/leave").partition("What it came to")[0]


def test_a_case_whose_document_changed_is_confirmed_with_a_button(served: tuple[TestClient, Served]) -> None:
    client, site = served
    (site.app.workspace.root / "golden" / "all.yaml").write_text(CASES.replace("gone.md", "leave.md"))
    assert "It still holds" not in read(client, "/cases/leave")
    site.app.sources["docs"].contents["leave.md"] += b"\nTen from 2027 on.\n"
    sync(site.app, ADMINISTRATOR)
    assert "The source was changed since" in read(client, "/cases/leave")
    assert client.post("/cases/leave/confirm", data={"token": "guessed"}).status_code == 403
    assert client.post("/cases/leave/confirm", data={"token": filled(client, "/cases/leave/edit")["token"]}).status_code == 303
    assert "The source was changed since" not in read(client, "/cases/leave")


def test_an_answer_becomes_a_case_in_one_click_and_a_look(site: tuple[TestClient, Path]) -> None:
    client, file = site
    asked = client.post("/api/v1/answers", json={"question": "Are train tickets refunded?"}).json()
    link = re.findall(r'href="(/new-case\?answer=[^"]+)"', client.get(f"/answers/{asked['id']}").text)[0]
    fields = filled(client, link)
    name = fields["id"]
    assert re.fullmatch(r"asked-2026-\d\d-\d\d", name), "a name stands in the ledger for good, so it quotes no question"
    assert fields["question"] == "Are train tickets refunded?"
    assert fields["sources"] == "docs/travel.md"
    assert fields["contains"] == ""
    assert client.post("/new-case", data={**fields, "contains": "refunded | paid"}).status_code == 303
    assert "refunded" in (file.parent / "added.yaml").read_text()
    assert "It must say refunded or paid" in read(client, f"/cases/{name}")
    again = client.post("/new-case", data=fields)
    assert again.status_code == 409
    assert f"there is a case '{name}' already" in unescape(again.text)
    assert client.get("/new-case?answer=none").status_code == 404
    assert filled(client, "/new-case")["question"] == ""


def test_a_form_of_another_site_changes_nothing(site: tuple[TestClient, Path]) -> None:
    client, file = site
    fields = filled(client, "/cases/leave/edit")
    for path in ("/cases/leave/edit", "/cases/leave/retire", "/new-case"):
        assert client.post(path, data={**fields, "id": "new", "token": "guessed"}).status_code == 403
    assert file.read_text() == CASES
    assert not (file.parent / "added.yaml").exists()


@pytest.mark.parametrize("kind", ["yaml", "csv", "jsonl", "promptfoo"])
def test_all_cases_are_saved_as_one_file(site: tuple[TestClient, Path], kind: str) -> None:
    client, _ = site
    saved = client.get(f"/cases.{kind}")
    assert saved.status_code == 200
    assert "attachment" in saved.headers["content-disposition"]
    assert "vacation days" in saved.text


def test_there_is_no_other_kind_of_file(site: tuple[TestClient, Path]) -> None:
    assert site[0].get("/cases.exe").status_code == 404


def test_cases_are_pasted_in_all_or_none_and_what_is_wrong_keeps_the_text(site: tuple[TestClient, Path]) -> None:
    client, file = site
    fields = filled(client, "/import-cases")
    good = "- {id: boat, question: Where is the boat?}\n- {id: ship, question: Where is the ship?}\n"
    refused = client.post("/import-cases", data={**fields, "name": "more", "text": good + "- {id: leave, question: twice?}\n"})
    assert refused.status_code == 400
    assert "there is a case &#39;leave&#39; already" in refused.text
    assert "Where is the boat?" in refused.text, "what was pasted is still there"
    assert not (file.parent / "more.yaml").exists()
    for name, kind, said in (("../evil", "yaml", "cannot be called"), ("more", "exe", "no kind of cases"), ("more", "csv", "no")):
        assert client.post("/import-cases", data={**fields, "name": name, "kind": kind, "text": good}).status_code == 400, said
    taken = client.post("/import-cases", data={**fields, "name": "more", "text": good}, follow_redirects=False)
    assert (taken.status_code, taken.headers["location"]) == (303, "/cases")
    assert {"boat", "ship"} <= set(re.findall(r"id: (\w+)", (file.parent / "more.yaml").read_text()))
    again = client.post(
        "/import-cases", data={**fields, "name": "more", "text": good.replace("boat", "raft").replace("ship", "tug")}
    )
    assert again.status_code == 409


def test_a_placeholder_in_a_case_is_told_in_words(site: tuple[TestClient, Path]) -> None:
    client, file = site
    asked = "- id: who\n  question: Who is EMAIL_7KQ2MX5PA4?\n  expect: {contains: [PHONE_7KQ2MX5PA4], answer: Ask EMAIL_7KQ2MX5PA4.}\n"
    file.write_text(CASES + asked)
    page = read(client, "/cases/who")
    assert "Who is e-mail address, hidden" in page
    assert "Ask e-mail address, hidden" in page
    assert "phone number, hidden" in page
    assert "_7KQ2MX5PA4" not in page
    assert "Who is e-mail address, hidden" in read(client, "/cases")
