"""An audit counts what reviewers said of answers that chance chose."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.launching.gathering import gathered
from firmground.app.launching.releases import create
from firmground.app.reviewing import acting
from firmground.app.reviewing.intake import open_item
from firmground.app.teaching import pins
from firmground.gate.facts import Judged
from firmground.reviews import ActReason, ReviewItem
from firmground.settings import AnswerSection, Settings
from firmground.settings_review import ReviewSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor, Cause

PUBLIC = frozenset({"public", "everyone"})
ADA, EVE = Actor(person="ada", groups=PUBLIC), Actor(person="eve", groups=PUBLIC)
LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
CANTEEN = b"# Canteen\n\nThe canteen serves lunch between noon and two.\n"
DAYS, LUNCH = "How many vacation days may employees carry over?", "When does the canteen serve lunch?"


def an_app(folder: Path, sample: float) -> Bench:
    settings = Settings(answer=AnswerSection(threshold=0.001), review=ReviewSection(sample=sample))
    bench = Bench(folder, settings=settings)
    bench.source.contents.update({"leave.md": LEAVE, "canteen.md": CANTEEN})
    return bench


@pytest.fixture
def sampled(tmp_path: Path) -> Iterator[App]:
    """Chance chooses every answer."""
    with an_app(tmp_path, 1.0).app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def item_of(app: App, answer: str) -> ReviewItem:
    with app.database.reading() as tx:
        [item] = tx.items_of([answer])
    return item


def judge(app: App, answer: str, *, reason: ActReason | None = None) -> None:
    item = item_of(app, answer)
    if reason is None:
        acting.approve(app, ADMINISTRATOR, item.id, revision=item.revision)
    else:
        acting.reject(app, ADMINISTRATOR, item.id, revision=item.revision, reason=reason)


def judged(app: App) -> Judged | None:
    release, _ = create(app, ADMINISTRATOR)
    return gathered(app, release).judged


def test_what_chance_chose_and_somebody_judged_is_counted_once_for_each_question(sampled: App):
    for actor in (ADA, EVE):
        judge(sampled, ask(sampled, actor, DAYS).id)
    judge(sampled, ask(sampled, ADA, LUNCH).id, reason="wrong")
    assert judged(sampled) == Judged(answers=2, wrong=1, people=1)


def test_what_still_has_time_counts_for_nothing_and_what_is_late_is_open(tmp_path: Path):
    bench = an_app(tmp_path, 1.0)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        judge(app, ask(app, ADA, DAYS).id)
        ask(app, ADA, LUNCH)
        assert judged(app) == Judged(answers=1, people=1)
        bench.clock.now = bench.clock.now.replace(year=2027)
        assert judged(app) == Judged(answers=1, people=1, open=1)


def test_what_somebody_wanted_to_be_looked_at_is_shown_and_not_counted(tmp_path: Path):
    with an_app(tmp_path, 0.0).app() as app:
        sync(app, ADMINISTRATOR)
        assert judged(app) is None
        answer = ask(app, ADA, DAYS)
        with app.database.transaction() as tx:
            trace = tx.trace(answer.id)
            assert trace is not None
            open_item(app, tx, trace, [Cause(kind="challenge")])
        judge(app, answer.id, reason="outdated")
        assert judged(app) == Judged(others=1, others_wrong=1)


def test_pinned_answers_are_peoples_and_no_answers_of_the_release(sampled: App):
    answer = ask(sampled, ADA, DAYS)
    judge(sampled, answer.id)
    pins.add(sampled, ADMINISTRATOR, answer.id)
    given = ask(sampled, EVE, DAYS)
    assert given.model == "pinned"
    with sampled.database.reading() as tx:
        assert tx.items_of([given.id]) == []
    assert judged(sampled) == Judged(answers=1, people=1)
