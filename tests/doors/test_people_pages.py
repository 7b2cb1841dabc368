"""The pages about people, groups and keys: who sees what on them, and what their forms do."""

import io
import re
import zipfile
from collections.abc import Generator
from html import unescape
from pathlib import Path
from typing import Any, ClassVar

import pytest
from inside import PASSWORD, bearer, sign_in, token_of, with_owner
from serving import HERE, serving
from starlette.testclient import TestClient

from firmground.app.access import accounts, directory, keys, people, sessions
from firmground.app.spending import budgets
from firmground.rights import ROLES, Role
from firmground.testing.app import ADMINISTRATOR
from firmground.web.application import application
from firmground.web.served import Served

ODD = '<b onclick="x">Eve & "co"</b>'
RIGHT_TO_LEFT = "\u05d0\u05d1\u05d2/\u05d3"
LONG = "n" * 200


class Browser:
    """Somebody's browser, and the forms they send with it."""

    known: ClassVar[dict[tuple[int, str], "Browser"]] = {}

    def __init__(self, served: Served, name: str) -> None:
        self.client = TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
        self._served = served
        assert sign_in(self.client, served, name).status_code == 303

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def send(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data={"token": token_of(self.client, self._served), **fields})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """Ada owns it; of each other role there is somebody who is called so, and may sign in."""
    with serving(tmp_path_factory.mktemp("house")) as (_, served):
        with_owner(served)
        for role in ROLES:
            if role != "owner":
                accounts.add_account(served.app, ADMINISTRATOR, f"the {role}", PASSWORD, role=role)
        yield served


def browser_of(served: Served, name: str) -> Browser:
    """The one that somebody who stays has used before."""
    if (id(served), name) not in Browser.known:
        Browser.known[id(served), name] = Browser(served, name)
    return Browser.known[id(served), name]


def known(served: Served) -> dict[str, Role]:
    return {each.name: each.role for each in people.directory(served.app, ADMINISTRATOR)}


def someone(served: Served, name: str = "zoe", *, role: Role = "user", groups: tuple[str, ...] = ()) -> str:
    """Who is there for this test."""
    accounts.add_account(served.app, ADMINISTRATOR, name, PASSWORD, role=role, groups=groups)
    return name


@pytest.fixture(autouse=True)
def as_it_was(house: Served) -> Generator[None]:
    yield
    for name in known(house).keys() - {"ada", *(f"the {role}" for role in ROLES)}:
        people.remove_person(house.app, ADMINISTRATOR, name)
    for each in keys.keys(house.app, ADMINISTRATOR):
        keys.remove_key(house.app, ADMINISTRATOR, each.name)


# ---------------------------------------------------------------- who sees what


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("ada", {"/people": "list", "/people/of/ada": 200, "/groups": 200, "/groups/of/everyone": 200}),
        ("the admin", {"/people": "list", "/people/of/ada": 200, "/groups": 200, "/groups/of/everyone": 200}),
        ("the auditor", {"/people": "list", "/people/of/ada": 200, "/groups": 403, "/groups/of/everyone": 403}),
        ("the reviewer", {"/people": "own", "/people/of/ada": 403, "/groups": 403, "/groups/of/everyone": 403}),
        ("the user", {"/people": "own", "/people/of/ada": 403, "/groups": 403, "/groups/of/everyone": 403}),
    ],
)
def test_each_role_sees_its_own_share(house: Served, name: str, sees: dict[str, Any]):
    browser = browser_of(house, name)
    for path, wanted in sees.items():
        response = browser.get(path)
        if isinstance(wanted, int):
            assert response.status_code == wanted, (path, response.text)
            continue
        others = {each for each in known(house) if f"<bdi>{each}</bdi>" in response.text.partition("<main")[2]} - {name}
        assert (response.status_code, bool(others)) == (200, wanted == "list")
    for path in ("/account", "/keys", "/sessions", "/budgets"):
        assert browser.get(path).status_code == 200
    assert ("Add a person" in browser.get("/people").text) == (name in {"ada", "the admin"})


