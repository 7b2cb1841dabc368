"""The pages to ask on, without scripts: one answer, what was said before it, what one asked."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from serving import HERE, LEAVE, Elements, serving
from starlette.testclient import TestClient

from firmground.app.access import accounts
from firmground.app.access.seals import digest_of
from firmground.app.access.sessions import present
from firmground.app.corpus.sync import sync
from firmground.testing.app import ADMINISTRATOR, make_live
from firmground.testing.model import ScriptedModel
from firmground.web import rendering
from firmground.web.application import application
from firmground.web.credentials import cookie_name
from firmground.web.pages import ask as pages
from firmground.web.served import Served

QUESTION = "How many vacation days may I carry over?"
LEAVE_TRUE = "Every employee may carry over five vacation days into the next year. [1]"
WORDS = "correct horse battery staple"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[TestClient, Served]]:
    with serving(tmp_path_factory.mktemp("served")) as both:
        yield both


def ask(client: TestClient, token: str, question: str = QUESTION, **more: str) -> str:
    """The address of the answer."""
    response = client.post("/", data={"question": question, "token": token, **more})
    assert response.status_code == 303, response.text
    return response.headers["location"]


def conversation(page: str) -> str:
    return next(each["value"] or "" for each in Elements(page).named("input") if each.get("name") == "conversation")


@contextmanager
def waiting(place: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[tuple[TestClient, Served, Event]]:
    """A model that says nothing until it may, and a page that has no patience."""
    may = Event()
    monkeypatch.setattr(pages, "_PATIENCE_SECONDS", 0.05)

    def rules(_: Any) -> str:
        assert may.wait(20)
        return LEAVE_TRUE

    with serving(place, model=ScriptedModel(structured=False, rules=rules)) as (client, served):
        try:
            yield client, served, may
        finally:
            may.set()


def person(served: Served, name: str, **more: Any) -> tuple[TestClient, str]:
    """A browser in which somebody is signed in, and the token of its forms."""
    if not accounts.has_owner(served.app):
        accounts.create_owner(served.app, name, WORDS)
        make_live(served.app)
    else:
        accounts.add_account(served.app, ADMINISTRATOR, name, WORDS, **more)
    secret = accounts.sign_in(served.app, name, WORDS)
    browser = TestClient(application(served), base_url=HERE, follow_redirects=False, cookies={cookie_name(served): secret})
    found = present(served.app, digest_of(secret))
    assert found is not None
    return browser, found.form_token


def test_loading_the_page_of_an_answer_again_asks_nothing_again(site: tuple[TestClient, Served]):
    client, served = site
    address = ask(client, served.local_form_token)
    before = client.get("/api/v1/answers").json()["answers"]
    shown = {client.get(address).text for _ in range(3)}
    assert len(shown) == 1
    assert client.get("/api/v1/answers").json()["answers"] == before


def test_an_answer_that_takes_long_has_a_page_that_says_so_and_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with waiting(tmp_path, monkeypatch) as (client, served, may):
        address = ask(client, served.local_form_token)
        page = client.get(address)
        assert page.status_code == 200
        assert QUESTION in page.text
        assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page.text
        assert "The answer is being made" in page.text
        may.set()
        served.streams.find(address.removeprefix("/answers/"), served.local_actor).work.result(20)
        page = client.get(address)
        assert "five vacation days" in page.text
        assert "http-equiv" not in page.text


def test_an_answer_that_nobody_wants_any_more_is_stopped_and_its_question_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with waiting(tmp_path, monkeypatch) as (client, served, may):
        address = ask(client, served.local_form_token)
        stream = served.streams.find(address.removeprefix("/answers/"), served.local_actor)
        refused = client.post(f"{address}/stop", data={"token": "wrong"})
        assert refused.status_code == 403
        assert not stream.given_up()
        stopped = client.post(f"{address}/stop", data={"token": served.local_form_token})
        assert (stopped.status_code, stopped.headers["location"]) == (303, "/")
        may.set()
        assert stream.work is not None
        stream.work.result(20)
        page = client.get(address)
        assert page.status_code == 503
        assert f">{QUESTION}</textarea>" in page.text
        assert client.get("/api/v1/answers").json()["answers"] == []


def test_a_question_that_cannot_be_answered_stays_in_its_field_with_its_conversation(site: tuple[TestClient, Served]):
    client, served = site
    known = conversation(client.get(ask(client, served.local_form_token)).text)
    fields = {"token": served.local_form_token, "question": "x" * 5000, "conversation": known}
    response = client.post("/", data=fields)
    assert response.status_code == 400
    assert "x" * 5000 in response.text
    assert conversation(response.text) == known
    unknown = client.post("/", data={**fields, "question": "How so?", "conversation": "nowhere"})
    assert unknown.status_code == 404
    assert "How so?</textarea>" in unknown.text


def test_a_question_in_the_address_is_only_put_into_its_field(site: tuple[TestClient, Served]):
    client, _ = site
    before = client.get("/api/v1/answers").json()
    assert ">And &lt;b&gt;?</textarea>" in client.get("/", params={"question": "And <b>?"}).text
    assert client.get("/api/v1/answers").json() == before


def test_where_nothing_is_indexed_the_page_says_so_before_anybody_asks(tmp_path: Path, site: tuple[TestClient, Served]):
    with serving(tmp_path, {}) as (client, _):
        page = client.get("/").text
    assert "There is nothing to ask yet" in page
    assert "the sources hold no document" in page
    assert "There is nothing to ask yet" not in site[0].get("/").text


def test_what_was_said_before_stands_above_an_answer_and_what_came_after_is_one_step_away(site: tuple[TestClient, Served]):
    client, served = site
    first = ask(client, served.local_form_token)
    then = ask(client, served.local_form_token, "Ask my manager before what?", conversation=conversation(client.get(first).text))
    page = client.get(then).text
    assert page.index(QUESTION) < page.index("Ask my manager before what?</h1>")
    assert f'href="{first}"' in page
    assert 'rel="next"' not in page
    assert f'<a href="{then}" dir="auto" rel="next">Ask my manager before what?</a>' in client.get(first).text


def test_a_part_is_the_answer_alone(site: tuple[TestClient, Served]):
    client, served = site
    address = ask(client, served.local_form_token)
    part = Elements(client.get(address, params={"part": "answer"}).text)
    assert part.named("html", "head", "main", "script", "link", "nav") == []
    assert [each["data-answer"] for each in part.named("article")] == [address.removeprefix("/answers/")]


@pytest.mark.parametrize("id", ["nowhere", "%3Cscript%3E", "..%2f..%2fme"])
def test_an_answer_that_does_not_exist_is_a_page_that_says_so(site: tuple[TestClient, Served], id: str):
    response = site[0].get(f"/answers/{id}")
    assert response.status_code == 404
    assert "What to do:" in response.text


def test_the_beginning_of_an_id_leads_to_its_answer(site: tuple[TestClient, Served]):
    client, served = site
    address = ask(client, served.local_form_token)
    assert client.get("/answers/last").headers["location"] == address


def test_a_persons_answers_are_their_own_and_an_administrator_sees_whose_they_are(tmp_path: Path):
    with serving(tmp_path) as (_, served):
        owner, _ = person(served, "olivia")
        anna, token = person(served, "anna")
        boris, other = person(served, "boris")
        address = ask(anna, token)
        mine, theirs = anna.get(address), owner.get(address)
        assert mine.status_code == theirs.status_code == 200
        assert "Asked by" not in mine.text
        assert "Asked by anna" in theirs.text
        assert 'name="conversation"' not in theirs.text
        assert boris.get(address).status_code == 404
        assert boris.get(address, params={"part": "answer"}).status_code == 404
        assert (QUESTION in boris.get("/me").text, QUESTION in boris.get("/").text) == (False, False)
        assert (QUESTION in anna.get("/me").text, QUESTION in anna.get("/").text) == (True, True)
        assert boris.post(f"{address}/stop", data={"token": token}).status_code == 403
        assert boris.post(f"{address}/stop", data={"token": other}).status_code == 303
        assert ("Adds to the log-odds" in theirs.text, "Adds to the log-odds" in mine.text) == (True, False)


def test_what_somebody_may_not_see_any_more_is_gone_from_their_answer(tmp_path: Path):
    with serving(tmp_path) as (_, served):
        person(served, "olivia")
        anna, token = person(served, "anna")
        address = ask(anna, token)
        assert "five vacation days" in anna.get(address).text
        with served.app.database.transaction() as tx:
            [leave] = [each for each in tx.documents() if each.uri == "leave.md"]
            scope = tx.scope(["board"])
            tx.save_document(leave.model_copy(update={"groups": ("board",), "scope": scope}))
        for page in (anna.get(address).text, anna.get("/me").text, anna.get("/").text):
            assert "five vacation days" not in page
            assert "Ask your manager" not in page


def test_a_document_that_changed_is_told_beside_its_quote(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        address = ask(client, served.local_form_token)
        source: Any = served.app.sources["docs"]
        source.contents["leave.md"] = LEAVE.replace("five", "six").encode()
        sync(served.app, ADMINISTRATOR)
        page = client.get(address).text
        assert "The document does not say this here any more" in page
        assert Elements(page).marks == ["Every employee may carry over five vacation days into the next year."]


def test_quotes_that_stand_near_each_other_are_one_source_with_every_number(tmp_path: Path):
    model = ScriptedModel([f"{LEAVE_TRUE} Ask your manager before you book a trip. [1]"], structured=False)
    with serving(tmp_path, model=model) as (client, served):
        page = Elements(client.get(ask(client, served.local_form_token)).text)
    assert [each["data-n"] for each in page.named("mark")] == ["1", "2"]
    assert [each["id"] for each in page.named("a") if (each.get("id") or "").startswith("source-")] == ["source-1", "source-2"]
    assert len(page.named("blockquote")) == 1


def test_of_a_long_conversation_the_latest_turns_stand_above_and_the_others_are_folded(site: tuple[TestClient, Served]):
    client, served = site
    address = ask(client, served.local_form_token)
    known = conversation(client.get(address).text)
    for n in range(5):
        address = ask(client, served.local_form_token, f"And train tickets, number {n}?", conversation=known)
    page = client.get(address).text
    folded, shown = page[page.index("3 questions before") : page.index("</article>")].split("</details>", 1)
    assert re.findall(r"number \d", folded) == ["number 0", "number 1"]
    assert set(re.findall(r"number \d", shown)) == {"number 2", "number 3", "number 4"}


def test_a_row_of_a_long_table_is_shown_under_the_names_of_its_columns(tmp_path: Path):
    rows = "".join(f"| Place {n} in the far north of the long list | {n} euro |\n" for n in range(200))
    table = f"# Daily allowance\n\n| Place of the journey | Allowance per day |\n|---|---|\n{rows}| Norway | 65 euro |\n"
    with serving(tmp_path, {"rates.md": table}) as (client, served):
        page = client.get(ask(client, served.local_form_token, "What is the allowance per day in Norway?")).text
        said = page[page.index('id="sources"') :]
        assert "65 euro" in " ".join(Elements(page).marks)
        assert said.index("Place of the journey</th>") < said.index("Norway</mark>")
        assert "Place 3 in" not in said


def test_an_answer_can_be_copied_with_its_sources(site: tuple[TestClient, Served]):
    client, served = site
    page = client.get(ask(client, served.local_form_token, "How many *vacation* days may I carry over?")).text
    text, markdown = (
        re.findall(rf'<template id="as-{kind}">(.*?)</template>', page, re.DOTALL)[0] for kind in ("text", "markdown")
    )
    assert text.startswith("How many *vacation* days may I carry over?\n\nEvery employee may carry over five")
    assert re.search(rf"\n\[1\] Leave: {HERE}/documents/\S+\?start=\d+&amp;end=\d+#quote$", text)
    assert markdown.startswith("**How many \\*vacation\\* days may I carry over?**")
    assert re.search(rf"\n1\. \[Leave\]\(&lt;{HERE}/documents/\S+&gt;\)$", markdown)


def test_what_one_thinks_of_an_answer_is_said_by_forms_and_shown_afterwards(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        address = ask(client, served.local_form_token)

        def say(what: str, **fields: str) -> str:
            response = client.post(f"{address}/{what}", data={"token": served.local_form_token, **fields})
            assert (response.status_code, response.headers["location"]) == (303, f"{address}#acts")
            return client.get(address).text

        assert 'id="act-up" class="quiet small" aria-pressed="true"' in say("feedback", verdict="up")
        page = say("feedback", verdict="down", reason="outdated", comment="<b>six</b> by now")
        assert "Not helpful: noted" in page
        assert 'value="outdated" checked' in page
        assert "&lt;b&gt;six&lt;/b&gt; by now</textarea>" in page
        assert "Not helpful: noted" not in say("feedback", verdict="none")
        asked = say("review", note="is that <i>so</i>?")
        assert "A person was asked" in asked
        notice = asked[asked.index('<div class="checked') : asked.index('<div class="acts"')]
        assert 'name="withdraw" value="yes"' in notice
        assert "Never mind" in notice
        assert "A person was asked" not in say("review", withdraw="yes")
        assert f'value="{HERE}{address}"' in say("share")
        assert f'value="{HERE}{address}"' not in say("share", withdraw="yes")


@pytest.mark.parametrize("what", ["feedback", "review", "share"])
def test_what_is_said_of_an_answer_needs_the_token_of_our_pages_and_the_right_to_see_it(tmp_path: Path, what: str):
    with serving(tmp_path) as (_, served):
        person(served, "olivia")
        anna, token = person(served, "anna")
        boris, other = person(served, "boris")
        address = f"{ask(anna, token)}/{what}"
        for browser, given, status in ((anna, other, 403), (boris, other, 404), (anna, token, 303)):
            assert browser.post(address, data={"token": given, "verdict": "up"}).status_code == status


def test_a_script_gets_the_forms_as_they_stand_or_what_is_wrong(site: tuple[TestClient, Served]):
    client, served = site
    address = ask(client, served.local_form_token)
    fields = {"token": served.local_form_token, "part": "acts", "verdict": "up"}
    good = client.post(f"{address}/feedback", data=fields)
    assert good.status_code == 200
    assert Elements(good.text).named("html", "main") == []
    assert 'aria-pressed="true"' in good.text
    wrong = client.post(f"{address}/feedback", data={**fields, "reason": "<b>"})
    assert wrong.status_code == 400
    assert Elements(wrong.text).named("b") == []
    assert 'role="alert"' in wrong.text
    assert client.post("/answers/nowhere/feedback", data=fields).status_code == 404


def test_a_shared_answer_is_seen_by_others_alone_without_what_only_its_asker_may_do(tmp_path: Path):
    with serving(tmp_path) as (_, served):
        person(served, "olivia")
        anna, token = person(served, "anna")
        boris, _ = person(served, "boris")
        address = ask(anna, token)
        assert anna.post(f"{address}/share", data={"token": token}).status_code == 303
        page = boris.get(address).text
        assert "five vacation days" in page
        assert "Asked by anna" in page
        assert "/share" not in page
        assert "Adds to the log-odds" not in page
        assert boris.get("/").text.count(QUESTION) == 0


def test_my_questions_are_shown_by_conversation_searched_by_words_and_turned_page_by_page(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        first = ask(client, served.local_form_token)
        ask(client, served.local_form_token, "And tickets?", conversation=conversation(client.get(first).text))
        for n in range(28):
            ask(client, served.local_form_token, f"Are train tickets number {n} refunded?")
        page = client.get("/me").text
        assert [each for each in re.findall(r"number \d+", page) if "number" in each][:3] == [
            "number 27",
            "number 26",
            "number 25",
        ]
        older = next(link["href"] or "" for link in Elements(page).named("a") if link.get("rel") == "next")
        rest = client.get(older).text
        assert set(re.findall(r"number \d+", page)) | set(re.findall(r"number \d+", rest)) == {f"number {n}" for n in range(28)}
        assert rest.index(QUESTION) < rest.index("And tickets?")
        assert len(Elements(rest).named("time")) == len(Elements(page).named("time")) - 25 + 4
        found = client.get("/me", params={"query": "VACATION carry"}).text
        assert QUESTION in found
        assert "number 3" not in found
        assert 'rel="next"' not in found
        assert "None of these questions" in client.get("/me", params={"query": "nothing like it"}).text


def test_nothing_that_was_asked_becomes_html_anywhere(tmp_path: Path):
    hostile = 'Vacation</template></title><script>alert(1)</script><b onclick="x"> days "carried" over {{ 7 * 191 }}?'
    with serving(tmp_path) as (client, served):
        address = ask(client, served.local_form_token, hostile)
        found = [client.get(address), client.get("/"), client.get("/me"), client.get("/me", params={"query": "<script>'\""})]
        found.append(client.get(address, params={"part": "answer"}))
        found.append(client.post("/", data={"question": hostile, "token": served.local_form_token, "conversation": '"><script>'}))
    for page in found:
        elements = Elements(page.text)
        assert all((each.get("src") or "").startswith("/static/") for each in elements.named("script"))
        assert elements.named("b") == []
        assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on") or name == "style"]
        assert "1337" not in page.text
        assert "<script>alert" not in page.text


def test_every_text_that_the_scripts_say_is_on_the_page(site: tuple[TestClient, Served]):
    texts = next(each for each in Elements(site[0].get("/").text).named("div") if each.get("id") == "texts")
    scripts = "".join((rendering.STATIC / name).read_text() for name in ("ask.js", "evidence.js", "acts.js", "checking.js"))
    wanted = {re.sub("[A-Z]", lambda sign: "-" + sign[0].lower(), name) for name in re.findall(r"\btexts\.(\w+)", scripts)}
    states = {"waiting", "understanding", "searching", "answering"}
    assert {f"data-{name}" for name in wanted | states} == {name for name in texts if name.startswith("data-")}


def test_the_scripts_never_take_what_is_said_for_html():
    for script in rendering.STATIC.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script.read_text())
