"""The pages of whoever looks at answers, as a browser without scripts sends their forms."""

import re
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from inside import sign_in, token_of, with_account, with_owner
from reviewed import QUESTION, held, wanted
from serving import serving
from starlette.testclient import TestClient

from firmground.app.app import App
from firmground.app.asking import kept
from firmground.app.reviewing import acting
from firmground.reviews import ReviewItem
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE
from firmground.types import Actor

SIX = "Every employee may carry over six vacation days into the next year. [1]"


class Desk(NamedTuple):
    client: TestClient
    app: App
    token: str

    def get(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.text

    def send(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, data={"token": self.token, **{name: str(value) for name, value in fields.items()}})

    def now(self, item: ReviewItem) -> ReviewItem:
        with self.app.database.reading() as tx:
            found = tx.item(item.id)
        assert found is not None
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    with serving(tmp_path) as (client, served):
        yield Desk(client, served.app, served.local_form_token)


@pytest.fixture
def office(tmp_path: Path) -> Generator[Desk]:
    """Rita, who reviews as Ben does, is signed in."""
    with serving(tmp_path) as (client, served):
        with_owner(served, "root")
        for name in ("rita", "ben"):
            with_account(served, name, role="reviewer")
        sign_in(client, served, "rita")
        yield Desk(client, served.app, token_of(client, served))


def test_an_empty_queue_says_what_would_stand_there(desk: Desk):
    shown = desk.get("/reviews")
    assert "Nobody waits for you" in shown
    assert "never your own questions" in shown
    assert "You have nothing in hand" in desk.get("/reviews?view=mine")
    assert "Nothing was decided yet" in desk.get("/reviews?view=done")


def test_what_waits_stands_in_the_queue_with_why_and_when_and_is_counted_on_every_page(desk: Desk):
    held(desk.app, rule="salaries")
    wanted(desk.app, "May I book a train?")
    shown = desk.get("/reviews")
    assert shown.index(QUESTION) < shown.index("May I book a train?"), "what an asker waits for is more urgent"
    assert "Rule: <bdi>salaries</bdi>" in shown
    assert "The asker wants a person" in shown
    assert re.search(r'<time datetime="[^"]+" title="20 November 2026, 1\d:\d\d UTC">in \d+ hours</time>', shown)
    assert re.search(r'Reviews <span class="count">2<', desk.get("/"))


def test_the_next_one_is_taken_and_after_it_is_decided_the_one_behind_it_opens(desk: Desk):
    first, second = held(desk.app), wanted(desk.app, "May I book a train?")
    taken = desk.send("/reviews", act="next")
    assert taken.headers["location"] == f"/reviews/{first.id}"
    shown = desk.get(f"/reviews/{first.id}")
    assert "You have it until" in shown
    assert '<mark data-n="1"' in shown, "what it rests on is highlighted beside it"
    after = desk.send(f"/reviews/{first.id}", act="approve", revision=desk.now(first).revision, **{"mark-0": "right"})
    assert after.headers["location"] == f"/reviews/{second.id}?done=approve"
    assert "Approved." in desk.get(after.headers["location"])
    assert desk.now(first).outcome == "approved"
    with desk.app.database.reading() as tx:
        assert tx.acts([first.id])[first.id][-1].marks == {0: "right"}
    last = desk.send(f"/reviews/{second.id}", act="approve", revision=desk.now(second).revision)
    assert last.headers["location"] == "/reviews?done=approve"
    assert "Approved. Nothing else waits for you." in desk.get("/reviews?done=approve")


def test_an_edit_begins_with_the_draft_and_its_changes_are_shown_afterwards(desk: Desk):
    item = held(desk.app)
    assert "into the next year. [1]</textarea>" in desk.get(f"/reviews/{item.id}")
    assert desk.send(f"/reviews/{item.id}", act="edit", revision=1, text=SIX, note="It is <b>six</b>.").status_code == 303
    shown = desk.get(f"/reviews/{item.id}")
    assert "<del>five</del><ins>six</ins>" in shown
    assert "It is &lt;b&gt;six&lt;/b&gt;." in shown
    answer = kept.show(desk.app, COLLEAGUE, item.answer).answer
    assert (answer.status, "six vacation days" in answer.text) == ("answered", True)


def test_what_is_written_with_a_decision_is_read_beside_the_answer(desk: Desk):
    item = wanted(desk.app)
    page = desk.get(f"/reviews/{item.id}")
    assert '<span data-of="approve edit reject">Note to the asker (optional)</span>' in page
    assert '<option value="right"' not in page
    desk.send(f"/reviews/{item.id}", act="approve", revision=item.revision, note="For <all> of you.")
    told = desk.get(f"/answers/{item.answer}")
    assert told.count("For &lt;all&gt; of you.") == 1
    assert "found it right" in told[: told.index("For &lt;all&gt;")]


def test_that_it_is_right_is_refused_as_the_reason_of_an_edit(desk: Desk):
    item = wanted(desk.app)
    refused = desk.send(f"/reviews/{item.id}", act="edit", revision=item.revision, text=SIX, reason="right")
    assert refused.status_code == 400
    assert "that it is right is no reason to edit it" in refused.text
    assert desk.now(item).state == "waiting"


def test_a_passage_is_found_by_its_words_and_cited_without_scripts(tmp_path: Path):
    many = {f"leave-{n}.md": f"# Leave {n}\n\nIn the year {n} I may carry over {n} vacation days.\n" for n in range(1, 12)}
    badges = {"visitors.md": "# Visitors\n\nVisitors wear a green badge.\n", "keys.md": "# Keys\n\nA lost key costs 50 euro.\n"}
    with serving(tmp_path, many | badges) as (client, served):
        desk = Desk(client, served.app, served.local_form_token)
        item = wanted(desk.app)
        path = f"/reviews/{item.id}"
        page = desk.send(path, seek="yes", find="green badge", revision=item.revision).text
        numbers = dict(re.findall(r'name="source-([0-9]+)" value="([^"]+)" form="decide"', page))
        n, passage = next(
            each for each in numbers.items() if re.search(rf'id="source-{each[0]}".{{0,400}}Visitors', page, re.DOTALL)
        )
        kept = {f"source-{n}": passage for n, passage in numbers.items()}
        again = desk.send(path, seek="yes", find="lost key", revision=item.revision, **kept).text
        assert f'name="source-{n}" value="{passage}"' in again, "what was found before keeps its number"
        wrong = desk.send(path, act="edit", revision=0, text=f"Six [99]. [{n}]", **{f"source-{n}": passage})
        assert wrong.status_code == 400
        assert f'name="source-{n}" value="{passage}"' in wrong.text
        desk.send(path, act="edit", revision=item.revision, text=f"A green badge. [{n}]", **{f"source-{n}": passage})
        with desk.app.database.reading() as tx:
            wrote = tx.acts([item.id])[item.id][-1].wrote
    assert wrote is not None
    assert [(each.n, each.snippet) for each in wrote.citations] == [(int(n), "Visitors wear a green badge.")]


def test_what_was_typed_stays_where_a_passage_is_looked_for(desk: Desk):
    item = held(desk.app)
    typed = {
        "act": "edit",
        "text": "Six </textarea><b>. [1]",
        "note": "<i>May",
        "reason": "outdated",
        "to": "owner",
        "mark-0": "wrong",
    }
    page = desk.send(f"/reviews/{item.id}", seek="yes", find="leave </textarea><i>", revision=item.revision, **typed)
    assert page.status_code == 200
    for id in ("act-edit", "mark-0-wrong"):
        assert re.search(rf'id="{id}"[^>]* checked', page.text)
    assert "Six &lt;/textarea&gt;&lt;b&gt;. [1]</textarea>" in page.text
    assert "&lt;i&gt;May</textarea>" in page.text
    assert "leave &lt;/textarea&gt;&lt;i&gt;</textarea>" in page.text
    assert '<option value="outdated" selected>' in page.text
    assert '<option value="owner" selected>' in page.text
    assert desk.now(item) == item, "nothing was decided"


def test_too_many_words_to_find_are_refused_and_what_was_typed_stays(desk: Desk):
    item = held(desk.app)
    page = desk.send(f"/reviews/{item.id}", seek="yes", find="x" * 501, revision=item.revision, note="In May.").text
    assert "501 characters are too many to find" in page
    assert "In May.</textarea>" in page


def test_whoever_looks_for_a_passage_decides_no_less_about_what_they_saw(office: Desk):
    item = wanted(office.app, "May I book a train?")
    ben = Actor(person="ben", role="reviewer", groups=frozenset({"public", "everyone"}))
    acting.flag(office.app, ben, item.id, revision=1, reason="unsafe")
    acting.give_back(office.app, ben, item.id, revision=office.now(item).revision)
    page = office.send(f"/reviews/{item.id}", seek="yes", find="leave", revision=1, text="Yes. [1]").text
    form = page[page.index('id="decide"') :]
    assert re.findall(r'name="revision" value="([0-9]+)"', form)[0] == "1"
    assert office.send(f"/reviews/{item.id}", act="edit", revision=1, text="Yes. [1]").status_code == 409


def test_passages_are_found_by_who_may_review_and_by_forms_of_our_pages_alone(office: Desk):
    with office.app.database.transaction() as tx:
        tx.save_document(tx.find_document("leave.md").model_copy(update={"groups": ("hr",)}))
    item = held(office.app, asker=COLLEAGUE.model_copy(update={"groups": frozenset({"public", "everyone", "hr"})}))
    assert office.send(f"/reviews/{item.id}", seek="yes", find="leave", revision=1).status_code == 404
    assert office.client.post(f"/reviews/{item.id}", data={"seek": "yes", "find": "leave", "revision": "1"}).status_code == 403


def test_what_was_typed_stays_where_something_is_refused(desk: Desk):
    item = held(desk.app)
    refused = desk.send(f"/reviews/{item.id}", act="reject", revision=1, note="Ask again in May.", **{"mark-0": "wrong"})
    assert refused.status_code == 400
    assert "to reject needs a reason" in refused.text
    assert "Ask again in May.</textarea>" in refused.text
    assert re.search(r'id="mark-0-wrong"[^>]* checked', refused.text)
    assert re.search(r'id="act-reject"[^>]* checked', refused.text)
    unknown = desk.send(f"/reviews/{item.id}", act="edit", revision=1, text="Six. [7]")
    assert (unknown.status_code, "Six. [7]</textarea>" in unknown.text) == (400, True)
    assert desk.now(item).state == "waiting"


def test_a_decision_on_what_somebody_else_changed_meanwhile_is_refused_and_shows_how_it_stands(office: Desk):
    item = wanted(office.app, "May I book a train?")
    ben = Actor(person="ben", role="reviewer", groups=frozenset({"public", "everyone"}))
    office.get(f"/reviews/{item.id}")
    acting.claim(office.app, ben, item.id, revision=1)
    late = office.send(f"/reviews/{item.id}", act="edit", revision=1, text="Whenever you like.", note="mine")
    assert late.status_code == 409
    assert "look at it again" in late.text
    assert "<bdi>ben</bdi> has it until" in late.text
    acting.give_back(office.app, ben, item.id, revision=2)
    again = office.send(f"/reviews/{item.id}", act="edit", revision=1, text="Whenever you like.", note="mine")
    assert (again.status_code, "Whenever you like.</textarea>" in again.text, "mine</textarea>" in again.text) == (
        409,
        True,
        True,
    )


def test_a_lease_that_lapsed_is_told_where_somebody_else_took_over(office: Desk):
    item = wanted(office.app, "May I book a train?")
    office.send(f"/reviews/{item.id}", act="claim", revision=1)
    office.app.clock.now += timedelta(hours=2)
    ben = Actor(person="ben", role="reviewer", groups=frozenset({"public", "everyone"}))
    acting.claim(office.app, ben, item.id, revision=office.now(item).revision)
    late = office.send(f"/reviews/{item.id}", act="approve", revision=2)
    assert (late.status_code, "<bdi>ben</bdi> has it until" in late.text) == (409, True)
    assert office.now(item).state == "waiting"


def test_whoever_reviews_sees_only_what_rests_on_documents_that_they_may_see(office: Desk):
    with office.app.database.transaction() as tx:
        tx.save_document(tx.find_document("leave.md").model_copy(update={"groups": ("hr",)}))
    item = held(office.app, asker=COLLEAGUE.model_copy(update={"groups": frozenset({"public", "everyone", "hr"})}))
    assert QUESTION not in office.get("/reviews")
    assert office.client.get(f"/reviews/{item.id}").status_code == 404
    assert office.send(f"/reviews/{item.id}", act="approve", revision=1).status_code == 404
    assert 'aria-label="Pages"' in office.get("/reviews")


def test_nobody_reviews_without_the_right_to(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served, "root")
        with_account(served, "eve")
        item = held(served.app)
        sign_in(client, served, "eve")
        for path in ("/reviews", "/reviews/insight", f"/reviews/{item.id}", "/api/v1/reviews/insight"):
            assert client.get(path).status_code == 403
        assert "/reviews" not in client.get("/").text


def test_a_blind_item_shows_what_others_said_only_after_one_has_decided(office: Desk):
    item = wanted(office.app, "May I book a train?")
    with office.app.database.transaction() as tx:
        tx.save_item(office.now(item).model_copy(update={"blind": True, "needed": 2}))
    ben = Actor(person="ben", role="reviewer", groups=frozenset({"public", "everyone"}))
    acting.reject(office.app, ben, item.id, revision=1, reason="outdated", note="since spring")
    before = office.get(f"/reviews/{item.id}")
    assert "What others said is shown once you have decided." in before
    assert "since spring" not in before
    office.send(f"/reviews/{item.id}", act="reject", revision=office.now(item).revision, reason="outdated")
    assert "since spring" in office.get(f"/reviews/{item.id}")


def test_many_are_decided_at_once_and_what_was_not_is_named(desk: Desk):
    first, second = wanted(desk.app), wanted(desk.app, "May I book a train?")
    acting.approve(desk.app, ADMINISTRATOR, second.id, revision=1)
    sent = {f"item-{first.id}": 1, f"item-{second.id}": 1}
    done = desk.send("/reviews", act="reject", reason="outdated", view="waiting", **sent)
    assert "Done with 1." in done.text
    assert f'<a href="/reviews/{second.id}">Not done:</a>' in done.text
    assert desk.now(first).outcome == "rejected"
    assert "nothing is chosen" in desk.send("/reviews", act="approve").text


def test_a_queue_has_pages(desk: Desk):
    items = [wanted(desk.app, f"May I book train {n}?") for n in range(27)]
    first = desk.get("/reviews")
    [following] = re.findall(r'<a class="button second small" href="([^"]+)" rel="next">', first)
    second = desk.get(following.replace("&amp;", "&"))
    shown = [id for page in (first, second) for id in re.findall(r'id="question-([^"]+)"', page)]
    assert sorted(shown) == sorted(each.id for each in items)


@pytest.mark.parametrize("act", ["", "burn", "approve"])
def test_a_form_that_says_nothing_sensible_is_refused(desk: Desk, act: str):
    item = held(desk.app)
    refused = desk.send(f"/reviews/{item.id}", act=act, revision="x" if act == "approve" else "1")
    assert refused.status_code == 400
    assert desk.now(item).state == "waiting"


def test_what_is_paused_says_so_and_goes_on(desk: Desk):
    item = held(desk.app)
    assert desk.send(f"/reviews/{item.id}", act="pause", revision=1, reason="unsure").headers["location"] == "/reviews?done=pause"
    shown = desk.get(f"/reviews/{item.id}")
    assert ">paused</time>" in shown
    desk.send(f"/reviews/{item.id}", act="resume", revision=2)
    assert ">paused</time>" not in desk.get(f"/reviews/{item.id}")


def test_whoever_escalates_or_flags_says_so_and_it_stays(desk: Desk):
    item = held(desk.app)
    assert desk.send(f"/reviews/{item.id}", act="flag", revision=1, reason="unsafe").headers["location"].endswith("?done=flag")
    desk.send(f"/reviews/{item.id}", act="escalate", to="owner", revision=2, reason="not_for_us")
    assert (desk.now(item).role, desk.now(item).state) == ("owner", "waiting")
    assert "→ an owner" in desk.get(f"/reviews/{item.id}")


def test_earlier_decisions_on_like_questions_are_shown(desk: Desk):
    before = wanted(desk.app)
    acting.approve(desk.app, ADMINISTRATOR, before.id, revision=1)
    item = held(desk.app, "how many vacation days may I carry over now?")
    assert f'<a href="/reviews/{before.id}"' in desk.get(f"/reviews/{item.id}")


def test_the_pages_speak_german(desk: Desk):
    item = held(desk.app)
    assert "Warteschlange" in desk.get("/reviews?lang=de")
    assert "Was entscheiden Sie?" in desk.get(f"/reviews/{item.id}?lang=de")
    assert "Wie die Durchsicht läuft" in desk.get("/reviews/insight?lang=de")


def test_a_review_of_many_sentences_is_sent_whole(desk: Desk):
    item = held(desk.app)
    marks = {f"mark-{n}": "" for n in range(120)}
    sent = desk.send(f"/reviews/{item.id}", act="approve", revision=1, **{**marks, "mark-0": "right"})
    assert sent.status_code == 303