@pytest.mark.parametrize("name", ["the auditor", "the reviewer", "the user", "a key of the user"])
@pytest.mark.parametrize(
    "path",
    [
        "/people/add",
        "/people/set-role",
        "/people/join",
        "/people/leave",
        "/people/set-password",
        "/people/remove",
        "/groups/add",
        "/groups/add-members",
        "/groups/remove-member",
        "/groups/rename",
        "/groups/remove",
        "/keys/add-for-page",
        "/people/link",
        "/people/sign-out",
        "/people/erase",
        "/budgets/set",
    ],
)
def test_forms_of_whoever_may_not_do_nothing(house: Served, name: str, path: str):
    before = known(house), people.groups(house.app, ADMINISTRATOR)
    fields = {
        "name": "ada",
        "role": "user",
        "group": "staff",
        "groups": "staff",
        "people": "ada",
        "password": "eve's own password",
        "origins": "https://x.example",
        "sure": "yes",
    }
    if name.startswith("a key"):
        client = TestClient(application(house), base_url=HERE, follow_redirects=False)
        response = client.post(path, data=fields, headers=bearer(house, "the user"))
        keys.remove_key(house.app, ADMINISTRATOR, "key")
    else:
        response = browser_of(house, name).send(path, **fields)
    assert response.status_code == 403, response.text
    assert (known(house), people.groups(house.app, ADMINISTRATOR)) == before
    assert keys.keys(house.app, ADMINISTRATOR) == []


def test_owners_are_for_owners(house: Served):
    admin = browser_of(house, "the admin")
    page = admin.get("/people/of/ada").text
    assert "Only owners change the role of an owner." in page
    assert 'value="owner"' not in admin.get("/people/of/the%20user").text
    for path, fields in {
        "/people/set-role": {"role": "user"},
        "/people/set-password": {"password": "quite another one"},
        "/people/remove": {"sure": "yes"},
    }.items():
        response = admin.send(path, name="ada", **fields)
        assert (response.status_code, "ask an owner" in response.text) == (403, True), path
    made = admin.send("/people/set-role", name="the user", role="owner", sure="yes")
    assert made.status_code == 403
    assert known(house)["ada"] == "owner"
    assert known(house)["the user"] == "user"


def test_who_is_demoted_while_the_page_is_open_does_no_more_with_it(house: Served):
    name = someone(house, role="admin")
    browser = Browser(house, name)
    assert "Add a person" in browser.get("/people").text
    people.set_role(house.app, ADMINISTRATOR, name, "user")
    response = browser.send("/people/set-role", name="the user", role="admin")
    assert response.status_code == 403
    assert known(house)["the user"] == "user"
    assert "Add a person" not in browser.get("/people").text


# ---------------------------------------------------------------- people


def test_a_role_is_given_on_the_page_and_an_owner_is_made_after_a_question(house: Served):
    owner, name = browser_of(house, "ada"), someone(house)
    given = owner.send("/people/set-role", name=name, role="reviewer")
    assert given.headers["location"] == f"/people/of/{name}?done=set-role"
    assert "The role is changed." in owner.get(given.headers["location"]).text
    assert known(house)[name] == "reviewer"
    asked = owner.send("/people/set-role", name=name, role="owner")
    assert (asked.status_code, "an owner?" in asked.text, known(house)[name]) == (200, True, "reviewer")
    assert owner.send("/people/set-role", name=name, role="owner", sure="yes").status_code == 303
    assert known(house)[name] == "owner"
    odd = owner.send("/people/set-role", name=name, role="emperor")
    assert odd.status_code == 400
    assert "there is no role" in odd.text


def test_the_last_owner_keeps_the_role_and_is_told_so_at_the_form(house: Served):
    response = browser_of(house, "ada").send("/people/set-role", name="ada", role="user")
    assert response.status_code == 409
    assert "ada is the last owner" in response.text
    assert re.search(r'id="set-role-form" open', response.text)


