"""Who may sign in, and how long they stay."""

import sqlite3
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from firmground.app.access import accounts, keys, people, sessions
from firmground.app.access.accounts import SignInFailed
from firmground.app.access.attempts import TooManyAttempts
from firmground.app.access.passwords import Passwords
from firmground.app.access.seals import digest_of
from firmground.app.access.sessions import present
from firmground.app.app import App
from firmground.errors import FirmgroundError, InvalidInput, NotAllowed, NotFound, Refused
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

SECRET = "correct horse battery"
OTHER = "another long password"


def quick(**more: int) -> Passwords:
    return Passwords(**{"time_cost": 1, "memory_kib": 8, "lanes": 1, **more})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def app(bench: Bench) -> Generator[App]:
    with bench.app() as app:
        app.once("passwords", quick)
        accounts.create_owner(app, "ada", SECRET)
        yield app


def session(app: App, name: str = "ada", password: str = SECRET, **more: str) -> str:
    return digest_of(accounts.sign_in(app, name, password, **more))


def actor(app: App, person: str) -> Actor:
    with app.database.reading() as tx:
        return tx.actor(person, via="http")


# ---------------------------------------------------------------- the first owner


def test_there_is_one_first_owner_however_many_try(app: App):
    assert accounts.has_owner(app)
    with pytest.raises(Refused, match="there is an owner already: sign in"):
        accounts.create_owner(app, "eve", SECRET)
    assert [each.name for each in people.directory(app, ADMINISTRATOR)] == ["ada"]
    assert actor(app, "ada").may("see_all")


@pytest.mark.parametrize("line", ["ada", ":x" * 20, "ada:short", "ada:long enough\nmore", "", "\n"])
def test_an_owners_file_that_is_not_one_line_makes_nobody(bench: Bench, line: str):
    (bench.root / "owner").write_text(line)
    with bench.app() as app:
        app.once("passwords", quick)
        with pytest.raises(InvalidInput):
            accounts.owner_from_file(app, bench.root / "owner")
        assert not accounts.has_owner(app)


def test_an_owners_file_counts_once_and_its_password_may_hold_a_colon(bench: Bench):
    (bench.root / "owner").write_text(f"ada:{SECRET}:x\r\n")
    with bench.app() as app:
        app.once("passwords", quick)
        accounts.owner_from_file(app, bench.root / "owner")
        assert present(app, session(app, password=f"{SECRET}:x"))
        accounts.owner_from_file(app, bench.root / "is not there any more")


def test_an_owners_file_that_cannot_be_read_makes_nobody(bench: Bench):
    (bench.root / "owner").write_bytes(b"ad\xff:" + SECRET.encode())
    with bench.app() as app:
        for name, why in (("nowhere", "No such file"), ("owner", "not UTF-8")):
            with pytest.raises(InvalidInput, match=why):
                accounts.owner_from_file(app, bench.root / name)
        assert not accounts.has_owner(app)


def test_nobody_gets_an_account_or_a_key_before_there_is_an_owner(bench: Bench):
    local = ADMINISTRATOR.model_copy(update={"via": "http"})
    with bench.app() as app:
        app.once("passwords", quick)
        for role in (None, "owner"):
            with pytest.raises(Refused, match="there is no owner yet"):
                accounts.add_account(app, local, "eve", SECRET, role=role)
        with pytest.raises(Refused, match="there is no owner yet"):
            keys.add_widget_key(app, local, "site", origins=["https://x.example"], groups=[])
        assert people.directory(app, local) == []
        assert accounts.add_account(app, ADMINISTRATOR, "ada", SECRET, role="owner").password


# ---------------------------------------------------------------- names, passwords


