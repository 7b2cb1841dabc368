"""People sign in with a provider: who is vouched for comes in, and nobody else."""

from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from inside import PASSWORD, sign_in, with_account
from providing import BACK, House, house
from serving import HERE

from firmground.app.access import identities, people, sessions
from firmground.testing.app import ADMINISTRATOR
from firmground.testing.provider import LocalProvider, Reply
from firmground.testing.traces import a_trace
from firmground.web.credentials import cookie_name

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def one(tmp_path: Path) -> Generator[House]:
    with house(tmp_path) as one:
        yield one


@pytest.fixture(scope="module")
def wary_house(tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    with house(tmp_path_factory.mktemp("wary")) as one:
        yield one


@pytest.fixture
def wary(wary_house: House) -> House:
    """Lets nobody in: the provider is made to misbehave, and is itself again in the next test."""
    provider, other = wary_house.provider, LocalProvider()
    other.close()
    for name in (
        "claims",
        "document",
        "token",
        "granted",
        "back",
        "replies",
        "skew",
        "named",
        "signature",
        "key",
        "published",
        "userinfo",
    ):
        setattr(provider, name, getattr(other, name))
    wary_house.bench.clock.now += timedelta(hours=1)
    wary_house.client = wary_house.another()
    return wary_house


def told(response: Any) -> str:
    """The one line of the page to sign in, which a refusal leads back to."""
    assert response.status_code in {400, 403, 409, 429, 502}, response.text
    assert 'action="/login"' in response.text
    line = response.text.split('role="alert">')[1].split("</div>")[0]
    return " ".join(part.split("<")[0] for part in line.split(">")).strip()


def kinds(one: House) -> list[str]:
    with one.served.app.database.reading() as tx:
        return [each.kind for each in tx.entries()]


def groups_of(one: House, person: str) -> dict[str, str]:
    with one.served.app.database.reading() as tx:
        return tx.groups_of(person)


def role_of(one: House, person: str) -> str:
    with one.served.app.database.reading() as tx:
        return tx.actor(person).role


# ---------------------------------------------------------------- who comes in


def test_who_is_vouched_for_is_made_known_and_comes_to_where_they_wanted(one: House):
    one.provider.claims["groups"] = ["crew", "staff"]
    page = one.client.get("/login").text
    assert "/login/provider" in page
    assert "Sign in with Single sign-on" in page
    response = one.sign_in(wanted="/documents")
    assert (response.status_code, response.headers["location"]) == (303, "/documents")
    assert one.who() == "ben"
    assert groups_of(one, "ben") == dict.fromkeys(("crew", "staff"), one.provider.issuer)
    assert kinds(one)[-6:] == ["account.added", "account.linked", "group.added", "group.joined", "group.added", "group.joined"]
    with one.served.app.database.reading() as tx:
        account = tx.account("ben")
        assert account is not None
        assert not account.password
        assert [each.issuer for each in tx.sessions("ben")] == [one.provider.issuer]


def test_who_comes_again_is_the_same_person_whatever_they_are_called_by_now(one: House):
    one.sign_in()
    one.provider.claims |= {"preferred_username": "benjamin", "email": "b@example.org", "email_verified": True}
    again = one.another()
    one.sign_in(again)
    assert one.who(again) == "ben"
    assert identities.identities(one.served.app, ADMINISTRATOR, "ben")[0].subject == "subject-1"


def test_signing_out_ends_the_session_here(one: House):
    one.sign_in()
    one.client.post("/logout", data={"token": _token(one)})
    assert one.who() == ""


def test_a_session_lasts_as_long_as_the_providers_word_counts(tmp_path: Path):
    with house(tmp_path, session_hours=2) as one:
        one.sign_in()
        one.bench.clock.now += timedelta(hours=1, minutes=50)
        assert one.who() == "ben"
        one.bench.clock.now += timedelta(minutes=15)
        assert one.who() == ""


def test_the_session_that_a_browser_was_in_ends(one: House):
    with_account(one.served, "cleo")
    sign_in(one.client, one.served, "cleo")
    before = one.client.cookies[cookie_name(one.served)]
    one.sign_in()
    assert one.who() == "ben"
    other = one.another()
    other.cookies.set(cookie_name(one.served), before)
    assert other.get("/me").status_code == 303


def test_new_people_are_named_by_what_the_provider_is_sure_of(one: House):
    email = {"preferred_username": None, "email": "ben@example.org"}
    for number, (claims, name) in enumerate(
        (
            ({"preferred_username": "  ben  "}, "ben"),
            ({**email, "email_verified": True}, "ben@example.org"),
            (email, "s2"),
            ({**email, "email_verified": "true"}, "s3"),
            ({"preferred_username": ["ben"]}, "s4"),
            ({"preferred_username": ""}, "s5"),
        )
    ):
        one.provider.token = {**claims, "sub": f"s{number}"}
        one.sign_in(client := one.another())
        assert one.who(client) == name


def test_nobody_becomes_somebody_who_is_or_was_here_by_being_called_so(one: House):
    people.add_person(one.served.app, ADMINISTRATOR, "cleo", groups=["board"])
    _asked_once(one, "dora")
    for name in ("ada", "Ada", "\u0430da", "widget:x", "ben\u202egnp", "x" * 300, "cleo", "dora"):
        one.provider.claims["preferred_username"] = name
        said = told(one.sign_in())
        assert "your name at the provider cannot be taken here" in said
        assert "subject-1" in said
        assert one.who() == ""
        with one.served.app.database.reading() as tx:
            assert tx.identity(one.provider.issuer, "subject-1") is None
            assert not tx.has_person(name) or name in {"ada", "cleo"}


def test_only_who_was_connected_comes_in_where_nobody_is_made_known(tmp_path: Path):
    with house(tmp_path, provision=False) as one:
        assert "nobody here is connected" in told(one.sign_in())
        people.add_person(one.served.app, ADMINISTRATOR, "ben")
        assert "nobody here is connected" in told(one.sign_in())
        identities.connect(one.served.app, ADMINISTRATOR, "ben", "subject-1")
        assert one.sign_in().status_code == 303
        assert one.who() == "ben"


# ---------------------------------------------------------------- groups and roles


def test_groups_follow_the_provider_and_those_given_by_hand_stay(one: House):
    one.provider.claims["groups"] = ["crew", "hr"]
    one.sign_in()
    people.add_group(one.served.app, ADMINISTRATOR, "board", members=["ben"])
    one.provider.claims["groups"] = ["crew", "staff"]
    one.sign_in(one.another())
    assert groups_of(one, "ben") == {"board": "", "crew": one.provider.issuer, "staff": one.provider.issuer}
    assert "group.left" in kinds(one)
    del one.provider.claims["groups"]
    one.sign_in(one.another())
    assert groups_of(one, "ben") == {"board": ""}


def test_only_mapped_groups_count_where_there_is_a_mapping(tmp_path: Path):
    with house(tmp_path, groups={"Staff, Berlin": "berlin"}) as one:
        one.provider.claims["groups"] = ["Staff, Berlin", "berlin-board", "everyone"]
        one.sign_in()
        assert set(groups_of(one, "ben")) == {"berlin"}


def test_groups_that_are_not_mapped_can_be_kept_apart_by_a_prefix(tmp_path: Path):
    with house(tmp_path, groups_prefix="idp:") as one:
        one.provider.claims["groups"] = "hr"
        one.sign_in()
        assert set(groups_of(one, "ben")) == {"idp:hr"}


def test_groups_that_could_be_taken_for_others_or_cannot_be_any_count_for_nothing(one: House):
    people.add_group(one.served.app, ADMINISTRATOR, "hr")
    one.provider.claims["groups"] = ["HR", "нr", "a\x00b", "Public", "", "x" * 500, 7, ["hr"], {"hr": True}, "crew"]
    assert one.sign_in().status_code == 303
    assert set(groups_of(one, "ben")) == {"crew"}


def test_more_groups_than_anybody_is_in_are_refused(one: House):
    one.provider.claims["groups"] = [str(number) for number in range(1001)]
    assert "more than 1000 groups" in told(one.sign_in())


def test_roles_follow_the_provider_where_they_are_mapped_but_never_make_or_unmake_an_owner(tmp_path: Path):
    with house(tmp_path, roles={"admins": "admin", "auditors": "auditor"}) as one:
        one.provider.claims["groups"] = ["auditors", "admins", "owner"]
        one.sign_in()
        assert role_of(one, "ben") == "admin"
        one.provider.claims["groups"] = ["auditors"]
        one.sign_in(one.another())
        assert role_of(one, "ben") == "auditor"
        assert one.who() == "ben"  # with the new role
        one.provider.claims["groups"] = []
        one.sign_in(one.another())
        assert role_of(one, "ben") == "user"
        identities.connect(one.served.app, ADMINISTRATOR, "ada", "subject-2")
        one.provider.claims = {"sub": "subject-2", "groups": ["auditors"]}
        one.sign_in(one.another())
        assert role_of(one, "ada") == "owner"
        assert kinds(one).count("person.changed") == 3


def test_a_role_given_by_hand_stays_where_none_is_mapped(one: House):
    one.sign_in()
    people.set_role(one.served.app, ADMINISTRATOR, "ben", "reviewer")
    one.provider.claims["groups"] = ["admin", "owner"]
    one.sign_in(one.another())
    assert role_of(one, "ben") == "reviewer"


def test_who_is_in_no_allowed_group_any_more_loses_what_came_from_there(tmp_path: Path):
    with house(tmp_path, allowed_groups=["staff"], roles={"staff": "reviewer"}) as one:
        assert "no group that may come in" in told(one.sign_in())
        with one.served.app.database.reading() as tx:
            assert not tx.has_person("ben")
        one.provider.claims["groups"] = ["staff"]
        one.sign_in()
        people.add_group(one.served.app, ADMINISTRATOR, "board", members=["ben"])
        one.provider.claims["groups"] = ["guests"]
        other = one.another()
        assert "no group that may come in" in told(one.sign_in(other))
        assert (one.who(), one.who(other)) == ("", "")
        assert (groups_of(one, "ben"), role_of(one, "ben")) == ({"board": ""}, "user")
        assert kinds(one)[-3:] == ["group.left", "person.changed", "session.ended"]


def test_groups_are_asked_for_where_the_token_does_not_hold_them(one: House):
    one.provider.userinfo = {"sub": "subject-1", "groups": ["crew"], "preferred_username": "mallory"}
    one.sign_in()
    assert (one.who(), set(groups_of(one, "ben"))) == ("ben", {"crew"})
    one.provider.userinfo = {"sub": "subject-2", "groups": ["board"]}
    assert "tells of somebody else" in told(one.sign_in(one.another()))
    assert set(groups_of(one, "ben")) == {"crew"}


# ---------------------------------------------------------------- connecting an account


def _token(one: House) -> str:
    return one.client.get("/account").text.split('name="form-token" content="')[1].split('"')[0]


def _way(one: House) -> str:
    """Where the page to connect leads."""
    page = one.client.post("/account/identity", data={"token": _token(one)})
    assert page.status_code == 200
    return "http://127.0.0.1:" + page.text.split('href="http://127.0.0.1:')[1].split('"')[0].replace("&amp;", "&")


def test_somebody_who_is_signed_in_connects_their_own_account(one: House):
    with_account(one.served, "cleo", groups=("board",))
    sign_in(one.client, one.served, "cleo")
    assert "/account/identity" in one.client.get("/account").text
    assert "Connect with" in one.client.get("/account/identity").text
    way = _way(one)
    one.provider.claims |= {"preferred_username": "somebody else", "groups": ["crew"]}
    back = one.client.get(one.come_back(way))
    assert (back.status_code, back.headers["location"]) == (303, "/account/identity")
    assert "subject-1" in one.client.get("/account/identity").text
    assert (one.who(), set(groups_of(one, "cleo"))) == ("cleo", {"board", "crew"})
    other = one.another()
    one.sign_in(other)
    assert one.who(other) == "cleo"
    sign_in(one.another(), one.served, "cleo", password=PASSWORD)
    assert kinds(one).count("account.linked") == 1


def test_connecting_needs_the_form_of_our_own_page(one: House):
    with_account(one.served, "cleo")
    sign_in(one.client, one.served, "cleo")
    assert one.client.post("/account/identity", data={"token": "guessed"}).status_code == 403
    assert one.another().get("/account/identity").headers["location"].startswith("/login")


def test_a_connection_is_for_whoever_began_it_and_is_still_there(one: House):
    with_account(one.served, "dora")
    for meanwhile in ("signed out", "another person", "another browser", "removed"):
        if meanwhile == "signed out":
            with_account(one.served, "cleo")
        client = one.client = one.another()
        sign_in(client, one.served, "cleo")
        back = one.come_back(_way(one))
        if meanwhile == "signed out":
            client.post("/logout", data={"token": _token(one)})
        elif meanwhile == "another person":
            sign_in(client, one.served, "dora")
        elif meanwhile == "removed":
            people.remove_person(one.served.app, ADMINISTRATOR, "cleo")
        else:
            client = one.another()
            sign_in(client, one.served, "cleo")
        told(client.get(back))
        with one.served.app.database.reading() as tx:
            assert tx.identity(one.provider.issuer, "subject-1") is None


def test_an_identity_is_one_persons_and_a_person_has_one(one: House):
    app = one.served.app
    one.sign_in()
    with_account(one.served, "cleo")
    sign_in(one.client, one.served, "cleo")
    back = one.come_back(_way(one))
    assert "connected to somebody else" in told(one.client.get(back))
    identities.disconnect(app, ADMINISTRATOR, "ben")
    identities.connect(app, ADMINISTRATOR, "cleo", "subject-1")
    other = one.another()
    one.sign_in(other)
    assert one.who(other) == "cleo"
    assert sessions.sessions(app, ADMINISTRATOR, "ben") == []
    assert kinds(one).count("account.unlinked") == 1


# ---------------------------------------------------------------- who does not


def _signed_by(signature: str) -> Callable[[House], None]:
    def change(one: House) -> None:
        one.provider.signature = signature

    return change


def _token_says(**claims: object) -> Callable[[House], None]:
    return lambda one: one.provider.token.update(claims)


def _document_says(**parts: object) -> Callable[[House], None]:
    return lambda one: one.provider.document.update(parts)


def _sent_back_with(**parts: str) -> Callable[[House], None]:
    return lambda one: one.provider.back.update(parts)


def _replies(path: str, reply: Reply) -> Callable[[House], None]:
    return lambda one: one.provider.replies.update({path: reply})


def _skewed(seconds: int) -> Callable[[House], None]:
    return lambda one: setattr(one.provider, "skew", seconds)


NOT_VOUCHED = {
    "signed with none": (_signed_by("none"), "not signed in a way that is good"),
    "signed with the public key": (_signed_by("HS256"), "not signed in a way that is good"),
    "another audience": (_token_says(aud="somebody"), "meant for somebody else"),
    "several audiences and none authorised": (_token_says(aud=["firmground", "somebody"]), "meant for somebody else"),
    "several audiences and another authorised": (_token_says(aud=["firmground", "x"], azp="x"), "meant for somebody else"),
    "an audience that is no text": (_token_says(aud={"firmground": 1}), "meant for somebody else"),
    "another issuer": (_token_says(iss="https://evil.example"), "from another provider"),
    "another nonce": (_token_says(nonce="used before"), "another sign-in"),
    "no nonce": (_token_says(nonce=None), "another sign-in"),
    "another at_hash": (_token_says(at_hash="x"), "does not belong"),
    "no subject": (_token_says(sub=None), "does not say all that it must"),
    "an empty subject": (_token_says(sub=""), "names nobody"),
    "a subject that cannot be kept": (_token_says(sub="\ud800"), "names nobody"),
    "a long subject": (_token_says(sub="x" * 256), "names nobody"),
    "a subject that is a number": (_token_says(sub=7), "does not say all that it must"),
    "no end": (_token_says(exp=None), "does not say all that it must"),
    "an end that is text": (_token_says(exp="tomorrow"), "does not say all that it must"),
    "an end that is no number": (_token_says(exp=float("nan")), "does not say all that it must"),
    "a clock 10 minutes ahead": (_skewed(600), "of a time to come"),
    "a clock 10 minutes behind": (_skewed(-600), "over already"),
    "not good before later": (_token_says(nbf=9_999_999_999), "of a time to come"),
    "refused by the provider": (_sent_back_with(error="access_denied", code=""), "did not let you in, or you cancelled"),
    "refused for another reason": (_sent_back_with(error="server_error", code=""), "server_error"),
    "refused for a reason that is markup": (_sent_back_with(error="<b>x</b>", code=""), "no reason that is known"),
    "sent back by another provider": (_sent_back_with(iss="https://evil.example"), "comes from another provider"),
    "sent back without a name": (
        _document_says(authorization_response_iss_parameter_supported=True),
        "comes from another provider",
    ),
    "sent back with another code": (_sent_back_with(code="made up"), "does not accept this sign-in"),
    "sent back without a code": (_sent_back_with(code=""), "holds no code"),
    "sent back with a long code": (_sent_back_with(code="x" * 5000), "holds no code"),
    "no token": (lambda one: one.provider.granted.update(id_token=None), "gives no id_token"),
    "a token that is none": (lambda one: one.provider.granted.update(id_token="a.b.c"), "not one that it signed"),
    "a token of markup": (lambda one: one.provider.granted.update(id_token="<script>"), "not one that it signed"),
    "a token that is a list": (lambda one: one.provider.granted.update(id_token=[1]), "gives no id_token"),
    "nonsense for a code": (_replies("/token", Reply(b"<html>")), "no JSON object"),
    "a list for a code": (_replies("/token", Reply(b"[]")), "no JSON object"),
    "deep nonsense for a code": (_replies("/token", Reply(b"[" * 100_000)), "no JSON object"),
    "an answer that never fits": (_replies("/token", Reply(b" " * 600_000)), "too long"),
    "a failure": (_replies("/token", Reply(b"oops", 500)), "status 500"),
    "a wrong secret": (_replies("/token", Reply(b'{"error": "invalid_client"}', 401)), "invalid_client"),
    "sent elsewhere for a code": (_replies("/token", Reply(b"", 307, {"Location": "http://127.0.0.1:1/"})), "sends us elsewhere"),
    "no keys": (_replies("/keys", Reply(b"{}")), "publishes no keys"),
    "keys that are none": (_replies("/keys", Reply(b'{"keys": [1, {"kty": "RSA"}, {}]}')), "does not publish"),
}


@pytest.mark.parametrize("what", NOT_VOUCHED)
def test_who_is_not_vouched_for_does_not_come_in_and_is_told_why(wary: House, what: str):
    change, why = NOT_VOUCHED[what]
    change(wary)
    response = wary.sign_in()
    assert why in told(response), what
    assert "<script>" not in told(response)
    assert wary.who() == ""
    with wary.served.app.database.reading() as tx:
        assert not tx.has_person("ben")
        assert tx.sign_ins_under_way() == 0


def test_a_clock_that_is_a_minute_off_is_good_enough(one: House):
    for seconds in (-60, 60):
        one.provider.skew = seconds - (300 if seconds < 0 else 0)
        assert one.sign_in(one.another()).status_code == 303


def test_every_good_signature_is_good(one: House):
    for signature in ("PS256", "ES256", "Ed25519"):
        _signed_by(signature)(one)
        one.provider.rotate()
        one.provider.publish()
        one.bench.clock.now += timedelta(minutes=2)
        one.sign_in(client := one.another())
        assert one.who(client) == "ben"


def test_a_small_key_signs_nothing(one: House):
    one.provider.published = [{**each, "n": str(each["n"])[:300]} for each in one.provider.published]
    assert "does not publish" in told(one.sign_in())


# ---------------------------------------------------------------- a sign-in is good once, in one browser, and soon


def test_what_came_back_once_is_good_no_more(one: House):
    back = one.come_back(one.sent())
    assert one.client.get(back).status_code == 303
    other = one.another()
    for client in (one.client, other):
        assert "used already" in told(client.get(back))
    assert one.who(other) == ""


def test_what_began_in_one_browser_does_not_end_in_another(one: House):
    back = one.come_back(one.sent())
    other = one.another()
    one.sent(other)
    assert "another browser" in told(other.get(back))
    assert one.who(other) == ""
    assert one.client.get(back).status_code == 303


def test_a_code_is_good_for_the_sign_in_that_it_is_of(one: House):
    first, second = one.come_back(one.sent()), one.come_back(one.sent(other := one.another()))
    code = parse_qs(urlsplit(first).query)["code"][0]
    state = parse_qs(urlsplit(second).query)["state"][0]
    assert "does not accept" in told(other.get(f"{BACK}?code={code}&state={state}"))
    assert one.who(other) == ""


def test_who_takes_too_long_begins_anew(one: House):
    back = one.come_back(one.sent())
    one.bench.clock.now += timedelta(minutes=11)
    assert "took too long" in told(one.client.get(back))
    late = one.come_back(one.sent())
    one.bench.clock.now -= timedelta(days=1)
    assert "took too long" in told(one.client.get(late))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?code=x",
        "?state=",
        "?state=x&code=y",
        "?error=access_denied",
        "?state=" + "x" * 5000,
        "?state=%00",
        "?state=%F0%9F%98%80",
    ],
)
def test_what_nobody_sent_back_is_refused(wary: House, query: str):
    wary.sent()
    response = wary.client.get(BACK + query)
    assert response.status_code in {400, 403}
    assert wary.who() == ""


