"""The attacks of an audit, through the web application: what people and programs get of it is what is looked at."""

import asyncio
import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

from starlette.types import ASGIApp

from firmground.app.access.sessions import begin_session
from firmground.app.app import App
from firmground.app.launching.exercising.red_team.exercise import SECONDS, red_team
from firmground.app.launching.exercising.red_team.siege import Reach, Reply
from firmground.gate.facts import Exercise
from firmground.release.record import Release
from firmground.types import Json
from firmground.web.credentials import cookie_name
from firmground.web.edge import FORM_TOKEN
from firmground.web.inside import HERE, send, serving

_TOKEN = re.compile(r'name="token" value="([^"]{8,200})"')


def attacked(app: App, release: Release, *, seconds: float = SECONDS) -> Exercise:
    """All attacks, by somebody who is signed in and may ask, and no more."""
    return red_team(app, release, _door, seconds=seconds)


@contextmanager
def _door(app: App, person: str) -> Generator[Reach]:
    with serving(app) as (inside, served):
        with app.database.transaction() as tx:
            secret = begin_session(app, tx, person)
        served.open_parts()
        yield _Browser(inside, f"{cookie_name(served)}={secret}")


class _Browser:
    """Implements `Reach` as the browser of somebody who signed in."""

    def __init__(self, inside: ASGIApp, cookie: str) -> None:
        self._inside = inside
        self._headers = {"cookie": cookie, "origin": f"http://{HERE}"}
        found = _TOKEN.search(self("GET", "/").text)
        self._token = found[1] if found else ""

    def __call__(self, method: str, path: str, body: Json = None) -> Reply:
        target, query, rest = path.partition("?")
        headers, sent = dict(self._headers), b""
        if method != "GET" and target.startswith(("/api/", "/v1/")):
            headers |= {"content-type": "application/json", FORM_TOKEN: self._token}
            sent = json.dumps(body if body is not None else {}).encode()
        elif method != "GET":
            headers |= {"content-type": "application/x-www-form-urlencoded"}
            sent = urlencode({"token": self._token}).encode()
        got = asyncio.run(send(self._inside, method, quote(target) + query + rest, headers=headers, body=sent))
        return Reply(got.status, got.text)