def test_groups_are_given_and_taken_on_the_page_of_a_person(house: Served):
    owner, name = browser_of(house, "ada"), someone(house)
    assert owner.send("/people/join", name=name, groups="staff, law").status_code == 303
    assert set(directory.person(house.app, ADMINISTRATOR, name).groups) == {"staff", "law"}
    assert owner.send("/people/leave", name=name, group="law").status_code == 303
    assert owner.send("/people/leave", name=name, group="law").status_code == 404, "sent twice"
    assert set(directory.person(house.app, ADMINISTRATOR, name).groups) == {"staff"}
    wrong = owner.send("/people/join", name=name, groups="fine, public, \u0430dmin")
    assert wrong.status_code == 400
    assert 'value="fine, public, \u0430dmin"' in wrong.text, "what was typed is kept"
    assert set(directory.person(house.app, ADMINISTRATOR, name).groups) == {"staff"}, "nothing is half done"


def test_whom_nobody_knows_is_said_to_be_unknown(house: Served):
    owner = browser_of(house, "ada")
    before = known(house)
    assert owner.get("/people/of/nobody").status_code == 404
    assert owner.get("/groups/of/nothing").status_code == 404
    for path in ("set-role", "join", "set-password", "remove"):
        fields = {"role": "admin", "groups": "staff", "password": PASSWORD, "sure": "yes"}
        assert owner.send(f"/people/{path}", name="nobody", **fields).status_code == 404, path
    assert owner.send("/groups/add-members", group="staff", people="nobody").status_code == 404
    assert owner.send("/people/nothing").status_code == 404
    assert known(house) == before


@pytest.mark.parametrize("name", [ODD, RIGHT_TO_LEFT, LONG, "a?b#c%", "../../keys"])
def test_odd_names_are_text_on_every_page(house: Served, name: str):
    owner = browser_of(house, "ada")
    assert owner.send("/people/add", name=name, role="user", groups=name).status_code == 303
    listed = owner.get("/people").text
    assert "onclick" not in re.sub(r"<bdi>[^<]*</bdi>|href=\"[^\"]*\"", "", listed)
    addresses = re.findall(r'href="(/people/of/[^"]*)"', listed)
    [address] = [each for each in addresses if not re.fullmatch("/people/of/(ada|the%20.*)", each)]
    page = owner.get(unescape(address))
    assert page.status_code == 200
    assert f"<bdi>{name}</bdi>" in page.text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"').replace("&amp;", "&")
    assert "<b onclick" not in page.text
    [group] = re.findall(r'href="(/groups/of/[^"]*)"', page.text)
    assert owner.get(unescape(group)).status_code == 200
    assert owner.send("/people/remove", name=name, sure="yes").headers["location"] == "/people?done=remove"


def test_somebody_is_removed_after_a_question_and_only_once(house: Served):
    owner, name = browser_of(house, "ada"), someone(house)
    asked = owner.send("/people/remove", name=name)
    assert "Remove <bdi>zoe</bdi>?" in asked.text
    assert name in known(house)
    assert owner.send("/people/remove", name=name, sure="yes").status_code == 303
    assert owner.send("/people/remove", name=name, sure="yes").status_code == 404


def test_a_refused_form_keeps_what_was_typed_but_no_password(house: Served):
    owner = browser_of(house, "ada")
    refused = owner.send("/people/add", name="The User", groups="staff", role="auditor", password="a secret of theirs")
    assert refused.status_code == 400
    for kept in ('value="The User"', 'value="staff"', 'value="auditor" checked'):
        assert kept in refused.text
    assert "a secret of theirs" not in refused.text
    assert 'role="alert"' in refused.text


def test_many_people_are_read_page_by_page_searched_and_told_apart_by_role(house: Served):
    with house.app.database.transaction() as tx:
        for number in range(120):
            tx.add_person(f"person {number:03}", role="reviewer" if number % 2 else "user")
    owner, seen, path = browser_of(house, "ada"), list[str](), "/people?search=PERSON"
    while path:
        page = owner.get(path).text
        rows = re.findall(r"<bdi>(person \d+)</bdi>", page)
        assert len(rows) <= 50
        seen += rows
        more = re.search(r'href="([^"]*)" rel="next"', page)
        path = unescape(more[1]) if more else ""
    assert seen == [f"person {number:03}" for number in range(120)]
    found = owner.get("/people?search=person%2001&role=reviewer").text
    assert re.findall(r"<bdi>(person \d+)</bdi>", found) == [f"person {number:03}" for number in (11, 13, 15, 17, 19)]
    assert "Nobody here has such a name" in owner.get("/people?search=%25").text
    assert owner.get("/people?role=emperor").status_code == 200