def test_an_answer_that_says_something_twice_is_refused(one: House):
    back = one.come_back(one.sent())
    for name in ("code", "state", "iss"):
        assert "another browser" in told(one.client.get(f"{back}&{name}=x&{name}=y"))
    assert one.client.get(back).status_code == 303


def test_so_many_from_one_address_are_under_way_at_once(one: House):
    for _ in range(50):
        one.sent()
    response = one.client.get("/login/provider")
    assert "too many" in told(response)
    assert int(response.headers["retry-after"]) > 0
    one.bench.clock.now += timedelta(minutes=11)
    one.sent()


def test_nothing_of_who_signs_in_is_told_on_the_way(one: House):
    asked = parse_qs(urlsplit(one.sent(wanted="/documents?query=salary")).query)
    assert set(asked) == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
    assert asked["redirect_uri"] == [HERE + BACK]
    assert asked["scope"] == ["openid profile email"]
    with one.served.app.database.reading() as tx:
        assert tx.sign_in_under_way(asked["state"][0]) is None  # kept is its digest


def test_nobody_is_sent_elsewhere_afterwards(one: House):
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "/login/provider", "/logout"):
        assert one.sign_in(wanted=wanted).headers["location"] == "/"


# ---------------------------------------------------------------- the provider as it may be


