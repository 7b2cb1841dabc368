"""The part of the `Database` contract on what may be used and what was."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta

import pytest

from firmground.accounts import ApiKey
from firmground.errors import NotFound
from firmground.ports import Database
from firmground.usage import WORKSPACE, Booking, Limits, Pool, Reservation, Row, Taken

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY, MONTH = "2026-11-20", "2026-11"
ADA = Pool("person", "ada")


def a_reservation(id: str = "a1", *, person: str = "ada", at: datetime = NOW, tokens: int = 100) -> Reservation:
    until = at + timedelta(minutes=10)
    return Reservation(id=id, person=person, key="ci", day=DAY, tokens=tokens, usd=0.25, at=at, until=until)


def a_booking(
    person: str = "ada", *, day: str = DAY, key: str = "", release: str = "r1", model: str = "m", **taken: float
) -> Booking:
    used = Taken.model_validate({"answers": 1, "input_tokens": 10, "output_tokens": 5, "usd": 0.5, **taken})
    return Booking(day=day, person=person, key=key, release=release, via="http", models={model: used})


class UsageContract:
    """Mixed into `DatabaseContract`."""

    def test_limits_are_of_a_person_a_key_a_group_or_the_workspace(self, database: Database):
        pools = [ADA, Pool("key", "ci"), Pool("group", "hr"), WORKSPACE]
        few, none = Limits(answers_a_day=3, usd_a_month=1.5), Limits()
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr"])
            tx.save_key("d", ApiKey(name="ci", person="ada", created_at=NOW))
            for pool in pools:
                tx.save_limits(pool, Limits(answers_a_day=9))
                tx.save_limits(pool, few)
        with database.transaction() as tx:
            assert tx.limits_of(pools) == dict.fromkeys(pools, few)
            assert tx.limits_of([Pool("person", "bob"), Pool("group", "x")]) == {}
            assert list(tx.all_limits()) == [Pool("group", "hr"), Pool("key", "ci"), ADA, WORKSPACE]
            assert list(tx.all_limits(after=Pool("key", "ci"), limit=1)) == [ADA]
            tx.save_limits(WORKSPACE, none)
            assert tx.limits_of([WORKSPACE]) == {}
            with pytest.raises(NotFound, match="no person 'adda': did you mean 'ada'"):
                tx.save_limits(Pool("person", "adda"), few)

    def test_limits_go_with_whom_they_are_of(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada")
            tx.save_key("d", ApiKey(name="ci", created_at=NOW))
            tx.save_limits(ADA, Limits(answers_a_day=3))
            tx.save_limits(Pool("key", "ci"), Limits(answers_a_day=3))
        with database.transaction() as tx:
            tx.remove_person("ada")
            tx.drop_key("ci")
            assert tx.all_limits() == {}

    def test_what_is_booked_counts_for_person_key_and_workspace_by_day_and_month(self, database: Database):
        with database.transaction() as tx:
            tx.book(a_booking(key="ci"))
            tx.book(a_booking(key="ci", model="n", unpriced=1))
            tx.book(a_booking("bob", day="2026-11-21"))
        with database.reading() as tx:
            once, twice = (
                Taken(answers=1, input_tokens=10, output_tokens=5, usd=0.5),
                Taken(answers=2, input_tokens=20, output_tokens=10, usd=1.0, unpriced=1),
            )
            assert (tx.taken(ADA, DAY), tx.taken(ADA, MONTH), tx.taken(Pool("key", "ci"), DAY)) == (twice, twice, twice)
            assert (tx.taken(Pool("person", "bob"), DAY), tx.taken(Pool("person", "bob"), "2026-11-21")) == (Taken(), once)
            assert (tx.taken(WORKSPACE, DAY), tx.taken(WORKSPACE, MONTH)) == (twice, twice + once)
            assert tx.taken(WORKSPACE, "2026-12") == Taken()

    def test_what_is_set_aside_counts_until_it_is_dropped_or_lapses(self, database: Database):
        with database.transaction() as tx:
            tx.reserve(a_reservation(tokens=7))
            tx.reserve(a_reservation())
            tx.reserve(a_reservation("b1", person="bob"))
        with database.transaction() as tx:
            one, two = Taken(answers=1, input_tokens=100, usd=0.25), Taken(answers=2, input_tokens=200, usd=0.5)
            assert (tx.reserved(ADA, DAY, NOW), tx.reserved(WORKSPACE, DAY, NOW), tx.reserved(WORKSPACE, MONTH, NOW)) == (
                one,
                two,
                two,
            )
            assert (tx.reserved(Pool("key", "ci"), DAY, NOW), tx.reserved(WORKSPACE, DAY, NOW, but="b1")) == (two, one)
            assert tx.reserved(WORKSPACE, "2026-11-21", NOW) == Taken()
            tx.drop_reservation("b1")
            assert tx.reserved(WORKSPACE, DAY, NOW) == one
            for other in (NOW + timedelta(minutes=10), NOW - timedelta(days=1)):
                assert tx.reserved(WORKSPACE, DAY, other) == Taken()

    def test_who_used_what_is_told_by_name_page_by_page(self, database: Database):
        with database.transaction() as tx:
            for person in ("ada", "bob", "cem"):
                tx.book(a_booking(person, release=f"of {person}"))
            tx.book(a_booking("bob", day="2026-10-31", model="n"))
        with database.reading() as tx:
            once = Taken(answers=1, input_tokens=10, output_tokens=5, usd=0.5)
            assert tx.spending(since="2026-11-01", until=DAY, by="person", limit=2) == [
                Row(name="ada", taken=once),
                Row(name="bob", taken=once),
            ]
            assert [row.name for row in tx.spending(since="2026-11-01", until=DAY, by="person", after="bob")] == ["cem"]
            assert [row.name for row in tx.spending(since="2026-01-01", until=DAY, by="model", person="bob")] == ["m", "n"]
            assert tx.spending(since="2026-01-01", until=DAY, by="day", person="bob")[0] == Row(name="2026-10-31", taken=once)
            assert tx.spending(since=DAY, until=DAY, by="release", person="eve") == []

    def test_what_a_person_used_becomes_nobodys_and_the_sums_stay(self, database: Database):
        with database.transaction() as tx:
            tx.book(a_booking())
            tx.book(a_booking(""))
            tx.reserve(a_reservation())
            assert [(line.day, line.model, line.taken.answers) for line in tx.usage_of("ada")] == [(DAY, "m", 1)]
            tx.disown_usage("ada", "erased-1", DAY)
            assert (tx.usage_of("ada"), tx.taken(ADA, DAY), tx.reserved(ADA, DAY, NOW)) == ([], Taken(), Taken())
            again = Pool("person", "erased-1")
            assert [tx.taken(again, period).answers for period in (DAY, MONTH)] == [1, 1]
            assert tx.reserved(again, DAY, NOW).answers == 1
            tx.disown_usage("erased-1", "erased-1", DAY)
            assert (tx.taken(again, DAY).answers, tx.usage_of("erased-1")) == (1, [])
            tx.disown_usage("erased-1", "erased-1", "2026-12-01")
            assert tx.taken(again, DAY) == tx.taken(again, MONTH) == Taken(), "what is over is forgotten"
            assert [row.taken.answers for row in tx.spending(since=DAY, until=DAY, by="person")] == [2]
            assert tx.taken(WORKSPACE, DAY).answers == 2

    def test_requests_of_a_minute_are_let_in_up_to_the_most(self, database: Database):
        with database.transaction(lasting=False) as tx:
            assert [tx.request("person ada", "09:00", 4, 10) for _ in range(4)] == [4, 4, 2, 0]
            assert tx.request("person bob", "09:00", 4, 10) == 4
        with database.transaction() as tx:
            assert (tx.request("person ada", "09:00", 4, 10), tx.request("person ada", "09:01", 4, 10)) == (0, 4)

    def test_what_is_old_is_forgotten(self, database: Database):
        with database.transaction() as tx:
            for day in ("2026-08-01", "2026-10-01", DAY):
                tx.book(a_booking(day=day))
            tx.reserve(a_reservation())
            tx.reserve(a_reservation("long ago", at=NOW - timedelta(days=1)))
            tx.request("person ada", "09:00", 1, 10)
            tx.drop_counts(tallies="2026-11", minute="09:01", now=NOW)
            assert [line.day for line in tx.usage_of("ada")] == ["2026-08-01", "2026-10-01", DAY]
            assert [tx.taken(ADA, period).answers for period in ("2026-08", "2026-10", MONTH, DAY)] == [0, 0, 1, 1]
            assert tx.reserved(WORKSPACE, DAY, NOW - timedelta(days=1)) == Taken()
            assert tx.request("person ada", "09:00", 10, 10) == 10
