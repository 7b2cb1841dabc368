"""Sessions change their secret while they last, and end where somebody else has it."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from firmground.app.access import accounts, keys, people, sessions
from firmground.app.access.passwords import Passwords
from firmground.app.access.seals import digest_of
from firmground.app.app import App
from firmground.app.recording import ledger
from firmground.errors import NotAllowed, NotFound
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

SECRET = "correct horse battery"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def app(bench: Bench) -> Generator[App]:
    """Ada and grace are owners, root is an administrator, bob a user."""
    with bench.app() as app:
        app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
        accounts.create_owner(app, "ada", SECRET)
        accounts.add_account(app, ADMINISTRATOR, "grace", SECRET, role="owner")
        accounts.add_account(app, ADMINISTRATOR, "root", SECRET, role="admin")
        accounts.add_account(app, ADMINISTRATOR, "bob", SECRET)
        yield app


def actor(app: App, person: str) -> Actor:
    with app.database.reading() as tx:
        return tx.actor(person, via="http")


def begin(app: App, person: str = "bob", **more: str) -> str:
    with app.database.transaction() as tx:
        return sessions.begin_session(app, tx, person, **more)


def present(app: App, secret: str) -> sessions.Present | None:
    """As the door asks, which notes what it is told to."""
    found = sessions.present(app, digest_of(secret))
    if found is not None and found.due:
        sessions.seen(app, digest_of(secret))
    return found


def changed(app: App, bench: Bench, secret: str) -> str:
    """The next secret of a session, which its browser has come with."""
    bench.clock.now += sessions.CHANGED_EVERY
    following = sessions.renewed(app, digest_of(secret))
    assert following is not None
    assert present(app, following) is not None
    return following


def told(app: App, kind: str) -> list[str]:
    return [entry.subject for entry in ledger.entries(app, ADMINISTRATOR) if entry.kind == kind]


# ---------------------------------------------------------------- changing secrets


def test_a_secret_is_changed_after_an_hour_and_not_before(app: App, bench: Bench):
    secret = begin(app)
    assert not present(app, secret).stale
    assert sessions.renewed(app, digest_of(secret)) is None
    bench.clock.now += sessions.CHANGED_EVERY
    assert present(app, secret).stale
    following = sessions.renewed(app, digest_of(secret))
    assert following not in {None, secret}
    assert not present(app, following).stale


def test_the_secret_until_now_is_good_until_the_new_one_is_used_and_a_minute_longer(app: App, bench: Bench):
    secret = begin(app)
    bench.clock.now += sessions.CHANGED_EVERY
    following = sessions.renewed(app, digest_of(secret))
    bench.clock.now += timedelta(hours=5)
    assert present(app, secret) is not None, "the response with the new one never arrived"
    assert present(app, following) is not None
    bench.clock.now += timedelta(seconds=50)
    under_way = present(app, secret)
    assert under_way is not None
    assert not under_way.stale, "the browser has the new one already"
    assert present(app, following).form_token == under_way.form_token


def test_a_new_secret_that_got_lost_is_given_out_anew(app: App, bench: Bench):
    secret = begin(app)
    bench.clock.now += sessions.CHANGED_EVERY
    lost = sessions.renewed(app, digest_of(secret))
    assert sessions.renewed(app, digest_of(secret)) is None, "one at a time"
    bench.clock.now += sessions.UNDER_WAY
    assert present(app, secret).stale
    following = sessions.renewed(app, digest_of(secret))
    assert present(app, lost) is None
    assert present(app, following) is not None


def test_who_comes_with_a_secret_of_long_ago_ends_the_session_for_both(app: App, bench: Bench):
    stolen = begin(app)
    following = changed(app, bench, stolen)
    bench.clock.now += sessions.UNDER_WAY
    assert present(app, stolen) is None
    assert present(app, following) is None
    assert told(app, "session.replayed") == ["bob"]
    assert present(app, stolen) is None
    assert told(app, "session.replayed") == ["bob"], "it is told once"


def test_a_thief_who_is_first_to_change_the_secret_is_found_out(app: App, bench: Bench):
    stolen = begin(app)
    thiefs = changed(app, bench, stolen)
    bench.clock.now += timedelta(minutes=10)
    assert present(app, stolen) is None, "its owner, who signs in anew"
    assert present(app, thiefs) is None
    assert told(app, "session.replayed") == ["bob"]


def test_many_tabs_that_come_at_the_same_moment_stay_signed_in(app: App, bench: Bench):
    secret = begin(app)
    for _ in range(3):
        bench.clock.now += sessions.CHANGED_EVERY
        barrier = Barrier(8)

        def tab(_: int, secret: str = secret, barrier: Barrier = barrier) -> str | None:
            barrier.wait()
            assert present(app, secret) is not None
            return sessions.renewed(app, digest_of(secret))

        with ThreadPoolExecutor(8) as tabs:
            given = [each for each in tabs.map(tab, range(8)) if each is not None]
        assert len(given) == 1, "one of them gets the new one, which all of them have then"
        barrier = Barrier(8)

        def both(n: int, secret: str = secret, following: str = given[0], barrier: Barrier = barrier) -> bool:
            barrier.wait()
            return present(app, following if n % 2 else secret) is not None

        with ThreadPoolExecutor(8) as tabs:
            assert all(tabs.map(both, range(8)))
        secret = given[0]
    assert told(app, "session.replayed") == []


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_with_another_role_comes_another_secret_at_once(app: App, role: str):
    secret = begin(app)
    people.set_role(app, ADMINISTRATOR, "bob", role)
    found = present(app, secret)
    assert (found.actor.role, found.stale) == (role, True)
    following = sessions.renewed(app, digest_of(secret))
    assert not present(app, following).stale


def test_what_pages_send_stays_the_same_while_the_session_lasts_and_nobody_else_can_make_it(app: App, bench: Bench):
    secret = begin(app)
    before = present(app, secret)
    after = present(app, changed(app, bench, secret))
    assert before.form_token == after.form_token
    known = {before.form_token, digest_of(before.session.id), digest_of(secret), ""}
    assert present(app, begin(app)).form_token not in known
    assert len(before.form_token) > 40


# ---------------------------------------------------------------- clocks


def test_a_clock_that_is_put_back_makes_no_session_last_longer(app: App, bench: Bench):
    secret = begin(app)
    bench.clock.now -= timedelta(seconds=30)
    assert present(app, secret) is not None, "clocks are put right by that much"
    bench.clock.now -= timedelta(hours=1)
    assert present(app, secret) is None
    bench.clock.now += timedelta(hours=2)
    assert present(app, secret) is None, "not even when it is late enough again"


def test_a_session_that_began_in_a_future_that_never_came_is_over(app: App, bench: Bench):
    now = bench.clock.now
    bench.clock.now += timedelta(days=365)
    secret = begin(app)
    bench.clock.now = now
    assert present(app, secret) is None


def test_a_clock_that_jumps_ahead_ends_what_it_would_have_ended(app: App, bench: Bench):
    secret = begin(app)
    bench.clock.now += timedelta(days=400)
    assert present(app, secret) is None
    with app.database.reading() as tx:
        assert tx.sessions("bob") == []


# ---------------------------------------------------------------- seeing and ending them


def test_people_see_where_they_are_signed_in_and_end_it(app: App):
    bob = actor(app, "bob")
    first = begin(app, address="10.0.0.9", browser="Firefox on Linux")
    second = begin(app, issuer="https://id.example.org")
    listed = sessions.sessions(app, bob)
    assert [(each.address, each.browser, each.issuer) for each in listed] == [
        ("", "", "https://id.example.org"),
        ("10.0.0.9", "Firefox on Linux", ""),
    ]
    sessions.end_session(app, bob, listed[1].id)
    assert (present(app, first), present(app, second) is not None) == (None, True)
    for id in (listed[1].id, digest_of(second), ""):
        with pytest.raises(NotFound, match="no such session"):
            sessions.end_session(app, bob, id)
    assert told(app, "session.ended") == [], "one's own"


def test_an_administrator_ends_sessions_of_others_on_the_record(app: App):
    root = actor(app, "root")
    bobs = [begin(app) for _ in range(3)]
    sessions.end_session(app, root, sessions.sessions(app, root, "bob")[0].id, "bob")
    assert sessions.sign_out_everywhere(app, root, "bob") == 2
    assert sessions.sign_out_everywhere(app, root, "bob") == 0
    assert [present(app, each) for each in bobs] == [None] * 3
    assert told(app, "session.ended") == ["bob", "bob"]


def test_a_session_of_somebody_else_is_not_ended_by_its_id(app: App):
    begin(app, "ada")
    id = sessions.sessions(app, actor(app, "ada"))[0].id
    for by, person in (("bob", ""), ("root", "bob")):
        with pytest.raises(NotFound):
            sessions.end_session(app, actor(app, by), id, person)
    assert len(sessions.sessions(app, actor(app, "ada"))) == 1


@pytest.mark.parametrize(("by", "person"), [("bob", "root"), ("bob", "ada"), ("root", "ada")])
def test_sessions_of_who_may_more_are_nobodys_to_see_or_end(app: App, by: str, person: str):
    secret = begin(app, person)
    who = actor(app, by)
    for act in (
        lambda: sessions.sessions(app, who, person),
        lambda: sessions.sign_out_everywhere(app, who, person),
        lambda: sessions.end_session(app, who, "x", person),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert present(app, secret) is not None


def test_owners_sign_each_other_out_and_the_command_line_everybody(app: App):
    begin(app, "ada")
    assert sessions.sign_out_everywhere(app, actor(app, "grace"), "ada") == 1
    begin(app, "grace")
    assert sessions.sign_out_everywhere(app, ADMINISTRATOR, "grace") == 1
    assert told(app, "session.ended") == ["ada", "grace"]


def test_what_a_session_is_known_by_says_no_more_than_the_network(app: App):
    accounts.sign_in(app, "bob", SECRET, address="2001:db8:1:2:3:4:5:6", browser="Safari on iPhone")
    accounts.sign_in(app, "bob", SECRET, address="::ffff:10.0.0.7")
    assert [each.address for each in sessions.sessions(app, actor(app, "bob"))] == ["10.0.0.7", "2001:db8:1:2::/64"]


def test_a_key_is_for_what_it_names_and_never_for_more_than_its_person_may_now(app: App):
    _, secret = keys.add_key(app, ADMINISTRATOR, "k", person="root", scopes=["audit", "people"])
    found = keys.bearer(app, digest_of(secret)).actor
    assert [found.may(right) for right in ("audit", "people", "ask", "documents", "see_all")] == [True, True, False, False, False]
    people.set_role(app, ADMINISTRATOR, "root", "user")
    demoted = keys.bearer(app, digest_of(secret)).actor
    assert not any(demoted.may(right) for right in keys.RIGHTS)


def test_a_key_lets_nobody_in_unless_that_is_named(app: App):
    _, secret = keys.add_key(app, ADMINISTRATOR, "k", person="ada")
    found = keys.bearer(app, digest_of(secret)).actor
    assert [right for right in keys.RIGHTS if not found.may(right)] == ["self", "people", "own"]
    with pytest.raises(NotAllowed, match="the key 'k' may not"):
        keys.add_key(app, found, "more", person="ada")
    with pytest.raises(NotAllowed):
        sessions.sessions(app, found)


def test_a_key_makes_no_key_that_may_more(app: App):
    _, secret = keys.add_key(app, ADMINISTRATOR, "k", person="root", scopes=["ask", "self", "people"])
    found = keys.bearer(app, digest_of(secret)).actor
    with pytest.raises(NotAllowed, match="use one with the scope documents"):
        keys.add_key(app, found, "more", person="root", scopes=["documents"])
    made, _ = keys.add_key(app, found, "as much", person="root")
    assert made.scopes == ("ask",)
    made, _ = keys.add_key(app, found, "for bob", person="bob")
    assert made.scopes == ("ask",)
