"""The part of the `Database` contract on people who went to a provider to sign in."""
# ruff: noqa: S101 - a contract suite asserts

from datetime import UTC, datetime, timedelta

from firmground.identities import SignIn
from firmground.ports import Database

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def a_sign_in(address: str = "192.0.2.7", *, minutes: int = 10) -> SignIn:
    return SignIn(
        browser="digest of the browser",
        nonce="nonce",
        verifier="verifier",
        there="/me",
        person="ada",
        address=address,
        expires_at=NOW + timedelta(minutes=minutes),
    )


class SignInsContract:
    """Mixed into `DatabaseContract`."""

    def test_a_sign_in_is_good_once(self, database: Database):
        with database.transaction() as tx:
            tx.begin_sign_in("s1", a_sign_in())
        with database.reading() as tx:
            assert (tx.sign_in_under_way("s1"), tx.sign_in_under_way("s2")) == (a_sign_in(), None)
        with database.transaction() as tx:
            assert (tx.take_sign_in("s1"), tx.take_sign_in("s1"), tx.sign_in_under_way("s1")) == (a_sign_in(), None, None)

    def test_sign_ins_are_counted_and_those_that_took_too_long_are_dropped(self, database: Database):
        with database.transaction() as tx:
            for number, (address, minutes) in enumerate((("a", 1), ("a", 2), ("b", 3))):
                tx.begin_sign_in(f"s{number}", a_sign_in(address, minutes=minutes))
            assert (tx.sign_ins_under_way(), tx.sign_ins_under_way("a"), tx.sign_ins_under_way("c")) == (3, 2, 0)
            tx.drop_sign_ins(expired_at=NOW + timedelta(minutes=2, microseconds=5))
            assert (tx.sign_ins_under_way(), tx.sign_ins_under_way("b")) == (1, 1)
