"""How reviews go, as figures of what one may see."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.reviewing import acting
from firmground.app.reviewing.insight import figures, insight
from firmground.errors import InvalidInput, NotAllowed
from firmground.reviews import Act, ReviewAct, ReviewItem
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.types import Actor, Cause

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
RITA = Actor(person="rita", role="reviewer", groups=frozenset({"public", "everyone"}))


def item(id: str, *, hours_ago: float = 10, blind: bool = False, cause: Cause | None = None, release: str = "r1") -> ReviewItem:
    began = NOW - timedelta(hours=hours_ago)
    return ReviewItem(
        id=id,
        answer=f"answer of {id}",
        asker="ada",
        release=release,
        causes=(cause or Cause(kind="request"),),
        blind=blind,
        created_at=began,
        due_at=began + timedelta(hours=4),
    )


def said(each: ReviewItem, *acts: tuple[str, Act, float]) -> tuple[ReviewItem, list[ReviewAct]]:
    """Done by the last of these: who, what, hours after it began."""
    made = [
        ReviewAct(item=each.id, number=n, person=person, act=act, at=each.created_at + timedelta(hours=after))
        for n, (person, act, after) in enumerate(acts, 1)
    ]
    outcome = {"approve": "approved", "edit": "edited", "reject": "rejected"}[acts[-1][1]]
    return each.model_copy(update={"state": "done", "outcome": outcome, "decisive": len(acts)}), made


def test_figures_tell_time_load_and_what_makes_work():
    rule = Cause(kind="rule", name="salaries")
    first, of_first = said(item("1", cause=rule), ("rita", "claim", 1), ("rita", "approve", 2))
    second, of_second = said(item("2", cause=rule, release="r2"), ("ben", "claim", 3), ("ben", "edit", 6))
    waiting = [item("3").model_copy(update={"holder": "rita", "lease_until": NOW + timedelta(minutes=5)}), item("4", hours_ago=1)]
    sources = {"1": frozenset({"docs"}), "2": frozenset({"docs", "wiki"})}
    found = figures(waiting, [first, second], {"1": of_first, "2": of_second}, sources, {"r1": "7"}, now=NOW, days=7)
    assert (found.opened, found.decided, found.waiting, found.overdue) == (4, 2, 2, 1)
    assert (found.in_time, found.late, found.median_minutes) == (1, 1, 240)
    assert found.outcomes == {"approved": 1, "edited": 1}
    assert [(each.person, each.decided, each.changed, each.in_hand, each.median_minutes) for each in found.reviewers] == [
        ("rita", 1, 0, 1, 60),
        ("ben", 1, 1, 0, 180),
    ]
    assert [(each.name, each.items, each.changed) for each in found.by_rule] == [("request", 2, 0), ("rule salaries", 2, 1)]
    assert [(each.name, each.items) for each in found.by_release] == [("7", 3), ("r2", 1)]
    assert [(each.name, each.items, each.changed) for each in found.by_source] == [("docs", 2, 1), ("wiki", 1, 1)]
    assert sum(each.opened for each in found.by_day) == 4
    assert len(found.by_day) == 7


def test_agreement_counts_what_two_people_said_blind_and_nothing_else():
    alike = [said(item(f"a{n}", blind=True), ("rita", "approve", 1), ("ben", "approve", 2)) for n in range(4)]
    alike += [said(item(f"b{n}", blind=True), ("rita", "reject", 1), ("ben", "edit", 2)) for n in range(4)]
    apart = [said(item(f"c{n}", blind=True), ("rita", "approve", 1), ("ben", "reject", 2)) for n in range(2)]
    seen = [said(item("d"), ("rita", "approve", 1), ("ben", "reject", 2))]
    alone = [said(item("e", blind=True), ("rita", "approve", 1))]
    every = [*alike, *apart, *seen, *alone]
    found = figures([], [each for each, _ in every], {each.id: acts for each, acts in every}, {}, {}, now=NOW, days=7).agreement
    assert (found.cases, found.agreed) == (10, 8)
    # 8 of 10 alike; by chance 0.6 × 0.4 + 0.4 × 0.6 = 0.48: (0.8 - 0.48) / 0.52.
    assert found.kappa == pytest.approx(0.615, abs=0.001)


def test_nothing_is_said_of_nothing():
    found = figures([], [], {}, {}, {}, now=NOW, days=1)
    assert (found.median_minutes, found.agreement.kappa, found.reviewers, found.by_rule) == (None, None, (), ())


@pytest.fixture
def app(tmp_path: Path) -> Generator[App]:
    bench = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    bench.source.contents.update({"leave.md": b"# Leave\n\nFive vacation days may be carried over.\n"})
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        yield app


def test_a_reviewer_gets_figures_of_what_they_may_review_and_an_auditor_of_everything(app: App):
    with app.database.transaction() as tx:
        tx.save_document(tx.find_document("leave.md").model_copy(update={"groups": ("hr",)}))
    sync(app, ADMINISTRATOR)
    inside = COLLEAGUE.model_copy(update={"groups": frozenset({"public", "everyone", "hr"})})
    answer = ask(app, inside, "How many vacation days may be carried over?")
    opinions.ask_person(app, inside, answer.id)
    assert insight(app, RITA).waiting == 0
    assert insight(app, ADMINISTRATOR).waiting == 1
    assert insight(app, Actor(person="olga", role="auditor")).waiting == 1
    assert insight(app, RITA.model_copy(update={"groups": frozenset({"hr"})})).by_source[0].name == "docs"


def test_what_was_decided_is_in_the_figures_at_once(app: App):
    answer = ask(app, COLLEAGUE, "How many vacation days may be carried over?")
    opinions.ask_person(app, COLLEAGUE, answer.id)
    item = acting.claim_next(app, RITA)
    assert item is not None
    acting.reject(app, RITA, item.id, revision=item.revision, reason="outdated")
    found = insight(app, RITA)
    assert (found.waiting, found.decided, found.outcomes, found.in_time) == (0, 1, {"rejected": 1}, 1)
    assert [(each.person, each.decided) for each in found.reviewers] == [("rita", 1)]


def test_figures_are_refused_to_who_may_not_review_and_for_days_that_are_none(app: App):
    with pytest.raises(NotAllowed, match="colleague may not see how reviews go"):
        insight(app, COLLEAGUE)
    with pytest.raises(InvalidInput, match="0 is no number of days"):
        insight(app, RITA, days=0)