@pytest.mark.parametrize("name", ["ADA", " Ada ", "ad\u0430", "widget:x", "Widget:x", "", "a\nb", "a\u200bda", "x" * 201])
def test_a_name_that_could_be_taken_for_another_is_refused(app: App, name: str):
    for add in (
        lambda: accounts.add_account(app, ADMINISTRATOR, name, SECRET),
        lambda: people.add_person(app, ADMINISTRATOR, name),
    ):
        with pytest.raises(InvalidInput):
            add()
    assert [each.name for each in people.directory(app, ADMINISTRATOR)] == ["ada"]


@pytest.mark.parametrize("name", ["Ada", "ADA", " ada ", "\uff41\uff44\uff41"])
def test_a_name_is_known_however_it_is_written(app: App, name: str):
    assert present(app, session(app, name)).actor.person == "ada"


def test_who_has_an_account_gets_no_second_one(app: App):
    with pytest.raises(InvalidInput, match="ada has an account already"):
        accounts.add_account(app, ADMINISTRATOR, "ada", OTHER)
    assert session(app)


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 1025, "é" * 513])
def test_only_length_makes_a_password_bad(app: App, password: str):
    with pytest.raises(InvalidInput, match=r"the password has (fewer|more) than"):
        accounts.add_account(app, ADMINISTRATOR, "bob", password)


def test_a_password_is_the_same_from_every_keyboard(app: App):
    accounts.add_account(app, ADMINISTRATOR, "zoe", "caf\u00e9 caf\u00e9 caf\u00e9")
    assert session(app, "zoe", "cafe\u0301 cafe\u0301 cafe\u0301")


def test_neither_passwords_nor_secrets_are_stored(app: App, bench: Bench):
    secret = accounts.sign_in(app, "ada", SECRET)
    _, key = keys.add_key(app, actor(app, "ada"), "ci", person="ada")
    rows = sqlite3.connect(bench.root / ".firmground" / "firmground.sqlite")
    kept = "\n".join(rows.iterdump())
    rows.close()
    assert "$argon2id$" in kept
    assert digest_of(secret) in kept
    for each in (SECRET, secret, key):
        assert each not in kept


def test_a_password_is_hashed_anew_when_more_work_is_asked_for(app: App):
    with app.database.reading() as tx:
        before = tx.password("ada")
    app._parts["passwords"] = quick(time_cost=2)
    assert session(app)
    with app.database.reading() as tx:
        after = tx.password("ada")
    assert before != after
    assert "t=2" in after
    assert session(app)


# ---------------------------------------------------------------- signing in


@pytest.mark.parametrize("name", ["ada", "nobody", ""])
def test_what_is_wrong_is_not_told(app: App, name: str):
    with pytest.raises(SignInFailed, match="name or password is wrong"):
        session(app, name, OTHER)


def test_unknown_names_cost_as_much_work(app: App):
    passwords = app.once("passwords", quick)
    verified: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(passwords._hasher, name)

        def verify(self, stored: str, password: bytes) -> bool:
            verified.append(stored.rpartition("$")[0].rpartition("$")[0])
            return hasher.verify(stored, password)

    hasher, passwords._hasher = passwords._hasher, Counting()
    for name in ("ada", "nobody"):
        with pytest.raises(SignInFailed):
            session(app, name, "x" * 2000)
    assert len(verified) == 2
    assert verified[0] == verified[1], "the same parameters"


def test_after_some_failures_a_name_must_wait_and_longer_each_time(app: App, bench: Bench):
    for _ in range(5):
        with pytest.raises(SignInFailed):
            session(app, "ADA", OTHER)
    waits: list[int] = []
    for _ in range(8):
        with pytest.raises(TooManyAttempts) as refused:
            session(app)  # even with the right one
        waits.append(refused.value.seconds)
        bench.clock.now += timedelta(seconds=refused.value.seconds)
        with pytest.raises(SignInFailed):
            session(app, "ada", OTHER)
    assert waits == sorted(waits)
    assert 40 < waits[-1] <= 60
    bench.clock.now += timedelta(seconds=61)
    assert session(app)
    with pytest.raises(SignInFailed):  # it begins anew
        session(app, "ada", OTHER)