# ---------------------------------------------------------------- groups


def test_a_group_is_made_filled_and_emptied_on_its_page(house: Served):
    owner, name = browser_of(house, "ada"), someone(house)
    made = owner.send("/groups/add", group="board", people=f"{name}, ada")
    assert made.headers["location"] == "/groups/of/board?done=add"
    page = owner.get("/groups/of/board").text
    assert f"<bdi>{name}</bdi>" in page
    assert owner.send("/groups/remove-member", group="board", name=name).status_code == 303
    assert people.groups(house.app, ADMINISTRATOR)["board"] == ["ada"]
    assert owner.send("/groups/remove-member", group="board", name=name).status_code == 404
    assert owner.send("/groups/remove-member", group="everyone", name=name).status_code == 400
    wrong = owner.send("/groups/add", group="Board", people="")
    assert wrong.status_code == 400
    assert 'value="Board"' in wrong.text
    assert 'href="/groups/of/board"' in owner.get("/groups?search=BOA").text
    assert 'href="/groups/of/board"' not in owner.get("/groups?search=xyz").text


def test_a_group_gets_another_name_and_an_empty_one_is_removed_after_a_question(house: Served):
    owner, name = browser_of(house, "ada"), someone(house, groups=("crew",))
    assert owner.send("/groups/rename", group="crew", to=" the team ").headers["location"] == "/groups/of/the%20team?done=rename"
    assert f"<bdi>{name}</bdi>" in owner.get("/groups/of/the%20team").text
    assert owner.send("/groups/rename", group="crew", to="other").status_code == 404, "sent twice"
    taken = owner.send("/groups/rename", group="the team", to="Everyone")
    assert (taken.status_code, 'value="Everyone"' in taken.text) == (400, True)
    assert owner.send("/groups/rename", group="everyone", to="nobody").status_code in {400, 409}
    assert owner.send("/groups/remove", group="the team", sure="yes").status_code == 409, "somebody is in it"
    owner.send("/groups/remove-member", group="the team", name=name)
    assert "Remove this group?" in owner.send("/groups/remove", group="the team").text
    assert owner.send("/groups/remove", group="the team", sure="yes").headers["location"] == "/groups?done=remove"
    assert owner.get("/groups/of/the%20team").status_code == 404


def test_members_of_a_large_group_are_read_page_by_page(house: Served):
    with house.app.database.transaction() as tx:
        for number in range(70):
            tx.add_person(f"person {number:03}", groups=["large"])
    owner = browser_of(house, "ada")
    first = owner.get("/groups/of/large").text
    following = unescape(re.search(r'href="([^"]*)" rel="next"', first)[1])
    second = owner.get(following).text
    shown = [len(re.findall(r"<bdi>person \d+</bdi>", page)) for page in (first, second)]
    assert shown == [50, 20]
    assert "<dd>70</dd>" in first


# ---------------------------------------------------------------- keys


def test_a_key_is_shown_once_and_removed_after_a_question(house: Served):
    browser = browser_of(house, "the user")
    made = browser.send("/keys/add", name="<i>notes</i>", days="30", person="ada", **{"scope-ask": "yes"})
    assert made.status_code == 403, "for somebody else"
    made = browser.send("/keys/add", name="<i>notes</i>", days="30", **{"scope-ask": "yes"})
    secret = re.search(r'value="(fg_[^"]{43})"', made.text)
    assert secret
    assert "<i>" not in made.text
    again = browser.send("/keys/add", name="<i>notes</i>", days="30", **{"scope-ask": "yes"})
    assert again.status_code == 400, "sent twice"
    assert "fg_" not in again.text.partition("<main")[2]
    page = browser.get("/keys").text
    assert "&lt;i&gt;notes" in page
    assert secret[1] not in page
    asked = browser.send("/keys/remove", name="<i>notes</i>")
    assert "Remove this key?" in asked.text
    assert len(keys.keys(house.app, ADMINISTRATOR)) == 1
    assert browser.send("/keys/remove", name="<i>notes</i>", sure="yes").status_code == 303
    assert keys.keys(house.app, ADMINISTRATOR) == []


