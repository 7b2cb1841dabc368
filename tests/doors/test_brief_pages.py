"""The pages about the brief: gone through step by step, errors beside their answers, nothing lost when somebody else saved, one sheet to
print; and what askers get to see of it."""

import errno
import os
import re
from collections.abc import Generator
from html import unescape
from pathlib import Path

import pytest
from inside import sign_in, token_of, with_account, with_owner
from serving import Elements, serving
from starlette.testclient import TestClient

from firmground.app.launching.briefs import brief_now
from firmground.app.setup import init
from firmground.gate.brief import FIELDS, FOR_ASKERS, TABLES, Brief, what_to_write
from firmground.web.questions import GROUPS, QUESTIONS, STEPS
from firmground.web.served import Served

NASTY = '<script>alert("x")</script> &amp; "quoted"'
BRIEF = """\
# Ours.
workflow_owner = "Ada Ling"
fallback_path = "the hidden handbook"
known_limitations = ["It knows no mail.", "Tables are read wrongly."]
blocked_actions = ["Book anything"]
alert_owner = "The desk"
"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    with serving(tmp_path_factory.mktemp("local")) as both:
        yield both


@pytest.fixture
def site(local: tuple[TestClient, Served]) -> tuple[TestClient, Served]:
    """As whoever reaches it, before there are accounts."""
    (local[1].app.workspace.root / "brief.toml").write_text(BRIEF)
    return local


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    """With an owner, and Bob, who is no administrator."""
    place = tmp_path_factory.mktemp("owned")
    (place / "brief.toml").write_text(BRIEF)
    with serving(place) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        yield client, served


def file(served: Served) -> Path:
    return served.app.workspace.root / "brief.toml"


def main(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.text.partition("<main")[2].partition("</main>")[0]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def filled(html: str) -> dict[str, str]:
    """The fields of the form, as a browser would send them."""
    inputs = [each for each in Elements(html).named("input") if each.get("type") != "checkbox" and each.get("name")]
    fields = {str(each["name"]): each.get("value") or "" for each in inputs}
    texts = re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)
    return fields | {name: unescape(text) for name, text in texts}


def test_every_field_has_its_question_in_one_step_with_the_same_help_as_the_file():
    assert [field for step in STEPS for field in step.fields] == sorted(FIELDS, key=[f for s in STEPS for f in s.fields].index)
    assert set(QUESTIONS) == set(FIELDS)
    assert set(GROUPS) == set(TABLES)
    assert {field: question.help for field, question in QUESTIONS.items()} == {field: what_to_write(field) for field in FIELDS}


def test_the_page_tells_what_is_answered_and_what_is_missing(site: tuple[TestClient, Served]):
    client, _ = site
    said = words(main(client, "/brief"))
    assert "5 of 19 answered" in said
    assert "Ada Ling" in said
    assert "Fallback the hidden handbook" in said
    assert "Who decides Missing. Who decides that it goes live, and that it stops." in said
    assert f"/brief/edit/{STEPS[0].slug}" in main(client, "/brief")


def test_it_goes_on_with_the_first_step_that_lacks_something(site: tuple[TestClient, Served]):
    client, served = site
    whole = "".join(f'{name} = "x"\n' for name in STEPS[0].questions)
    file(served).write_text(whole)
    assert 'href="/brief/edit/what">Go on with what is missing' in main(client, "/brief")


def test_a_step_is_saved_and_leads_to_the_next_until_the_last(site: tuple[TestClient, Served]):
    client, served = site
    for step in STEPS:
        fields = filled(main(client, f"/brief/edit/{step.slug}"))
        assert {*fields} == {"token", "revision", *step.fields}
        given = {
            field: "2027-01-15" if field == "first_review" else "400" if field == "sla.p95_ms" else "one\ntwo"
            for field in step.fields
        }
        answer = client.post(f"/brief/edit/{step.slug}", data={**fields, **given, "then": "next"})
        after = STEPS[STEPS.index(step) + 1].slug if step is not STEPS[-1] else ""
        assert (answer.status_code, answer.headers["location"]) == (303, f"/brief/edit/{after}" if after else "/brief")
    brief = brief_now(served.app)
    assert (brief.blocked_actions, brief.output, brief.sla.p95_ms) == (("one", "two"), "one\ntwo", 400)
    assert file(served).read_text().startswith("# Ours.\n")
    assert "19 of 19 answered" in words(main(client, "/brief"))


def test_all_questions_stand_on_one_page_too(site: tuple[TestClient, Served]):
    client, served = site
    fields = filled(main(client, "/brief/edit"))
    assert {*fields} == {"token", "revision", *FIELDS}
    answer = client.post("/brief/edit", data={**fields, "known_limitations": "only this", "decision_owner": NASTY})
    assert answer.headers["location"] == "/brief"
    brief = brief_now(served.app)
    assert (brief.known_limitations, brief.decision_owner, brief.workflow_owner) == (("only this",), NASTY, "Ada Ling")


def test_saving_a_form_as_it_came_changes_nothing(site: tuple[TestClient, Served]):
    client, served = site
    client.post("/brief/edit", data=filled(main(client, "/brief/edit")))
    assert file(served).read_text() == BRIEF


def test_errors_stand_beside_their_answers_and_nothing_is_lost(site: tuple[TestClient, Served]):
    client, served = site
    fields = filled(main(client, "/brief/edit/proof"))
    wrong = {"sla.p95_ms": "fast", "first_review": "2027-02-30", "sla.owner": "x" * 4001, "sla.availability": "99 %"}
    answer = client.post("/brief/edit/proof", data={**fields, **wrong})
    assert answer.status_code == 400
    page = answer.text
    for field, said in [
        ("sla.p95_ms", "write a number"),
        ("first_review", "there is no day 2027-02-30"),
        ("sla.owner", "longer than 4000"),
    ]:
        assert re.search(rf'<p class="wrong" id="{re.escape(field)}-wrong" lang="en">[^<]*{said}', page)
        assert f'<a href="#{field}">' in page
        [box] = [each for each in Elements(page).named("input", "textarea") if each.get("id") == field]
        assert box["aria-invalid"] == "true"
        assert f"{field}-wrong" in str(box["aria-describedby"]).split()
    assert {name: text for name, text in filled(page).items() if name in wrong} == wrong
    assert "3 answers cannot be saved as they are" in words(page)
    assert file(served).read_text() == BRIEF


def test_who_saves_after_somebody_else_loses_nothing_and_sees_both(site: tuple[TestClient, Served]):
    client, served = site
    fields = filled(main(client, "/brief/edit/who"))
    file(served).write_text(BRIEF.replace("Ada Ling", "Bo by hand"))
    mine = {**fields, "workflow_owner": "Cleo", "decision_owner": "Dora"}
    answer = client.post("/brief/edit/who", data=mine)
    assert answer.status_code == 412
    assert "Nothing was saved: the file was changed since you opened this page." in words(answer.text)
    assert "In the file now: Bo by hand" in words(answer.text)
    assert brief_now(served.app).workflow_owner == "Bo by hand"
    again = filled(answer.text.partition("<main")[2])
    assert (again["workflow_owner"], again["decision_owner"]) == ("Cleo", "Dora")
    assert client.post("/brief/edit/who", data=again).status_code == 303
    assert brief_now(served.app).workflow_owner == "Cleo"


def test_where_nothing_may_be_written_the_page_hands_out_a_patch(
    site: tuple[TestClient, Served], monkeypatch: pytest.MonkeyPatch
):
    client, served = site
    fields = filled(main(client, "/brief/edit/who"))

    def refuse(_: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "fsync", refuse)
    answer = client.post("/brief/edit/who", data={**fields, "decision_owner": "Dora"})
    monkeypatch.undo()
    assert answer.status_code == 200
    assert "Nothing was saved: this server may not write here" in words(answer.text)
    assert "+decision_owner = &#34;Dora&#34;" in answer.text
    assert file(served).read_text() == BRIEF


def test_a_form_of_another_site_changes_nothing(site: tuple[TestClient, Served]):
    client, served = site
    fields = filled(main(client, "/brief/edit/who"))
    for path in ("/brief/edit", "/brief/edit/who"):
        assert client.post(path, data={**fields, "token": "x", "decision_owner": "Dora"}).status_code == 403
    assert file(served).read_text() == BRIEF


def test_a_file_that_cannot_be_read_is_told_where_it_is_looked_at(site: tuple[TestClient, Served]):
    client, served = site
    file(served).write_text("outptu = 'x'")
    assert "The brief cannot be read: unknown key outptu in brief.toml. What to do: did you mean output?." in words(
        main(client, "/brief", 400)
    )
    assert "did you mean output?" in words(main(client, "/brief/edit/who", 400))
    assert "where its limits are" not in main(client, "/")


def test_there_are_no_other_steps(site: tuple[TestClient, Served]):
    client, served = site
    assert client.get("/brief/edit/whom").status_code == 404
    assert client.post("/brief/edit/whom", data={"token": served.local_form_token}).status_code == 404


def test_what_people_write_is_text(site: tuple[TestClient, Served]):
    client, served = site
    line = NASTY.replace('"', "'")
    file(served).write_text(
        f"known_limitations = [\"\"\"{line}\"\"\", '{'x' * 4000}']\nworkflow_owner = '''{NASTY}'''\nfinal_action = '''{NASTY}'''"
    )
    for path in ("/", "/brief", "/brief/print", "/brief/edit"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
    assert "x" * 4000 in client.get("/").text


def test_the_sheet_has_every_answer_and_names_what_is_missing(site: tuple[TestClient, Served]):
    client, served = site
    sheet = words(main(client, "/brief/print"))
    assert "5 of 19 answered" in sheet
    assert brief_now(served.app).digest[:12] in sheet
    for title in (question.label for question in QUESTIONS.values()):
        assert title in sheet
    assert sheet.count("Missing.") == len(FIELDS) - 5


def test_a_review_that_is_due_is_told(site: tuple[TestClient, Served]):
    client, served = site
    file(served).write_text("first_review = 2026-01-15")
    assert "The first review was due on 15 January 2026." in words(main(client, "/brief"))


def test_the_brief_of_the_sample_says_so_until_somebody_takes_it_over(tmp_path: Path):
    with serving(init(tmp_path / "sample", sample=True), {}) as (client, served):
        for path in ("/brief", "/brief/edit/who", "/brief/edit"):
            assert "This is the brief of the sample company." in words(main(client, path))
        assert "the brief of the sample, for which nobody answers" in words(main(client, "/brief/print"))
        client.post("/brief/edit/who", data={**filled(main(client, "/brief/edit/who")), "ours": "yes"})
        assert not brief_now(served.app).sample
        assert "sample" not in words(main(client, "/brief"))


def test_changes_are_told_with_who_made_them(site: tuple[TestClient, Served]):
    client, served = site
    client.post("/brief/edit/who", data={**filled(main(client, "/brief/edit/who")), "decision_owner": "Dora"})
    said = words(main(client, "/brief"))
    assert re.search(rf"Changed on this page {served.local_actor.person} , [^:]*:\d\d UTC : Who decides", said)


def test_a_change_of_the_file_itself_is_told_between_those_that_are_recorded(tmp_path: Path):
    with serving(tmp_path, {}) as (client, served):
        for name in ("Dora", "by hand", "Eva"):
            if name == "by hand":
                file(served).write_text("decision_owner = 'Bo'")
            else:
                client.post("/brief/edit/who", data={**filled(main(client, "/brief/edit/who")), "decision_owner": name})
        told = re.findall(r"UTC : Who decides|nobody recorded by whom", words(main(client, "/brief")))
        assert told == ["UTC : Who decides", "nobody recorded by whom", "UTC : Who decides"]
        file(served).write_text("decision_owner = 'Bo'")
        assert words(main(client, "/brief")).count("nobody recorded by whom") == 2


def test_beside_the_question_box_stands_what_it_cannot_do(site: tuple[TestClient, Served]):
    client, served = site
    page = main(client, "/")
    limits = page.partition('<details class="limits">')[2].partition("</details>")[0]
    assert words(limits) == (
        "What it can do, and where its limits are Known limitations It knows no mail. Tables are read wrongly."
        " What it must never do Book anything Whose it is Ada Ling When something is wrong The desk"
    )
    file(served).write_text("workflow_owner = 'Ada'")
    assert "limits" not in main(client, "/")


def test_who_is_no_administrator_sees_the_limits_and_whom_to_ask_and_nothing_else(owned: tuple[TestClient, Served]):
    client, served = owned
    sign_in(client, served, "bob")
    said = words(main(client, "/brief"))
    assert "It knows no mail." in said
    assert "Ada Ling" in said
    for path in ("/", "/brief"):
        assert "hidden handbook" not in client.get(path).text
    assert "Launch board" not in said
    for path in ("/brief/print", "/brief/edit", "/brief/edit/who"):
        assert client.get(path).status_code == 403
        assert "hidden handbook" not in client.get(path).text
    before = file(served).read_text()
    fields = {"token": token_of(client, served), "revision": "x", "decision_owner": "bob"}
    assert client.post("/brief/edit/who", data=fields).status_code == 403
    assert file(served).read_text() == before


def test_strangers_see_nothing(owned: tuple[TestClient, Served]):
    client, _ = owned
    client.cookies.clear()
    for path in ("/brief", "/brief/print", "/brief/edit/who"):
        answer = client.get(path)
        assert answer.status_code in {303, 401}
        assert "mail" not in answer.text


def test_everything_is_there_in_german(site: tuple[TestClient, Served]):
    client, _ = site
    said = words(main(client, "/brief?lang=de"))
    assert "5 von 19 beantwortet" in said
    assert "Wer entscheidet Fehlt. Wer entscheidet, dass es in Betrieb geht und dass es aufhört." in said
    form = words(main(client, "/brief/edit/limits"))
    assert "Zum Beispiel: Das Handbuch zitieren, mit der Seite" in form
    assert "Steckbrief" in words(main(client, "/brief/print"))


def test_what_askers_see_is_marked_where_it_is_written(site: tuple[TestClient, Served]):
    client, _ = site
    form = main(client, "/brief/edit")
    marked = re.findall(r'<label for="([^"]+)">[^<]*<span class="asked-too">', form)
    assert {*marked} == {*FOR_ASKERS}


def test_an_empty_workspace_begins_with_nothing(tmp_path: Path):
    with serving(tmp_path, {}) as (client, served):
        assert "0 of 19 answered" in words(main(client, "/brief"))
        assert "There is no brief.toml yet" in words(main(client, "/brief"))
        client.post("/brief/edit/who", data={**filled(main(client, "/brief/edit/who")), "user_role": "All"})
        assert brief_now(served.app) == Brief(user_role="All")