def test_an_address_that_tries_many_names_must_wait_and_others_need_not(app: App):
    for n in range(20):
        with pytest.raises(SignInFailed):
            session(app, f"name {n}", OTHER, address="10.0.0.9")
    with pytest.raises(TooManyAttempts, match="try again in"):
        session(app, address="10.0.0.9")
    assert session(app, address="10.0.0.8")


def test_who_fails_at_another_address_keeps_nobody_out(app: App, bench: Bench):
    for _ in range(300):
        bench.clock.now += timedelta(seconds=20)
        with pytest.raises(Refused):
            session(app, "ada", OTHER, address="10.0.0.66")
    assert session(app, address="10.0.0.8")


def test_the_addresses_of_one_network_are_one(app: App):
    for n in range(5):
        with pytest.raises(SignInFailed):
            session(app, "ada", OTHER, address=f"2001:db8:1:2::{n}")
    with pytest.raises(TooManyAttempts):
        session(app, address="2001:db8:1:2:ffff::1")
    assert session(app, address="2001:db8:1:3::1")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            session(app, "ada", OTHER, address="::ffff:10.0.0.7")
    assert session(app, address="::ffff:10.0.0.8")


def test_under_one_name_many_addresses_have_few_guesses_together(app: App, bench: Bench):
    def guesses(first: int) -> int:
        said, at = list[type[Exception]](), bench.clock.now
        for n in range(first, first + 300):
            bench.clock.now = at
            with pytest.raises(Refused) as refused:
                session(app, "ada", OTHER, address=f"10.1.{n // 250}.{n % 250}")
            said.append(refused.type)
        return said.count(SignInFailed)

    assert guesses(0) == 100
    bench.clock.now += timedelta(minutes=3)
    assert guesses(1000) == 20
    bench.clock.now += timedelta(minutes=16)
    assert guesses(2000) == 100


def test_a_browser_that_signed_in_before_waits_for_its_own_failures_alone(app: App, bench: Bench):
    accounts.add_account(app, ADMINISTRATOR, "bob", OTHER)
    mark, bobs = accounts.browser_mark(app, "Ada"), accounts.browser_mark(app, "bob")
    for n in range(120):
        with pytest.raises(Refused):
            session(app, "ada", OTHER, address=f"10.0.0.{n}")
    for _ in range(30):
        with pytest.raises(Refused):
            session(app, "ada", OTHER, address="10.0.0.8")
    at = bench.clock.now
    for none in ("", bobs, mark[:-1] + ("0" if mark[-1] != "0" else "1"), "x." + mark.partition(".")[2], "é.é", "."):
        bench.clock.now = at
        with pytest.raises(TooManyAttempts):
            session(app, address="10.0.0.8", mark=none)
    assert session(app, address="10.0.0.8", mark=mark)
    for _ in range(5):
        with pytest.raises(SignInFailed):
            session(app, "ada", OTHER, address="10.0.0.8", mark=mark)
    with pytest.raises(TooManyAttempts):
        session(app, address="10.0.0.8", mark=mark)


def test_whoever_signs_in_often_need_not_wait(app: App):
    assert len({session(app, address="10.0.0.9") for _ in range(30)}) == 30


# ---------------------------------------------------------------- sessions


def test_each_sign_in_has_another_secret_and_ends_the_one_before(app: App):
    first = accounts.sign_in(app, "ada", SECRET)
    second = accounts.sign_in(app, "ada", SECRET, before=first)
    assert first != second
    assert present(app, digest_of(first)) is None
    assert present(app, digest_of(second)).actor == actor(app, "ada")
    sessions.sign_out(app, present(app, digest_of(second)).session.id)
    assert present(app, digest_of(second)) is None