def test_nobody_sees_or_removes_keys_of_others_without_the_right(house: Served):
    keys.add_key(house.app, ADMINISTRATOR, "secret project", person="ada")
    browser = browser_of(house, "the user")
    assert "secret project" not in browser.get("/keys").text
    assert browser.send("/keys/remove", name="secret project", sure="yes").status_code == 404
    admin = browser_of(house, "the admin")
    assert "secret project" in admin.get("/keys").text
    assert admin.send("/keys/remove", name="secret project", sure="yes").status_code == 403, "of an owner"
    assert len(keys.keys(house.app, ADMINISTRATOR)) == 1


@pytest.mark.parametrize("days", ["soon", "-1", "0", "9" * 12, "1.5"])
def test_a_key_ends_after_days_or_never(house: Served, days: str):
    refused = browser_of(house, "ada").send("/keys/add", name="k", days=days, **{"scope-ask": "yes"})
    assert refused.status_code == 400
    assert f'value="{days}"' in refused.text
    assert keys.keys(house.app, ADMINISTRATOR) == []


# ---------------------------------------------------------------- one's own account


def test_a_password_is_changed_by_who_knows_it(house: Served):
    browser = Browser(house, someone(house))
    wrong = browser.send("/account/password", old="not this one", password="quite another one")
    assert wrong.status_code == 401
    assert "quite another one" not in wrong.text
    changed = browser.send("/account/password", old=PASSWORD, password="quite another one")
    assert changed.headers["location"] == "/account?done=password"
    assert browser.get("/account").status_code == 200, "with the new session"


@pytest.mark.parametrize(
    "path", ["/people", "/people/of/ada", "/groups", "/groups/of/everyone", "/keys", "/account", "/sessions", "/budgets"]
)
def test_the_pages_say_nothing_to_strangers(house: Served, path: str):
    client = TestClient(application(house), base_url=HERE, follow_redirects=False)
    assert client.get(path).headers["location"].startswith("/login?next=")


