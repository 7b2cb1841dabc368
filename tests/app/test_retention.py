"""What is kept of people goes when it is old enough, never early, never by a leap of the clock, and is counted."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from firmground.accounts import Account, Link, Secrets, Session
from firmground.app.access.names import EVALUATION
from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask, new_id
from firmground.app.corpus.sync import sync
from firmground.app.personal import erasing, holds, retention
from firmground.app.work import handlers
from firmground.errors import NotAllowed, NotFound
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.jobs import MemoryJobs
from firmground.testing.traces import a_trace
from firmground.types import Actor
from firmground.usage import Booking, Taken

DAY = timedelta(days=1)
KEPT = {"answers": 90, "evaluation_answers": 30, "sessions": 10, "links": 10, "messages": 40, "usage": 60, "jobs": 20}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, settings=Settings.model_validate({"retention": KEPT, "answer": {"threshold": 0.001}}))
    bench.jobs_ = MemoryJobs(bench.clock)
    bench.source.contents["leave.md"] = b"# Leave\n\nEmployees may carry over five days.\n"
    return bench


@pytest.fixture
def app(bench: Bench) -> Generator[App]:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        yield app


def aged(bench: Bench, app: App, days: int) -> None:
    """So many days of sweeps that found nothing to do go by."""
    for _ in range(days):
        bench.clock.now += DAY
        with app.database.transaction() as tx:
            tx.put_fact("retention", "swept", bench.clock.now.isoformat())


def answers(app: App) -> list[str]:
    with app.database.reading() as tx:
        return tx.trace_ids(limit=1000)


def test_answers_go_on_their_day_with_what_was_said_of_them(bench: Bench, app: App):
    old = ask(app, COLLEAGUE, "How many days may be carried over?").id
    opinions.rate(app, COLLEAGUE, old, "up", comment="Thanks")
    opinions.share(app, COLLEAGUE, old)
    aged(bench, app, 89)
    new = ask(app, COLLEAGUE, "How many days may be carried over?", conversation=old).id
    assert retention.sweep(app, ADMINISTRATOR).counts["answers"] == 0
    aged(bench, app, 1)
    assert retention.due(app, ADMINISTRATOR).counts["answers"] == 1
    assert answers(app) == [old, new]
    assert retention.sweep(app, ADMINISTRATOR).counts["answers"] == 1
    assert answers(app) == [new]
    with app.database.reading() as tx:
        assert (tx.feedback(old), tx.shared(old)) == ([], False)
        entry = tx.last_entry()
    assert entry is not None
    assert (entry.kind, entry.detail["removed"]) == ("retention.swept", {"answers": 1})
    assert "carried" not in entry.model_dump_json()


def test_nothing_is_recorded_where_nothing_went(app: App):
    with app.database.reading() as tx:
        before = tx.end_of_ledger()
    assert retention.sweep(app, ADMINISTRATOR).counts == dict.fromkeys(KEPT, 0)
    with app.database.reading() as tx:
        assert tx.end_of_ledger() == before


def test_every_kind_has_an_age_of_its_own(bench: Bench, app: App):
    now = bench.clock()
    with app.database.transaction() as tx:
        tx.add_person("ada")
        tx.save_account(Account(person="ada", created_at=now))
        tx.save_session(Session(id="s", person="ada", created_at=now, seen_at=now, expires_at=now, changed_at=now), Secrets("d"))
        tx.save_link("d", Link(person="ada", kind="reset", by="x", created_at=now, expires_at=now))
        tx.book(Booking(day=f"{now:%Y-%m-%d}", person="ada", key="", release="r", via="http", models={"m": Taken(answers=1)}))
        tx.save_trace(a_trace(new_id(app, ADMINISTRATOR), person=EVALUATION))
    gone: dict[int, list[str]] = {}
    for day in range(1, 65):
        aged(bench, app, 1)
        if counts := {kind: count for kind, count in retention.sweep(app, ADMINISTRATOR).counts.items() if count}:
            gone[day] = sorted(counts)
    assert gone == {10: ["links", "sessions"], 20: ["jobs"], 30: ["evaluation_answers"], 61: ["usage"]}


def test_for_ever_is_for_ever(tmp_path: Path):
    with Bench(tmp_path).app() as app:
        assert {kind: days for kind, days in retention.days(app).items() if days} == {
            "sessions": 30,
            "links": 30,
            "messages": 90,
            "usage": 400,
        }
        assert retention.sweep(app, ADMINISTRATOR).counts.keys() == {"sessions", "links", "messages", "usage"}


def test_what_is_under_a_hold_stays_and_is_not_counted(bench: Bench, app: App):
    held = ask(app, COLLEAGUE, "How many days?").id
    other = ask(app, ADMINISTRATOR, "How many days?").id
    holds.hold(app, ADMINISTRATOR, COLLEAGUE.person, reason="Claim 7")
    aged(bench, app, 100)
    assert retention.due(app, ADMINISTRATOR).counts["answers"] == 1
    assert retention.sweep(app, ADMINISTRATOR).counts["answers"] == 1
    assert answers(app) == [held]
    assert other not in answers(app)
    holds.unhold(app, ADMINISTRATOR, COLLEAGUE.person)
    assert retention.sweep(app, ADMINISTRATOR).counts["answers"] == 1


def test_more_than_a_lot_goes_and_a_killed_sweep_is_finished_and_counted_once(
    bench: Bench, app: App, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "_LOT", 3)
    with app.database.transaction() as tx:
        for _ in range(8):
            tx.save_trace(a_trace(new_id(app, ADMINISTRATOR), person="ada"))
    aged(bench, app, 100)

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        retention.sweep(app, ADMINISTRATOR, check=kill)
    assert len(answers(app)) == 5
    with bench.app() as again:
        assert retention.sweep(again, ADMINISTRATOR).counts["answers"] == 5
        with again.database.reading() as tx:
            told = [entry.detail["removed"] for entry in tx.entries(kinds=["retention.swept"])]
    assert told == [{"answers": 3}, {"answers": 5, "jobs": 1}]


def test_a_clock_that_is_set_back_erases_nothing(bench: Bench, app: App):
    ask(app, COLLEAGUE, "How many days?")
    retention.sweep(app, ADMINISTRATOR)
    right = bench.clock.now
    bench.clock.now = right - 400 * DAY
    made = retention.sweep(app, ADMINISTRATOR)
    assert (made.counts, len(answers(app))) == ({}, 1)
    assert "nothing is erased before that" in made.waits
    bench.clock.now = right + DAY
    assert retention.sweep(app, ADMINISTRATOR).waits == ""


def test_a_clock_that_leaps_ahead_erases_nothing_for_a_day(bench: Bench, app: App):
    ask(app, COLLEAGUE, "How many days?")
    retention.sweep(app, ADMINISTRATOR)
    right = bench.clock.now
    bench.clock.now = right + 365 * DAY
    for _ in range(3):
        made = retention.sweep(app, ADMINISTRATOR)
        assert (made.counts, len(answers(app))) == ({}, 1)
        assert "if that is right, nothing needs to be done" in made.waits
        bench.clock.now += timedelta(hours=7)
    bench.clock.now = right + DAY  # somebody put it right
    assert retention.sweep(app, ADMINISTRATOR).counts["answers"] == 0
    bench.clock.now += 365 * DAY
    assert retention.sweep(app, ADMINISTRATOR).waits
    bench.clock.now += DAY
    assert retention.sweep(app, ADMINISTRATOR).counts["answers"] == 1


def test_whoever_knows_that_the_clock_is_right_need_not_wait(bench: Bench, app: App):
    ask(app, COLLEAGUE, "How many days?")
    retention.sweep(app, ADMINISTRATOR)
    bench.clock.now += 100 * DAY
    assert retention.sweep(app, ADMINISTRATOR, certain=True).counts["answers"] == 1


def test_the_first_sweep_of_a_workspace_looks_at_what_the_record_saw_last(bench: Bench, app: App):
    holds.hold(app, ADMINISTRATOR, ask(app, COLLEAGUE, "How many days?") and COLLEAGUE.person, reason="x")
    holds.unhold(app, ADMINISTRATOR, COLLEAGUE.person)
    bench.clock.now += 365 * DAY
    for _ in range(2):
        assert retention.sweep(app, ADMINISTRATOR).waits
        assert len(answers(app)) == 1


def test_the_sweep_of_the_day_is_a_job_that_is_asked_for_once_a_day(bench: Bench, app: App):
    def work() -> int:
        jobs = [job for job in app.jobs.unfinished() if job.kind == "retention"]
        app.jobs.work(handlers(app, {}), until=lambda: not app.jobs.unfinished("retention"))
        return len(jobs)

    assert retention.request_if_due(app)
    assert not retention.request_if_due(app)
    assert work() == 1
    assert app.jobs.recent()[0].state == "done"
    assert not retention.request_if_due(app)
    bench.clock.now += DAY
    assert retention.request_if_due(app)
    assert work() == 1


@pytest.mark.parametrize("role", ["user", "reviewer", "auditor"])
def test_only_who_looks_after_the_workspace_erases_for_age(app: App, role: str):
    actor = Actor(person="eve", role=role)
    for use in (retention.due, retention.sweep):
        with pytest.raises(NotAllowed):
            use(app, actor)


def test_a_deleted_answer_is_gone_for_the_sweep_too(app: App):
    id = ask(app, COLLEAGUE, "How many days?").id
    erasing.delete_answer(app, COLLEAGUE, id)
    with pytest.raises(NotFound):
        erasing.delete_answer(app, COLLEAGUE, id)
    assert answers(app) == []