def test_a_session_ends_when_nothing_is_done_and_after_its_time_whatever_is_done(app: App, bench: Bench):
    idle = session(app)
    bench.clock.now += timedelta(hours=72)
    assert present(app, idle) is None
    used = session(app)
    for _ in range(14):
        bench.clock.now += timedelta(hours=50)
        assert present(app, used).due
        sessions.seen(app, used)
        assert not present(app, used).due
    bench.clock.now += timedelta(hours=20, minutes=30)
    assert present(app, used) is None
    session(app)
    with app.database.reading() as tx:
        assert tx.session(used) is None, "what is over is tidied away"


def test_groups_count_as_they_are_at_the_moment(app: App):
    accounts.add_account(app, ADMINISTRATOR, "bob", OTHER, groups=["hr"])
    bob = session(app, "bob", OTHER)
    assert "hr" in present(app, bob).actor.groups
    people.remove_members(app, ADMINISTRATOR, "hr", ["bob"])
    assert "hr" not in present(app, bob).actor.groups


def test_a_changed_password_ends_every_session_but_the_one_it_was_changed_in(app: App):
    old = session(app)
    new = digest_of(accounts.change_password(app, "ada", SECRET, OTHER))
    assert present(app, old) is None
    assert present(app, new) is not None
    with pytest.raises(SignInFailed):
        session(app)
    assert session(app, password=OTHER)


def test_who_holds_a_session_does_not_know_the_password_and_cannot_guess_it(app: App):
    for _ in range(5):
        with pytest.raises(SignInFailed):
            accounts.change_password(app, "ada", "wrong and wrong", OTHER)
    with pytest.raises(TooManyAttempts):
        accounts.change_password(app, "ada", SECRET, OTHER)


def test_signing_out_everywhere_is_for_ones_own_sessions(app: App):
    accounts.add_account(app, ADMINISTRATOR, "bob", OTHER)
    mine, more, bobs = session(app), session(app), session(app, "bob", OTHER)
    assert sessions.sign_out_everywhere(app, actor(app, "ada")) == 2
    assert [present(app, each) is not None for each in (mine, more, bobs)] == [False, False, True]


# ---------------------------------------------------------------- who may do what


@pytest.fixture
def house(app: App) -> App:
    """Ada is an owner, root an administrator, bob neither."""
    accounts.add_account(app, ADMINISTRATOR, "root", OTHER, role="admin")
    accounts.add_account(app, ADMINISTRATOR, "bob", OTHER)
    return app


@pytest.mark.parametrize(
    "act",
    [
        lambda app, by: accounts.add_account(app, by, "eve", SECRET, role="owner"),
        lambda app, by: accounts.set_password(app, by, "ada", OTHER),
        lambda app, by: people.remove_person(app, by, "ada"),
        lambda app, by: keys.add_key(app, by, "k", person="ada"),
    ],
)
@pytest.mark.parametrize("by", ["root", "bob"])
def test_no_one_but_an_owner_touches_an_owner(house: App, act: Callable[[App, Actor], object], by: str):
    mine = session(house)
    with pytest.raises(NotAllowed):
        act(house, actor(house, by))
    assert present(house, mine) is not None
    assert sum(each.role == "owner" for each in people.directory(house, ADMINISTRATOR)) == 1
    assert keys.keys(house, ADMINISTRATOR) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda app, by: accounts.add_account(app, by, "eve", SECRET),
        lambda app, by: accounts.set_password(app, by, "bob", OTHER),
        lambda app, by: accounts.set_password(app, by, "root", OTHER),
        accounts.accounts,
        people.directory,
        lambda app, by: keys.add_key(app, by, "k", person="root"),
        lambda app, by: keys.add_widget_key(app, by, "k", origins=["https://x.example"], groups=[]),
    ],
)
def test_who_is_no_administrator_manages_nobody(house: App, act: Callable[[App, Actor], object]):
    with pytest.raises(NotAllowed):
        act(house, actor(house, "bob"))


