"""What people decide about answers reaches nobody whom it is not for."""

from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from firmground.app.access import people
from firmground.app.access.accounts import create_owner
from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import replay, show
from firmground.app.corpus.sync import sync
from firmground.app.notifying import messages, texts
from firmground.app.personal.erasing import delete_answer
from firmground.app.reviewing import acting, queue
from firmground.app.reviewing.sweep import sweep
from firmground.app.teaching import pins
from firmground.app.teaching.exports import exported
from firmground.errors import InvalidInput, NotFound
from firmground.reviews import ReviewItem
from firmground.rights import Role
from firmground.serve.pinned import key
from firmground.settings import AnswerSection, Settings
from firmground.settings_notifications import RouteSection
from firmground.settings_review import ReviewSection, RuleSection
from firmground.testing.app import ADMINISTRATOR, Bench, Ticking, make_live
from firmground.testing.source import MemorySource
from firmground.types import Actor, Answer

DAYS = "How many vacation days may employees carry over?"
HOLD = RuleSection(name="all", then="hold")


def person(name: str, *groups: str, role: Role = "user") -> Actor:
    return Actor(person=name, groups=frozenset({"public", "everyone", *groups}), role=role)


ADA, BEA, EVE, IVAN = person("ada", "hr"), person("bea", "hr"), person("eve"), person("ivan", "hr", "interns")
RITA = person("rita", "hr", role="reviewer")
ANNA = person("anna", role="admin")


def opened(root: Path, *rules: RuleSection, double: bool = False, notifications: tuple[RouteSection, ...] = ()) -> App:
    review = ReviewSection(rules=rules, double_share=float(double))
    made = Bench(root, settings=Settings(answer=AnswerSection(threshold=0.001), review=review, notifications=notifications))
    leave = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
    pay = b"# Carry\n\nSurveyors who carry bags earn 61,000 euro.\n"
    made.source.contents.update({"leave.md": leave, "pay.md": pay})
    made.source.file_groups = {"pay.md": ("hr",)}
    app = made.app()
    sync(app, ADMINISTRATOR)
    return app


def waiting(app: App, answer: Answer) -> ReviewItem:
    with app.database.reading() as tx:
        (item,) = tx.items_of([answer.id])
    return item


def corrected(app: App, answer: Answer, text: str) -> None:
    opinions.challenge(app, ADA, answer.id, "wrong")
    item = waiting(app, answer)
    acting.edit(app, RITA, item.id, revision=item.revision, text=text, reason="wrong")


def read(app: App, actor: Actor, answer: Answer) -> tuple[str, str]:
    found = show(app, actor, answer.id).answer
    return found.status, found.text


def test_whoever_waits_for_a_person_does_not_read_the_draft_in_a_replay(tmp_path: Path):
    with opened(tmp_path, HOLD) as app:
        given = ask(app, ADA, DAYS)
        found = replay(app, ADA, given.id)
        assert (found.outcome, found.before, found.now) == ("same", (), ())
        assert "five vacation days" in replay(app, ANNA, given.id).now[0]
        item = waiting(app, given)
        acting.reject(app, RITA, item.id, revision=item.revision, reason="wrong")
        assert replay(app, ADA, given.id).now == ()


def test_a_correction_does_not_reach_who_was_given_no_answer_by_a_rule(tmp_path: Path):
    with opened(tmp_path, RuleSection(name="interns", then="block", groups=("interns",), text="Not for interns.")) as app:
        create_owner(app, "olga", "a long password of olga")
        make_live(app)
        for actor in (BEA, IVAN):
            people.add_person(app, ADMINISTRATOR, actor.person, groups=[*actor.groups - {"public", "everyone"}])
        ada, bea, ivan = (ask(app, actor, DAYS) for actor in (ADA, BEA, IVAN))
        with app.database.reading() as tx:
            copy = tx.trace(ivan.id)
        assert copy
        assert copy.cached_from == ada.id
        corrected(app, ada, "Six days. [1]")
        assert read(app, BEA, bea) == ("answered", "Six days. [1]")
        assert read(app, IVAN, ivan) == ("blocked", "Not for interns.")
        told = {actor.person: [each.event for each in messages.mine(app, actor).messages] for actor in (BEA, IVAN)}
        assert told == {"bea": ["answer.corrected"], "ivan": []}


