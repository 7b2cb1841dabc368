"""What is tried out through the web application itself, on workspaces of the exercise's own: can people say what they think of an answer,
and does nobody get in without credentials?"""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp

from firmground.app.access.accounts import create_owner, has_owner
from firmground.app.app import App
from firmground.app.launching.exercises import OURS, Exercising
from firmground.app.launching.exercising.guessing import guessed
from firmground.app.launching.exercising.place import QUESTIONS, Place, planted
from firmground.gate.facts import Exercise
from firmground.release.record import Release
from firmground.web import api, openai, pages
from firmground.web.inside import HERE, Got, send, serving
from firmground.web.red_team import attacked

_FORM = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://{HERE}"}
_OPEN = frozenset(
    {"/healthz", "/readyz", "/login", "/login/provider", "/login/provider/callback", "/link", "/setup", "/widget.js"}
)
"""What may answer anybody: a list of its own, so that whatever is opened besides is found."""
_COMMON = frozenset(
    {"", "admin", "changeme", "default", "example", "firmground", "password", "postgres", "root", "secret", "test"}
)
"""Passwords of databases that everybody tries first."""


def feedback(app: App, release: Release) -> Exercise:
    """An answer of the release is shown as people see it, and every form for a thumb that its page holds is sent as a browser would."""
    findings: list[str] = []
    with planted(app, release) as place, serving(place.app) as (inside, _):
        answer = place.ask(QUESTIONS[0]).answer
        shown = asyncio.run(send(inside, "GET", f"/answers/{answer.id}"))
        forms = [each for each in _Forms(shown.text).found if each.action.endswith("/feedback") and each.method == "post"]
        if shown.status != 200:
            findings.append(f"the page of an answer cannot be opened (status {shown.status})")
        for verdict in ("up", "down"):
            findings += _given(place, inside, forms, answer.id, verdict)
    return _exercise(app, "feedback", 2, findings, "a thumb up and a thumb down were given on the page of an answer, and kept")


def access(app: App, release: Release) -> Exercise:
    """Here there is an owner and no secret that everybody knows; and where there is an owner, no route answers who shows no credentials,
    or wrong ones."""
    findings = [*_defaults(app)]
    every = [(method, path) for method, path in routes() if path not in _OPEN]
    with planted(app, release, {}) as place:
        create_owner(place.app, "owner", secrets.token_urlsafe(24))
        with serving(place.app) as (inside, served):
            served.owned = True
            got = asyncio.run(_knocked(inside, every))
    told = (f"{method} {path} answers without credentials (status {each.status})" for method, path, each in got if _let_in(each))
    findings += dict.fromkeys(told)
    said = f"there is an owner, no known secret, and {len(got)} requests without good credentials were refused"
    return _exercise(app, "access", len(got) + 2, findings, said)


EXERCISES: Mapping[str, Exercising] = {**OURS, "feedback": feedback, "access": access, "red_team": attacked}
"""All that an audit tries, by name."""


def _exercise(app: App, name: str, tried: int, findings: list[str], said: str) -> Exercise:
    return Exercise(
        name=name,
        at=app.clock(),
        passed=not findings,
        tried=tried,
        failed=len(findings),
        said=findings[0] if findings else said,
        findings=tuple(findings),
    )


# ---------------------------------------------------------------- feedback


class _Form(NamedTuple):
    action: str
    method: str
    fields: dict[str, str]
    """Of each name the first value that it holds or offers."""


class _Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[_Form] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(_Form(given.get("action", ""), given.get("method", "get").lower(), {}))
            self._inside = True
        elif self._inside and tag in {"input", "textarea"} and given.get("name"):
            self.found[-1].fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


def _given(place: Place, inside: ASGIApp, forms: list[_Form], answer: str, verdict: str) -> Iterator[str]:
    """What keeps this thumb from being given and kept."""
    form = next((each for each in forms if each.fields.get("verdict") == verdict), None)
    if form is None:
        yield f"the page of an answer has no form for a thumb {verdict}"
        return
    got = asyncio.run(send(inside, "POST", form.action, headers=_FORM, body=urlencode(form.fields).encode()))
    with place.app.database.reading() as tx:
        kept = [each.verdict for each in tx.feedback(answer)]
    if got.status >= 400:
        yield f"a thumb {verdict} is refused (status {got.status})"
    elif kept != [verdict]:
        yield f"a thumb {verdict} is taken, and not kept"


# ---------------------------------------------------------------- access


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of everything that is served but files, with `none` for what varies."""
    for router in (api.router, api.health_router, openai.router, pages.router):
        yield from _of(router, "")
    yield "POST", "/mcp"
    yield "GET", "/no-such-page"


def _of(router: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in router.routes:
        if (inner := getattr(route, "original_router", None)) is not None:
            yield from _of(inner, prefix + route.include_context.prefix)
        else:
            path = "/".join("none" if part.startswith("{") else part for part in (prefix + route.path).split("/"))
            yield from ((method, path or "/") for method in sorted(route.methods - {"HEAD"}))


async def _knocked(inside: ASGIApp, every: list[tuple[str, str]]) -> list[tuple[str, str, Got]]:
    """Every route without credentials, and with a key that nobody was given."""
    made_up = {"authorization": f"Bearer {secrets.token_urlsafe(24)}"}
    return [
        (method, path, await send(inside, method, path, headers=headers)) for headers in ({}, made_up) for method, path in every
    ]


def _let_in(got: Got) -> bool:
    """Whoever may not come in is refused, or told where to sign in."""
    to_sign_in = got.status == 303 and urlsplit(got.headers.get("location", "")).path == "/login"
    return got.status != 401 and not to_sign_in


def _defaults(app: App) -> Iterator[str]:
    if not has_owner(app):
        yield "there is no owner here, so whoever reaches the server may do everything"
    url = app.workspace.settings.database.url
    if "://" in url:
        parts = urlsplit(url)
        if parts.password is not None and (parts.password.lower() in _COMMON or parts.password == parts.username):
            yield "the password of the database is too weak"
    if guessed(app):
        yield "the password of an owner is too weak: every owner should set a new one"