@pytest.mark.parametrize("name", ["ada", "root"])
def test_who_finds_a_session_open_cannot_set_its_password(house: App, name: str):
    with pytest.raises(NotAllowed, match="nobody sets their own password without the old one"):
        accounts.set_password(house, actor(house, name), name, "eve's own password")


def test_an_administrator_manages_everybody_else(house: App):
    root = actor(house, "root")
    accounts.set_password(house, root, "BOB", SECRET)
    assert session(house, "bob", SECRET)
    keys.add_key(house, root, "k", person="bob")
    people.remove_person(house, root, "bob")
    assert keys.keys(house, root) == []


def test_the_last_owner_stays(app: App):
    with pytest.raises(Refused, match="ada is the last owner: make another owner first"):
        people.remove_person(app, ADMINISTRATOR, "ada")
    accounts.add_account(app, actor(app, "ada"), "grace", OTHER, role="owner")
    people.remove_person(app, actor(app, "grace"), "ada")
    assert [each.person for each in accounts.accounts(app, ADMINISTRATOR)] == ["grace"]


def test_who_is_removed_is_out_at_once(house: App):
    bob = session(house, "bob", OTHER)
    _, secret = keys.add_key(house, actor(house, "bob"), "k", person="bob")
    people.remove_person(house, ADMINISTRATOR, "bob")
    assert present(house, bob) is None
    assert keys.bearer(house, digest_of(secret)) is None
    for act in (lambda: session(house, "bob", OTHER), lambda: accounts.change_password(house, "bob", OTHER, SECRET)):
        with pytest.raises(SignInFailed):
            act()


# ---------------------------------------------------------------- keys


def test_a_key_acts_for_its_person_as_they_are_at_the_moment(house: App, bench: Bench):
    bob = actor(house, "bob")
    key, secret = keys.add_key(house, bob, " ci ", person="bob", days=30)
    assert (key.name, secret[:3], len(secret) > 40) == ("ci", "fg_", True)
    found = keys.bearer(house, digest_of(secret))
    assert (found.actor, found.due) == (bob.model_copy(update={"scopes": keys.USUAL, "key": "ci"}), True)
    keys.used(house, key)
    assert not keys.bearer(house, digest_of(secret)).due
    people.add_group(house, ADMINISTRATOR, "hr", members=["bob"])
    assert "hr" in keys.bearer(house, digest_of(secret)).actor.groups
    assert [each.used_at is not None for each in keys.keys(house, bob)] == [True]
    bench.clock.now += timedelta(days=30)
    assert keys.bearer(house, digest_of(secret)) is None


def test_everybody_sees_and_removes_their_own_keys_and_administrators_all(house: App):
    bob, root = actor(house, "bob"), actor(house, "root")
    _, secret = keys.add_key(house, bob, "bob's", person="bob")
    keys.add_key(house, root, "root's", person="root")
    assert [key.name for key in keys.keys(house, bob)] == ["bob's"]
    assert [key.name for key in keys.keys(house, root)] == ["bob's", "root's"]
    assert [key.name for key in keys.keys(house, root, own=True)] == ["root's"]
    for name in ("root's", "nobody's"):
        with pytest.raises(NotFound, match=f"you have no key '{name}'"):
            keys.remove_key(house, bob, name)
    keys.remove_key(house, bob, "bob's")
    assert keys.bearer(house, digest_of(secret)) is None


def test_a_key_of_an_owner_is_for_owners_to_remove(house: App):
    people.add_person(house, ADMINISTRATOR, "boss", role="admin")
    owner, boss = actor(house, "ada"), actor(house, "boss")
    keys.add_key(house, owner, "owner's", person="ada")
    with pytest.raises(NotAllowed, match="boss may not remove a key of an owner: ask an owner"):
        keys.remove_key(house, boss, "owner's")
    assert [key.name for key in keys.keys(house, owner, own=True)] == ["owner's"]
    keys.remove_key(house, owner, "owner's")
    keys.add_key(house, owner, "owner's", person="ada")
    keys.remove_key(house, ADMINISTRATOR.model_copy(update={"via": "cli"}), "owner's")
    keys.add_key(house, actor(house, "bob"), "bob's", person="bob")
    keys.remove_key(house, boss, "bob's")
    assert keys.keys(house, owner) == []


