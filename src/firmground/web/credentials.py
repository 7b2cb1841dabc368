"""Who is asking: the credentials of a request become a visit.

Nothing is open unless it is named here. What cannot be recognised is refused; it never becomes somebody with fewer rights.
"""

import hashlib
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from firmground.app.access import accounts, keys, sessions
from firmground.app.access.rights import lost_nothing
from firmground.app.access.seals import digest_of
from firmground.app.launching import pointer
from firmground.app.notifying import contacts, messages
from firmground.app.reviewing import queue
from firmground.errors import Damaged, FirmgroundError
from firmground.release.record import Live
from firmground.types import Actor
from firmground.web.cookies import cookie
from firmground.web.cross_origin import visitor
from firmground.web.language import asked
from firmground.web.problems import Unauthenticated, is_page
from firmground.web.served import Served
from firmground.web.visit import Visit

OPEN = frozenset(
    {"/healthz", "/readyz", "/login", "/login/provider", "/login/provider/callback", "/setup", "/link", "/widget.js"}
)
"""What needs no credentials, besides /static/."""
_FORMS = frozenset({"/login", "/login/provider", "/login/provider/callback", "/setup", "/link"})
"""Those of them that depend on whether there is an owner; the others answer also while the database does not."""


class Credentials:
    """Until there is an owner, whoever reaches the server is its owner; from then on everybody shows a key or a session."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def nobody(self) -> Visit:
        """Somebody of whom nothing is known."""
        return Visit(self._served, Actor(person="", via="http"), by="nobody", form_token=self._served.local_form_token)

    async def visit(self, scope: Scope, headers: Headers) -> Visit:
        """Whose request it is. Unauthenticated where that needs credentials which are missing, wrong or over."""
        if is_open(scope["path"]):
            if scope["path"] in _FORMS:
                await self._served.look(self._local)
            return self.nobody()
        shown = headers.get("authorization") or session_secret(self._served, headers)
        return await self._served.look(partial(self._visit, scope, headers), shown=shown)

    async def holds(self, visit: Visit) -> bool:
        """Whether what it came with is still good, and lets in somebody who may do and see no less. Nothing was asked of nobody, so nothing
        can end."""
        return visit.by == "nobody" or await self._served.look(partial(self._again, visit))

    async def new_cookie(self, visit: Visit) -> str:
        """The header by which its browser gets the next secret of its session; empty where it is not time, or cannot be kept now."""
        if not visit.stale:
            return ""
        try:
            secret = await self._served.look(partial(sessions.renewed, self._served.app, visit.stale), shown=visit.credential)
        except FirmgroundError:
            return ""
        return session_cookie(self._served, secret) if secret else ""

    def _visit(self, scope: Scope, headers: Headers) -> Visit:
        visit = self._whose(scope, headers)
        if headers.get("sec-gpc") == "1":
            visit.actor = visit.actor.model_copy(update={"unnoted": True})
        if is_page(scope["path"]):
            self._speaks(visit, asked(scope["query_string"].decode("latin-1")))
            visit.exception = self._exception()
            visit.to_review = self._to_review(visit.actor)
            visit.unread = self._unread(visit)
        return visit

    def _exception(self) -> Live | None:
        app = self._served.app
        try:
            with app.database.reading() as tx:
                live = pointer.read(tx, app.clock)
        except Damaged:
            return None  # Questions are not answered then; the pages are needed to see why.
        return live if live and live.override else None

    def _to_review(self, actor: Actor) -> int:
        if not actor.may("review"):
            return 0
        with suppress(FirmgroundError):  # no page fails for it
            return queue.counts(self._served.app, actor).waiting
        return 0

    def _unread(self, visit: Visit) -> int:
        with suppress(FirmgroundError):
            return messages.unread(self._served.app, visit.actor) if visit.by == "session" else 0
        return 0

    def _speaks(self, visit: Visit, chosen: str) -> None:
        """Whoever chooses a language on a page reads mail in it."""
        if chosen and visit.by == "session":
            with suppress(FirmgroundError):
                contacts.speaks(self._served.app, visit.actor, chosen)

    def _whose(self, scope: Scope, headers: Headers) -> Visit:
        if self._local():
            return Visit(self._served, self._served.local_actor, by="local", form_token=self._served.local_form_token)
        if given := headers.getlist("authorization"):
            visit = self._by_key(digest_of(_bearer(given)))
            if visit is None:
                raise Unauthenticated(
                    "this key is not known, or not any more", "make one with `firmground key add`, or at /people"
                )
            return visitor(visit, scope, headers) if visit.by == "widget" else visit
        secret = session_secret(self._served, headers)
        visit = self._by_session(digest_of(secret)) if secret else None
        if visit is None:
            raise Unauthenticated("it is not known who asks", "send `Authorization: Bearer <key>`, or sign in at /login")
        return visit

    def _again(self, visit: Visit) -> bool:
        if visit.by == "local":
            return self._local()
        if visit.by == "session":
            now = sessions.still(self._served.app, visit.credential)
        else:
            found = self._by_key(visit.credential)
            now = found.actor if found else None
        return now is not None and lost_nothing(visit.actor, now)

    def _local(self) -> bool:
        """Looked up each time, since an owner may be made by another process."""
        if not self._served.owned:
            self._served.owned = accounts.has_owner(self._served.app)
        return not self._served.owned

    def _by_session(self, digest: str) -> Visit | None:
        app = self._served.app
        if (found := sessions.present(app, digest)) is None:
            return None
        if found.due:
            self._served.later(digest, lambda: sessions.seen(app, digest))
        id, token = found.session.id, found.form_token
        visit = Visit(self._served, found.actor, by="session", form_token=token, credential=id)
        visit.stale = digest if found.stale else ""
        return visit

    def _by_key(self, digest: str) -> Visit | None:
        app = self._served.app
        if (found := keys.bearer(app, digest)) is None:
            return None
        if found.due:
            self._served.later(digest, lambda: keys.used(app, found.key))
        by = "key" if found.key.person is not None else "widget"
        return Visit(self._served, found.actor, by=by, credential=digest, origins=found.key.origins)


def is_open(path: str) -> bool:
    return path in OPEN or path.startswith("/static/")


def cookie_name(served: Served) -> str:
    """Browsers tell cookies apart by host, not by port, so it names the workspace. With https the browser keeps it from other hosts and
    from plain connections (`__Host-`)."""
    place = hashlib.sha256(str(served.app.workspace.root).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return ("__Host-" if secure(served) else "") + f"firmground_session_{place}"


def secure(served: Served) -> bool:
    """Whether browsers reach it by https."""
    return served.app.workspace.settings.serve.url.startswith("https://")


def session_secret(served: Served, headers: Headers) -> str:
    """What the browser has of a session; empty where it has nothing."""
    return cookie(headers, cookie_name(served))


def session_cookie(served: Served, secret: str) -> str:
    """The header that gives a browser the secret of its session."""
    response = Response()
    days = served.app.workspace.settings.serve.session_days
    kept: dict[str, Any] = {"httponly": True, "samesite": "lax", "secure": secure(served)}
    response.set_cookie(cookie_name(served), secret, max_age=int(days * 86_400), **kept)
    return response.headers["set-cookie"]


def _bearer(given: list[str]) -> str:
    scheme, _, secret = given[0].strip().partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("the header Authorization is not one key", "send `Authorization: Bearer <key>`")
    return secret.strip()
