"""People look at answers: items come in, are claimed by one, decided once, and what people decided is what the answer says."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firmground.app.access import people
from firmground.app.access.accounts import create_owner
from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import listed, show
from firmground.app.asking.traces import conversation_of
from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.app.personal.erasing import erase
from firmground.app.personal.personal_data import export_json
from firmground.app.reviewing import acting, queue, sources
from firmground.app.reviewing.sweep import sweep
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.reviews import ReviewItem
from firmground.rights import Role
from firmground.settings import AnswerSection, Settings
from firmground.settings_review import ReviewSection, RuleSection
from firmground.settings_sources import SourceSection
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.types import Actor, Answer, ReviewRequest

LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
SALARIES = b"# Salaries\n\nA senior surveyor earns 61,000 euro before tax.\n"
DAYS = "How many vacation days may employees carry over?"
EARNINGS = "What does a senior surveyor earn?"
HOLD = RuleSection(name="all", then="hold")
TWO = RuleSection(name="all", then="hold_for_two")


def person(name: str, *groups: str, role: Role = "user") -> Actor:
    return Actor(person=name, groups=frozenset({"public", "everyone", *groups}), role=role)


ADA, BEA, EVE = person("ada", "hr"), person("bea", "hr"), person("eve")
RITA, RON, RUTH = (person(name, "hr", role="reviewer") for name in ("rita", "ron", "ruth"))
STRANGER = person("sam", role="reviewer")
ANNA, OLGA = person("anna", role="admin"), person("olga", role="owner")


def a_bench(root: Path, *rules: RuleSection, **review: Any) -> Bench:
    settings = Settings(answer=AnswerSection(threshold=0.001), review=ReviewSection(rules=rules, **review))
    made = Bench(root, settings=settings)
    made.source.contents.update({"leave.md": LEAVE, "salaries.md": SALARIES})
    made.source.file_groups = {"salaries.md": ("hr",)}
    return made


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return a_bench(tmp_path, HOLD)


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def opened(bench: Bench) -> App:
    app = bench.app()
    sync(app, ADMINISTRATOR)
    return app


def item_of(app: App, answer: Answer | str) -> ReviewItem:
    with app.database.reading() as tx:
        (item,) = tx.items_of([answer if isinstance(answer, str) else answer.id])
    return item


def history(app: App, item: ReviewItem) -> list[tuple[str, str]]:
    with app.database.reading() as tx:
        return [(act.person, act.act) for act in tx.acts([item.id])[item.id]]


def waits(app: App, actor: Actor) -> list[str]:
    return [line.item.id for line in queue.listed(app, actor).items]


# ---------------------------------------------------------------- held, and decided


def test_a_held_answer_is_shown_once_somebody_approves_it(app: App):
    given = ask(app, ADA, DAYS)
    item = item_of(app, given)
    assert (given.status, given.sentences, given.review) == ("draft", (), given.review)
    assert given.review is not None
    assert (given.review["state"], given.review["due_at"]) == ("waiting", item.due_at.isoformat())
    assert (item.held, item.asker, item.priority, [cause.name for cause in item.causes]) == (True, "ada", "high", ["all"])
    seen = queue.shown(app, RITA, item.id)
    assert "five vacation days" in seen.draft.text
    taken = acting.claim(app, RITA, item.id, revision=item.revision)
    assert (taken.holder, taken.lease_until) == ("rita", taken.lease_until)
    assert show(app, ADA, given.id).answer.review == given.review | {"state": "claimed", "revision": "2"}
    done = acting.approve(app, RITA, item.id, revision=taken.revision)
    assert (done.state, done.outcome, done.decided_by, done.holder) == ("done", "approved", ("rita",), "")
    answer = show(app, ADA, given.id).answer
    assert (answer.status, answer.text) == ("answered", seen.draft.text)
    assert [citation.uri for citation in answer.citations] == ["docs/leave.md"]
    assert answer.notices[-1].code == "reviewed"
    assert answer.review is not None
    assert answer.review["state"] == "approved"
    assert [trace.answer for trace in listed(app, ADA)] == [answer]
    assert history(app, item) == [("", "open"), ("rita", "claim"), ("rita", "approve")]


def test_an_edit_is_what_the_asker_reads_and_what_the_next_question_is_understood_by(app: App):
    given = ask(app, ADA, DAYS)
    item = item_of(app, given)
    done = acting.edit(
        app, RITA, item.id, revision=item.revision, text="Five days. [1]\nAsk Ms Quetzal for more.", reason="incomplete"
    )
    assert done.outcome == "edited"
    answer = show(app, ADA, given.id).answer
    assert (answer.status, answer.text) == ("answered", "Five days. [1]\nAsk Ms Quetzal for more.")
    assert [(each.text, each.citations) for each in answer.sentences] == [("Five days.", (1,)), ("Ask Ms Quetzal for more.", ())]
    assert [each.n for each in answer.citations] == [1]
    with app.database.reading() as tx:
        (turn,) = conversation_of(tx, ADA, given.conversation)
    assert "Quetzal" in turn.answer


def test_a_rejected_draft_is_a_refusal_with_the_note_of_the_reviewer(app: App):
    given = ask(app, ADA, DAYS)
    item = item_of(app, given)
    with pytest.raises(InvalidInput, match="needs a reason"):
        acting.reject(app, RITA, item.id, revision=item.revision)
    acting.reject(app, RITA, item.id, revision=item.revision, reason="outdated", note="The handbook <b>changes</b> in May.")
    answer = show(app, ADA, given.id).answer
    assert (answer.status, answer.sentences, answer.citations) == ("abstained", (), ())
    assert answer.text.endswith("The handbook <b>changes</b> in May."), "kept as written; pages escape it"


def test_an_edit_must_say_something_short_and_cite_what_the_draft_cites(app: App):
    item = item_of(app, ask(app, ADA, DAYS))
    for text, why in (("  \n", "is empty"), ("Six. [7]", r"\[7\] refers to no source"), ("x" * 1_000_000, "1000000 characters")):
        with pytest.raises(InvalidInput, match=why) as refused:
            acting.edit(app, RITA, item.id, revision=item.revision, text=text)
        assert "\n" not in str(refused.value)
    assert item_of(app, item.answer) == item
    with pytest.raises(InvalidInput, match="no sentence 9"):
        acting.approve(app, RITA, item.id, revision=item.revision, marks={9: "wrong"})
    with pytest.raises(InvalidInput, match="no reason 'bad'"):
        acting.approve(app, RITA, item.id, revision=item.revision, reason="bad")


@pytest.mark.parametrize("act", ["edit", "reject"])
def test_that_it_is_right_is_no_reason_to_change_or_reject_it(app: App, act: str):
    item, said = item_of(app, ask(app, ADA, DAYS)), {"text": "Six. [1]"} if act == "edit" else {}
    with pytest.raises(InvalidInput, match=f"that it is right is no reason to {act} it: approve it, or use one of wrong, "):
        getattr(acting, act)(app, RITA, item.id, revision=0, reason="right", **said)
    assert item_of(app, item.answer).state == "waiting"


@pytest.mark.parametrize("act", ["approve", "edit"])
def test_what_a_reviewer_writes_to_the_asker_with_a_decision_is_read_by_the_asker(app: App, act: str):
    answer = ask(app, ADA, DAYS)
    item, said = item_of(app, answer), {"text": "Six days. [1]"} if act == "edit" else {}
    getattr(acting, act)(app, RITA, item.id, revision=0, note="It holds for contractors too.", **said)
    notices = [(each.code, each.text) for each in show(app, ADA, answer.id).answer.notices]
    assert ("reviewer_note", "It holds for contractors too.") in notices


def test_what_is_written_with_an_act_that_decides_nothing_stays_among_reviewers(app: App):
    answer = ask(app, ADA, DAYS)
    item = acting.flag(app, RITA, item_of(app, answer).id, revision=0, reason="unsure", note="Ask the works council.")
    acting.approve(app, RITA, item.id, revision=item.revision)
    assert "works council" not in show(app, ADA, answer.id).model_dump_json()


def test_both_who_approve_are_heard_and_who_approves_an_edit_too(tmp_path: Path):
    with opened(a_bench(tmp_path, TWO)) as app:
        answer = ask(app, ADA, DAYS)
        item = item_of(app, answer)
        acting.edit(app, RITA, item.id, revision=0, text="Six days. [1]", note="Since May.")
        acting.approve(app, RON, item.id, revision=item_of(app, answer).revision, note="I checked.")
        notices = show(app, ADA, answer.id).answer.notices
    assert [each.text for each in notices if each.code == "reviewer_note"] == ["Since May.", "I checked."]


def cited(answer: Answer) -> list[tuple[int, str, str]]:
    return [(each.n, each.uri, each.snippet) for each in answer.citations]


def test_an_edit_cites_what_else_was_found_for_the_question(app: App):
    answer = ask(app, ADA, DAYS)
    shown = queue.shown(app, RITA, item_of(app, answer).id)
    [other] = [each for each in shown.others if each.passage.uri.endswith("salaries.md")]
    text = f"Five days [1], and a senior surveyor earns 61,000 euro. [{other.n}]"
    acting.edit(app, RITA, shown.item.id, revision=0, text=text)
    given = show(app, ADA, answer.id).answer
    assert cited(given)[1] == (other.n, "docs/salaries.md", "A senior surveyor earns 61,000 euro before tax.")


def test_an_edit_cites_a_passage_that_was_found_later_and_goes_with_it(bench: Bench, app: App):
    answer = ask(app, ADA, DAYS)
    item = item_of(app, answer)
    bench.source.contents["until.md"] = b"# Until\n\nDays that are carried over lapse on the last of March.\n"
    sync(app, ADMINISTRATOR)
    first = sources.find(app, RITA, item.id, "when do days that are carried over lapse?")[0]
    assert first.uri == "docs/until.md"
    acting.edit(app, RITA, item.id, revision=0, text="Five, until the end of March. [9]", cites={9: first.passage})
    given = show(app, ADA, answer.id).answer
    assert cited(given) == [(9, "docs/until.md", "Days that are carried over lapse on the last of March.")]
    documents.purge(app, ADMINISTRATOR, "until.md")
    gone = show(app, ADA, answer.id)
    assert "March" not in gone.model_dump_json()


def test_nobody_is_told_by_an_edit_what_they_may_not_see(app: App):
    answer = ask(app, EVE, DAYS)
    item = item_of(app, answer)
    assert [each.uri for each in sources.find(app, RITA, item.id, EARNINGS)] == ["docs/leave.md"]
    [hidden] = [
        each.passage for each in sources.find(app, RITA, item_of(app, ask(app, ADA, DAYS)).id, EARNINGS) if "salaries" in each.uri
    ]
    for refused in (hidden, "unknown"):
        with pytest.raises(InvalidInput, match=r"source 2 is no passage that both you and whoever asked may see"):
            acting.edit(app, RITA, item.id, revision=0, text="61,000 euro. [2]", cites={2: refused})
    earnings, leave = item_of(app, ask(app, ADA, EARNINGS)), sources.find(app, RITA, item.id, DAYS)[0].passage
    with pytest.raises(InvalidInput, match=r"\[1\] refers to another source already: use a number above 2"):
        acting.edit(app, RITA, earnings.id, revision=0, text="61,000 euro. [1]", cites={1: leave})


def test_who_reviews_next_must_see_what_an_edit_cites_besides(tmp_path: Path):
    with opened(a_bench(tmp_path, TWO)) as app:
        answer = ask(app, ADA, "Who may carry over vacation days?")
        item = item_of(app, answer)
        earns = next(each.passage for each in sources.find(app, RITA, item.id, EARNINGS) if "salaries" in each.uri)
        acting.edit(app, RITA, item.id, revision=0, text="61,000 euro. [9]", cites={9: earns})
        assert waits(app, STRANGER) == []


def test_deciding_twice_changes_nothing_and_another_decision_is_too_late(app: App):
    item = item_of(app, ask(app, ADA, DAYS))
    done = acting.edit(app, RITA, item.id, revision=1, text="Five. [1]")
    assert acting.edit(app, RITA, item.id, revision=1, text="Five. [1]") == done
    for act in (
        lambda: acting.edit(app, RITA, item.id, revision=1, text="Six. [1]"),
        lambda: acting.approve(app, RON, item.id, revision=done.revision),
        lambda: acting.claim(app, RON, item.id, revision=done.revision),
        lambda: acting.pause(app, RON, item.id, revision=done.revision),
        lambda: acting.escalate(app, RON, item.id, revision=done.revision),
        lambda: acting.flag(app, RON, item.id, revision=done.revision, reason="unsafe"),
    ):
        with pytest.raises(Refused, match="it is done already: it was edited"):
            act()
    assert history(app, item) == [("", "open"), ("rita", "edit")]


# ---------------------------------------------------------------- who may


def test_reviewers_see_and_get_only_what_they_may_see_and_nothing_that_they_asked_themselves(app: App):
    secret, public, own = (item_of(app, ask(app, *each)).id for each in ((ADA, EARNINGS), (EVE, DAYS), (person("rita"), DAYS)))
    assert waits(app, RITA) == [secret, public]
    assert waits(app, STRANGER) == [public, own]
    assert set(waits(app, ANNA)) == {secret, public, own}
    with pytest.raises(NotFound):
        queue.shown(app, STRANGER, secret)
    with pytest.raises(NotFound):
        acting.approve(app, STRANGER, secret, revision=1)
    with pytest.raises(NotAllowed, match="does not review"):
        acting.approve(app, RITA, own, revision=1)
    for nobody in (ADA, person("ann", role="auditor")):
        with pytest.raises(NotAllowed):
            queue.listed(app, nobody)
        with pytest.raises(NotAllowed):
            acting.claim_next(app, nobody)
    first = acting.claim_next(app, STRANGER)
    assert first is not None
    assert first.id == public
    assert queue.counts(app, STRANGER) == (2, 1, 0)


def test_one_person_has_an_item_until_the_lease_lapses(bench: Bench, app: App):
    item = item_of(app, ask(app, ADA, DAYS))
    acting.claim(app, RITA, item.id, revision=1)
    for act in (acting.claim, acting.approve):
        with pytest.raises(Refused, match="somebody else did something"):
            act(app, RON, item.id, revision=1)
        with pytest.raises(Refused, match="rita has it in hand"):
            act(app, RON, item.id, revision=2)
    assert acting.claim_next(app, RON) is None
    bench.clock.now += timedelta(minutes=31)
    assert acting.approve(app, RON, item.id, revision=2).decided_by == ("ron",)


def test_who_walks_away_and_comes_back_loses_nothing_unless_somebody_else_took_it(bench: Bench, app: App):
    first, second = (item_of(app, ask(app, ADA, question)) for question in (DAYS, EARNINGS))
    for item in (first, second):
        acting.claim(app, RITA, item.id, revision=1)
    bench.clock.now += timedelta(hours=2)
    sweep(app)
    assert [item_of(app, each.answer).holder for each in (first, second)] == ["", ""]
    acting.claim(app, RON, second.id, revision=3)
    assert acting.approve(app, RITA, first.id, revision=2).state == "done"
    with pytest.raises(Refused, match="somebody else did something"):
        acting.approve(app, RITA, second.id, revision=2)


@pytest.mark.parametrize("change", ["lost the group", "demoted", "removed"])
def test_a_claim_is_void_when_its_holder_may_review_no_more(tmp_path: Path, change: str):
    with opened(a_bench(tmp_path, HOLD)) as app:
        create_owner(app, "olga", "a long password of olga")
        make_live(app)
        for name in ("rita", "ron"):
            people.add_person(app, ADMINISTRATOR, name, role="reviewer", groups=["hr"])
        with app.database.reading() as tx:
            rita, ron = (tx.actor(name, via="http") for name in ("rita", "ron"))
        item = item_of(app, ask(app, person("ada", "hr"), EARNINGS))
        acting.claim(app, rita, item.id, revision=1)
        with pytest.raises(Refused, match="rita has it"):
            acting.claim(app, ron, item.id, revision=2)
        if change == "lost the group":
            people.remove_members(app, ADMINISTRATOR, "hr", ["rita"])
        elif change == "demoted":
            people.set_role(app, ADMINISTRATOR, "rita", "user")
        else:
            people.remove_person(app, ADMINISTRATOR, "rita")
        with pytest.raises((NotFound, NotAllowed)):
            acting.approve(app, rita, item.id, revision=2)
        with pytest.raises((NotFound, NotAllowed)):
            queue.shown(app, rita, item.id)
        assert waits(app, ron) == [item.id]
        assert item_of(app, item.answer).holder == "", "the listing let go of it"
        assert acting.approve(app, ron, item.id, revision=3).decided_by == ("ron",)


def test_of_many_who_claim_at_once_each_gets_another_item(app: App):
    made = {item_of(app, ask(app, ADA, DAYS)).id for _ in range(6)}
    reviewers = [person(f"r{n}", "hr", role="reviewer") for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = [item for item in threads.map(lambda each: acting.claim_next(app, each), reviewers) if item]
    assert (len(found), {item.id for item in found}) == (6, made)
    assert {item.holder for item in found} <= {each.person for each in reviewers}


def test_who_has_an_item_in_hand_gets_it_again_as_next(app: App):
    ask(app, ADA, DAYS)
    ask(app, ADA, DAYS)
    first, again = acting.claim_next(app, RITA), acting.claim_next(app, RITA)
    assert first is not None
    assert again is not None
    assert first.id == again.id
    acting.give_back(app, RITA, first.id, revision=again.revision)
    assert queue.counts(app, RITA) == (2, 0, 0)


# ---------------------------------------------------------------- two people


def test_two_people_must_decide_alike(tmp_path: Path):
    with opened(a_bench(tmp_path, TWO)) as app:
        given = ask(app, ADA, DAYS)
        item = item_of(app, given)
        half = acting.approve(app, RITA, item.id, revision=1)
        assert (half.state, half.decided_by) == ("waiting", ("rita",))
        assert waits(app, RITA) == []
        assert acting.approve(app, RITA, item.id, revision=1) == half
        with pytest.raises(Refused, match="you have said"):
            acting.reject(app, RITA, item.id, revision=2, reason="wrong")
        assert show(app, ADA, given.id).answer.status == "draft"
        assert acting.approve(app, RON, item.id, revision=2).outcome == "approved"


def test_who_approves_after_an_edit_approves_the_edit(tmp_path: Path):
    with opened(a_bench(tmp_path, TWO)) as app:
        given = ask(app, ADA, DAYS)
        item = item_of(app, given)
        acting.edit(app, RITA, item.id, revision=1, text="Five. [1]")
        assert acting.approve(app, RON, item.id, revision=2).outcome == "edited"
        assert show(app, ADA, given.id).answer.text == "Five. [1]"


def test_where_two_differ_an_administrator_decides_alone(tmp_path: Path):
    with opened(a_bench(tmp_path, TWO)) as app:
        item = item_of(app, ask(app, ADA, DAYS))
        acting.approve(app, RITA, item.id, revision=1)
        differ = acting.reject(app, RON, item.id, revision=2, reason="wrong")
        assert (differ.state, differ.role, differ.outcome) == ("waiting", "admin", None)
        with pytest.raises(NotFound):
            acting.approve(app, RUTH, item.id, revision=3)
        done = acting.reject(app, ANNA, item.id, revision=3, reason="wrong")
        assert (done.outcome, done.decided_by) == ("rejected", ("rita", "ron", "anna"))


def test_blind_reviewers_do_not_see_what_others_said(tmp_path: Path):
    with opened(a_bench(tmp_path, HOLD, double_share=1.0)) as app:
        item = item_of(app, ask(app, ADA, DAYS))
        assert (item.blind, item.needed) == (True, 2)
        acting.edit(app, RITA, item.id, revision=1, text="Five. [1]", note="Shorter.")
        for_ron = queue.shown(app, RON, item.id)
        assert [act.act for act in for_ron.acts] == ["open"]
        assert for_ron.item.decided_by == ()
        assert [act.act for act in queue.shown(app, RITA, item.id).acts] == ["open", "edit"]
        differ = acting.approve(app, RON, item.id, revision=2)
        assert (differ.state, differ.role) == ("waiting", "admin"), "nobody approves what they have not seen"


# ---------------------------------------------------------------- other acts


def test_flagging_and_escalating_make_it_more_urgent(app: App):
    item = item_of(app, ask(app, ADA, DAYS))
    flagged = acting.flag(app, RITA, item.id, revision=1, reason="unsafe", note="Look at this.")
    assert (flagged.priority, flagged.revision) == ("urgent", 2)
    assert acting.flag(app, RITA, item.id, revision=1, reason="unsafe", note="Look at this.") == flagged
    up = acting.escalate(app, RITA, item.id, revision=2, to="owner", reason="unsure")
    assert (up.role, up.holder) == ("owner", "")
    assert waits(app, ANNA) == []
    assert waits(app, OLGA) == [item.id]
    for to, why in (("auditor", "does not review"), ("admin", "for the role owner already")):
        with pytest.raises(Refused, match=why):
            acting.escalate(app, OLGA, item.id, revision=3, to=to)


def test_a_pause_moves_the_deadline_by_the_working_time_it_lasts(bench: Bench, app: App):
    item = item_of(app, ask(app, ADA, DAYS))  # Friday, 9:00; due in 4 hours of work
    assert item.due_at.hour == 13
    paused = acting.pause(app, RITA, item.id, revision=1, reason="unsure", note="Asked the author.")
    assert acting.pause(app, RITA, item.id, revision=2) == paused
    assert acting.claim_next(app, RON) is None
    bench.clock.now += timedelta(days=3)  # Monday, 9:00: a day of work later
    assert sweep(app) == 0, "nothing is late while it is paused"
    resumed = acting.resume(app, RITA, item.id, revision=2)
    assert (resumed.paused_at, resumed.due_at.date()) == (None, (item.due_at + timedelta(days=3)).date())
    assert abs(resumed.due_at - item.due_at - timedelta(days=3)) < timedelta(minutes=1)


def test_deadlines_that_near_make_items_more_urgent_once(tmp_path: Path):
    bench = a_bench(tmp_path, sample=1.0)
    with opened(bench) as app:
        given = ask(app, ADA, DAYS)
        item = item_of(app, given)
        assert (given.review, item.priority, item.held) == (None, "low", False)
        assert given.status != "draft"
        bench.clock.now = item.due_at - timedelta(minutes=30)
        assert sweep(app) == 1
        assert (item_of(app, given).priority, item_of(app, given).told) == ("normal", "soon")
        assert sweep(app) == 0
        bench.clock.now = item.due_at + timedelta(hours=1)
        assert sweep(app) == 1
        assert (item_of(app, given).priority, item_of(app, given).told, sweep(app)) == ("urgent", "late", 0)
        assert item_of(app, given).due_at == item.due_at
        assert queue.counts(app, RITA).overdue == 1


def test_many_are_decided_at_once_and_what_is_refused_is_told(app: App):
    items = [item_of(app, ask(app, ADA, DAYS)) for _ in range(3)]
    acting.claim(app, RON, items[0].id, revision=1)
    given = [*((item.id, 1) for item in items), ("gone", 1), (items[1].id, 1)]
    made = acting.act_on_many(app, RITA, "approve", given, note="Alike.")
    assert [item.id for item in made.done] == [item.id for item in items[1:]]
    assert [each.id for each in made.refused] == [items[0].id, "gone"]
    assert history(app, items[1]) == [("", "open"), ("rita", "approve")]
    with pytest.raises(InvalidInput, match="not done with many"):
        acting.act_on_many(app, RITA, "edit", given)
    with pytest.raises(NotAllowed):
        acting.act_on_many(app, ADA, "approve", given)


# ---------------------------------------------------------------- whoever asked


def test_an_answer_that_was_sent_is_challenged_looked_at_and_corrected(tmp_path: Path):
    with opened(a_bench(tmp_path)) as app:
        given = ask(app, ADA, DAYS)
        assert given.status != "draft"
        request = opinions.challenge(app, ADA, given.id, "outdated", "It was six last year.")
        assert opinions.challenge(app, ADA, given.id, "outdated") == request
        item = item_of(app, given)
        assert ([cause.kind for cause in item.causes], item.priority, item.held) == (["challenge"], "high", False)
        assert [act.note for act in queue.shown(app, RITA, item.id).acts] == ["It was six last year."]
        assert show(app, ADA, given.id).answer.text == given.text
        done = acting.edit(app, RITA, item.id, revision=item.revision, text="Six days. [1]", reason="outdated")
        assert show(app, ADA, given.id).answer.text == "Six days. [1]"
        assert opinions.of(app, ADA, given.id).review is None, "it was heard"
        opinions.challenge(app, ADA, given.id, "wrong")
        again = item_of(app, given)
        assert (again.id, again.state, again.outcome, again.decided_by) == (item.id, "waiting", "edited", ())
        assert show(app, ADA, given.id).answer.text == "Six days. [1]", "until somebody decides otherwise"
        acting.reject(app, RITA, item.id, revision=again.revision, reason="wrong")
        assert show(app, ADA, given.id).answer.status == "abstained"
        assert done.decisive == 2
        with pytest.raises(NotAllowed):
            opinions.challenge(app, ANNA, given.id, "wrong")
        with pytest.raises(InvalidInput):
            opinions.challenge(app, ADA, given.id, "ugly")


def test_a_request_joins_what_waits_and_more_causes_make_no_second_item(app: App):
    given = ask(app, ADA, DAYS)
    opinions.ask_person(app, ADA, given.id, "Please be quick.")
    item = item_of(app, given)
    assert [cause.kind for cause in item.causes] == ["rule", "request"]
    assert history(app, item) == [("", "open"), ("ada", "open")]


def test_whoever_asked_withdraws_what_waits(app: App, tmp_path: Path):
    given = ask(app, ADA, DAYS)
    opinions.withdraw_request(app, ADA, given.id)
    item = item_of(app, given)
    assert (item.state, item.outcome) == ("done", "withdrawn")
    answer = show(app, ADA, given.id).answer
    assert (answer.status, answer.sentences) == ("abstained", ())
    assert waits(app, RITA) == []
    opinions.ask_person(app, ADA, given.id)
    assert item_of(app, given).state == "waiting"


def test_who_withdraws_and_asks_again_gets_round_no_rule(tmp_path: Path):
    with opened(a_bench(tmp_path, TWO)) as app:
        given = ask(app, ADA, DAYS)
        opinions.withdraw_request(app, ADA, given.id)
        opinions.ask_person(app, ADA, given.id)
        item = item_of(app, given)
        assert (item.needed, item.held, item.outcome) == (2, True, None)
        assert [cause.kind for cause in item.causes] == ["rule", "request"]
        assert show(app, ADA, given.id).answer.status == "draft"
        half = acting.approve(app, RITA, item.id, revision=item.revision)
        assert half.state == "waiting"
        done = acting.approve(app, RON, item.id, revision=half.revision)
        opinions.challenge(app, ADA, given.id, "wrong")
        again = acting.reject(app, RITA, item.id, revision=done.revision + 1, reason="wrong")
        assert (again.state, again.needed) == ("waiting", 2), "nor does whoever challenges it"


def test_what_was_chosen_by_chance_is_looked_at_whatever_its_asker_withdraws(tmp_path: Path):
    with opened(a_bench(tmp_path, sample=1.0)) as app:
        given = ask(app, ADA, DAYS)
        opinions.ask_person(app, ADA, given.id)
        opinions.withdraw_request(app, ADA, given.id)
        item = item_of(app, given)
        assert (item.state, [cause.kind for cause in item.causes]) == ("waiting", ["sample"])
        assert show(app, ADA, given.id).answer.review is None, "nobody is alarmed"


# ---------------------------------------------------------------- erased


def test_words_of_reviewers_go_with_the_documents_and_nothing_erased_is_approved(app: App):
    first, second = (ask(app, ADA, EARNINGS) for _ in range(2))
    item, other = item_of(app, first), item_of(app, second)
    acting.edit(app, RITA, item.id, revision=1, text="It is 61,000. [1]", note="Not 60,000.")
    documents.purge(app, ADMINISTRATOR, "salaries.md")
    with app.database.reading() as tx:
        act = tx.acts([item.id])[item.id][-1]
    assert (act.note, act.wrote and act.wrote.text) == ("", "")
    answer = show(app, ADA, first.id).answer
    assert "61,000" not in answer.model_dump_json()
    with pytest.raises(Refused, match="was erased"):
        acting.approve(app, RITA, other.id, revision=1)
    with pytest.raises(Refused, match="no words"):
        acting.reject(app, RITA, other.id, revision=1, reason="outdated", note="It was 61,000.")
    assert acting.reject(app, RITA, other.id, revision=1, reason="outdated").outcome == "rejected"


def test_who_loses_a_document_reads_nothing_of_it_in_what_a_reviewer_wrote(app: App):
    given = ask(app, ADA, EARNINGS)
    acting.edit(app, RITA, item_of(app, given).id, revision=1, text="It is 61,000. [1]")
    assert "61,000" in show(app, ADA, given.id).answer.text
    assert "61,000" not in show(app, person("ada"), given.id).model_dump_json()


def test_similar_questions_show_what_became_of_them(app: App):
    before = item_of(app, ask(app, EVE, "How many vacation days may all employees carry over?"))
    acting.edit(app, RITA, before.id, revision=1, text="Five. [1]", reason="wording")
    seen = queue.shown(app, RON, item_of(app, ask(app, ADA, DAYS)).id)
    assert [(each.item, each.outcome, each.text) for each in seen.similar] == [(before.id, "edited", "Five. [1]")]
    assert queue.shown(app, RON, item_of(app, ask(app, ADA, EARNINGS)).id).similar == ()


def test_pages_of_the_queue_hold_every_item_once(app: App):
    made = {item_of(app, ask(app, ADA, DAYS)).id for _ in range(5)}
    found: list[str] = []
    page = queue.listed(app, RITA, limit=2)
    found += [line.item.id for line in page.items]
    while page.after:
        page = queue.listed(app, RITA, limit=2, after=page.after)
        found += [line.item.id for line in page.items]
    assert (len(found), set(found)) == (5, made)
    assert {line.question for line in queue.listed(app, RITA).items} == {DAYS}
    with pytest.raises(InvalidInput):
        queue.view_of("all")


# ---------------------------------------------------------------- what is kept of people


def test_reviewers_are_told_what_they_did_and_are_called_by_a_pseudonym_once_they_are_erased(app: App):
    given, other = ask(app, ADA, DAYS), ask(app, EVE, DAYS)
    item = item_of(app, given)
    acting.edit(app, RITA, item.id, revision=1, text="Five. [1]", reason="wording", note="Shorter.")
    acting.claim(app, RITA, item_of(app, other).id, revision=1)
    exported = json.loads("".join(export_json(app, OLGA, "rita")))
    assert [(each["act"], each["note"]) for each in exported["decisions"]] == [("edit", "Shorter."), ("claim", "")]
    alias = erase(app, OLGA, "rita", reason="they left").alias
    assert item_of(app, other).holder == ""
    assert item_of(app, given).decided_by == (alias,)
    assert [person for person, _ in history(app, item)] == ["", alias]
    with app.database.reading() as tx:
        assert "rita" not in tx.names_kept()
    assert show(app, ADA, given.id).answer.text == "Five. [1]", "what was decided stands"


def test_items_go_with_whoever_asked_and_so_do_their_words_beside_answers_of_others(app: App):
    given, shared = ask(app, EVE, DAYS), ask(app, ADA, DAYS)
    acting.approve(app, RITA, item_of(app, shared).id, revision=1)
    opinions.share(app, ADA, shared.id)
    opinions.ask_person(app, BEA, shared.id, "Is quetzal right?")
    assert history(app, item_of(app, shared))[-1] == ("bea", "reopen")
    for name in ("eve", "bea"):
        erase(app, OLGA, name, reason="they left")
    with app.database.reading() as tx:
        assert tx.items_of([given.id]) == []
        (item,) = tx.items_of([shared.id])
        assert "quetzal" not in str(tx.acts([item.id]))


def test_a_decision_stands_in_the_record_without_words(app: App):
    item = item_of(app, ask(app, ADA, DAYS))
    acting.escalate(app, RITA, item.id, revision=1, to="admin", note="Quetzal?")
    acting.edit(app, ANNA, item.id, revision=2, text="Quetzal.", note="Quetzal!")
    with app.database.reading() as tx:
        entries = tx.entries(kinds={"review.decided", "review.escalated"}, limit=9)
    assert [(each.kind, each.subject, each.by) for each in entries] == [
        ("review.escalated", item.id, "rita"),
        ("review.decided", item.id, "anna"),
    ]
    assert "uetzal" not in str([each.model_dump() for each in entries])


def test_personal_data_that_a_reviewer_writes_is_masked_for_others(tmp_path: Path):
    bench = a_bench(tmp_path, HOLD)
    bench.settings = bench.settings.model_copy(update={"guard": bench.settings.guard.model_copy(update={"questions": "mask"})})
    with opened(bench) as app:
        item = item_of(app, ask(app, ADA, DAYS))
        acting.edit(app, RITA, item.id, revision=1, text="Write to ann@example.com. [1]", note="Ask ann@example.com.")
        with app.database.reading() as tx:
            assert "ann@example.com" not in str(tx.acts([item.id]))
        own = queue.shown(app, RITA, item.id).acts[-1]
        assert (own.note, own.wrote and own.wrote.text) == ("Ask ann@example.com.", "Write to ann@example.com. [1]")
        assert "ann@example.com" not in str(queue.shown(app, RON, item.id).acts)
        assert show(app, ADA, item.answer).answer.text == "Write to ann@example.com. [1]", "it was written for whoever asked"
        assert "ann@example.com" not in show(app, ANNA, item.answer).model_dump_json()


def test_what_documents_hide_from_whoever_asked_no_reviewer_tells_them(tmp_path: Path):
    bench = a_bench(tmp_path, HOLD)
    source = SourceSection(name="docs", path="documents", personal_data="mask", personal_data_for=("hr",))
    bench.settings = bench.settings.model_copy(update={"sources": (source,)})
    bench.source.contents["leave.md"] = LEAVE + b"\nWrite to ann@example.com or call nobody.\n"
    with opened(bench) as app:
        create_owner(app, "olga", "a long password of olga")
        make_live(app)
        people.add_person(app, ADMINISTRATOR, "ron", role="reviewer", groups=["hr"])
        people.add_person(app, ADMINISTRATOR, "eve")
        with app.database.reading() as tx:
            ron, eve = (tx.actor(name, via="http") for name in ("ron", "eve"))
        item = item_of(app, ask(app, eve, DAYS))
        acting.edit(app, ron, item.id, revision=1, text="Write to ann@example.com or bob@example.com. [1]")
        text = show(app, eve, item.answer).answer.text
        assert "bob@example.com" in text
        assert "ann@example.com" not in text


def test_requests_of_before_there_were_items_get_one(app: App):
    given = ask(app, EVE, DAYS)
    with app.database.transaction() as tx:
        (item,) = tx.items_of([given.id])
        tx.save_item(item.model_copy(update={"state": "done", "outcome": "withdrawn"}))
        tx.save_review(ReviewRequest(id="old", answer=given.id, person="eve", note="Please.", created_at=app.clock()))
    assert waits(app, RITA) == [item.id]
    assert history(app, item)[-1] == ("eve", "reopen")