def test_a_key_for_a_page_elsewhere_has_fixed_groups_and_is_no_administrator(house: App):
    people.add_group(house, ADMINISTRATOR, "hr", members=["bob"])
    key, secret = keys.add_widget_key(
        house, actor(house, "root"), "site", origins=["https://X.example:443/", "http://[::1]:8080"], groups=["hr"]
    )
    assert key.origins == ("https://x.example", "http://[::1]:8080")
    found = keys.bearer(house, digest_of(secret)).actor
    assert (found.person, found.groups, found.may("see_all")) == ("widget:site", {"hr", "public"}, False)
    with pytest.raises(NotFound, match="no group 'hrr'"):
        keys.add_widget_key(house, ADMINISTRATOR, "other", origins=["https://x.example"], groups=["hrr"])


SITES = (
    "* null x.example https:// https://*.example https://x.example/path https://u@x.example ftp://x.example https://x.example?q"
)
SITES += " https://x.example\"><script> https://x;y https://a_b/.. https://-x.example https://1.2.3 https://x.example' https://[fe80::1%25eth0]"
SITES += f" https://{'x' * 300} https://x..example https://x\\y"
SITES += " https://x.example:99999 https://[x https://\u00e4.example javascript:alert(1)"


@pytest.mark.parametrize("site", ["", *SITES.split()])
def test_what_is_not_one_site_is_refused(house: App, site: str):
    with pytest.raises(InvalidInput):
        keys.add_widget_key(house, ADMINISTRATOR, "site", origins=[site] if site else [], groups=[])


@pytest.mark.parametrize(("name", "days"), [("", None), ("a\nb", None), ("k", 0), ("k", 4000), ("taken", None)])
def test_a_key_that_cannot_be_is_refused_and_none_is_made(house: App, name: str, days: int | None):
    keys.add_key(house, ADMINISTRATOR, "taken", person="bob")
    with pytest.raises(FirmgroundError):
        keys.add_key(house, ADMINISTRATOR, name, person="bob", days=days)
    assert len(keys.keys(house, ADMINISTRATOR)) == 1


# ---------------------------------------------------------------- at the same moment


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What each says when all begin together: `done`, or the name of its error."""
    begin = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        begin.wait()
        try:
            act()
        except FirmgroundError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(run, acts))


def test_two_processes_make_one_owner(bench: Bench):
    with bench.app() as one, bench.app() as two:
        for app in (one, two):
            app.once("passwords", quick)
        acts = [lambda app=app, n=n: accounts.create_owner(app, f"owner {n}", SECRET) for n, app in enumerate((one, two) * 3)]
        assert at_once(*acts) == ["Refused"] * 5 + ["done"]
        assert len(accounts.accounts(one, ADMINISTRATOR)) == 1


def test_two_owners_who_remove_each_other_leave_one(app: App, bench: Bench):
    accounts.add_account(app, ADMINISTRATOR, "grace", OTHER, role="owner")
    ada, grace = actor(app, "ada"), actor(app, "grace")
    with bench.app() as other:
        said = at_once(lambda: people.remove_person(app, ada, "grace"), lambda: people.remove_person(other, grace, "ada"))
    assert said.count("done") == 1
    assert len(accounts.accounts(app, ADMINISTRATOR)) == 1


def test_guesses_at_the_same_moment_are_counted_like_those_in_turn(app: App):
    said = at_once(*[lambda: session(app, "ada", OTHER) for _ in range(16)])
    assert said.count("SignInFailed") <= 5 + 3, "each look at the clock is a second later"
    assert said.count("TooManyAttempts") >= 8