def test_without_accounts_people_and_groups_are_kept_all_the_same(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        fields = {"token": served.local_form_token, "name": "bob", "role": "user", "groups": "staff"}
        assert client.post("/people/add", data=fields).status_code == 303
        for path in ("/people", "/people/of/bob", "/groups", "/groups/of/staff", "/keys", "/account", "/sessions", "/budgets"):
            assert client.get(path).status_code == 200, path
        refused = client.post("/people/add", data={**fields, "name": "eve", "password": PASSWORD})
        assert refused.status_code == 409


# ---------------------------------------------------------------- links and sessions


def test_somebody_is_invited_and_chooses_a_password_that_nobody_else_knows(house: Served):
    owner = browser_of(house, "ada")
    made = owner.send("/people/add", name="zoe", role="reviewer", way="link")
    [link] = re.findall(r'value="(http[^"]*/link\?token=[^"]*)"', made.text)
    assert "invited" in owner.get("/people/of/zoe").text
    assert link.rpartition("=")[2] not in owner.get("/people/of/zoe").text, "shown once"
    again = owner.send("/people/link", name="zoe")
    [second] = re.findall(r'value="(http[^"]*/link\?token=[^"]*)"', again.text)
    stranger = TestClient(application(house), base_url=HERE, follow_redirects=False)
    fields = {"token": house.local_form_token, "password": "a few words of hers"}
    assert stranger.post("/link", data={**fields, "link": link.rpartition("=")[2]}).status_code == 404
    differing = stranger.post("/link", data={**fields, "again": "a few other words", "link": second.rpartition("=")[2]})
    assert (differing.status_code, "the two passwords differ" in differing.text) == (400, True)
    assert stranger.post("/link", data={**fields, "link": second.rpartition("=")[2]}).status_code == 303
    assert "Make a link for a new password" in owner.get("/people/of/zoe").text


def test_who_has_no_account_gets_one_with_an_invitation(house: Served):
    owner = browser_of(house, "ada")
    assert owner.send("/people/add", name="zoe", role="user", way="none").status_code == 303
    assert directory.person(house.app, ADMINISTRATOR, "zoe").account is None
    assert "/link?token=" in owner.send("/people/link", name="zoe").text
    assert directory.person(house.app, ADMINISTRATOR, "zoe").account is not None
    assert owner.send("/people/link", name="nobody").status_code == 404
    oneself = owner.send("/people/link", name="ada")
    assert (oneself.status_code, "/link?token=" in oneself.text) == (403, False)
    admin = browser_of(house, "the admin").send("/people/link", name="ada")
    assert (admin.status_code, "/link?token=" in admin.text) == (403, False)


def test_a_browser_sees_its_own_session_and_ends_others(house: Served):
    name = someone(house)
    here, elsewhere = Browser(house, name), Browser(house, name)
    page = here.get("/sessions").text
    assert page.count("this browser</span>") == 1
    ids = re.findall(r'name="id" value="([^"]*)"', page)
    assert len(ids) == 2
    [own] = re.findall(r'name="id" value="([^"]*)"', page.partition("this browser</span>")[2].partition("</tr>")[0])
    [other] = set(ids) - {own}
    assert here.send("/sessions/end", id=other).status_code == 303
    assert elsewhere.get("/account").headers["location"].startswith("/login")
    gone = here.send("/sessions/end", id=other)
    assert gone.status_code == 404, "sent twice"
    assert here.send("/sessions/end", id=own).headers["location"] == "/login"
    assert here.get("/account").headers["location"].startswith("/login")


def test_whoever_signs_out_everywhere_is_out_here_too(house: Served):
    name = someone(house)
    here, elsewhere = Browser(house, name), Browser(house, name)
    assert here.send("/sessions/sign-out").headers["location"] == "/login"
    for each in (here, elsewhere):
        assert each.get("/account").headers["location"].startswith("/login")


def test_nobody_ends_sessions_of_others_from_their_own_page(house: Served):
    name = someone(house)
    theirs = Browser(house, name)
    [session] = sessions.sessions(house.app, ADMINISTRATOR, name)
    assert browser_of(house, "the user").send("/sessions/end", id=session.id, person=name).status_code == 404
    assert theirs.get("/account").status_code == 200
    assert browser_of(house, "the admin").send("/people/end-session", name=name, id=session.id).status_code == 303
    assert theirs.get("/account").status_code == 303


def test_an_administrator_signs_others_out_but_no_owner(house: Served):
    theirs, admin = Browser(house, someone(house)), browser_of(house, "the admin")
    assert admin.send("/people/sign-out", name="zoe").status_code == 303
    assert theirs.get("/account").status_code == 303
    for path, fields in {"/people/sign-out": {"name": "ada"}, "/people/end-session": {"name": "ada", "id": "x"}}.items():
        assert admin.send(path, **fields).status_code == 403
    assert admin.send("/people/sign-out").status_code == 404, "of nobody"
    assert browser_of(house, "ada").get("/account").status_code == 200
    assert admin.get("/account").status_code == 200


# ---------------------------------------------------------------- what a key may do


def test_a_key_may_what_was_ticked(house: Served):
    owner = browser_of(house, "ada")
    assert "fg_" in owner.send("/keys/add", name="k", days="", **{"scope-ask": "yes", "scope-audit": "yes"}).text
    [key] = keys.keys(house.app, ADMINISTRATOR)
    assert (set(key.scopes or ()), key.expires_at) == ({"ask", "audit"}, None)
    for fields in ({}, {"scope-everything": "yes"}):
        assert owner.send("/keys/add", name="other", days="90", **fields).status_code == 400
    refused = browser_of(house, "the user").send("/keys/add", name="u", days="90", **{"scope-people": "yes"})
    assert refused.status_code == 400
    assert 'value="90"' in refused.text
    assert len(keys.keys(house.app, ADMINISTRATOR)) == 1


# ---------------------------------------------------------------- budgets


def test_everybody_sees_what_they_used_and_only_managers_what_others_did(house: Served):
    for name in ("the user", "the reviewer", "the auditor"):
        page = browser_of(house, name).get("/budgets?by=person&period=today").text
        assert "What you used" in page
        assert "Who used what" not in page
        assert browser_of(house, name).send("/budgets/set", kind="workspace", usd_a_day="1").status_code == 403
    assert "Who used what" in browser_of(house, "the admin").get("/budgets?period=year&by=model").text
    assert browser_of(house, "ada").get("/budgets?period=never&by=shoe&after=x").status_code == 200


def test_limits_are_set_shown_changed_and_taken_back(house: Served):
    owner, name = browser_of(house, "ada"), someone(house)
    assert owner.send("/budgets/set", kind="person", name=name, answers_a_day="20", usd_a_month="7.5").status_code == 303
    said = budgets.limits_of(house.app, ADMINISTRATOR, name).own
    assert (said.answers_a_day, said.usd_a_month) == (20, 7.5)
    assert f"/budgets?kind=person&amp;name={name}#set-form" in owner.get("/budgets").text
    filled = owner.get(f"/budgets?kind=person&name={name}").text
    assert 'name="answers_a_day" type="text" inputmode="decimal" value="20"' in filled
    assert "0 of 20" in owner.get(f"/people/of/{name}").text
    assert "0 of 20" in Browser(house, name).get("/budgets").text
    assert owner.send("/budgets/set", kind="person", name=name).status_code == 303
    assert budgets.limits_of(house.app, ADMINISTRATOR, name).own.answers_a_day is None


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {"kind": "workspace", "answers_a_day": "many"}),
        (400, {"kind": "workspace", "answers_a_day": "-1"}),
        (400, {"kind": "workspace", "usd_a_day": "nan"}),
        (400, {"kind": "workspace", "answers_a_day": "9" * 20}),
        (400, {"kind": "workspace", "requests_a_minute": "5"}),
        (400, {"kind": "planet", "name": "earth", "usd_a_day": "1"}),
        (404, {"kind": "person", "name": "nobody", "usd_a_day": "1"}),
        (404, {"kind": "group", "name": "nothing", "usd_a_day": "1"}),
    ],
)
def test_limits_that_cannot_be_are_refused_with_what_was_typed(house: Served, status: int, fields: dict[str, str]):
    refused = browser_of(house, "ada").send("/budgets/set", **fields)
    assert refused.status_code == status
    assert 'id="set-form" open' in refused.text
    typed = fields.get("answers_a_day") or fields.get("usd_a_day") or fields["requests_a_minute"]
    assert f'value="{typed}"' in refused.text
    assert budgets.all_limits(house.app, ADMINISTRATOR) == {}


