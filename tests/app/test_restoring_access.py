"""A restored backup lets nobody do more than the data it replaces did."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmground.accounts import Account, Identity
from firmground.app.access import group_names, identities, keys, people
from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.keeping import backup, restore
from firmground.app.spending import budgets
from firmground.errors import NotAllowed
from firmground.outbox import Contact
from firmground.ports import Transaction
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.types import Actor
from firmground.usage import WORKSPACE, Limits, Pool

ISSUER = "https://id.example"
GROUPS = frozenset({"public", "everyone"})
BOB = Actor(person="bob", groups=GROUPS, via="http")
SETTINGS = {
    "answer": {"threshold": 0.001},
    "serve": {"url": "http://127.0.0.1:8420"},
    "oidc": {"issuer": ISSUER, "client_id": "x", "provision": True},
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "firmground.toml").write_text("")
    bench = Bench(tmp_path / "shop", settings=Settings.model_validate(SETTINGS))
    bench.source.contents["leave.md"] = b"# Leave\n\nEmployees may carry over five days.\n"
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            for name in ("olga", "ada", "bob"):
                tx.add_person(name, role="owner" if name == "olga" else "user", groups=["hr"] if name == "bob" else [])
                tx.save_account(Account(person=name, created_at=app.clock()), f"hash of {name}")
                tx.save_identity(Identity(issuer=ISSUER, subject=f"sub-{name}", person=name, seen_at=app.clock()))
        keys.add_key(app, BOB, "bobs", person="bob")
        make_live(app)
    return bench


def after(bench: Bench, since: Callable[[App], object]) -> App:
    """The workspace, opened, after a backup, what was done since and a restore."""
    file = bench.root.parent / "shop.zip"
    with bench.app() as app:
        backup.backup(app, ADMINISTRATOR, file)
        since(app)
    with bench.app() as app:
        restore.restore(app, ADMINISTRATOR, file)
    return bench.app()


def again(tx: Transaction, kind: str) -> list[str]:
    return [entry.subject for entry in tx.entries(kinds=[kind]) if entry.detail.get("restored")]


def test_where_people_have_mail_is_as_it_is_now_whatever_was_confirmed_or_withdrawn_since(bench: Bench):
    said = {"ada": "ada@old.example", "bob": "bob@old.example", "olga": "olga@old.example"}
    with bench.app() as app, app.database.transaction() as tx:
        for name, address in said.items():
            tx.save_contact(Contact(person=name, address=address, issuer=ISSUER if name == "olga" else ""))

    def since(app: App) -> None:
        with app.database.transaction() as tx:
            tx.save_contact(Contact(person="ada", address="ada@new.example", mail="daily"))  # confirmed
            tx.save_contact(Contact(person="bob", waiting="bob@new.example", proof="a digest", asked=(app.clock(),)))

    with after(bench, since) as app, app.database.reading() as tx:
        assert tx.contact("ada") == Contact(person="ada", address="ada@new.example", mail="daily")
        bob = tx.contact("bob")
        assert (bob.address, bob.waiting, bob.proof, len(bob.asked)) == ("", "bob@new.example", "", 1)
        assert tx.contact("olga") == Contact(person="olga", address="olga@old.example", issuer=ISSUER)
        assert again(tx, "contact.changed") == ["ada", "bob"]


def test_a_new_person_of_an_old_name_has_their_own_mail_address(bench: Bench):
    with bench.app() as app, app.database.transaction() as tx:
        tx.save_contact(Contact(person="ada", address="ada@old.example"))

    def since(app: App) -> None:
        people.remove_person(app, ADMINISTRATOR, "ada")
        people.add_person(app, ADMINISTRATOR, "ada")

    with after(bench, since) as app, app.database.reading() as tx:
        assert tx.contact("ada") == Contact(person="ada")


def test_what_still_is_comes_back_whole(bench: Bench):
    with after(bench, lambda app: None) as app, app.database.reading() as tx:
        assert tx.groups_of("bob") == {"hr": ""}
        assert [key.name for key in tx.api_keys()] == ["bobs"]
        assert [each.subject for each in tx.identities("ada")] == ["sub-ada"]
        assert tx.password("ada") == "hash of ada"
        last = tx.last_entry()
        assert last is not None
        assert last.kind == "backup.restored"
        assert not any(entry.detail.get("restored") for entry in tx.entries())


def test_an_identity_that_was_disconnected_since_lets_nobody_in(bench: Bench):
    with after(bench, lambda app: identities.disconnect(app, ADMINISTRATOR, "ada")) as app, app.database.reading() as tx:
        assert tx.identities("ada") == []
        assert [each.subject for each in tx.identities("bob")] == ["sub-bob"]
        assert again(tx, "account.unlinked") == ["ada"]


def test_who_left_a_group_that_was_renamed_before_is_not_in_it(bench: Bench):
    def since(app: App) -> None:
        people.add_group(app, ADMINISTRATOR, "hr", members=["olga"])
        group_names.rename_group(app, ADMINISTRATOR, "hr", "staff")
        people.remove_members(app, ADMINISTRATOR, "staff", ["bob"])

    with after(bench, since) as app, app.database.reading() as tx:
        assert tx.groups_of("bob") == {}
        assert "hr" not in tx.groups()
        assert again(tx, "group.renamed") == ["staff"]
        assert again(tx, "group.left") == ["staff"]


def test_who_stayed_in_a_group_that_was_renamed_is_in_it_still(bench: Bench):
    def since(app: App) -> None:
        group_names.rename_group(app, ADMINISTRATOR, "hr", "staff")

    with after(bench, since) as app, app.database.reading() as tx:
        assert tx.groups_of("bob") == {"staff": ""}


def test_a_group_that_ended_and_began_anew_has_only_who_is_in_it_now(bench: Bench):
    def since(app: App) -> None:
        people.remove_members(app, ADMINISTRATOR, "hr", ["bob"])
        group_names.remove_group(app, ADMINISTRATOR, "hr")
        people.add_group(app, ADMINISTRATOR, "staff", members=["bob"])
        group_names.rename_group(app, ADMINISTRATOR, "staff", "hr")
        people.remove_members(app, ADMINISTRATOR, "hr", ["bob"])

    with after(bench, since) as app, app.database.reading() as tx:
        assert tx.groups_of("bob") == {}


def test_a_provider_that_took_over_a_membership_can_still_end_it(bench: Bench):
    def since(app: App) -> None:
        with app.database.transaction() as tx:
            tx.remove_member("hr", "bob")
            tx.add_member("hr", "bob", origin=ISSUER)

    with after(bench, since) as app, app.database.reading() as tx:
        assert tx.groups_of("bob") == {"hr": ISSUER}


def test_a_new_person_of_an_old_name_has_nothing_of_the_old_one(bench: Bench):
    def since(app: App) -> None:
        for name in ("ada", "bob"):
            people.remove_person(app, ADMINISTRATOR, name)
            people.add_person(app, ADMINISTRATOR, name)
        with app.database.transaction() as tx:
            tx.save_account(Account(person="ada", created_at=app.clock()), "new hash")

    with after(bench, since) as app, app.database.reading() as tx:
        assert (tx.groups_of("bob"), tx.account("bob"), tx.api_keys()) == ({}, None, [])
        assert (tx.identities("ada"), tx.password("ada")) == ([], "new hash")
        assert sorted(again(tx, "person.removed")) == ["ada", "bob"]


def test_a_key_of_the_same_name_is_not_the_same_key(bench: Bench):
    def since(app: App) -> None:
        keys.remove_key(app, ADMINISTRATOR, "bobs")
        bench.clock.now = bench.clock.now.replace(year=bench.clock.now.year + 1)
        keys.add_key(app, BOB, "bobs", person="bob")

    with after(bench, since) as app, app.database.reading() as tx:
        assert tx.api_keys() == []


def test_what_is_not_shared_any_more_is_not_shared_again(bench: Bench):
    with bench.app() as app:
        taken, kept = (ask(app, BOB, "How many days may be carried over?").id for _ in range(2))
        opinions.share(app, BOB, taken)
        opinions.share(app, BOB, kept)
    with after(bench, lambda app: opinions.unshare(app, BOB, taken)) as app, app.database.reading() as tx:
        assert (tx.shared(taken), tx.shared(kept)) == (False, True)


def test_limits_are_those_of_now(bench: Bench):
    with bench.app() as app:
        budgets.set_limits(app, ADMINISTRATOR, "person", "bob", Limits(answers_a_day=100))
        budgets.set_limits(app, ADMINISTRATOR, "group", "hr", Limits(answers_a_day=7))

    def since(app: App) -> None:
        budgets.set_limits(app, ADMINISTRATOR, "person", "bob", Limits(answers_a_day=1))
        budgets.set_limits(app, ADMINISTRATOR, "workspace", "", Limits(answers_a_day=5))
        people.add_person(app, ADMINISTRATOR, "new")
        budgets.set_limits(app, ADMINISTRATOR, "person", "new", Limits(answers_a_day=2))

    with after(bench, since) as app, app.database.reading() as tx:
        wanted = {Pool("person", "bob"): 1, WORKSPACE: 5, Pool("group", "hr"): 7}
        assert {pool: limits.answers_a_day for pool, limits in tx.all_limits().items()} == wanted


def test_whom_the_provider_may_not_bring_back_it_does_not_bring_back(bench: Bench):
    def since(app: App) -> None:
        people.remove_person(app, ADMINISTRATOR, "ada")

    with after(bench, since) as app, app.database.transaction() as tx, pytest.raises(NotAllowed, match="removed"):
        identities.person_of(app, tx, {"sub": "sub-ada", "preferred_username": "ada"})