@pytest.mark.parametrize("text", ["Five days. [1] Surveyors get sixty-one thousand for it.", "Surveyors: sixty-one thousand."])
def test_words_without_a_source_do_not_reach_who_got_the_pinned_answer_and_may_not_see_what_it_was_made_from(
    tmp_path: Path, text: str
):
    with opened(tmp_path) as app:
        ada = ask(app, ADA, DAYS)
        corrected(app, ada, "Five days. [1]")
        pins.add(app, RITA, ada.id)
        eve, bea = ask(app, EVE, DAYS), ask(app, BEA, DAYS)
        assert (eve.model, eve.text) == ("pinned", "Five days. [1]")
        corrected(app, ada, text)
        status, told = read(app, EVE, eve)
        assert status == "abstained"
        assert "sixty" not in told
        assert "Ask again" in read(app, BEA, bea)[1], "what was pinned rests on less than what it was made from"
        assert "sixty" in read(app, ADA, ada)[1]


def test_a_correction_that_cites_all_it_says_reaches_who_got_the_pinned_answer(tmp_path: Path):
    with opened(tmp_path) as app:
        ada = ask(app, ADA, DAYS)
        corrected(app, ada, "Five days. [1]")
        pins.add(app, RITA, ada.id)
        eve = ask(app, EVE, DAYS)
        corrected(app, ada, "Up to five days. [1]")
        assert read(app, EVE, eve) == ("answered", "Up to five days. [1]")


def test_what_was_corrected_stays_so_for_all_while_somebody_looks_at_it_again(tmp_path: Path):
    with opened(tmp_path) as app:
        ada, bea = ask(app, ADA, DAYS), ask(app, BEA, DAYS)
        corrected(app, ada, "Six days. [1]")
        opinions.challenge(app, ADA, ada.id, "wrong")
        assert read(app, ADA, ada) == read(app, BEA, bea) == ("answered", "Six days. [1]")
        opinions.withdraw_request(app, ADA, ada.id)
        assert read(app, BEA, bea) == ("answered", "Six days. [1]")


def test_the_beginning_of_an_id_tells_nothing_of_items_that_are_hidden(tmp_path: Path):
    with opened(tmp_path, HOLD) as app:
        hidden = [waiting(app, ask(app, ADA, DAYS)).id for _ in range(2)]
        own = waiting(app, ask(app, EVE, DAYS)).id
        stranger = person("sam", role="reviewer")
        same = next(own[:n] for n in range(len(own), 0, -1) if hidden[0].startswith(own[:n]))
        assert queue.shown(app, stranger, same).item.id == own
        with pytest.raises(NotFound):
            queue.shown(app, stranger, hidden[0])
        with pytest.raises(InvalidInput, match="may mean"):
            queue.shown(app, RITA, same)


def test_an_answer_that_goes_on_from_one_that_is_hidden_is_hidden(tmp_path: Path):
    with opened(tmp_path, HOLD) as app:
        before = ask(app, ADA, "What do surveyors who carry bags earn?")
        after = ask(app, EVE, DAYS)
        with app.database.transaction() as tx:
            trace = tx.trace(after.id)
            assert trace
            tx.save_trace(trace.model_copy(update={"context": (before.id,)}))
        with pytest.raises(NotFound):
            queue.shown(app, person("sam", role="reviewer"), waiting(app, after).id)


def test_the_beginning_of_an_id_tells_no_reviewer_of_answers_of_others(tmp_path: Path):
    with opened(tmp_path, HOLD) as app:
        ids = [ask(app, actor, DAYS).id for actor in (ADA, EVE)]
        with pytest.raises(InvalidInput, match="may mean several answers") as refused:
            pins.add(app, person("sam", role="reviewer"), ids[0][:2])
        assert not any(id in str(refused.value) for id in ids)


