"""Whoever wants a person to look gets one, and cannot keep that person from deciding."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import show
from firmground.app.corpus.sync import sync
from firmground.app.reviewing import acting, insight, queue
from firmground.errors import Refused
from firmground.reviews import ReviewItem
from firmground.rights import Role
from firmground.settings import AnswerSection, Settings
from firmground.settings_review import ReviewSection, RuleSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

DAYS = "How many vacation days may employees carry over?"
LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"


def person(name: str, *groups: str, role: Role = "user") -> Actor:
    return Actor(person=name, groups=frozenset({"public", "everyone", *groups}), role=role)


ADA, RITA, RON, ANNA = (
    person("ada"),
    person("rita", role="reviewer"),
    person("ron", role="reviewer"),
    person("anna", role="admin"),
)


def opened(root: Path, *rules: RuleSection, sample: float = 0.0) -> App:
    made = Bench(root, settings=Settings(answer=AnswerSection(threshold=0.001), review=ReviewSection(rules=rules, sample=sample)))
    made.source.contents["leave.md"] = LEAVE
    app = made.app()
    sync(app, ADMINISTRATOR)
    return app


@pytest.fixture
def held(tmp_path: Path) -> Iterator[App]:
    with opened(tmp_path, RuleSection(name="all", then="hold")) as app:
        yield app


@pytest.fixture
def sampled(tmp_path: Path) -> Iterator[App]:
    with opened(tmp_path, sample=1.0) as app:
        yield app


def item_of(app: App, answer: str) -> ReviewItem:
    with app.database.reading() as tx:
        (item,) = tx.items_of([answer])
    return item


def kinds(item: ReviewItem) -> list[str]:
    return [cause.kind for cause in item.causes]


def test_whoever_asks_and_withdraws_in_turn_keeps_nobody_from_deciding(sampled: App):
    given = ask(sampled, ADA, DAYS)
    taken = acting.claim(sampled, RITA, item_of(sampled, given.id).id, revision=1)
    for reason in ("wrong", "incomplete"):
        opinions.ask_person(sampled, ADA, given.id)
        opinions.challenge(sampled, ADA, given.id, reason)
        opinions.withdraw_request(sampled, ADA, given.id)
    now = item_of(sampled, given.id)
    assert (now.holder, now.revision > taken.revision) == ("rita", True)
    assert acting.approve(sampled, RITA, taken.id, revision=taken.revision).outcome == "approved"


def test_a_question_that_is_withdrawn_and_wanted_again_is_decided_by_who_had_read_it(held: App):
    given = ask(held, ADA, DAYS)
    taken = acting.claim(held, RITA, item_of(held, given.id).id, revision=1)
    opinions.withdraw_request(held, ADA, given.id)
    with pytest.raises(Refused, match="it was withdrawn"):
        acting.approve(held, RITA, taken.id, revision=taken.revision)
    opinions.ask_person(held, ADA, given.id)
    assert acting.approve(held, RITA, taken.id, revision=taken.revision).outcome == "approved"


def test_what_another_reviewer_did_still_counts_between_wishes(held: App):
    given = ask(held, ADA, DAYS)
    seen = item_of(held, given.id)
    acting.flag(held, RON, seen.id, revision=seen.revision, reason="unsure")
    opinions.ask_person(held, ADA, given.id)
    with pytest.raises(Refused, match="somebody else did something"):
        acting.approve(held, RITA, seen.id, revision=seen.revision)


def test_nobody_asks_for_a_person_without_end(held: App):
    given = ask(held, ADA, DAYS)
    for _ in range(opinions.MOST_WISHES):
        opinions.ask_person(held, ADA, given.id)
        assert opinions.ask_person(held, ADA, given.id), "while it is open it is that one"
        opinions.withdraw_request(held, ADA, given.id)
        opinions.withdraw_request(held, ADA, given.id)
    before = item_of(held, given.id)
    with pytest.raises(Refused, match="ask the question again"):
        opinions.ask_person(held, ADA, given.id)
    with pytest.raises(Refused, match="ask the question again"):
        opinions.challenge(held, ADA, given.id, "wrong")
    assert item_of(held, given.id) == before
    assert opinions.ask_person(held, ANNA, given.id), "what one person did is no matter of another"


def test_what_chance_chose_stays_so_when_it_is_looked_at_again_and_is_counted(sampled: App):
    given = ask(sampled, ADA, DAYS)
    first = item_of(sampled, given.id)
    acting.approve(sampled, RITA, first.id, revision=first.revision)
    opinions.challenge(sampled, ADA, given.id, "wrong")
    again = item_of(sampled, given.id)
    assert (again.state, kinds(again)) == ("waiting", ["sample", "challenge"])
    acting.reject(sampled, RON, again.id, revision=again.revision, reason="wrong")
    done = item_of(sampled, given.id)
    assert (done.outcome, kinds(done)) == ("rejected", ["sample", "challenge"])
    assert "sample" in [each.name for each in insight.insight(sampled, ANNA).by_rule]


def test_what_was_judged_for_the_sample_stands_again_when_a_challenge_is_withdrawn(sampled: App):
    given = ask(sampled, ADA, DAYS)
    first = item_of(sampled, given.id)
    acting.approve(sampled, RITA, first.id, revision=first.revision)
    opinions.challenge(sampled, ADA, given.id, "wrong")
    opinions.withdraw_request(sampled, ADA, given.id)
    stands = item_of(sampled, given.id)
    assert (stands.state, stands.outcome, "sample" in kinds(stands)) == ("done", "approved", True)
    assert queue.listed(sampled, RON).items == ()
    assert show(sampled, ADA, given.id).answer.status == "answered"
