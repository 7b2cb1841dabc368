"""Accounts and keys on the command line."""

import sys
from pathlib import Path

import pytest
from test_cli import Place

from firmground.app.access import passwords

PASSWORD = "a few words to remember"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    quick = {"time_cost": 1, "memory_kib": 8, "lanes": 1}
    monkeypatch.setattr(passwords.Passwords.__init__, "__kwdefaults__", passwords.Passwords.__init__.__kwdefaults__ | quick)
    (tmp_path / "firmground.toml").write_text("")
    (tmp_path / "password").write_text(f"{PASSWORD}\r\nand more that is not read\n")
    return Place(tmp_path)


def test_the_first_account_is_an_owners(place: Place):
    early = place("person", "add", "bob", "--account", "--password-file", "password")
    assert (early.code, "there is no owner yet: make one first" in early.err) == (4, True)
    owner = place("person", "add", "ada", "--owner", "--password-file", "password")
    assert (owner.code, owner.out) == (0, "ada may sign in now, as an owner\n")
    assert place("person", "add", "bob", "--account", "-g", "hr", "--password-file", "password").code == 0
    assert place("person", "add", "root", "--admin", "--account", "--password-file", "password").code == 0
    assert place("person", "add", "eve").code == 0
    told = {line.split()[0]: line.split("  ")[-1].strip() for line in place("person", "list").out.splitlines()[1:]}
    assert told == {
        "ada": "owner",
        "bob": "user",
        "eve": "user, without an account",
        "root": "admin",
    }
    assert place.data("person", "list")["bob"] == ["everyone", "hr", "public"]


def test_a_password_comes_from_a_file_or_a_terminal_never_from_an_argument(place: Place, monkeypatch: pytest.MonkeyPatch):
    nobody = place("person", "add", "ada", "--owner")
    assert (nobody.code, "no terminal to ask for the password at" in nobody.err) == (2, True)
    missing = place("person", "add", "ada", "--owner", "--password-file", "nowhere")
    assert (missing.code, "cannot read the password file nowhere" in missing.err) == (2, True)
    (place.root / "odd").write_bytes(b"\xff" * 20)
    assert place("person", "add", "ada", "--owner", "--password-file", "odd").code == 2
    assert "Usage" not in place("person", "add", "ada", "--owner", "--password", PASSWORD).out
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    typed = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    differing = place("person", "add", "ada", "--owner")
    assert (differing.code, "the two were not the same" in differing.err) == (2, True)
    assert place("person", "add", "ada", "--owner").code == 0
    assert place("person", "list").out.count("ada") == 1


def test_a_new_password_is_set_for_whom_there_is_an_account(place: Place):
    place("person", "add", "ada", "--owner", "--password-file", "password")
    place("person", "add", "eve")
    assert (
        place("person", "password", "ADA", "--password-file", "password").out
        == "ADA has a new password and is signed out everywhere\n"
    )
    for name in ("eve", "nobody"):
        assert place("person", "password", name, "--password-file", "password").code == 3


def test_a_key_is_shown_once_and_listed_without_its_secret(place: Place):
    assert "there is no owner yet" in place("key", "add", "early", "--as", "ada").err
    place("person", "add", "ada", "--owner", "--password-file", "password")
    made = place("key", "add", "ci", "--as", "ada", "--expires", "30")
    assert (made.out[:3], made.out.count("\n"), "shown once" in made.err) == ("fg_", 1, True)
    site = place.data("key", "add", "site", "--widget", "--origin", "https://X.example/", "--group", "everyone")
    assert site["key"]["origins"] == ["https://x.example"]
    assert site["secret"].startswith("fg_")
    listed = place("key", "list").out + str(place.data("key", "list"))
    assert made.out.strip() not in listed
    assert site["secret"] not in listed
    assert [key["name"] for key in place.data("key", "list")] == ["ci", "site"]
    assert place("key", "remove", "ci").out == "the key ci is refused from now on\n"
    assert place("key", "remove", "ci").code == 3


@pytest.mark.parametrize(
    "words",
    [
        ["k"],
        ["k", "--as", "ada", "--widget"],
        ["k", "--as", "ada", "--origin", "https://x.example"],
        ["k", "--as", "ada", "--group", "hr"],
        ["k", "--widget"],
        ["k", "--widget", "--origin", "x.example"],
        ["k", "--as", "ada", "--expires", "0"],
        ["", "--as", "ada"],
    ],
)
def test_what_makes_no_sense_makes_no_key(place: Place, words: list[str]):
    place("person", "add", "ada", "--owner", "--password-file", "password")
    ended = place("key", "add", *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert place.data("key", "list") == []


def test_a_link_to_choose_a_password_is_printed_once_and_alone(place: Place):
    place("person", "add", "ada", "--owner", "--password-file", "password")
    invited = place("person", "add", "eve", "--invite")
    assert (invited.code, invited.out.count("\n")) == (0, 1)
    assert invited.out.startswith("http://127.0.0.1:8420/link?token=")
    assert "eve chooses a password there, once, until" in invited.err
    again = place("person", "link", "eve")
    assert again.out != invited.out
    assert place("person", "link", "ada").code == 0, "the command line makes links for owners too"
    assert place("person", "link", "nobody").code == 3
    both = place("person", "add", "bob", "--invite", "--password-file", "password")
    assert (both.code, "either a password or an invitation" in both.err) == (2, True)
    assert place("person", "sign-out", "eve").out == "eve was not signed in\n"
    assert place("person", "sign-out", "nobody").code == 3


def test_a_key_is_made_for_the_rights_that_are_named(place: Place):
    place("person", "add", "ada", "--owner", "--password-file", "password")
    place("person", "add", "bob")
    made = place.data("key", "add", "chat", "--as", "bob", "--scope", "ask", "--scope", "self")
    assert made["key"]["scopes"] == ["ask", "self"]
    for scope, why in (("documents", "bob has not got the right documents"), ("x", "there is no scope 'x'")):
        refused = place("key", "add", "more", "--as", "bob", "--scope", scope)
        assert (refused.code, why in refused.err) == (2, True)
    assert place("key", "add", "site", "--widget", "--origin", "https://x.example", "--scope", "ask").code == 2
    assert "ask, self" in place("key", "list").out