def test_what_the_first_of_two_said_blind_is_not_handed_out_before_the_second_decided(tmp_path: Path):
    with opened(tmp_path, HOLD, double=True) as app:
        item = waiting(app, ask(app, ADA, DAYS))
        acting.reject(app, RITA, item.id, revision=item.revision, reason="wrong", note="Quetzal")
        for form in ("jsonl", "csv", "label-studio"):
            assert "Quetzal" not in "".join(exported(app, ANNA, "feedback", form))
            assert "reject" not in "".join(exported(app, ANNA, "feedback", form))
        acting.reject(app, ANNA, item.id, revision=2, reason="wrong")
        assert "Quetzal" in "".join(exported(app, ANNA, "feedback"))


def test_what_a_clock_far_ahead_let_somebody_take_is_free_once_it_is_right(tmp_path: Path):
    with opened(tmp_path, HOLD) as app:
        item = waiting(app, ask(app, ADA, DAYS))
        clock = cast("Ticking", app.clock)
        clock.now += timedelta(days=400)
        acting.claim(app, RITA, item.id, revision=item.revision)
        clock.now -= timedelta(days=400)
        sweep(app)
        taken = acting.claim_next(app, person("ron", "hr", role="reviewer"))
        assert taken
        assert taken.holder == "ron"


def test_the_message_of_a_challenge_leads_to_what_is_to_be_looked_at(tmp_path: Path):
    route = RouteSection(name="us", owner="rita", events=("answer.challenged",), channel="page", roles=("reviewer",))
    with opened(tmp_path, notifications=(route,)) as app:
        create_owner(app, "olga", "a long password of olga")
        make_live(app)
        people.add_person(app, ADMINISTRATOR, "rita", role="reviewer", groups=["hr"])
        given = ask(app, ADA, DAYS)
        opinions.challenge(app, ADA, given.id, "wrong")
        opinions.challenge(app, ADA, given.id, "incomplete")
        told = messages.mine(app, RITA).messages
        assert [texts.link(each) for each in told] == [f"/reviews/{waiting(app, given).id}"] * 2


def test_what_was_corrected_is_not_read_again_once_the_corrected_answer_is_gone(tmp_path: Path):
    with opened(tmp_path) as app:
        ada, bea = ask(app, ADA, DAYS), ask(app, BEA, DAYS)
        corrected(app, ada, "Six days. [1]")
        pins.add(app, RITA, ada.id)
        eve = ask(app, EVE, DAYS)
        delete_answer(app, ADA, ada.id)
        assert read(app, EVE, eve) == ("answered", "Six days. [1]")
        status, text = read(app, BEA, bea)
        assert (status, "Ask again" in text, "five" in text) == ("abstained", True, False)


def test_who_approves_what_somebody_once_got_of_a_pin_does_not_approve_what_it_says_now(tmp_path: Path):
    with opened(tmp_path) as app:
        ada = ask(app, ADA, DAYS)
        corrected(app, ada, "Five days. [1]")
        pin = pins.add(app, RITA, ada.id)
        eve = ask(app, EVE, DAYS)
        corrected(app, ada, "Up to five days. [1]")
        source = cast("MemorySource", app.sources["docs"])
        source.contents["leave.md"] = b"# Leave\n\nEvery employee may carry over three vacation days into the next year.\n"
        sync(app, ADMINISTRATOR)
        assert [each.state for each in pins.listed(app, ANNA)] == ["waiting"]
        opinions.challenge(app, EVE, eve.id, "wrong")
        old = waiting(app, eve)
        acting.approve(app, RITA, old.id, revision=old.revision)
        assert [each.state for each in pins.listed(app, ANNA)] == ["waiting"]
        item = waiting(app, ada)
        acting.approve(app, RITA, item.id, revision=item.revision)
        (now,) = pins.listed(app, ANNA)
        assert (now.id, now.state, now.says.text) == (pin.id, "active", "Up to five days. [1]")


@pytest.mark.parametrize(
    ("one", "other"), [("by .5 percent", "by 5 percent"), ("a 6' fence", 'a 6" fence'), ("a 6’ fence", "a 6 fence")]
)
def test_a_pin_for_one_number_is_none_for_another(one: str, other: str):
    assert key(f"May I have {one}?", {}) != key(f"May I have {other}?", {})
    assert key(f"May I have “{one}”", {}) == key(f"may I have {one}?", {})