# ---------------------------------------------------------------- holding and erasing


def test_what_is_kept_of_somebody_is_held_and_erased_by_owners(house: Served):
    owner, name = browser_of(house, "ada"), someone(house)
    assert owner.send("/people/hold", name=name, reason="A court asks for it.").status_code == 303
    assert "A court asks for it." in owner.get(f"/people/of/{name}").text
    assert owner.send("/people/erase", name=name, reason="They left.", sure="yes").status_code == 409
    assert owner.send("/people/unhold", name=name).status_code == 303
    asked = owner.send("/people/erase", name=name, reason="They left.").text
    assert "Erase <bdi>zoe</bdi>?" in asked
    assert "Documents that they uploaded stay" in asked
    assert "pinned" not in asked
    assert name in known(house)
    assert owner.send("/people/erase", name=name, reason="", sure="yes").status_code == 400
    assert owner.send("/people/erase", name=name, reason="They left.", sure="yes").headers["location"] == "/people?done=erase"
    assert name not in known(house)
    assert owner.send("/people/erase", name="ada", reason="Me.", sure="yes").status_code == 403
    exported = owner.send("/people/export", name="the user")
    assert (exported.status_code, exported.headers["content-type"]) == (200, "application/zip")
    assert zipfile.ZipFile(io.BytesIO(exported.content)).testzip() is None
    for act in ("export", "hold", "unhold", "erase"):
        sent = browser_of(house, "the admin").send(f"/people/{act}", name="the user", reason="Why not.", sure="yes")
        assert sent.status_code == 403
    assert "the user" in known(house)
