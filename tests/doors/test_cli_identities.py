"""Identities on the command line, and what the doctor says of the provider."""

from collections.abc import Generator
from pathlib import Path

import pytest
from test_cli import Place

from firmground import wire
from firmground.app.access import passwords
from firmground.testing.provider import LocalProvider, Reply
from firmground.types import Check
from firmground.wire import open_workspace


@pytest.fixture
def provider() -> Generator[LocalProvider]:
    with LocalProvider() as provider:
        yield provider


@pytest.fixture
def place(tmp_path: Path, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch) -> Place:
    quick = {"time_cost": 1, "memory_kib": 8, "lanes": 1}
    monkeypatch.setattr(passwords.Passwords.__init__, "__kwdefaults__", passwords.Passwords.__init__.__kwdefaults__ | quick)
    (tmp_path / "firmground.toml").write_text(
        f'[serve]\nurl = "http://127.0.0.1:8420"\n[oidc]\nissuer = "{provider.issuer}"\nclient_id = "firmground"\n'
    )
    (tmp_path / "password").write_text("a few words to remember\n")
    return Place(tmp_path)


def test_an_administrator_connects_and_disconnects_somebody(place: Place):
    assert place("person", "add", "bob").code == 0
    early = place("person", "link-identity", "bob", "s1")
    assert (early.code, "there is no owner yet" in early.err) == (4, True)
    assert place("person", "add", "ada", "--owner", "--password-file", "password").code == 0
    assert place("person", "link-identity", "bob", "s1").out == "bob may sign in with the provider now\n"
    assert place("person", "link-identity", "bob", "s1").code == 0
    for name, subject, code in (("ada", "s1", 4), ("bob", "s2", 4), ("eve", "s3", 3), ("ada", "", 2), ("ada", "x" * 256, 2)):
        refused = place("person", "link-identity", name, subject)
        assert (refused.code, len(refused.err.splitlines())) == (code, 1)
    assert place("person", "unlink-identity", "bob").out == "bob is connected with no provider any more\n"
    assert place("person", "unlink-identity", "bob").code == 3


def _sign_in_check(place: Place) -> Check:
    with open_workspace(place.root) as app:
        return wire.check_provider(app)


def test_the_doctor_asks_the_provider(place: Place, provider: LocalProvider):
    assert (_sign_in_check(place).state, _sign_in_check(place).detail) == ("ok", f"{provider.issuer} answers as itself")
    provider.replies["/.well-known/openid-configuration"] = Reply(b"", 503)
    told = _sign_in_check(place)
    assert (told.state, "status 503" in told.detail) == ("error", True)