UNUSABLE = {
    "nonsense": (_replies(DISCOVERY, Reply(b"{")), "no JSON object"),
    "a huge document": (_replies(DISCOVERY, Reply(b'{"a": "' + b"x" * 600_000)), "too long"),
    "sent elsewhere": (_replies(DISCOVERY, Reply(b"", 302, {"Location": "http://127.0.0.1:1/"})), "sends us elsewhere"),
    "not there": (_replies(DISCOVERY, Reply(b"{}", 404)), "status 404"),
    "another issuer": (_document_says(issuer="https://evil.example"), "does not name itself"),
    "almost the same issuer": (
        lambda one: one.provider.document.update(issuer=one.provider.issuer + "/"),
        "does not name itself",
    ),
    "no place to go": (_document_says(authorization_endpoint=None), "authorization_endpoint"),
    "a place that is a script": (_document_says(authorization_endpoint="javascript:alert(1)"), "authorization_endpoint"),
    "a place that is a file": (_document_says(authorization_endpoint="file:///etc/passwd"), "authorization_endpoint"),
    "a place elsewhere without https": (_document_says(authorization_endpoint="http://evil.example/"), "authorization_endpoint"),
    "a place with somebody in it": (_document_says(authorization_endpoint="https://a@b.example/"), "authorization_endpoint"),
    "a place that is a number": (_document_says(authorization_endpoint=7), "authorization_endpoint"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_nobody_is_sent_to_a_provider_that_is_not_itself(wary: House, what: str):
    change, why = UNUSABLE[what]
    change(wary)
    response = wary.client.get("/login/provider")
    assert (response.status_code, why in told(response)) == (502, True), told(response)
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize("where", ["http://169.254.169.254/latest", "http://evil.example/", "ftp://127.0.0.1/", "//127.0.0.1/x"])
def test_nothing_is_asked_at_a_place_that_is_not_safe(wary: House, name: str, where: str):
    wary.provider.document[name] = where
    assert name in told(wary.sign_in())


def test_a_provider_that_is_down_is_left_alone_for_a_moment_and_then_asked_again(one: House):
    one.provider.replies[DISCOVERY] = Reply(b"", 503)
    for _ in range(5):
        assert "status 503" in told(one.client.get("/login/provider"))
    assert one.provider.asked(DISCOVERY) == 1
    del one.provider.replies[DISCOVERY]
    one.bench.clock.now += timedelta(seconds=11)
    assert one.sign_in().status_code == 303
    page = one.client.get("/login").text
    assert "Sign in with" in page


def test_nobody_waits_long_for_a_provider_that_drips(one: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(one.served.app.provider, "_patience", 0.3)
    one.provider.replies[DISCOVERY] = Reply(b"{", drip=0.05)
    assert "too long to answer" in told(one.client.get("/login/provider"))


def test_a_provider_that_nobody_reaches_is_told_of(tmp_path: Path):
    with house(tmp_path, issuer="http://127.0.0.1:9") as one:
        assert "cannot be reached" in told(one.client.get("/login/provider"))


def test_what_the_provider_publishes_is_asked_for_once(one: House):
    for _ in range(3):
        assert one.sign_in(one.another()).status_code == 303
    assert (one.provider.asked(DISCOVERY), one.provider.asked("/keys")) == (1, 1)
    one.bench.clock.now += timedelta(hours=1)
    one.sign_in(one.another())
    assert (one.provider.asked(DISCOVERY), one.provider.asked("/keys")) == (2, 2)


def test_a_new_key_is_looked_for_once_and_not_by_everybody_who_names_one(one: House):
    one.sign_in()
    one.provider.rotate()
    one.bench.clock.now += timedelta(minutes=2)
    for _ in range(3):
        assert "does not publish" in told(one.sign_in(one.another()))
    assert one.provider.asked("/keys") == 2
    one.provider.publish()
    one.bench.clock.now += timedelta(minutes=2)
    assert one.sign_in(one.another()).status_code == 303
    assert one.provider.asked("/keys") == 3


def test_a_token_that_names_no_key_is_good_where_there_is_one_alone(one: House):
    one.provider.named = False
    assert one.sign_in().status_code == 303
    one.provider.rotate()
    one.provider.publish()
    one.bench.clock.now += timedelta(hours=1)
    assert "does not name one key" in told(one.sign_in(one.another()))


def test_the_provider_is_told_our_secret_in_the_way_that_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROVIDER_SECRET", "s3cr:et/ä")
    with house(tmp_path, secret="s3cr:et/ä", client_secret_env="PROVIDER_SECRET") as one:
        for taken in (["client_secret_basic"], ["client_secret_post"], None):
            one.provider.document["token_endpoint_auth_methods_supported"] = taken
            one.bench.clock.now += timedelta(hours=1)
            assert one.sign_in(one.another()).status_code == 303
        one.provider.document["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
        one.bench.clock.now += timedelta(hours=1)
        assert "in no way that is known" in told(one.sign_in(one.another()))
        monkeypatch.delenv("PROVIDER_SECRET")
        assert "PROVIDER_SECRET" in told(one.sign_in(one.another()))


# ---------------------------------------------------------------- where there is no provider, or no owner


def test_until_there_is_an_owner_nobody_signs_in(tmp_path: Path):
    with house(tmp_path, owned=False) as one:
        for path in ("/login/provider", BACK + "?state=x&code=y"):
            assert one.client.get(path).headers["location"] == "/"
        assert one.provider.requests == []


def test_without_a_provider_there_is_no_door(tmp_path: Path):
    with house(tmp_path, issuer="") as one:
        assert "/login/provider" not in one.client.get("/login").text
        for path in ("/login/provider", BACK + "?state=x&code=y"):
            assert one.client.get(path).headers["location"] == "/login"
        sign_in(one.client, one.served)
        assert one.client.get("/account/identity").headers["location"] == "/account"


def test_with_https_the_cookie_is_kept_from_other_hosts(tmp_path: Path):
    with house(tmp_path, url="https://ask.example.org") as one:
        kept = one.client.get("/login/provider").headers["set-cookie"]
        assert kept.startswith("__Host-firmground_on_the_way_")
        for part in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
            assert part in kept


def _asked_once(one: House, name: str) -> None:
    people.add_person(one.served.app, ADMINISTRATOR, name)
    with one.served.app.database.transaction() as tx:
        tx.save_trace(a_trace("a1", person=name))
    people.remove_person(one.served.app, ADMINISTRATOR, name)
