"""A route that could never tell anybody anything is refused when the settings are read, in a line that says what to do."""

from pathlib import Path

import pytest

from firmground.errors import InvalidSettings
from firmground.settings import load_workspace

MAIL = '[mail]\nhost = "mail.example.org"\nsender = "fg@example.org"\n'
ROUTE = '[[notifications]]\nname = "a"\nowner = "ada"\n'


def load(folder: Path, text: str) -> object:
    (folder / "firmground.toml").write_text(text)
    return load_workspace(folder, {}).settings.notifications


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'events = ["review.opend"]\nchannel = "page"\nroles = ["admin"]',
            "no event 'review.opend'; did you mean review.opened?",
        ),
        ('events = ["reviews.*"]\nchannel = "page"\nroles = ["admin"]', "no event 'reviews.*'; did you mean review."),
        ('events = ["[a-z]"]\nchannel = "page"\nroles = ["admin"]', "there is no event '[a-z]'"),
        ('events = []\nchannel = "page"\nroles = ["admin"]', 'name events, e.g. ["review.*"]'),
        ('events = ["*"]\nchannel = "page"', "a tells nobody; name roles"),
        ('events = ["*"]\nchannel = "mail"', "a tells nobody; name roles, or addresses in to"),
        ('events = ["*"]\nchannel = "mail"\nto = ["x@example.org"]', "sends mail; set host and sender under [mail]"),
        ('events = ["*"]\nchannel = "webhook"', "the webhook a needs url_env"),
        ('events = ["*"]\nchannel = "webhook"\nurl_env = "URL"', "the webhook a needs secret_env"),
        (
            'events = ["*"]\nchannel = "page"\nroles = ["admin"]\nurl_env = "URL"',
            "url_env, secret_env and format are of webhooks",
        ),
        ('events = ["*"]\nchannel = "page"\nroles = ["boss"]', "it must be 'owner', 'admin', 'reviewer', 'auditor' or 'user'"),
        ('events = ["*"]\nchannel = "page"\nroles = ["admin"]\nto = ["x@y.z"]', "to is of mail"),
        (
            'events = ["*"]\nchannel = "webhook"\nurl_env = "U"\nsecret_env = "S"\nroles = ["admin"]',
            "roles are of mail and pages",
        ),
        ('events = ["*"]\nchannel = "page"\nroles = ["admin"]\nquiet = "8-18"', "write the hours like 18:00-08:00"),
        ('events = ["*"]\nchannel = "page"\nroles = ["admin"]\nquiet = "08:00-08:00"', "write the hours like 18:00-08:00"),
        ('channel = "page"\nroles = ["admin"]', 'events of the route "a" in firmground.toml is missing'),
    ],
)
def test_what_tells_nobody_is_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(InvalidSettings) as refused:
        load(tmp_path, ROUTE + text + "\n")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[[notifications]]\nname = "A b"\nowner = "ada"\nevents = ["*"]\nchannel = "page"\nroles = ["admin"]\n',
            "small letters",
        ),
        ('[[notifications]]\nname = "a"\nowner = " "\nevents = ["*"]\nchannel = "page"\nroles = ["admin"]\n', "name the person"),
        (
            '[[notifications]]\nname = "a"\nevents = ["*"]\nchannel = "page"\nroles = ["admin"]\n',
            'owner of the route "a" in firmground.toml is missing',
        ),
        (2 * (ROUTE + 'events = ["*"]\nchannel = "page"\nroles = ["admin"]\n'), "two of [[notifications]] are named 'a'"),
        ('[notifications]\nname = "a"\n', "notifications is a list: write [[notifications]]"),
    ],
)
def test_a_route_has_a_name_of_its_own_and_an_owner(tmp_path: Path, text: str, message: str):
    with pytest.raises(InvalidSettings) as refused:
        load(tmp_path, text)
    assert message in str(refused.value)


def test_routes_of_every_channel_are_read(tmp_path: Path):
    routes = load(
        tmp_path,
        MAIL
        + '[[notifications]]\nname = "a"\nowner = "ada"\nevents = ["review.*"]\nchannel = "mail"\nroles = ["reviewer"]\n'
        + '[[notifications]]\nname = "b"\nowner = "ada"\nevents = ["*"]\nchannel = "webhook"\nurl_env = "U"\nformat = "teams"\n'
        + '[[notifications]]\nname = "c"\nowner = "ada"\nevents = ["pin.stale"]\nchannel = "page"\nroles = ["admin"]\n',
    )
    assert [(each.name, each.channel) for each in routes] == [("a", "mail"), ("b", "webhook"), ("c", "page")]
